"""Columns that say the same: equal cells, another unit, or other words for the same values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adopt.recipe.known import Known

FEWEST_ROWS = 10
MOST_WORDS = 100
"""Different values up to which two columns may hold the same ones in other words."""

ROWS_PER_WORD = 3
"""Mean number of rows per value from which on two columns repeat alike other than by chance."""

CLOSE = 1e-6
"""Largest difference of standardised values of one number in two units: printed numbers are rounded."""

ROUNDED = 0.02
"""The same where one of them is printed with few digits."""


@dataclass(frozen=True)
class Copy:
    """Two columns that say the same."""

    index: int
    other: int
    """The column before it."""
    how: str
    """Such as `equals` or `is 1.8 × … + 32`."""
    is_equal: bool


def find_copies(columns: Sequence[Known]) -> Iterator[Copy]:
    """Each column that repeats an earlier one, with the first that it repeats.

    Args:
        columns: those to compare; constant ones are left out.
    """
    seen: dict[bytes, Known] = {}
    for column in columns:
        if column.is_constant or column.valued < FEWEST_ROWS:
            continue
        for key, values in _describe(column):
            other = seen.setdefault(key, column)
            if other is column:
                continue
            if (found := _compare(column, other, values, are_words=key[:1] == b"w")) is not None:
                yield found
                break


def _describe(column: Known) -> Iterator[tuple[bytes, npt.NDArray[np.float64] | None]]:
    """What two columns that say the same have in common: which values repeat which, and numbers without their unit."""
    if column.distinct <= MOST_WORDS and column.valued >= ROWS_PER_WORD * column.distinct:
        codes = column.values.dictionary_encode().indices.cast(pa.int64())
        yield b"w" + pc.fill_null(codes, -1).to_numpy(zero_copy_only=False).tobytes(), None
    if not column.is_number:
        yield f"e{column.type}{column.values.slice(0, FEWEST_ROWS).to_pylist()}".encode(), None
    if column.is_number:
        values = pc.fill_null(column.values.cast(pa.float64(), safe=False), float("nan")).to_numpy(zero_copy_only=False)
        known = np.isfinite(values)
        spread = float(values[known].std()) if known.any() else 0.0
        if spread > 0:
            standard = (values - values[known].mean()) / spread
            standard *= np.sign(standard[known][0]) or 1.0
            yield b"n" + np.round(np.nan_to_num(standard[:FEWEST_ROWS], nan=9e9), 1).tobytes(), standard


def _compare(column: Known, other: Known, standard: npt.NDArray[np.float64] | None, *, are_words: bool) -> Copy | None:
    if column.type == other.type and column.values.equals(other.values):
        return Copy(column.index, other.index, "equals", is_equal=True)
    if standard is None and not are_words:
        return None
    if standard is None:
        return Copy(column.index, other.index, "has other words for the values of", is_equal=False)
    mine, theirs = (
        pc.fill_null(one.values.cast(pa.float64(), safe=False), float("nan")).to_numpy(zero_copy_only=False)
        for one in (column, other)
    )
    known = np.isfinite(mine) & np.isfinite(theirs)
    if known.sum() < FEWEST_ROWS or not np.array_equal(np.isfinite(mine), np.isfinite(theirs)):
        return None
    scale = float(np.abs(theirs[known]).max()) or 1.0
    slope, intercept = np.polyfit(theirs[known] / scale, mine[known], 1)
    residual = np.abs(mine[known] - (slope * theirs[known] / scale + intercept)).max() / mine[known].std()
    if residual > CLOSE and not (residual < ROUNDED and len(np.unique(mine[known])) > MOST_WORDS / 2):
        return None
    plus = f" {'-' if intercept < 0 else '+'} {abs(intercept):.4g}" if abs(intercept) > CLOSE * scale else ""
    return Copy(column.index, other.index, f"is {slope / scale:.4g} × … {plus}".strip(), is_equal=False)
