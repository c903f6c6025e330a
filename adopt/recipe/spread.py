"""How the values of a column are spread, as the recipe reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adopt.data.profile import ColumnProfile, Histogram
from adopt.recipe.draft import DraftColumn
from adopt.recipe.kept import read_cells

SHARES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
BINS = 20
NUMBERS = frozenset(("int", "float"))


@dataclass(frozen=True)
class Spread:
    """Of numbers, or of times."""

    quantiles: tuple[float, ...] = ()
    """0, 5, 25, 50, 75, 95 and 100 %."""
    histogram: Histogram | None = None
    first: str = ""
    """The earliest moment, as a date."""
    last: str = ""


def find_spread(column: DraftColumn, found: ColumnProfile, cells: pa.ChunkedArray, ingest: Mapping[str, Any]) -> Spread:
    """The spread of a column: by its profile, or by a sample where the recipe reads its cells in another way.

    Args:
        column: as drafted.
        found: its profile, which reads a dot as a decimal mark where nothing speaks against it.
        cells: of the sample, as the source has them.
        ingest: the keys of `[ingest]`.
    """
    if column.type == "time":
        return _find_times(read_cells(column, cells, ingest))
    if column.type not in NUMBERS:
        return Spread()
    if all(column.keys.get(key, ingest.get(key)) is None for key in ("thousands", "missing")):
        return Spread(found.quantiles, found.histogram)
    values = read_cells(column, cells, ingest)
    return Spread(found.quantiles, found.histogram) if values is None else _find_numbers(values)


def _find_numbers(values: pa.Array) -> Spread:
    numbers = pc.drop_null(values).cast(pa.float64(), safe=False).to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return Spread()
    counts, edges = np.histogram(numbers, bins=BINS)
    return Spread(
        tuple(map(float, np.quantile(numbers, SHARES))), Histogram(tuple(map(float, edges)), tuple(map(int, counts)))
    )


def _find_times(values: pa.Array | None) -> Spread:
    extremes = {} if values is None else pc.min_max(values).as_py()
    if not extremes or extremes["min"] is None:
        return Spread()
    return Spread(first=extremes["min"].date().isoformat(), last=extremes["max"].date().isoformat())
