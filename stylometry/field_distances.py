"""Distances that stylometrists use beside the Delta family's first ones, as R's package stylo 0.7.7 defines them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled
from stylometry.gaps import sum_gaps
from stylometry.parallel import Elsewhere, count_cores, run_each

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SERIAL_TERMS = 20_000_000
"""Up to so many differences one thread is done before more are started."""

_PER_CENT = 100.0
"""stylo's tables hold frequencies in per cent; the entropy distance adds numbers to them, so the unit decides."""


def argamon_delta(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """Root of the sum of the squared differences of z-scores, divided by the number of features.

    Argamon's Quadratic Delta is the sum itself; its root puts the same text nearest, and is the form of stylo.

    Source: Argamon: Interpreting Burrows's Delta: geometric and probabilistic foundations, Literary and Linguistic
        Computing 23 (2008), pp. 131-147; in this form: `dist.argamon` of Eder, Rybicki, Kestemont: Stylometry with R,
        The R Journal 8 (2016), pp. 107-121.
    """
    distances: Floats = np.sqrt(sum_gaps(one, other, is_squared=True, elsewhere=elsewhere)) / one.shape[1]
    return distances


def eder_simple(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """Sum of the absolute differences of the square roots of the frequencies.

    Source: Eder's Simple distance, `dist.simple` of Eder, Rybicki, Kestemont (2016), pp. 107-121; there of per cents,
        so that all values are 10 times as large.
    """
    return sum_gaps(np.sqrt(one), None if other is None else np.sqrt(other), elsewhere=elsewhere)


def canberra(one: Floats, other: Floats | None) -> Floats:
    """Sum of |a - b| / (a + b) over the features that either text holds, scaled up to all features.

    Two texts without any of the features are 0 apart.

    Source: Lance, Williams: Mixed-data classificatory programs I, Australian Computer Journal 1 (1967), pp. 15-20; in
        this form: R's `dist(method = "canberra")`, which stylo calls.
    """
    rows = np.ascontiguousarray(one, np.float64)
    others = rows if other is None else np.ascontiguousarray(other, np.float64)
    distances = np.zeros((len(rows), len(others)))
    threads = count_cores() if distances.size * rows.shape[1] > _SERIAL_TERMS else 1
    run_each(lambda row: _fill_canberra(row, rows, others, distances), range(len(rows)), threads=threads)
    return distances


def entropy(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """Sum of the absolute differences of logarithms, each feature weighed by the inverse of its entropy.

    The rows are what features.read_rows gives for "entropies", already weighed.

    Source: `dist.entropy` of stylo; after Juola, Baayen: A controlled-corpus experiment in authorship identification by
        cross-entropy, Literary and Linguistic Computing 20 (2005), Suppl., pp. 59-67.
    """
    return sum_gaps(one, other, elsewhere=elsewhere)


def take_logarithms(frequencies: Floats) -> Floats:
    """Natural logarithm of each frequency in per cent, plus 2 (chunks, features)."""
    logarithms: Floats = np.log(_PER_CENT * frequencies + 2.0)
    return logarithms


def measure_entropies(frequencies: Floats) -> Floats:
    """How evenly each feature is spread over the chunks, in nats (features,): of the per cents plus 1, as shares."""
    raised = _PER_CENT * frequencies + 1.0
    shares = raised / raised.sum(axis=0)
    entropies: Floats = -(shares * np.log(shares)).sum(axis=0)
    return entropies


def measure_entropies_without_each(frequencies: Floats, documents: Integers) -> Iterator[Floats]:
    """What measure_entropies gives without the chunks of each document, from sums over all (features,).

    With raised per cents r and their sum T, the entropy is log T - (sum of r log r) / T.

    Args:
        frequencies: Of all chunks (chunks, features).
        documents: Number of each chunk's document, 0 to the number of documents less one (chunks,).
    """
    raised = _PER_CENT * frequencies + 1.0
    products = raised * np.log(raised)
    totals, sums = raised.sum(axis=0), products.sum(axis=0)
    for document in range(int(documents.max()) + 1):
        is_own = documents == document
        if is_own.all():
            yield np.zeros_like(totals)
            continue
        left = totals - raised[is_own].sum(axis=0)
        entropies: Floats = np.log(left) - (sums - products[is_own].sum(axis=0)) / left
        # Of one chunk the entropy is 0, which rounding can miss.
        yield entropies if len(documents) - is_own.sum() > 1 else np.zeros_like(totals)


@compiled
def _fill_canberra(row: int, rows: Floats, others: Floats, distances: Floats) -> None:
    """Write the distances of one row to all others."""
    columns = rows.shape[1]
    for other in range(others.shape[0]):
        total = 0.0
        held = 0
        for column in range(columns):
            both = rows[row, column] + others[other, column]
            if both > 0:
                total += abs(rows[row, column] - others[other, column]) / both
                held += 1
        distances[row, other] = total * columns / held if held else 0.0
