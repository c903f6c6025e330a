"""Profiles of small tables, made without reading a file: what adopt/recipe/ works on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from adopt.data.profile import ColumnProfile, TableProfile
from adopt.recipe.types import TypeGuess
from relay.handoff.column import Column
from relay.reading.cells import read_column

SHARES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
MISSING = ("NA", "N/A", "?", "null", "NaN")


def profile_column(name: str, cells: Sequence[str], guess: TypeGuess) -> ColumnProfile:
    """The profile of a column, as adopt/data/ makes it."""
    filled = [cell for cell in cells if cell.strip()]
    counts = Counter(filled)
    quantiles: tuple[float, ...] = ()
    ordered = False
    if guess.type in ("int", "float", "time"):
        column = Column.model_validate({"type": guess.type, "role": "ignore", **guess.keys})
        values = [value for value in read_column(pa.array(cells), column).values.to_pylist() if value is not None]
        ordered = values == sorted(values)
        if guess.type != "time" and values:
            numbers = sorted(float(value) for value in values)
            quantiles = tuple(numbers[round(share * (len(numbers) - 1))] for share in SHARES)
    return ColumnProfile(
        name=name,
        rows=len(cells),
        empty=len(cells) - len(filled),
        missing_words={word: counts[word] for word in MISSING if counts[word]},
        shortest=min(map(len, filled), default=0),
        longest=max(map(len, filled), default=0),
        mean_words=sum(len(cell.split()) for cell in filled) / max(1, len(filled)),
        distinct=len(counts),
        most_frequent=tuple(counts.most_common(20)),
        quantiles=quantiles,
        is_sorted=ordered,
    )


def make(
    columns: Mapping[str, tuple[str | TypeGuess, Sequence[Any]]], duplicates: int = 0
) -> tuple[TableProfile, list[TypeGuess]]:
    """Profile and types of a table.

    Args:
        columns: name -> type and cells; None is an empty cell.
        duplicates: rows that repeat an earlier one.
    """
    types, profiles, arrays = [], [], []
    for name, (kind, values) in columns.items():
        cells = ["" if value is None else str(value) for value in values]
        guess = kind if isinstance(kind, TypeGuess) else TypeGuess(kind, {"null": True} if "" in cells else {})  # type: ignore[arg-type]
        types.append(guess)
        arrays.append(pa.array(cells, pa.string()))
        profiles.append(profile_column(name, cells, guess))
    sample = pa.table(arrays, names=list(columns))
    return TableProfile(sample.num_rows, tuple(profiles), sample, sample.slice(0, 20), duplicates), types
