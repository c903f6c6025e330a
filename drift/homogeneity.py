"""Tests of whether two rows of counts have the same distribution: Anderson-Darling, chi-square, and a share.

Each takes the counts of the reference and of the block in the same bins, and conditions on their sums.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from drift.bins import join_ends, join_neighbours, join_rare
from drift.columns import Floats, Kind

LEAST_EXPECTED = 5.0
"""Expected count in the smaller sample from which a bin is used alone. Source: Cochran 1954, Biometrics 10, p. 420."""
EXACT_BELOW = 2_000.0
"""Expected count up to which a share is tested by the hypergeometric distribution itself."""


@dataclass(frozen=True)
class Comparison:
    """A statistic and its p-value."""

    statistic: float
    p: float


NOTHING = Comparison(0.0, 1.0)
"""Where there is nothing to compare: a constant or empty column, or too few rows."""


def anderson_darling(reference: npt.ArrayLike, block: npt.ArrayLike) -> Comparison:
    """Two-sample Anderson-Darling statistic of ordered bins, ties and all, with the tail of its limit.

    The statistic is A2_kN for k = 2 with the right-continuous empirical distribution, over the bins as the distinct
    values. Given the sums per bin, its limit is a sum of chi-squares with weights lambda, the eigenvalues of the
    covariance of the weighted Brownian bridge at the bins' ends. Three cumulants fix the tail; as the weights are
    positive, s1^2 <= s2 always, so the approximating chi-square is central.

    Args:
        reference: Counts per bin (bins,).
        block: Counts in the same bins (bins,).

    Source: Scholz and Stephens 1987, JASA 82, pp. 918-924, equation 6;
        Liu, Tang and Zhang 2009, Computational Statistics and Data Analysis 53, p. 855 (case s1^2 <= s2).
    """
    ours, theirs = np.asarray(reference, np.float64), np.asarray(block, np.float64)
    first, second = ours.sum(), theirs.sum()
    rows = first + second
    if min(first, second) < LEAST_EXPECTED:
        return NOTHING
    groups = join_ends((ours + theirs).astype(np.int64), LEAST_EXPECTED * rows / min(first, second))
    ours, theirs = _sum_groups(ours, groups), _sum_groups(theirs, groups)
    totals = ours + theirs
    ours, theirs, totals = ours[totals > 0], theirs[totals > 0], totals[totals > 0]
    if len(totals) <= 2:
        return _compare_heaviest(ours, theirs) if len(totals) == 2 else NOTHING
    below = np.cumsum(totals)[:-1] / rows
    gaps = np.cumsum(ours)[:-1] / first - np.cumsum(theirs)[:-1] / second
    weights = totals[:-1] / rows / (below * (1 - below))
    statistic = float(first * second / rows * (weights * gaps * gaps).sum())
    # The covariance of `gaps` with replacement; drawn without it, as here, it is larger by rows / (rows - 1).
    covariance = np.minimum.outer(below, below) * (1 - np.maximum.outer(below, below)) * (rows / (rows - 1))
    roots = np.sqrt(weights)
    return Comparison(statistic, tail_of_sum(statistic, roots[:, None] * covariance * roots))


def tail_of_sum(statistic: float, covariance: Floats) -> float:
    """Probability that z'z exceeds the statistic, z normal with this covariance (k, k), by its cumulants.

    Source: Liu, Tang and Zhang 2009, Computational Statistics and Data Analysis 53, p. 855.
    """
    squared = covariance @ covariance
    c1, c2, c3 = np.trace(covariance), np.trace(squared), (squared * covariance).sum()
    freedom = c2**3 / c3**2
    place = (statistic - c1) / np.sqrt(2 * c2) * np.sqrt(2 * freedom) + freedom
    return float(special.chdtrc(freedom, max(place, 0.0)))


def chi_square(reference: npt.ArrayLike, block: npt.ArrayLike, kind: Kind) -> Comparison:
    """Chi-square test of homogeneity, with bins joined until the smaller sample expects five in each.

    Neighbours are joined among numbers, the rarest among categories; only the sums per bin decide what is joined.

    Args:
        reference: Counts per bin (bins,).
        block: Counts in the same bins (bins,).
        kind: "number" if the bins have an order.
    """
    ours, theirs = np.asarray(reference, np.float64), np.asarray(block, np.float64)
    rows = ours.sum() + theirs.sum()
    smaller = min(ours.sum(), theirs.sum())
    if smaller < LEAST_EXPECTED:
        return NOTHING
    join = join_neighbours if kind == "number" else join_rare
    groups = join((ours + theirs).astype(np.int64), LEAST_EXPECTED * rows / smaller)
    if not groups.any():
        return _compare_heaviest(ours, theirs)
    ours, theirs = _sum_groups(ours, groups), _sum_groups(theirs, groups)
    if len(ours) == 2:
        return _compare_heaviest(ours, theirs)
    expected = np.outer([ours.sum(), theirs.sum()], ours + theirs) / rows
    statistic = float(((np.stack([ours, theirs]) - expected) ** 2 / expected).sum())
    return Comparison(statistic, float(special.chdtrc(len(ours) - 1, statistic)))


def compare_shares(reference: tuple[int, int], block: tuple[int, int]) -> Comparison:
    """Two-sided test that two shares are the same, and the z of their difference (block minus reference).

    Exact where fewer than 2,000 are expected in one of the four cells: twice the smaller tail of the hypergeometric
    distribution, at most 1.

    Args:
        reference: Hits, and rows.
        block: Hits, and rows.

    Source: Fisher 1935, JRSS 98, p. 48 (the distribution given the sums).
    """
    hits, rows = reference[0] + block[0], reference[1] + block[1]
    if min(reference[1], block[1]) < 1 or hits in (0, rows):
        return NOTHING
    share = hits / rows
    spread = np.sqrt(share * (1 - share) * (1 / reference[1] + 1 / block[1]))
    z = float((block[0] / block[1] - reference[0] / reference[1]) / spread)
    if min(hits, rows - hits) * min(reference[1], block[1]) / rows >= EXACT_BELOW:
        return Comparison(z, float(2 * special.ndtr(-abs(z))))
    smaller = min(reference, block, key=lambda side: side[1])
    return Comparison(z, hypergeometric(smaller[0], drawn=smaller[1], hits=hits, rows=rows))


def hypergeometric(found: int, *, drawn: int, hits: int, rows: int) -> float:
    """Twice the smaller tail, at most 1, of finding so many hits among `drawn` rows of `rows` with `hits` hits."""
    if hits > rows - hits:  # the same question about the others: the sum below has one term per possible count
        found, hits = drawn - found, rows - hits
    low, high = max(0, drawn - (rows - hits)), min(drawn, hits)
    counts = np.arange(low, high + 1)
    logs = _log_choose(hits, counts) + _log_choose(rows - hits, drawn - counts) - _log_choose(rows, np.array(drawn))
    terms = np.exp(logs)
    upper, lower = terms[found - low :].sum(), terms[: found - low + 1].sum()
    return float(min(1.0, 2 * min(upper, lower)))


def _compare_heaviest(ours: Floats, theirs: Floats) -> Comparison:
    """The share of the most frequent bin against all others: exact, where two bins are left or the rest is rare."""
    place = int((ours + theirs).argmax())
    return compare_shares((int(ours[place]), int(ours.sum())), (int(theirs[place]), int(theirs.sum())))


def _sum_groups(counts: Floats, groups: npt.NDArray[np.int64]) -> Floats:
    return np.bincount(groups, weights=counts).astype(np.float64)


def _log_choose(rows: int, drawn: npt.NDArray[np.int64]) -> Floats:
    found: Floats = special.gammaln(rows + 1) - special.gammaln(drawn + 1) - special.gammaln(rows - drawn + 1)
    return found
