"""Classifier two-sample test: can a small boosting tell a block from the reference; it also finds broken dependence."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from drift.columns import Columns, Floats
from drift.encode import encode_ordinal

LEAST_ROWS = 100
MOST_ROWS = 4_000
"""Rows of either side that are used; a sample of more."""


@dataclass(frozen=True)
class C2ST:
    """Result of the test.

    Attributes:
        p: p-value, one-sided: rows of the block get the higher score.
        auc: How well the classifier tells the two apart on rows that it did not see: 0.5 by chance, 1 for certain.
        rows: Rows of the block that were used.
    """

    p: float
    auc: float
    rows: int


def classify(reference: Columns, block: Columns, seed: int) -> C2ST:
    """Test whether a classifier, trained on half of both, tells the other halves apart; p = 1 for under 100 rows.

    The rows of the test half are exchangeable if the two do not differ, whatever the classifier has learned, so the
    p-value is the Mann-Whitney test of its scores.

    Args:
        reference: Reference rows.
        block: Rows of the block, the same columns.
        seed: Of the samples, the halves and the classifier: the same seed gives the same result.

    Raises:
        DriftError: The columns differ.

    Source: Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests, ICLR, section 3.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # takes a second, and few runs get here

    ours, theirs = encode_ordinal(reference, block)
    if min(len(ours), len(theirs)) < LEAST_ROWS or not ours.shape[1]:
        return C2ST(1.0, 0.5, len(theirs))
    random = np.random.default_rng([seed, 2])
    theirs = theirs[random.permutation(len(theirs))[:MOST_ROWS]]
    ours = ours[random.permutation(len(ours))[: min(MOST_ROWS, 2 * len(theirs))]]
    table = np.concatenate([ours, theirs])
    is_block = np.arange(len(table)) >= len(ours)
    order = random.permutation(len(table))
    train, test = order[: len(order) // 2], order[len(order) // 2 :]
    model = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, min_samples_leaf=20, early_stopping=False, random_state=seed % 2**32
    )
    usable = [place for place in range(table.shape[1]) if not np.isnan(table[train, place]).all()]
    if len(set(is_block[train].tolist())) < 2 or not usable:
        return C2ST(1.0, 0.5, len(theirs))
    model.fit(table[train][:, usable], is_block[train])
    p, auc = _compare_ranks(model.decision_function(table[test][:, usable]), is_block[test])
    return C2ST(p, auc, len(theirs))


def _compare_ranks(scores: Floats, is_block: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, float]:
    """One-sided p of the Mann-Whitney test with its correction for ties, and the AUC."""
    ranks, hits, rows = stats.rankdata(scores), int(is_block.sum()), len(scores)
    others = rows - hits
    if min(hits, others) < 1:
        return 1.0, 0.5
    auc = float((ranks[is_block].sum() - hits * (hits + 1) / 2) / (hits * others))
    _, tied = np.unique(ranks, return_counts=True)
    untied = 1 - float(((tied.astype(np.float64) ** 3) - tied).sum()) / (float(rows) ** 3 - rows)
    if untied <= 0:  # one score for all
        return 1.0, 0.5
    spread = np.sqrt((rows + 1) / (12 * hits * others) * untied)
    return float(special.ndtr(-(auc - 0.5) / spread)), auc
