"""What a guess rests on, and what a person should look at."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Note:
    """The evidence of a guess: a comment beside it in the recipe."""

    text: str
    """One plain sentence or phrase, such as "3 of 19,999 cells are not whole numbers: read as float"."""
    is_question: bool = False
    """Whether the guess is uncertain: the comment begins with `check:`, and `--ask` asks about it."""
    choices: tuple[str, ...] = ()
    """Other values of the guess, the most likely first, as they would stand in the recipe."""
    key: str = ""
    """The dotted key that the choices are for, such as `columns.zip.type`."""


class WarningKind(StrEnum):
    """What a warning is about; stays the same when its wording changes."""

    LEAK = "leak"
    CONSTANT = "constant"
    COPY = "copy"
    DUPLICATE_ROWS = "duplicate_rows"
    ID_AMONG_INPUTS = "id_among_inputs"
    IMBALANCE = "imbalance"
    MIXED_DATES = "mixed_dates"
    SUSPICIOUS_VALUE = "suspicious_value"
    PERSONAL_DATA = "personal_data"
    LARGE_INTEGER = "large_integer"
    TOTAL_ROW = "total_row"
    OTHER = "other"


@dataclass(frozen=True)
class DataWarning:
    """Something in the data that a person should look at before a model learns from it."""

    kind: WarningKind
    text: str
    """What was found, how often, an example, and what to do."""
    columns: tuple[str, ...] = ()
    """The columns concerned, by the recipe's names."""
