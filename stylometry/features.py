"""From counts to features: the most frequent n-grams, their shares of each chunk, and z-scores."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError
from stylometry.field_distances import measure_entropies, take_logarithms

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

Needs: TypeAlias = Literal["counts", "frequencies", "zscores", "entropies"]
"""What a distance compares: counts, relative frequencies, z-scores of these, or their logarithms by entropy."""

SCALED = frozenset(("zscores", "entropies"))
"""What is scaled by how each feature is spread over the chunks."""


class CountTable(Protocol):
    """Counts of words or characters: what count_words and count_ngrams give."""

    @property
    def ngrams(self) -> list[str]:
        """The n-grams, in the order of the columns (ngrams,)."""

    @property
    def matrix(self) -> Any:
        """Occurrences, scipy csr_array of integers (chunks, ngrams)."""


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each feature over the chunks it was fitted to.

    Attributes:
        means: Mean of each feature (features,).
        deviations: Standard deviation of each feature, of a sample: divided by the number of chunks less one
            (features,).
    """

    means: Floats
    deviations: Floats

    def apply(self, frequencies: Floats) -> Floats:
        """The z-scores of frequencies, of these or other chunks (chunks, features).

        A feature that never varied says nothing about a difference: all its z-scores are 0.
        """
        varies = self.deviations > 0
        scaled = frequencies - self.means
        scaled *= np.divide(1.0, self.deviations, where=varies, out=np.zeros_like(self.means))
        return scaled


def most_frequent(counts: CountTable, features: int | None, culling: float = 0.0) -> Integers:
    """Columns of the n-grams that occur most often in all chunks together, most frequent first (features,).

    Of n-grams equally frequent, the one that sorts first comes first. There are fewer columns than asked for if there
    are not so many n-grams.

    Args:
        counts: The counts.
        features: How many n-grams to keep; None keeps all.
        culling: Share of the chunks, 0 to 1, that must hold an n-gram for it to be kept: those of a single text's
            subject are left out.

    Raises:
        StylometryError: If a number is out of range, or no n-gram is left.

    Source: Burrows: 'Delta': a measure of stylistic difference and a guide to likely authorship, Literary and
        Linguistic Computing 17 (2002), pp. 267-287; culling: Eder, Rybicki, Kestemont: Stylometry with R, The R Journal
        8 (2016), pp. 107-121.
    """
    if features is not None and features < 1:
        raise StylometryError(f"too few features: found {features}, expected at least 1. Ask for more.")
    if not 0 <= culling <= 1:
        raise StylometryError(
            f"culling is a share: found {culling}, expected 0 to 1. Give 0.2 for a fifth of the chunks."
        )
    chunks, ngrams = counts.matrix.shape
    totals = np.bincount(counts.matrix.indices, counts.matrix.data, minlength=ngrams)
    holders = np.bincount(counts.matrix.indices, minlength=ngrams)
    # A share that is exactly reached counts, whatever the rounding of the product.
    kept = np.flatnonzero(holders >= culling * chunks - 1e-9)
    if not len(kept):
        raise StylometryError(
            f"no n-gram is left: found none of {ngrams} in {culling:.0%} of {chunks} chunks. Choose a smaller culling."
        )
    return kept[np.argsort(-totals[kept], kind="stable")][:features]


def most_frequent_without_each(
    counts: CountTable, documents: Integers, features: int | None, culling: float = 0.0
) -> Iterator[Integers]:
    """The columns that most_frequent would give without the chunks of each document; none if no n-gram is left.

    Args:
        counts: The counts.
        documents: Number of each chunk's document, 0 to the number of documents less one (chunks,).
        features: How many n-grams to keep; None keeps all.
        culling: Share of the chunks that must hold an n-gram.
    """
    matrix = counts.matrix
    order = most_frequent(counts, None)
    totals = sum_columns(matrix)
    holders = np.bincount(matrix.indices, minlength=matrix.shape[1])
    for document in range(int(documents.max()) + 1):
        rows = matrix[np.flatnonzero(documents == document)]
        own = sum_columns(rows)
        left, others = totals - own, matrix.shape[0] - rows.shape[0]
        is_kept = (left > 0) & (holders - np.bincount(rows.indices, minlength=len(own)) >= culling * others - 1e-9)
        # Only n-grams of this document lose occurrences, so no more than these can make room for others.
        wanted = None if features is None else features + int((own > 0).sum())
        # As in most_frequent: of n-grams equally frequent, the one that sorts first comes first.
        candidates = np.sort(order[is_kept[order]][:wanted])
        yield candidates[np.argsort(-left[candidates], kind="stable")][:features]


def sum_columns(matrix: Any) -> npt.NDArray[Any]:
    """Occurrences of each n-gram in all rows of a csr_array (ngrams,): whole numbers, or sums of shares."""
    sums = np.bincount(matrix.indices, matrix.data, minlength=matrix.shape[1])
    return sums if matrix.dtype.kind == "f" else sums.astype(np.int64)


def relative_frequencies(counts: CountTable, columns: Integers | None = None) -> Floats:
    """Share of each n-gram among all n-grams of the chunk (chunks, columns); 0 in a chunk without any.

    Args:
        counts: The counts.
        columns: Columns to give, in this order; by default all, which takes 8 bytes for each chunk and n-gram.
    """
    totals = count_all(counts)
    frequencies = select_counts(counts, columns)
    frequencies /= np.where(totals > 0, totals, 1.0)[:, np.newaxis]
    return frequencies


def count_all(counts: CountTable) -> Floats:
    """Occurrences of all n-grams in each chunk, those that may be no features included (chunks,)."""
    totals: Floats | None = getattr(counts, "totals", None)  # of a table that word_choice has narrowed
    return np.asarray(counts.matrix.sum(axis=1, dtype=np.float64)) if totals is None else totals


def select_counts(counts: CountTable, columns: Integers | None = None) -> Floats:
    """The counts themselves of some columns, or all (chunks, columns)."""
    chosen = counts.matrix if columns is None else counts.matrix[:, columns]
    return np.asarray(chosen.astype(np.float64).toarray())


def fit_scale(frequencies: Floats) -> Scale:
    """Mean and standard deviation of each column of the frequencies (chunks, features); of one chunk the latter is 0.

    Source: the chunks are a sample, so that squares are divided by their number less one, as by R's `scale`, which
        stylo calls (Eder, Rybicki, Kestemont: Stylometry with R, The R Journal 8 (2016), pp. 107-121).
    """
    deviations = frequencies.std(axis=0, ddof=min(1, len(frequencies) - 1))
    # A column of equal values can come out some 1e-18 off zero.
    deviations[np.ptp(frequencies, axis=0) == 0] = 0.0
    return Scale(frequencies.mean(axis=0), deviations)


def zscores(frequencies: Floats) -> Floats:
    """How many standard deviations each frequency is off the mean of its column (chunks, features).

    The standard deviation is that of a sample, see fit_scale; a column that does not vary is 0 throughout.
    """
    return fit_scale(frequencies).apply(frequencies)


def read_rows(rows: Floats, needs: Needs) -> Floats:
    """Counts or frequencies as a distance needs them, before they are scaled (chunks, features)."""
    return take_logarithms(rows) if needs == "entropies" else rows


def fit_rows(rows: Floats, needs: Needs) -> Scale:
    """The scale of what select_rows gave: for entropies a mean of 0, and the entropy as the deviation."""
    if needs == "entropies":
        return Scale(np.zeros(rows.shape[1]), measure_entropies(rows))
    return fit_scale(rows)


def select_rows(counts: CountTable, columns: Integers, needs: Needs) -> Floats:
    """The counts of some columns, or their relative frequencies, whichever the distance starts from."""
    return select_counts(counts, columns) if needs == "counts" else relative_frequencies(counts, columns)
