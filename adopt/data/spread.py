"""How numbers are distributed: quantiles and a histogram, from different numbers with their counts."""

import numpy as np
from numpy.typing import NDArray

from adopt.data.profile import Histogram

SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS = 20

Floats = NDArray[np.float64]


def find_quantiles(values: Floats, counts: Floats, ends: tuple[float, float]) -> tuple[float, ...]:
    """Quantiles of finite numbers, the first and last one as they are known.

    Args:
        values: different numbers in rising order; shape (n,).
        counts: how many cells are each of them; shape (n,).
        ends: smallest and largest of all cells.
    """
    sums = np.cumsum(counts)
    at = np.searchsorted(sums, [share * sums[-1] for share in SHARES[1:-1]])
    return (ends[0], *(float(values[min(index, len(values) - 1)]) for index in at), ends[1])


def make_histogram(values: Floats, counts: Floats, ends: tuple[float, float], cells: int) -> Histogram:
    """The numbers in bins of one width; few whole numbers get a bin each.

    Args:
        values: different numbers in rising order; shape (n,).
        counts: how many cells are each of them; shape (n,).
        ends: smallest and largest of all cells.
        cells: the sum that the counts stand for.
    """
    low, high = ends
    if low == high:
        return Histogram((low, high), (cells,))
    width = high - low
    is_whole = bool((np.floor(values) == values).all()) and low.is_integer() and high.is_integer()
    if is_whole and width < BINS:
        edges = np.arange(low - 0.5, high + 1)
    else:
        edges = np.linspace(low / 2, high / 2, BINS + 1) * 2  # halves: between two infinite ends lies more than a float
    found, _ = np.histogram(values, edges, weights=counts)
    scaled = found * (cells / max(found.sum(), 1))
    return Histogram(tuple(map(float, edges)), tuple(round(count) for count in scaled))
