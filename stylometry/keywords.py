"""What two labels differ in: words or n-grams that one prefers and the other avoids."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError
from stylometry.features import CountTable

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contrast:
    """How far one label prefers each n-gram to the other.

    Attributes:
        ngrams: The n-grams, in the order of the columns (ngrams,).
        scores: Preference of the first label (ngrams,).
        neutral: The score that prefers neither.
    """

    ngrams: list[str]
    scores: Floats
    neutral: float

    def strongest(self, count: int) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """The n-grams with their scores that the first label prefers most, and the second; strongest first."""
        order = np.argsort(-self.scores, kind="stable")
        for_one = [index for index in order[:count].tolist() if self.scores[index] > self.neutral]
        for_other = [index for index in order[::-1][:count].tolist() if self.scores[index] < self.neutral]
        one, other = (
            [(self.ngrams[index], float(self.scores[index])) for index in indices] for indices in (for_one, for_other)
        )
        return one, other


def fightin_words(
    counts: CountTable, labels: Sequence[str | None], one: str, other: str, *, prior_size: float | None = None
) -> Contrast:
    """z-scores of the difference in log-odds, positive where the first label uses an n-gram more.

    Each label starts from what all chunks together use (an informative Dirichlet prior), so that rare n-grams do not
    come out on top by accident. Beyond about 2, a difference is more than the scatter of single occurrences; words of
    one subject come in clusters, so this is no proof.

    Args:
        counts: The counts.
        labels: Label of each chunk, None where it is not known (chunks,).
        one: The first label.
        other: The second label.
        prior_size: n-grams that the prior weighs as much as; by default as many as an average chunk has.

    Raises:
        StylometryError: If a label has no chunk, or the prior is not positive.

    Source: Monroe, Colaresi, Quinn: Fightin' Words: lexical feature selection and evaluation for identifying the
        content of political conflict, Political Analysis 16 (2008), pp. 372-403.
    """
    rows = _find_rows(labels, one), _find_rows(labels, other)
    matrix = counts.matrix.astype(np.float64)
    background = _sum_columns(matrix)
    size = matrix.sum() / matrix.shape[0] if prior_size is None else prior_size
    if size <= 0:
        raise StylometryError(f"a prior has a size: found {size}, expected more than 0. Choose another prior_size.")
    prior = size * background / background.sum()
    used = [_sum_columns(matrix[chosen]) + prior for chosen in rows]
    odds = [np.log(mass / (mass.sum() - mass)) for mass in used]
    return Contrast(counts.ngrams, (odds[0] - odds[1]) / np.sqrt(1 / used[0] + 1 / used[1]), neutral=0.0)


def zeta(counts: CountTable, labels: Sequence[str | None], one: str, other: str) -> Contrast:
    """Craig's Zeta, 0 to 2: share of the one's chunks that hold an n-gram plus share of the other's that do not.

    It sees neither how often an n-gram stands in a chunk nor the very frequent ones, which stand in all; chunks should
    be equally long.

    Args:
        counts: The counts.
        labels: Label of each chunk, None where it is not known (chunks,).
        one: The first label.
        other: The second label.

    Raises:
        StylometryError: If a label has no chunk.

    Source: Burrows: All the way through: testing for authorship in different frequency strata, Literary and Linguistic
        Computing 22 (2007), pp. 27-47; in this form: Craig, Kinney (eds.): Shakespeare, Computers, and the Mystery of
        Authorship, Cambridge University Press (2009).
    """
    first, second = share_holders(counts, labels, one), share_holders(counts, labels, other)
    return Contrast(counts.ngrams, first + (1 - second), neutral=1.0)


def eder_zeta(counts: CountTable, labels: Sequence[str | None], one: str, other: str) -> Contrast:
    """Eder's Zeta, -1 to 1: (p - q) / (p + q), where p and q are the shares of the chunks that hold an n-gram.

    It ranks rare n-grams higher than Craig's does. As in stylo, those that only one of the two uses, whose score would
    be 1 or -1 however rare they are, are left out, and so are those that neither uses.

    Args:
        counts: The counts.
        labels: Label of each chunk, None where it is not known (chunks,).
        one: The first label.
        other: The second label.

    Raises:
        StylometryError: If a label has no chunk.

    Source: `zeta.eder` of stylo 0.7; Eder, Rybicki, Kestemont: Stylometry with R, The R Journal 8 (2016), pp. 107-121.
    """
    first, second = share_holders(counts, labels, one), share_holders(counts, labels, other)
    kept = np.flatnonzero((first > 0) & (second > 0))
    scores = (first[kept] - second[kept]) / (first[kept] + second[kept])
    names = counts.ngrams
    return Contrast([names[column] for column in kept.tolist()], scores, neutral=0.0)


def share_holders(counts: CountTable, labels: Sequence[str | None], wanted: str) -> Floats:
    """Share of a label's chunks that hold each n-gram, 0 to 1 (ngrams,).

    Raises:
        StylometryError: If the label has no chunk.
    """
    rows = _find_rows(labels, wanted)
    return _sum_columns((counts.matrix[rows] > 0).astype(np.float64)) / len(rows)


def measure_markers(counts: CountTable, columns: Sequence[int]) -> Floats:
    """Share of each chunk's different n-grams that are among the given ones, 0 to 1; 0 in an empty chunk (chunks,).

    Source: Craig, Kinney (eds.): Shakespeare, Computers, and the Mystery of Authorship (2009), pp. 18-20: segments are
        placed by the shares of the markers of either side among their different words.
    """
    is_marker = np.zeros(counts.matrix.shape[1])
    is_marker[list(columns)] = 1.0
    held = (counts.matrix > 0).astype(np.float64)
    different = held.sum(axis=1)
    shares: Floats = (held @ is_marker) / np.where(different > 0, different, 1.0)
    return shares


def _find_rows(labels: Sequence[str | None], wanted: str) -> npt.NDArray[np.int64]:
    rows = np.array([row for row, label in enumerate(labels) if label == wanted], np.int64)
    if not len(rows):
        known = sorted({label for label in labels if label is not None})
        raise StylometryError(f"no chunk has this label: found none of {wanted!r}, expected one of {', '.join(known)}.")
    return rows


def _sum_columns(matrix: object) -> Floats:
    return np.asarray(matrix.sum(axis=0), np.float64).ravel()  # type: ignore[attr-defined]
