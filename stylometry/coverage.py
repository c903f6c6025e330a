"""Can a model judge a text at all? The share of the text that its features make up, held against the known texts."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError
from stylometry.features import CountTable, count_all, most_frequent_without_each, sum_columns

Integers = npt.NDArray[np.int64]

MARGIN = 0.2
"""A text may be covered by a fifth less than the known text that is covered least."""


class NotComparableError(StylometryError):
    """The features of a model make up too little of a text."""


def count_covered(counts: CountTable, ngrams: list[str]) -> npt.NDArray[Any]:
    """Occurrences of these n-grams, and of all n-grams, in each text (texts, 2); of a table of shares, sums of them."""
    known = set(ngrams)
    is_known = np.array([ngram in known for ngram in counts.ngrams], np.int64)
    if counts.matrix.dtype.kind == "f":
        return np.stack([counts.matrix @ is_known, count_all(counts)], axis=1)
    totals = counts.matrix.sum(axis=1, dtype=np.int64)
    return np.stack([counts.matrix.astype(np.int64) @ is_known, totals], axis=1)


def find_lowest_coverage(counts: CountTable, documents: Integers, *, features: int | None, culling: float) -> float:
    """The lowest coverage of a document by the features that the other documents would give, 0 to 1.

    Args:
        counts: Counts of the texts.
        documents: Number of each text's document; at least two documents (texts,).
        features: Most frequent n-grams to look at; None for all.
        culling: Share of the texts that must hold an n-gram, see features.most_frequent.
    """
    numbers = np.unique(documents, return_inverse=True)[1]
    all_of = count_all(counts)
    lowest = 1.0
    for document, columns in enumerate(most_frequent_without_each(counts, numbers, features, culling)):
        rows = counts.matrix[np.flatnonzero(numbers == document)]
        own = sum_columns(rows)
        total = float(all_of[numbers == document].sum())
        if total:
            lowest = min(lowest, float(own[columns].sum()) / total)
    return lowest


def find_required_coverage(lowest: float) -> float:
    """The coverage that a text must have, by the lowest coverage of a known document."""
    return (1 - MARGIN) * lowest


def check_coverage(coverage: float, lowest: float | None, *, features: int, ngram: str) -> None:
    """Refuse a text of which the features make up too little.

    Args:
        coverage: Of the text.
        lowest: Of the known documents; None where that is not known: then nothing is refused.
        features: How many the model has.
        ngram: What they are, such as word.

    Raises:
        NotComparableError: If it is too little.
    """
    if lowest is None or coverage >= find_required_coverage(lowest):
        return
    raise NotComparableError(
        f"the {features:,} most frequent {ngram}s of the known texts make up {coverage:.1%} of it, expected at least "
        f"{find_required_coverage(lowest):.1%} (the known text with the lowest share has {lowest:.1%}). It may be in "
        "another language, or of another kind. Ask a model of such texts."
    )
