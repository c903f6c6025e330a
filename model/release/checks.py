"""The comparisons of the gate: one metric of two versions on the same rows, with the interval of the gain."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model.release.compare import METRICS, Candidate, RowIndices, ScoredRows, answer, bootstrap_gain
from model.training.estimator.metrics import LOWER_IS_BETTER
from model.training.estimator.rows import Part
from relay.registry.contract import Contract
from relay.registry.segments import assign_parts, name_parts

MIN_SEGMENT_ROWS = 100
"""Rows of a segment below which it is not judged by itself: by chance one of ten small ones always looks worse."""

TOLERANCE = 0.01
"""Loss that may pass as noise, as a share of the champion's score, while the interval reaches zero."""

SEGMENT_TOLERANCE = 0.05
"""The same for a segment: much worse is more than this, with an interval that does not reach zero."""


INTERVAL_ERRORS = 3.92
"""Standard errors that a 95 % interval is wide."""

KEPT = "on the kept test rows of version"


@dataclass(frozen=True)
class Check:
    """One question of the gate, and its answer."""

    name: str
    """Of the metric and the rows, or of what was asked about the new data."""
    passed: bool
    rows: int
    champion: float | None = None
    challenger: float | None = None
    low: float | None = None
    """The 95 % interval of the gain of the challenger, positive for better."""
    high: float | None = None
    text: str = ""
    """In words, of a question that compares no metric; it says why where the question was not asked."""


def compare_rows(challenger: Candidate, champion: Candidate, test: Part, seed: int) -> Iterator[Check]:
    """Both versions on test rows of the challenger's dataset: all of them, then each segment."""
    mine, other = (
        answer(one.contract, one.model, test.inputs, test.target, test.weights) for one in (challenger, champion)
    )
    assert challenger.contract.score is not None  # noqa: S101 - see find_obstacle
    name = challenger.contract.score.name
    yield from _compare_all(name, mine, other, seed)
    for segment, rows in cut_segments(challenger.contract, test):
        if len(rows) >= MIN_SEGMENT_ROWS:
            check = compare_on(name, mine, other, rows, tolerance=SEGMENT_TOLERANCE, seed=seed, strict=False)
            yield replace(check, name=f"{name} where {segment}")


def compare_kept(challenger: Candidate, champion: Candidate, kept: Part, seed: int) -> Iterator[Check]:
    """Both versions on the test rows that the champion kept: data from before whatever happened to the new ones.

    Only a loss that is sure counts: two models of equal data from different rows differ by more than the tolerance one
    time in three, and what damages labels or columns is seen in the new data themselves.
    """
    mine, other = (
        answer(one.contract, one.model, kept.inputs, kept.target, kept.weights) for one in (challenger, champion)
    )
    assert challenger.contract.score is not None  # noqa: S101 - see find_obstacle
    for check in _compare_all(challenger.contract.score.name, mine, other, seed, strict=False):
        yield replace(check, name=f"{check.name} {KEPT} {champion.number}")


def _compare_all(name: str, mine: ScoredRows, other: ScoredRows, seed: int, *, strict: bool = True) -> Iterator[Check]:
    """The score, and for probabilities of two classes the Brier score as well."""
    everyone = np.arange(len(mine.true))
    yield compare_on(name, mine, other, everyone, tolerance=TOLERANCE, seed=seed, strict=strict)
    if name != "brier" and mine.are_probabilities and other.are_probabilities and len(mine.classes) == 2:
        yield compare_on("brier", mine, other, everyone, tolerance=TOLERANCE, seed=seed, strict=strict)


def compare_on(
    name: str,
    mine: ScoredRows,
    other: ScoredRows,
    rows: RowIndices,
    *,
    tolerance: float,
    seed: int,
    strict: bool = True,
) -> Check:
    """One metric of both versions on some rows, with the paired bootstrap interval of the gain.

    Args:
        name: of the metric.
        mine: the challenger's answers.
        other: the champion's.
        rows: indices of the rows (n,).
        tolerance: share of the champion's value that may be lost.
        seed: of the resampling.
        strict: whether a loss within the tolerance fails when the interval does not reach zero, and one beyond it by
            more than a standard error even when it does.
    """
    metric, sign = METRICS[name], -1.0 if name in LOWER_IS_BETTER else 1.0
    values = [float(metric(of, rows)) for of in (mine, other)]
    gain = sign * (values[0] - values[1])
    low, high = bootstrap_gain(metric, (mine, other), rows, seed)
    low, high = (low, high) if sign > 0 else (-high, -low)
    noise = (high - low) / INTERVAL_ERRORS if strict and np.isfinite(high - low) else 0.0
    much = -gain - noise > tolerance * abs(values[1])
    certain = high < 0
    failed = (much or certain) if strict else (much and certain)
    return Check(name, not (gain < 0 and failed), len(rows), values[1], values[0], low, high)


def cut_segments(contract: Contract, test: Part) -> Iterator[tuple[str, RowIndices]]:
    """Name and rows (n,) of each part of the test rows that the recipe wants compared by itself."""
    for segment in contract.segments:
        parts = assign_parts(segment, test.inputs[segment.column].tolist())
        for name in name_parts(segment):
            yield name, np.flatnonzero(parts == name)


def say_check(check: Check) -> str:
    """`roc_auc 0.861 against 0.858 (difference -0.002 to 0.008) on 3,943 rows`, or what was found in the data."""
    if check.text:
        return check.text
    verdict = "" if check.passed else "too much worse: "
    interval = "" if check.low is None or check.high is None else f" (gain {check.low:.4f} to {check.high:.4f})"
    rows = f" on {check.rows:,} test rows" if check.rows else ""
    return f"{verdict}{check.name} {check.challenger:.4f} against {check.champion:.4f}{interval}{rows}."
