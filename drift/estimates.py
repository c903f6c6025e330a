"""Figures of labelled rows with 95% intervals: ROC AUC, mean loss, rate, calibration."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from drift.columns import Floats

Z = 1.959963984540054
"""Normal quantile of a 95% interval."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% interval.

    Attributes:
        value: The figure; NaN if there are too few rows for it.
        low: Lower end; NaN if there are too few rows for an interval.
        high: Upper end.
        rows: Rows that it was computed from.
    """

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class CalibrationBin:
    """Rows with about the same score.

    Attributes:
        predicted: Mean score.
        observed: Share of positive labels, with its interval.
    """

    predicted: float
    observed: Estimate


@dataclass(frozen=True)
class Calibration:
    """How well scores hold as probabilities.

    Attributes:
        gap: Mean of label minus score: above 0, the model predicts too low.
        bins: By score, of about equally many rows.
    """

    gap: Estimate
    bins: tuple[CalibrationBin, ...]


def estimate_mean(values: Floats, *, extra_variance: float = 0.0) -> Estimate:
    """Mean with its normal interval; no interval from fewer than 2 values.

    Args:
        values: Such as losses (n,).
        extra_variance: Variance from another source that the interval shall cover.
    """
    rows = len(values)
    value = float(np.mean(values)) if rows else np.nan
    half = Z * float(np.sqrt(np.var(values, ddof=1) / rows + extra_variance)) if rows > 1 else np.nan
    return Estimate(value, value - half, value + half, rows)


def estimate_rate(labels: Floats) -> Estimate:
    """Share of ones with Wilson's interval, which holds for rare ones too.

    Args:
        labels: 0 or 1 (n,).

    Source: Wilson 1927, Journal of the American Statistical Association 22(158), pp. 209-212.
    """
    rows = len(labels)
    if not rows:
        return Estimate(np.nan, np.nan, np.nan, 0)
    share = float(np.mean(labels))
    scale = 1 + Z * Z / rows
    centre = (share + Z * Z / (2 * rows)) / scale
    half = Z * float(np.sqrt(share * (1 - share) / rows + Z * Z / (4 * rows * rows))) / scale
    return Estimate(share, max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share)), rows)


def estimate_auc(scores: Floats, labels: Floats) -> Estimate:
    """ROC AUC with DeLong's interval, on the scale of its log odds so that it stays within 0 and 1.

    NaN without both labels; no interval where a label has fewer than 2 rows, or where no pair is in the wrong order.

    Args:
        scores: The higher, the likelier a 1 (n,).
        labels: 0 or 1 (n,).

    Source: DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44(3), pp. 837-845; computed by ranks as in Sun and Xu
    2014, IEEE Signal Processing Letters 21(11), pp. 1389-1393.
    """
    is_one = labels == 1
    ones, zeros = int(is_one.sum()), int((~is_one).sum())
    if not ones or not zeros:
        return Estimate(np.nan, np.nan, np.nan, len(labels))
    ranks = _rank(scores)
    above = (ranks[is_one] - _rank(scores[is_one])) / zeros
    below = 1 - (ranks[~is_one] - _rank(scores[~is_one])) / ones
    auc = float(np.mean(above))
    if min(ones, zeros) < 2:
        return Estimate(auc, np.nan, np.nan, len(labels))
    spread = float(np.sqrt(np.var(above, ddof=1) / ones + np.var(below, ddof=1) / zeros))
    return Estimate(auc, *_bound_by_odds(auc, spread), len(labels))


def _bound_by_odds(auc: float, spread: float) -> tuple[float, float]:
    """Ends of the interval; the spread of the log odds is spread / (auc (1 - auc)), by the delta method."""
    if spread == 0 or not 0 < auc < 1:
        return np.nan, np.nan
    odds, half = np.log(auc / (1 - auc)), Z * spread / (auc * (1 - auc))
    return float(1 / (1 + np.exp(half - odds))), float(1 / (1 + np.exp(-half - odds)))


def _rank(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, rows = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(rows)
    result: Floats = (ends - (rows - 1) / 2)[place]
    return result


def estimate_calibration(scores: Floats, labels: Floats, *, bins: int = 10) -> Calibration:
    """How well scores hold as probabilities: overall, and by score.

    Rows of equal score stay in one bin, so that there may be fewer bins than asked for.

    Args:
        scores: Probabilities of label 1 (n,).
        labels: 0 or 1 (n,).
        bins: At most so many.
    """
    order = np.argsort(scores, kind="stable")
    sorted_scores, sorted_labels = scores[order], labels[order]
    wanted = (np.arange(1, bins) * len(scores)) // bins
    at = sorted_scores[wanted] if len(scores) else sorted_scores
    starts, stops = (np.searchsorted(sorted_scores, at, side=side) for side in ("left", "right"))
    cuts = np.where(wanted - starts <= stops - wanted, starts, stops) if len(scores) else starts
    edges = np.unique(np.concatenate([[0], cuts, [len(scores)]]))
    found = tuple(
        CalibrationBin(float(np.mean(sorted_scores[start:stop])), estimate_rate(sorted_labels[start:stop]))
        for start, stop in pairwise(edges.tolist())
    )
    return Calibration(estimate_mean(labels - scores), found)
