"""What a model's loss should be now, from its own probabilities: without labels.

An isotonic map, fitted on test rows, turns scores into probabilities that hold there. As long as the target depends on
the inputs as it did (covariate shift), the loss that these probabilities expect is the loss that labels will show. A
change of that dependence (concept shift, other base rate) is invisible here: then realised minus expected loss tells.

Source: NannyML, "Confidence-based Performance Estimation (CBPE)", documentation of its performance estimation; the
isotonic map: Zadrozny and Elkan 2002, KDD, pp. 694-699.
"""

from typing import TypeAlias

import numpy as np

from drift.columns import Floats
from drift.errors import DriftError
from drift.estimates import Estimate, estimate_mean

Points: TypeAlias = tuple[tuple[float, float], ...]
"""Points of a map: (score, share), by rising score."""


def fit_map(scores: Floats, labels: Floats) -> Points:
    """Least-squares isotonic map of test rows: the points (score, share of positive rows), both rising.

    Args:
        scores: Probabilities that the model gave (n,), n at least 1.
        labels: 0 or 1 (n,).

    Raises:
        DriftError: There are no rows.
    """
    from scipy.optimize import isotonic_regression

    if not len(scores):
        raise DriftError("found no rows, expected at least 1 test row to fit the isotonic map on")
    points, place, rows = np.unique(scores, return_inverse=True, return_counts=True)
    shares = np.bincount(place, weights=labels, minlength=len(points)) / rows
    fitted = np.clip(isotonic_regression(shares, weights=rows).x, 0, 1)
    is_end = np.ones(len(points), np.bool_)
    is_end[1:-1] = (fitted[1:-1] != fitted[:-2]) | (fitted[1:-1] != fitted[2:])
    return tuple(zip(points[is_end].tolist(), fitted[is_end].tolist(), strict=True))


def apply_map(points: Points, scores: Floats) -> Floats:
    """Probability of the positive class for each score (n,): straight between the points, constant beyond them.

    Args:
        points: From `fit_map`; at least one.
        scores: Probabilities that the model gave (n,).
    """
    return np.interp(scores, [score for score, _ in points], [share for _, share in points])


def expect_brier(shares: Floats, scores: Floats) -> Floats:
    """Brier loss that each row should have (n,).

    Args:
        shares: Probabilities from the isotonic map (n,).
        scores: Probabilities that the model gave (n,).
    """
    result: Floats = shares * (1 - scores) ** 2 + (1 - shares) * scores**2
    return result


def compare_with_expected(losses: Floats, expected: Floats, *, test_rows: int, test_spread: float) -> Estimate:
    """Mean of realised minus expected loss, with its 95% interval.

    An interval above 0: the target no longer depends on the inputs as it did. The interval allows for the error of the
    map, which was itself fitted on a sample.

    Args:
        losses: Realised losses (n,).
        expected: Expected losses of the same rows (n,).
        test_rows: Rows on which the map was fitted.
        test_spread: Standard deviation of realised minus expected loss among those rows.
    """
    return estimate_mean(losses - expected, extra_variance=test_spread**2 / max(test_rows, 1))
