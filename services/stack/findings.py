"""What `make doctor` finds: one line each."""

from dataclasses import dataclass

OK, NOTE, MEND = "ok", "note", "mend"


@dataclass(frozen=True)
class Finding:
    """One line."""

    level: str
    """`ok`; `note`: worth knowing, everything works; `mend`: something does not work, or not as .env says."""
    text: str
    """What was found, and for the last two the command that mends it."""

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.text}"


def ok(text: str) -> Finding:
    """A finding that is as it should be."""
    return Finding(OK, text)


def note(text: str) -> Finding:
    """A finding that is worth knowing."""
    return Finding(NOTE, text)


def mend(text: str) -> Finding:
    """A finding to mend."""
    return Finding(MEND, text)
