"""Population stability index: how far a block lies from the reference, without what chance alone adds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special


@dataclass(frozen=True)
class Psi:
    """Population stability index.

    Attributes:
        value: The index minus what chance alone would give, at least 0.
        low: Lower end of the 95 % interval, at least 0.
        high: Upper end of the 95 % interval.
        raw: The index as usually computed.
    """

    value: float
    low: float
    high: float
    raw: float


NO_PSI = Psi(0.0, 0.0, 0.0, 0.0)
"""Of a column with one bin, or without rows."""


def measure_psi(reference: npt.ArrayLike, block: npt.ArrayLike, level: float = 0.95) -> Psi:
    """The index of two rows of counts, minus its bias, with an interval.

    Without a shift the index over k bins is about (1/n + 1/m) times a chi-square with k - 1 degrees of freedom, so
    its mean is (k - 1)(1/n + 1/m) although nothing has moved. The interval adds the variance of that chi-square to
    the variance by the delta method, which alone is 0 where nothing has moved. Half a row is added to every bin
    (Haldane's correction), so that an empty one has a logarithm.

    Args:
        reference: Counts per bin (bins,).
        block: Counts in the same bins (bins,).
        level: Of the interval.

    Source: Yurdakul 2018, Statistical properties of population stability index (thesis, Western Michigan University),
        chapter 2; Haldane 1956, Annals of Human Genetics 20, p. 309.
    """
    ours, theirs = np.asarray(reference, np.float64), np.asarray(block, np.float64)
    is_used = ours + theirs > 0
    ours, theirs = ours[is_used], theirs[is_used]
    if min(ours.sum(), theirs.sum(), len(ours) - 1) < 1:
        return NO_PSI
    first, second, bins = ours.sum(), theirs.sum(), len(ours)
    p, q = (ours + 0.5) / (first + bins / 2), (theirs + 0.5) / (second + bins / 2)
    raw = float(((q - p) * np.log(q / p)).sum())
    noise = 1 / first + 1 / second
    slope_q, slope_p = np.log(q / p) + 1 - p / q, np.log(p / q) + 1 - q / p
    spread_q = (q * slope_q**2).sum() - (q * slope_q).sum() ** 2
    spread_p = (p * slope_p**2).sum() - (p * slope_p).sum() ** 2
    spread = np.sqrt(spread_q / second + spread_p / first + 2 * (bins - 1) * noise**2)
    middle, reach = float(raw - (bins - 1) * noise), float(special.ndtri((1 + level) / 2) * spread)
    return Psi(max(0.0, middle), low=max(0.0, middle - reach), high=max(0.0, middle + reach), raw=raw)
