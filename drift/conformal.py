"""Is a stream of binned values exchangeable with those of the profile? Exact p-values from counts, and bets on them.

The p-value of a row is the share of all values so far, its own among them, that lie in a lower bin, ties broken at
random. While nothing has changed, these p-values are independent and uniform, whatever the distribution and the bins.
A gambler who bets that a p-value falls where recent ones fell cannot expect to win then.

Source: Vovk, Gammerman and Shafer 2022, "Algorithmic Learning in a Random World", second edition, chapter 8 (conformal
test martingales); Vovk 2021, Statistical Science 36(4), pp. 595-611; the betting by a histogram of past p-values:
Fedorova, Gammerman, Nouretdinov and Vovk 2012, ICML, "Plug-in martingales for testing exchangeability on-line".
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from drift.columns import Floats, Integers
from drift.exact import exact_log

EDGES = (2, 10, 30, 60, 100, 150, 200, 300, 400, 500, 600, 700, 800, 850, 900, 940, 970, 990, 998)
"""Thousandths between the bins in which p-values are counted: narrow where a few extreme values fall."""
WIDTHS: Floats = np.diff([0, *EDGES, 1000]) / 1000
_BIN_OF_THOUSANDTH: Integers = np.searchsorted(EDGES, np.arange(1001), side="right")
KEPT: Floats = np.array([0.7071067811865476, 0.9170040432046712, 0.9785720620877001])
"""What remains of a gambler's memory after a look: 2 ** (-1 / half-life) for half-lives of 2, 8 and 32 looks, written
out to be the same on each machine. Fast ones find large changes, slow ones small ones."""
PRIOR_ROWS = 100.0
"""A gambler's memory begins as if it held so many uniform p-values."""
UNIFORM_SHARE = 0.1
"""Part of the capital that never bets: a look can cost at most this factor per row, and a gambler is never ruined."""

_BLOCK = 32


def find_pvalues(counts: Integers, places: Integers, ties: Floats) -> Floats:
    """Conformal p-value of each row, in their order (rows,).

    Args:
        counts: Values per bin before the first row (bins,).
        places: Bin of each row (rows,).
        ties: Uniform in [0, 1), one for each row (rows,).
    """
    lower, same = _count_before(counts, places)
    so_far = int(counts.sum()) + np.arange(1, len(places) + 1)
    result: Floats = (lower + ties * (same + 1)) / so_far
    return result


def count_values(
    counts: Integers, places: Integers, ties: Floats, groups: Integers | None = None
) -> tuple[Floats, Integers]:
    """P-value of each row among those of its group (rows,), and the counts after them (groups, bins).

    Within a group the p-values are exact as long as its rows are exchangeable; groups may differ.

    Args:
        counts: Values per group and bin before the first row (groups, bins).
        places: Bin of each row (rows,).
        ties: Uniform in [0, 1), one for each row (rows,).
        groups: Group of each row (rows,); does not matter where there is one.

    Source: Vovk, Gammerman and Shafer 2022, "Algorithmic Learning in a Random World", second edition, section 4.6
    (Mondrian conformal predictors).
    """
    after = counts.copy()
    if groups is None or len(counts) == 1:
        after[0] += np.bincount(places, minlength=counts.shape[1])
        return find_pvalues(counts[0], places, ties), after
    pvalues = np.empty(len(places))
    for group in np.unique(groups):
        chosen = groups == group
        pvalues[chosen] = find_pvalues(counts[group], places[chosen], ties[chosen])
        after[group] += np.bincount(places[chosen], minlength=counts.shape[1])
    return pvalues, after


def _count_before(counts: Integers, places: Integers) -> tuple[Integers, Integers]:
    """How many earlier values lie in a lower bin than a row, and how many in its own (rows,) each.

    Rows are taken in blocks: what came before the block is a sum of counts, and within it each row is compared with
    those 1, 2, ... rows before, for all blocks at once.
    """
    rows, bins = len(places), len(counts)
    if bins == 2:
        ones = np.cumsum(places) - places
        zeros = counts[0] + np.arange(rows) - ones
        return places * zeros, np.where(places, counts[1] + ones, zeros)
    blocks = -(-rows // _BLOCK)
    block = np.arange(rows) // _BLOCK
    in_block = np.bincount(block * bins + places, minlength=blocks * bins).reshape(blocks, bins)
    before = counts + np.cumsum(in_block, axis=0) - in_block
    below = np.cumsum(before, axis=1) - before
    padded = np.zeros(blocks * _BLOCK, np.uint8 if bins <= 256 else np.uint16)
    padded[:rows] = places
    grid: npt.NDArray[Any] = np.ascontiguousarray(padded.reshape(blocks, _BLOCK).T)
    lower, same = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)
    for lag in range(1, _BLOCK):
        earlier, later = grid[:-lag], grid[lag:]
        lower[lag:] += (earlier < later).view(np.uint8)
        same[lag:] += (earlier == later).view(np.uint8)
    return below[block, places] + lower.T.ravel()[:rows], before[block, places] + same.T.ravel()[:rows]


def count_pvalues(pvalues: Floats, looks: Integers, n_looks: int) -> Integers:
    """P-values per look and bin (n_looks, bins).

    Args:
        pvalues: (rows,).
        looks: Look of each of them, from 0 (rows,).
        n_looks: How many looks there are.
    """
    bins = len(WIDTHS)
    places = _BIN_OF_THOUSANDTH[(pvalues * 1000).astype(np.int64)]
    return np.bincount(looks * bins + places, minlength=n_looks * bins).reshape(n_looks, bins)


class Gamblers:
    """What the gamblers of each stream remember: a histogram of p-values that fades.

    Attributes:
        memory: P-values per bin (bins, streams, gamblers).
        held: Their sum over the bins (streams, gamblers).
    """

    def __init__(self, streams: int) -> None:
        self.memory: Floats = np.zeros((len(WIDTHS), streams, len(KEPT)))
        self.held: Floats = np.zeros((streams, len(KEPT)))

    def play(self, histograms: Integers) -> Floats:
        """Bet on each look by what was remembered before it; the log gains (looks, streams, gamblers).

        Args:
            histograms: P-values per look, bin and stream (looks, bins, streams).
        """
        looks, bins, streams = histograms.shape
        memories = np.empty((looks, bins, streams, len(KEPT)))
        held = np.empty((looks, 1, streams, len(KEPT)))
        totals = histograms.sum(axis=1)
        for look in range(looks):
            memories[look], held[look, 0] = self.memory, self.held
            self.memory = self.memory * KEPT + histograms[look][:, :, None]
            self.held = self.held * KEPT + totals[look][:, None]
        widths = WIDTHS[None, :, None, None]
        densities = (memories + PRIOR_ROWS * widths) / (held + PRIOR_ROWS) / widths
        logs = exact_log(UNIFORM_SHARE + (1 - UNIFORM_SHARE) * densities)
        gains = np.zeros((looks, streams, len(KEPT)))
        for place in range(bins):  # one after the other, so that the sum has the same bits for each number of looks
            gains += histograms[:, place, :, None] * logs[:, place]
        return gains
