"""Rows of a table of frequencies, read as counts of texts: no text is needed, and none can be had from them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from stylometry.errors import StylometryError

Floats = npt.NDArray[np.float64]

ABOVE_ONE = 1e-6
"""By how much the shares of a row may exceed 1: shares that were rounded to six digits."""

LARGEST = 2**53
"""Of a count: beyond, not every whole number has a float64."""

EXAMPLE = '{"the": 0.0612, "of": 0.0401}'


@dataclass(frozen=True)
class RowCounts:
    """A table of frequencies as a table of counts.

    Attributes:
        ngrams: Names of the columns that are not 0 throughout, ascending (columns,).
        matrix: Counts (int64) or shares (float64), scipy csr_array (rows, columns).
        totals: What frequencies are shares of: the sum of a row of counts, 1 for a row of shares (rows,).
    """

    ngrams: list[str]
    matrix: Any
    totals: Floats

    @property
    def are_counts(self) -> bool:
        """Whether these are counts, rather than shares."""
        return bool(self.matrix.dtype.kind == "i")


def count_rows(rows: Sequence[str]) -> RowCounts:
    """The counts in rows that are JSON objects of a name and a number: whole ones are counts, others shares of 1.

    Args:
        rows: The rows; a name that a row lacks is 0 times in it.

    Raises:
        StylometryError: If a text is not a row, its numbers are neither, or some rows hold counts and others shares.
    """
    read = [_read_row(row, number) for number, row in enumerate(rows, start=1)]
    kinds = [_are_counts(row) for row in read]
    if len(set(kinds)) > 1:
        raise StylometryError(
            f"row {kinds.index(False) + 1} holds shares and row {kinds.index(True) + 1} counts, expected one of both "
            "in all rows. Divide the counts by the words of their text."
        )
    names = sorted({name for row in read for name, value in row.items() if value})
    place_of = {name: place for place, name in enumerate(names)}
    held = [sorted((place_of[name], value) for name, value in row.items() if value) for row in read]
    are_counts = all(kinds)
    matrix = sparse.csr_array(
        (
            np.array([value for row in held for _, value in row], np.int64 if are_counts else np.float64),
            np.array([place for row in held for place, _ in row], np.int32),
            np.cumsum([0, *map(len, held)]).astype(np.int32),
        ),
        shape=(len(read), len(names)),
    )
    totals = matrix.sum(axis=1, dtype=np.float64) if are_counts else np.ones(len(read))
    return RowCounts(names, matrix, np.asarray(totals))


def _are_counts(row: Mapping[str, float]) -> bool:
    return all(isinstance(value, int) for value in row.values())


def _read_row(text: str, number: int) -> dict[str, float]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise StylometryError(
            f"row {number} is not a row of frequencies: found {text[:40]!r}, expected a JSON object of the columns "
            f"and their shares or counts, such as {EXAMPLE}. A text cannot be compared with a table of frequencies."
        )
    for name, value in row.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
            raise StylometryError(f"row {number} has no frequency of {name!r}: found {value!r}, expected 0 or more.")
    if not _are_counts(row) and (total := sum(row.values())) > 1 + ABOVE_ONE:
        raise StylometryError(
            f"row {number} has shares that sum to {total:.6g}, expected at most 1. Divide per cents by 100; write "
            "counts as whole numbers."
        )
    return row
