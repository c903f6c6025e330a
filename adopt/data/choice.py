"""An error that a choice puts right: data holds several tables, and one of them is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.handoff.errors import ErrorRecord, UsageError


@dataclass(frozen=True)
class ChoiceRecord(ErrorRecord):
    """The error as data: programs offer the choices, and never read the text."""

    key: str = ""
    """Of `[ingest]`, and the name of an option: sheet, member, records or table."""
    choices: tuple[str, ...] = ()
    """Values of the key, in the order of the data."""


class ChoiceError(UsageError):
    """Data holds several tables, and one must be chosen.

    Args:
        message: what was found.
        key: of `[ingest]` that chooses.
        choices: its values.
        next_step: how a person chooses.
    """

    kind = "choice"

    def __init__(self, message: str, *, key: str, choices: Sequence[str], next_step: str) -> None:
        super().__init__(message, next_step=next_step)
        self.key, self.choices = key, tuple(choices)

    @property
    def record(self) -> ChoiceRecord:
        """The error as data, with the choices."""
        return ChoiceRecord(self.kind, str(self), self.next_step, self.key, self.choices)
