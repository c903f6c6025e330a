"""The bins of one column, and counts of rows in them. Edges come from other rows than the counted ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from drift import bins
from drift.columns import Column, Floats, Integers, Kind, drop_missing, read_values
from drift.errors import DriftError

MOST_VALUES, LEAST_SHARE, LEAST_ROWS = 200, 0.001, 5
"""A category is counted alone if it is among the most frequent, and so many training rows have it."""
MOST_KNOWN = 2_000
"""From more different rare values on, a column is open: a new value is nothing special."""
PSI_VALUES = 9
"""So many of the most frequent categories, and the rest as one, are the ten bins of the PSI."""


@dataclass(frozen=True)
class ColumnCounts:
    """Counts of some rows of a column. Counts of different rows add up.

    Attributes:
        fine: Values per fine bin (bins,); of categories per value, the last is "another".
        coarse: Values per coarse bin (bins,); of categories the same as fine.
        psi: Values per bin of the PSI (at most ten).
        missing: Rows without a value.
        new: Rows with a category that no training row had; 0 for numbers and open columns.
        rows: Rows, missing ones included.
    """

    fine: tuple[int, ...]
    coarse: tuple[int, ...]
    psi: tuple[int, ...]
    missing: int
    new: int
    rows: int

    def __add__(self, other: "ColumnCounts") -> "ColumnCounts":
        if (len(self.fine), len(self.coarse), len(self.psi)) != (len(other.fine), len(other.coarse), len(other.psi)):
            raise DriftError("counts of different bins do not add up: both must come from one profile")
        return ColumnCounts(
            fine=_add(self.fine, other.fine),
            coarse=_add(self.coarse, other.coarse),
            psi=_add(self.psi, other.psi),
            missing=self.missing + other.missing,
            new=self.new + other.new,
            rows=self.rows + other.rows,
        )


@dataclass(frozen=True)
class ColumnProfile:
    """Bins of a column and counts of the test rows in them.

    Attributes:
        name: Name of the column.
        kind: "number" or "category".
        edges: Upper ends of the fine bins, at most 75; the last bin has none. Empty for categories.
        coarse: Upper ends of the coarse bins, at most 25. Empty for categories.
        values: Categories that are counted alone, the most frequent first, at most 200. Empty for numbers.
        counts: Test rows per fine bin; for categories per value, and "another" last.
        coarse_counts: Test rows per coarse bin; for categories the same as counts.
        psi_edges: Upper ends of the bins of the PSI, at most nine. Empty for categories.
        psi_counts: Test rows per bin of the PSI.
        missing: Test rows without a value.
        rows: Test rows.
        new: Test rows with a category that no training row had.
        known: Short hashes of the categories that training rows had and that are not counted alone.
        is_open: There were too many different categories to know a new one.
    """

    name: str
    kind: Kind
    edges: tuple[float, ...]
    coarse: tuple[float, ...]
    values: tuple[str, ...]
    counts: tuple[int, ...]
    coarse_counts: tuple[int, ...]
    psi_edges: tuple[float, ...]
    psi_counts: tuple[int, ...]
    missing: int
    rows: int
    new: int = 0
    known: tuple[str, ...] = ()
    is_open: bool = False

    def place(self, values: npt.ArrayLike) -> Integers:
        """Fine bin of each value that is not missing (rows without missing,); of categories the last is "another".

        Args:
            values: (rows,) as in `Column.values`.
        """
        present = drop_missing(self.kind, values)
        if self.kind == "number":
            return bins.place_numbers(present, np.array(self.edges))
        return self._place_categories(present)

    def count(self, values: npt.ArrayLike) -> ColumnCounts:
        """Counts of rows in the bins of this profile.

        Args:
            values: (rows,) as in `Column.values`.
        """
        read = read_values(self.kind, values)
        present = drop_missing(self.kind, read)
        missing = len(read) - len(present)
        if self.kind == "number":
            edges = [np.array(edges, np.float64) for edges in (self.edges, self.coarse, self.psi_edges)]
            fine, coarse, psi = bins.count_bins(present, *edges)
            return ColumnCounts(_ints(fine), _ints(coarse), _ints(psi), missing, 0, len(read))
        places = self._place_categories(present)
        rest = min(len(self.values), PSI_VALUES)
        fine = np.bincount(places, minlength=len(self.values) + 1)
        psi = np.bincount(np.minimum(places, rest), minlength=rest + 1)
        new = 0 if self.is_open else self._count_new(present[places == len(self.values)].tolist())
        return ColumnCounts(_ints(fine), _ints(fine), _ints(psi), missing, new, len(read))

    def find_new(self, values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which values that are not missing no training row had (rows without missing,); none of numbers.

        Args:
            values: (rows,) as in `Column.values`.
        """
        present = drop_missing(self.kind, values)
        if self.kind == "number" or self.is_open:
            return np.zeros(len(present), np.bool_)
        alone, known = set(self.values), set(self.known)
        is_new = {value: value not in alone and _shorten(value) not in known for value in set(present.tolist())}
        return np.fromiter((is_new[value] for value in present), np.bool_, len(present))

    @property
    def test_counts(self) -> ColumnCounts:
        """The counts of the test rows, in the form of other counts."""
        return ColumnCounts(
            self.counts, self.coarse_counts, self.psi_counts, missing=self.missing, new=self.new, rows=self.rows
        )

    def with_counts(self, counts: ColumnCounts) -> "ColumnProfile":
        """The same bins with the counts of other test rows."""
        return replace(
            self,
            counts=counts.fine,
            coarse_counts=counts.coarse,
            psi_counts=counts.psi,
            missing=counts.missing,
            new=counts.new,
            rows=counts.rows,
        )

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON values; numbers are exact, so that bins stay the same bins."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ColumnProfile":
        """What `to_json` gave.

        Raises:
            DriftError: A field is missing or unknown.
        """
        try:
            fields: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
            }
            return cls(**fields)
        except TypeError as error:
            raise DriftError(f"the profile of a column has other fields than expected: {error}") from None

    def _place_categories(self, present: npt.NDArray[Any]) -> Integers:
        index, last = {value: place for place, value in enumerate(self.values)}, len(self.values)
        return np.fromiter((index.get(value, last) for value in present), np.int64, len(present))

    def _count_new(self, others: list[str]) -> int:
        known = set(self.known)
        unknown = {value for value in set(others) if _shorten(value) not in known}
        return sum(value in unknown for value in others)


def build_column(train: Column, test: npt.ArrayLike) -> ColumnProfile:
    """The profile of a column: bins from the training rows, counts of the test rows.

    Args:
        train: The column of the training rows.
        test: Its values in the test rows (rows,).
    """
    present = drop_missing(train.kind, train.values)
    empty = ColumnProfile(train.name, train.kind, (), (), (), (), (), (), (), missing=0, rows=0)
    column = _choose_bins(empty, present) if train.kind == "number" else _choose_values(empty, present.tolist())
    return column.with_counts(column.count(test))


def _choose_bins(column: ColumnProfile, present: Floats) -> ColumnProfile:
    fine = bins.choose_edges(present, bins.FINE_QUANTILES, share=bins.FINE_SHARE, most=bins.MOST_FINE)
    coarse = bins.choose_edges(present, bins.COARSE_QUANTILES, share=bins.COARSE_SHARE, most=bins.MOST_COARSE)
    psi = bins.choose_edges(present, bins.PSI_QUANTILES, share=2.0, most=9)
    return replace(column, edges=tuple(fine.tolist()), coarse=tuple(coarse.tolist()), psi_edges=tuple(psi.tolist()))


def _choose_values(column: ColumnProfile, present: list[str]) -> ColumnProfile:
    counts: dict[str, int] = {}
    for value in present:
        counts[value] = counts.get(value, 0) + 1
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    least = max(LEAST_ROWS, LEAST_SHARE * len(present))
    alone = tuple(value for value in ordered[:MOST_VALUES] if counts[value] >= least)
    rare = ordered[len(alone) :]
    is_open = len(rare) > MOST_KNOWN
    known = () if is_open else tuple(sorted({_shorten(value) for value in rare}))
    return replace(column, values=alone, known=known, is_open=is_open)


def _shorten(value: str) -> str:
    """A short hash: enough to know a value again, and not the value itself, which may name a person."""
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _add(ours: tuple[int, ...], theirs: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(ours, theirs, strict=True))


def _ints(counts: npt.NDArray[Any]) -> tuple[int, ...]:
    return tuple(counts.tolist())
