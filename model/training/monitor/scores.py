"""The bins of a score: borders lie in gaps between scores.

A small tree gives few different scores, and the ONNX file or another processor gives each of them with other last
digits. A border at a score would put such a row into another bin each time, and the monitor would see a shift.
"""

from dataclasses import replace

import numpy as np

from drift.columns import Column, Floats
from drift.profile import SCORE, ColumnProfile, build_column

GAP = 1e-6
"""Scores that are nearer than this, as a share of their range, count as one; ONNX files come within 1e-7 or so."""

DIGITS = 10
"""Significant digits of a border: fewer than processors agree on, more than a gap needs."""


def profile_scores(train: Floats, test: Floats) -> ColumnProfile:
    """The profile of the scores.

    Args:
        train: scores of training rows, which choose the borders (n,).
        test: those of the test rows, which are counted (n,).
    """
    column = build_column(Column(SCORE, "number", train), test)
    found = np.unique(train[np.isfinite(train)])
    settled = replace(
        column,
        edges=_settle(found, column.edges),
        coarse=_settle(found, column.coarse),
        psi_edges=_settle(found, column.psi_edges),
    )
    counts = settled.count(test)
    return replace(settled, counts=counts.fine, coarse_counts=counts.coarse, psi_counts=counts.psi)


def _settle(found: Floats, edges: tuple[float, ...]) -> tuple[float, ...]:
    """Borders in the gaps nearest to edges.

    Args:
        found: the different scores, increasing (n,).
        edges: at scores, or directly below one.
    """
    if len(found) < 2:
        return ()
    steps = np.diff(found)
    at = np.flatnonzero(steps > GAP * (found[-1] - found[0]))
    gaps = (found[at] + found[at + 1]) / 2
    given = np.array(edges)
    # An edge at a score closes the bin above it; one directly below a score closes the bin of those before.
    above = np.searchsorted(gaps, given, side="right")
    is_below = ~np.isin(given, found)
    chosen = np.where(is_below, above - 1, above)
    chosen = np.unique(chosen[(chosen >= 0) & (chosen < len(gaps))])
    return tuple(float(f"{gap:.{DIGITS}g}") for gap in gaps[chosen].tolist())
