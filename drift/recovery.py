"""Has a change ended? After an alarm, later rows are compared with what the watch began from, in fair portions.

Evidence does not tell: it stays when the change goes, because a gambler whose memory is uniform again bets nothing. So
rows behind the alarm are counted, as many as the alarm needed and at least 1,000, and tested once. If no stream
differs, the change has ended, and the watch begins again. A change that goes on differs in so many rows: they were
enough for an alarm, which needs more evidence than this test.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drift.betting import Alarm
from drift.columns import Integers, Kind

LEAST_ROWS = 1_000
LEVEL = 0.2
"""Probability that a portion does not show the end of a change that has ended; then the next one may. High, because an
alarm that ends although its change goes on misleads more than one that ends a portion late."""


@dataclass(frozen=True)
class Trial:
    """The portion of rows in which the end of a change is looked for.

    Attributes:
        reference: Counts of each stream with which the portion is compared (groups, bins).
        mark: Counts of each stream when the portion began (groups, bins).
        begin: Rows that the watch had seen then.
        rows: Rows of a portion: a multiple of those of a look.
    """

    reference: tuple[Integers, ...]
    mark: tuple[Integers, ...]
    begin: int
    rows: int

    @property
    def end(self) -> int:
        """Rows that the watch has seen when the portion is complete."""
        return self.begin + self.rows


def count_portion(alarm: Alarm, look_rows: int) -> int:
    """Rows of a portion: as many as the alarm needed, at least 1,000, in whole looks.

    Args:
        alarm: What was found.
        look_rows: Rows of a look.
    """
    return -(-max(LEAST_ROWS, alarm.rows - alarm.since) // look_rows) * look_rows


def has_ended(trial: Trial, counts: Sequence[Integers], kinds: Sequence[Kind]) -> bool:
    """Whether no stream of the portion differs from the reference, each with its part of `LEVEL`.

    Args:
        trial: A complete portion.
        counts: Counts of each stream now (groups, bins).
        kinds: Kind of each stream: of two bins alone, it is a share.
    """
    pvalues = [
        _compare(reference, after - before, kind)
        for references, befores, afters, kind in zip(trial.reference, trial.mark, counts, kinds, strict=True)
        for reference, before, after in zip(references, befores, afters, strict=True)
    ]
    return min(pvalues, default=1.0) * len(pvalues) > LEVEL


def _compare(reference: Integers, portion: Integers, kind: Kind) -> float:
    """The smaller p-value of the two tests of order and bins, doubled."""
    from drift.homogeneity import anderson_darling, chi_square, compare_shares

    if len(reference) == 2:
        ours, theirs = ((int(counts[1]), int(np.sum(counts))) for counts in (reference, portion))
        return compare_shares(ours, theirs).p if ours[1] and theirs[1] else 1.0
    bins = chi_square(reference, portion, kind).p
    return bins if kind == "category" else min(2 * min(bins, anderson_darling(reference, portion).p), 1.0)
