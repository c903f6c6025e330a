"""One key of a recipe as the form shows it."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["toggle", "choice", "integer", "number", "text", "date", "toml", "fixed"]


@dataclass(frozen=True)
class Field:
    """One key of a section: what it is now and what it may become."""

    key: str
    """As in an override: model.chunks."""
    kind: Kind
    value: Any
    help: str = ""
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    is_optional: bool = False
    group: str = ""
    """The user's function whose parameter it is."""
    holds_paths: bool = False
    """Whether its text, or each text in its list, names a file."""

    @property
    def label(self) -> str:
        """The key as a person reads it: chunk chars."""
        return self.key.rsplit(".", 1)[-1].replace("_", " ")

    @property
    def hint(self) -> str:
        """The help and the range of a number, such as `Rows to draw. At least 1.`."""
        low, high = (None if limit is None else f"{limit:g}" for limit in (self.low, self.high))
        if low is not None and high is not None:
            return f"{self.help} From {low} to {high}.".strip()
        words = f"At least {low}." if low is not None else f"At most {high}." if high is not None else ""
        return f"{self.help} {words}".strip()
