"""A factor by which some values are too large or too small: a unit that has changed in some rows or in all."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from drift.bins import join_neighbours
from drift.column_profile import ColumnProfile
from drift.columns import Floats, drop_missing

MEANINGS = {
    12.0: "per year instead of per month",
    100.0: "in percent or cents instead of whole units",
    1000.0: "in thousandths, such as grams instead of kilograms",
    1.609344: "in kilometres instead of miles",
    2.2046226: "in pounds instead of kilograms",
    1 / 12: "per month instead of per year",
    1 / 100: "in whole units instead of percent or cents",
    1 / 1000: "in thousands, such as kilograms instead of grams",
    1 / 1.609344: "in miles instead of kilometres",
    0.45359237: "in kilograms instead of pounds",
}
"""Factor -> how values that are off by it often come about."""
QUANTILES: Floats = np.array([0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
LEAST_ROWS = 50
LEAST_GAIN = 20.0
"""Twice the log of the likelihood ratio to no factor: a chance of 0.00001 for each of ten factors."""
LEAST_MARGIN = 8.0
"""Log of the likelihood ratio to the next best factor: another shift looks about as much like two neighbouring ones."""
NEAR, LEAST_GAIN_NEAR, LEAST_MARGIN_NEAR = 3.0, 100.0, 12.0
"""Factors up to three move values only among others of their kind, as a change of the rows does: they need more."""
MOST_MISFIT, MOST_MISFIT_NEAR = 4.0, 2.0
"""The block looks like the mixture if its chi-square is within so many standard deviations, ..."""
MISFIT_PER_ROW, MISFIT_PER_ROW_OF_BINS = 0.01, 0.1
"""... or by so little per changed row: in large blocks rounding and heaps of round numbers are no other shift."""
LEAST_GROUPS = 3
GROWTHS: Floats = np.array([0.8, 0.9, 1.1, 1.2, 1.3])
"""All values may have grown alike: where that explains the block as well, no near factor is named."""
LEAST_EXPECTED = 5.0
BACKGROUND = 0.001
"""Share of rows that may lie anywhere, so that one odd value does not rule out a factor."""
TOLERANCE = 0.003
SPREAD = 2_000
CHI2_95 = 3.841459
STEPS = 60


OF_BINS = 3
"""Factors that bins without rows can tell: 12, 100 and 1000, whose multiples lie beyond most values."""


@dataclass(frozen=True)
class Factor:
    """Some values look multiplied.

    Attributes:
        column: Name of the column.
        factor: What they look multiplied by, such as 12 or 1/12.
        share: Share of the rows with a value that look so.
        low: Lower end of the 95 % interval of the share.
        high: Upper end.
        meaning: How such values often come about.
        text: In words: "5% of rows look ×12 (per year instead of per month)".
    """

    column: str
    factor: float
    share: float
    low: float
    high: float
    meaning: str
    text: str


@dataclass(frozen=True)
class _Mixture:
    """Rows of the block per bin (bins,), and shares of the reference (bins,) and of its multiples (factors, bins).

    `grown` are shares of the reference after each growth (growths, bins). `noise` is the factor by which chance in the
    reference raises the variance. `misfit` is the largest chi-square per changed row of a block that looks like it.
    """

    counts: Floats
    base: Floats
    scaled: Floats
    grown: Floats
    noise: float
    misfit: float

    def mix(self, shares: Floats) -> Floats:
        """Shares of the mixtures (factors, bins); a share per factor (factors,)."""
        return self.base + shares[:, None] * (self.scaled - self.base)

    def measure_likelihood(self, shares: Floats) -> Floats:
        """Log-likelihood of each mixture (factors,)."""
        found: Floats = (self.counts * np.log(self.mix(shares))).sum(axis=1) / self.noise
        return found

    def only(self, factor: int) -> "_Mixture":
        """The mixture with one of the factors."""
        return replace(self, scaled=self.scaled[factor : factor + 1])

    def measure_growth(self) -> float:
        """Log-likelihood of the best growth of all values."""
        return float(replace(self, scaled=self.grown).measure_likelihood(np.ones(len(self.grown))).max())


def find_factor(column: ColumnProfile, reference: npt.ArrayLike | None, block: npt.ArrayLike) -> Factor | None:
    """The factor by which some values of a block look multiplied; None if none explains how the block differs.

    The block is taken for a mixture of the reference and of the reference times a factor. The share is the one of
    greatest likelihood over bins; the factor is the one that fits best. It is named only if the mixture is far
    likelier than the reference alone and than any other factor, and if the block looks like it.

    Args:
        column: Profile of the column; a category has no factor.
        reference: Its values in the reference rows (rows,); None where no rows are kept: the profile's bins are used,
            and only factors of 12, 100 and 1000 are looked for.
        block: Its values in the block (rows,).
    """
    if column.kind != "number":
        return None
    values = drop_missing("number", block)
    before = None if reference is None else drop_missing("number", reference)
    before = None if before is None else before[np.isfinite(before)]
    rows = sum(column.counts) if before is None else len(before)
    if min(rows, len(values)) < LEAST_ROWS or not (any(column.edges) if before is None else before.any()):
        return None
    mixture = _count_profile(column, values) if before is None else _count_rows(column, before, values)
    shares = _fit(mixture)
    likelihoods = mixture.measure_likelihood(shares)
    *_, second, first = np.sort(likelihoods)
    best = int(likelihoods.argmax())
    factor = tuple(MEANINGS)[best]
    nothing = mixture.measure_likelihood(np.zeros(len(shares)))[best]
    is_near = max(factor, 1 / factor) <= NEAR
    least_gain, least_margin = (LEAST_GAIN_NEAR, LEAST_MARGIN_NEAR) if is_near else (LEAST_GAIN, LEAST_MARGIN)
    most_misfit = MOST_MISFIT_NEAR if is_near else MOST_MISFIT
    second = max(second, mixture.measure_growth()) if is_near else second
    mixture, share = mixture.only(best), float(shares[best])
    if 2 * (first - nothing) < least_gain or first - second < least_margin or not _fits(mixture, share, most_misfit):
        return None
    low, high = _find_interval(mixture, share)
    return _describe(column.name, factor, share, low, high)


def _count_rows(column: ColumnProfile, before: Floats, values: Floats) -> _Mixture:
    """Counts in bins whose edges are those of the profile, and quantiles of the reference and of all its multiples."""
    factors = np.array(tuple(MEANINGS))
    quantiles = np.unique(np.quantile(before, QUANTILES, method="inverted_cdf"))
    edges = np.unique(np.r_[_widen(np.outer(np.r_[1.0, factors], quantiles)), np.array(column.edges)])
    base, scaled = _share(before, edges), np.stack([_share(before * factor, edges) for factor in factors])
    grown = np.stack([_share(before * growth, edges) for growth in GROWTHS])
    noise = 1 + len(values) / len(before)
    return _Mixture(_histogram(values, edges), base, scaled, grown, noise, MISFIT_PER_ROW)


def _count_profile(column: ColumnProfile, values: Floats) -> _Mixture:
    """Counts in the profile's own bins, with further ones outside of its edges, where only multiples can lie."""
    factors, known = np.array(tuple(MEANINGS)[:OF_BINS]), np.array(column.edges)
    multiples = np.outer(factors, np.quantile(known, QUANTILES, method="inverted_cdf")).ravel()
    outside = multiples[(multiples > known[-1]) | (multiples < known[0])]
    edges = np.unique(np.r_[known, _widen(outside)])
    counts = np.array(column.counts, np.float64)
    base = np.zeros(len(edges) + 1)
    base[np.r_[np.searchsorted(edges, known), np.searchsorted(edges, known[-1]) + 1]] = counts / counts.sum()
    spread = spread_bins(column)
    scaled = np.stack([_share(spread * factor, edges) for factor in factors])
    base = base * (1 - BACKGROUND) + BACKGROUND / len(base)
    noise = 1 + len(values) / counts.sum()
    return _Mixture(_histogram(values, edges), base, scaled, np.empty((0, len(base))), noise, MISFIT_PER_ROW_OF_BINS)


def spread_bins(column: ColumnProfile) -> Floats:
    """Values spread evenly over the fine bins of a profile, in proportion to its counts (about 2,000,).

    A value that has a bin of its own stays at it. What lies above the last edge is put right above it.
    """
    edges, counts = np.array(column.edges), np.array(column.counts, np.float64)
    numbers = np.round(counts / counts.sum() * SPREAD).astype(np.int64)
    lows, highs = np.r_[edges[0], edges], np.r_[edges, np.nextafter(edges[-1], np.inf)]
    parts = [
        low + (high - low) * (np.arange(number) + 1) / max(number, 1)
        for low, high, number in zip(lows, highs, numbers, strict=True)
    ]
    return np.concatenate(parts)


def _widen(edges: Floats) -> Floats:
    """Edges a little above, so that a multiple that was rounded, or made with 2.2 for 2.2046, lies below its own."""
    return np.unique(edges + TOLERANCE * np.abs(edges))


def _histogram(rows: Floats, edges: Floats) -> Floats:
    return np.bincount(np.searchsorted(edges, rows, side="left"), minlength=len(edges) + 1).astype(np.float64)


def _share(rows: Floats, edges: Floats) -> Floats:
    return _histogram(rows, edges) / len(rows) * (1 - BACKGROUND) + BACKGROUND / (len(edges) + 1)


def _fit(mixture: _Mixture) -> Floats:
    """Share of greatest likelihood for each factor (factors,): the derivative falls, so halving finds its zero."""
    low, high = np.zeros(len(mixture.scaled)), np.ones(len(mixture.scaled))
    gap = mixture.scaled - mixture.base
    for _ in range(STEPS):
        middle = (low + high) / 2
        rises = (mixture.counts * gap / mixture.mix(middle)).sum(axis=1) > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    found: Floats = (low + high) / 2
    return found


def _fits(mixture: _Mixture, share: float, most_misfit: float) -> bool:
    """Whether the block looks like the mixture: its chi-square, minus its mean, is within some standard deviations."""
    expected = mixture.mix(np.array([share]))[0] * mixture.counts.sum()
    groups = join_neighbours(expected, LEAST_EXPECTED)
    expected, counts = np.bincount(groups, weights=expected), np.bincount(groups, weights=mixture.counts)
    freedom = max(len(expected) - 1, 1)
    misfit = float(((counts - expected) ** 2 / expected).sum()) / mixture.noise - freedom
    most = max(most_misfit * float(np.sqrt(2 * freedom)), mixture.misfit * share * float(counts.sum()))
    return len(expected) >= LEAST_GROUPS and misfit <= most


def _find_interval(mixture: _Mixture, share: float) -> tuple[float, float]:
    """Ends of the 95 % interval of the share by the profile likelihood, by halving on either side."""

    def measure(at: float) -> float:
        return float(mixture.measure_likelihood(np.array([at]))[0])

    least, ends = measure(share) - CHI2_95 / 2, []
    for outer in (0.0, 1.0):
        inner, far = (outer, outer) if measure(outer) >= least else (share, outer)
        for _ in range(STEPS):
            middle = (inner + far) / 2
            inner, far = (middle, far) if measure(middle) >= least else (inner, middle)
        ends.append(inner)
    return ends[0], ends[1]


def _describe(column: str, factor: float, share: float, low: float, high: float) -> Factor:
    sign = f"×{factor:.4g}" if factor > 1 else f"÷{1 / factor:.4g}"
    said = f"{share:.0%}" if share >= 0.095 else f"{100 * share:.1g}%"
    meaning = MEANINGS[factor]
    return Factor(column, factor, share, low, high, meaning, f"{said} of rows look {sign} ({meaning})")
