"""What a column's type is guessed to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adopt.notes import Note
from adopt.recipe.draft import ColumnType


@dataclass(frozen=True)
class TypeGuess:
    """A type, the keys of the column that go with it, and the evidence."""

    type: ColumnType
    keys: Mapping[str, Any] = field(default_factory=dict)
    """Such as `null`, `missing`, `decimal`, `thousands`, `time_format`, `epoch`, `true_words`, `allowed`."""
    notes: tuple[Note, ...] = ()
