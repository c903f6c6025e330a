"""The Delta family and other distances between chunks, on the most frequent words or character n-grams."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.distance import count_manhattan
from stylometry.errors import StylometryError
from stylometry.features import SCALED, CountTable, fit_rows, most_frequent, read_rows, select_rows
from stylometry.features import Needs as Needs
from stylometry.field_distances import argamon_delta, canberra, eder_simple, entropy
from stylometry.gaps import sum_gaps, sum_weighted_gaps
from stylometry.parallel import Elsewhere

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rescaling:
    """A scale for each of some rows.

    Attributes:
        means: Mean of each feature (rows, features).
        weights: 1 / standard deviation, or 1 / entropy; 0 where a feature does not vary or count (rows, features).
        ranks: Place of each feature by falling frequency, from 0; -1 where it does not count (rows, features).
    """

    means: Floats
    weights: Floats
    ranks: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Distance:
    """A distance between rows of a table of features.

    Attributes:
        needs: What the rows are to be: counts, relative frequencies, z-scores or scaled logarithms of these.
        says: What it does, in a sentence.
        features: How many of the most frequent n-grams it usually looks at; None for all.
        between: Distances of each row of the first table (a, features) to each of the second (b, features), or to each
            other if there is no second: (a, b) or (a, a). Columns stand by falling frequency. All in float64.
        rescaled: The same for two tables that are not scaled yet, each row of the first by its own scale, which the
            second then takes too: much faster than to scale the second for each. None where nothing is scaled.
    """

    needs: Needs
    says: str
    features: int | None
    between: Callable[[Floats, Floats | None], Floats]
    rescaled: Callable[[Floats, Floats, Rescaling], Floats] | None = None


def measure(
    counts: CountTable,
    distance: str = "cosine_delta",
    *,
    features: int | None = None,
    culling: float = 0.0,
    elsewhere: Elsewhere | None = None,
) -> Floats:
    """Distances between all chunks, symmetric with zeros on the diagonal (chunks, chunks), float64.

    Besides the result this holds the features in full: 8 bytes for each chunk and feature, some times over. Results
    repeat to the last bit on one machine; across machines the last digits can differ, because sums are formed in
    another order.

    Args:
        counts: What count_words or count_ngrams gave.
        distance: A name in DISTANCES.
        features: Most frequent n-grams to look at; by default as many as the distance usually does.
        culling: Share of the chunks that must hold an n-gram, see most_frequent.
        elsewhere: Compares stripes of chunks where each has the same last bit as here: neither cosine nor canberra.

    Raises:
        StylometryError: If there is no such distance, a number is out of range, or no n-gram is left.
    """
    chosen = find_distance(distance)
    features = features or chosen.features
    if chosen.needs == "counts" and features is None and not culling:
        return count_manhattan(counts.matrix, elsewhere=elsewhere)
    columns = most_frequent(counts, features, culling)
    selected = select_rows(counts, columns, chosen.needs)
    rows = read_rows(selected, chosen.needs)
    rows = fit_rows(selected, chosen.needs).apply(rows) if chosen.needs in SCALED else rows
    in_stripes = _IN_STRIPES.get(distance)
    return chosen.between(rows, None) if in_stripes is None else in_stripes(rows, None, elsewhere)


def find_distance(name: str) -> Distance:
    """The distance of that name.

    Raises:
        StylometryError: If there is none.
    """
    found = DISTANCES.get(name) or _OWN.get(name)
    if found is None:
        raise StylometryError(f"no such distance: found {name!r}, expected one of {', '.join(DISTANCES)}.")
    return found


def add_distance(name: str, distance: Distance) -> None:
    """Make a distance of one's own known by a name, in this process.

    Raises:
        StylometryError: If one of ours has the name.
    """
    if name in DISTANCES:
        raise StylometryError(f"the name {name!r} is taken by one of our distances. Choose another name.")
    _OWN[name] = distance


_OWN: dict[str, Distance] = {}
"""Distances of one's own by name."""


def _burrows_delta(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """Mean absolute difference of the z-scores.

    Source: Burrows, Literary and Linguistic Computing 17 (2002), pp. 267-287, in the form of Argamon: Interpreting
        Burrows's Delta, Literary and Linguistic Computing 23 (2008), p. 132.
    """
    distances: Floats = sum_gaps(one, other, elsewhere=elsewhere) / one.shape[1]
    return distances


def _rescaled_burrows_delta(one: Floats, other: Floats, scales: Rescaling) -> Floats:
    """Means fall out of a difference: what remains is a weight for each feature."""
    distances: Floats = sum_weighted_gaps(one, other, scales.weights) / _count_features(scales)
    return distances


def _count_features(scales: Rescaling) -> Floats:
    counted: Floats = (scales.ranks >= 0).sum(axis=1, keepdims=True).astype(np.float64)
    return counted


def _eder_delta(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """Burrows's Delta with weights that fall in equal steps from 1 for the most frequent feature to 1/features.

    Source: Eder, Rybicki, Kestemont: Stylometry with R, The R Journal 8 (2016), pp. 107-121; Evert et al.:
        Understanding and explaining Delta measures for authorship attribution, Digital Scholarship in the Humanities
        32 (2017), pp. ii4-ii16.
    """
    features = one.shape[1]
    weights = np.arange(features, 0, -1) / features
    others = None if other is None else other * weights
    distances: Floats = sum_gaps(one * weights, others, elsewhere=elsewhere) / features
    return distances


def _rescaled_eder_delta(one: Floats, other: Floats, scales: Rescaling) -> Floats:
    features = _count_features(scales)
    falling = scales.weights * np.where(scales.ranks >= 0, features - scales.ranks, 0.0) / features
    distances: Floats = sum_weighted_gaps(one, other, falling) / features
    return distances


def _cosine(one: Floats, other: Floats | None) -> Floats:
    """1 minus the cosine of the angle, 0 to 2; a row of zeros has no direction and is 1 from every other.

    Source for z-scores (Cosine Delta): Smith, Aldridge: Improving authorship attribution: optimizing Burrows' Delta
        method, Journal of Quantitative Linguistics 18 (2011), pp. 63-88; Evert et al. (2017).
    """
    one = _scale_to_length_one(one)
    distances: Floats = one @ (one if other is None else _scale_to_length_one(other)).T
    np.subtract(1.0, distances, out=distances)
    np.clip(distances, 0.0, 2.0, out=distances)
    if other is None:
        np.fill_diagonal(distances, 0.0)
    return distances


def _rescaled_cosine(one: Floats, other: Floats, scales: Rescaling) -> Floats:
    """With weights v = 1 / deviation²: products and squares of x - mean from sums of v x y, v x and v alone."""
    squares = np.square(scales.weights)
    own = squares * (one - scales.means)
    products = own @ other.T - np.einsum("ij,ij->i", own, scales.means)[:, np.newaxis]
    moved = squares * scales.means
    lengths = squares @ np.square(other).T - 2.0 * (moved @ other.T)
    lengths += np.einsum("ij,ij->i", moved, scales.means)[:, np.newaxis]
    lengths *= np.einsum("ij,ij->i", own, one - scales.means)[:, np.newaxis]
    lengths = np.sqrt(np.maximum(lengths, 0.0))
    cosines = np.divide(products, lengths, where=lengths > 0, out=np.zeros_like(products))
    distances: Floats = np.clip(1.0 - cosines, 0.0, 2.0)
    return distances


def _scale_to_length_one(rows: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    scaled: Floats = rows / np.where(lengths > 0, lengths, 1.0)[:, np.newaxis]
    return scaled


def _min_max(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """1 minus the sum of the smaller frequencies divided by the sum of the larger ones, 0 to 1 (Ruzicka).

    With gap = larger - smaller and sum = larger + smaller this is 2 gap / (sum + gap).

    Source: Ruzicka, Biologia (Bratislava) 13 (1958), pp. 647-661; for authorship: Koppel, Winter: Determining if two
        documents are written by the same author, JASIST 65 (2014), pp. 178-187.
    """
    gaps = sum_gaps(one, other, elsewhere=elsewhere)
    both = one.sum(axis=1)[:, np.newaxis] + (one if other is None else other).sum(axis=1) + gaps
    distances: Floats = np.divide(2.0 * gaps, both, where=both > 0, out=np.zeros_like(gaps))
    return distances


def _euclidean(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """Root of the sum of the squared differences."""
    distances: Floats = np.sqrt(sum_gaps(one, other, is_squared=True, elsewhere=elsewhere))
    return distances


def _manhattan(one: Floats, other: Floats | None, elsewhere: Elsewhere | None = None) -> Floats:
    """Sum of the absolute differences."""
    return sum_gaps(one, other, elsewhere=elsewhere)


def _rescaled_argamon_delta(one: Floats, other: Floats, scales: Rescaling) -> Floats:
    squares = sum_weighted_gaps(one, other, np.square(scales.weights), is_squared=True)
    distances: Floats = np.sqrt(squares) / _count_features(scales)
    return distances


def _rescaled_entropy(one: Floats, other: Floats, scales: Rescaling) -> Floats:
    return sum_weighted_gaps(one, other, scales.weights)


DISTANCES: dict[str, Distance] = {
    "cosine_delta": Distance(
        "zscores", "angle between z-scores: who differs from the mean alike", 500, _cosine, _rescaled_cosine
    ),
    "burrows_delta": Distance("zscores", "mean difference of z-scores", 500, _burrows_delta, _rescaled_burrows_delta),
    "eder_delta": Distance(
        "zscores", "mean difference of z-scores, frequent features first", 500, _eder_delta, _rescaled_eder_delta
    ),
    "argamon_delta": Distance("zscores", "straight line between z-scores", 500, argamon_delta, _rescaled_argamon_delta),
    "min_max": Distance("frequencies", "share of the frequencies that two chunks do not have in common", 500, _min_max),
    "cosine": Distance("frequencies", "angle between frequencies", 500, _cosine),
    "euclidean": Distance("frequencies", "straight line between frequencies", 500, _euclidean),
    "frequency_manhattan": Distance("frequencies", "sum of the differences of frequencies", 500, _manhattan),
    "eder_simple": Distance("frequencies", "sum of the differences of roots of frequencies", 500, eder_simple),
    "canberra": Distance("frequencies", "differences as shares of what is compared", 500, canberra),
    "entropy": Distance(
        "entropies", "differences of logarithms, evenly spread features last", 500, entropy, _rescaled_entropy
    ),
    "count_manhattan": Distance("counts", "differences of counts, for chunks of one length", None, _manhattan),
}
"""The distances by name."""

_IN_STRIPES: dict[str, Callable[[Floats, Floats | None, Elsewhere | None], Floats]] = {
    "burrows_delta": _burrows_delta,
    "eder_delta": _eder_delta,
    "argamon_delta": argamon_delta,
    "min_max": _min_max,
    "euclidean": _euclidean,
    "frequency_manhattan": _manhattan,
    "eder_simple": eder_simple,
    "entropy": entropy,
    "count_manhattan": _manhattan,
}
"""Those made of sums of gaps: a stripe of rows has the last digits of the whole, as no product of matrices has."""
