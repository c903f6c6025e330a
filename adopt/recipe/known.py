"""What roles, target and warnings are guessed from: each column by name, profile and type, and its typed cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from adopt.data.profile import ColumnProfile, TableProfile
from adopt.recipe.draft import ColumnType
from adopt.recipe.names import drop_widths
from adopt.recipe.types import TypeGuess
from relay.handoff.column import Column
from relay.handoff.schema import ARROW_TYPES
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.cells import read_column
from relay.reading.spellings import MISSING_WORDS

ABOUT_UNIQUE = 0.97
"""Estimated share of different cells from which on a column counts as unique: the estimate errs by some percent."""


@dataclass(frozen=True)
class Known:
    """One column."""

    index: int
    """Its place in the table."""
    name: str
    """As the source has it."""
    shown: str
    """As the recipe has it."""
    profile: ColumnProfile
    guess: TypeGuess
    cells: pa.ChunkedArray | pa.Array
    """Of the sample, as the source has them."""

    @property
    def type(self) -> ColumnType:
        """The guessed type."""
        return self.guess.type

    @cached_property
    def values(self) -> pa.Array:
        """The sample's cells in the guessed type; null where they are missing or cannot be read (n,)."""
        return self.read_as(self.type)

    def read_as(self, kind: ColumnType) -> pa.Array:
        """The sample's cells as the recipe would read them in a type (n,)."""
        keys = self.guess.keys if kind == self.type else {"missing": self.guess.keys.get("missing")}
        column = Column.model_validate({"type": kind, "role": "ignore", **keys})
        try:
            return read_column(self.cells, column).values
        except AmbiguousCellError:  # which of its readings counts is asked elsewhere: here it has no value
            return pa.nulls(len(self.cells), ARROW_TYPES[kind])

    @cached_property
    def nulls(self) -> int:
        """Cells of the whole column without a value."""
        return self.profile.empty + sum(self._missing.values())

    @property
    def valued(self) -> int:
        """Cells with a value."""
        return max(0, self.profile.rows - self.nulls)

    @cached_property
    def distinct(self) -> int:
        """Different values: exact where the sample is the whole table, else as the profile counted the cells."""
        if len(self.cells) == self.profile.rows:
            return int(pc.count_distinct(self.values, mode="only_valid").as_py())
        return max(0, self.profile.distinct - sum(1 for cells in self._missing.values() if cells))

    @property
    def _missing(self) -> dict[str, int]:
        """Word that means "no value" in this column -> cells."""
        words = self.guess.keys.get("missing")
        if words is None:
            words = () if self.type in ("text", "category") else MISSING_WORDS
        return {word: cells for word, cells in self.profile.missing_words.items() if word in words}

    @property
    def is_exact(self) -> bool:
        """Whether `distinct` is a count and no estimate."""
        return self.profile.is_distinct_exact or len(self.cells) == self.profile.rows

    @property
    def is_unique(self) -> bool:
        """Whether no value comes twice."""
        if self.valued < 2:
            return False
        if not self.is_exact:
            return self.distinct >= ABOUT_UNIQUE * self.valued
        return self.distinct == self.valued

    @property
    def is_number(self) -> bool:
        """Whether its cells are read as numbers."""
        return self.type in ("int", "float")

    @property
    def is_constant(self) -> bool:
        """Whether all cells have one value, or none has any. One value beside nulls says something."""
        if self.valued == 0 or self.distinct > 1 or self.nulls:
            return self.valued == 0
        return len(self.cells) != self.profile.rows or self.values.null_count == 0  # cells that the type cannot read

    @property
    def range(self) -> tuple[float, float] | None:
        """The smallest and the largest number, if there are numbers."""
        quantiles = self.profile.quantiles
        return (quantiles[0], quantiles[-1]) if quantiles else None

    @cached_property
    def counts(self) -> dict[object, int]:
        """Value -> cells, the most frequent first, where there are 20 different cells at most; else empty."""
        return count_values(self, self.type)


def count_values(known: Known, kind: ColumnType) -> dict[object, int]:
    """Value -> cells in a type, the most frequent first; empty where the profile does not hold them all."""
    whole = len(known.cells) == known.profile.rows
    if whole:
        if known.distinct > MOST_COUNTED:
            return {}
        pairs = pc.value_counts(known.read_as(kind))
        found = {pair["values"]: pair["counts"] for pair in pairs.to_pylist() if pair["values"] is not None}
    else:
        cells = known.profile.most_frequent
        if len(cells) < known.profile.distinct:
            return {}
        written = Known(0, "", "", known.profile, known.guess, pa.array([cell for cell, _ in cells]))
        values = written.read_as(kind).to_pylist()
        found = {}
        for value, (_, cell_count) in zip(values, cells, strict=True):
            if value is not None:
                found[value] = found.get(value, 0) + cell_count
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], str(pair[0]))))


MOST_COUNTED = 100


def look_at(profile: TableProfile, types: Sequence[TypeGuess], names: Sequence[str] | None = None) -> tuple[Known, ...]:
    """Every column with what is known of it.

    Args:
        profile: of the table.
        types: the guesses, one per column.
        names: the recipe's names; default: the source's.
    """
    given = drop_widths([column.name for column in profile.columns])
    four = zip(profile.columns, given, names or given, types, strict=True)
    return tuple(
        Known(index, source, name, column, guess, profile.sample.column(index))
        for index, (column, source, name, guess) in enumerate(four)
    )
