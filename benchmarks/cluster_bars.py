"""What a cluster may cost and must gain, and the verdict on what was measured."""

from collections.abc import Sequence
from statistics import median

TOO_NOISY = "too noisy to judge"
MOST_SPREAD = 0.10
"""Of the baseline's rounds, beyond which their ratio to others says nothing."""

Row = dict[str, object]


def judge(bar: str, figure: float, limit: float, unit: str, *, is_most: bool = True, note: str = "") -> Row:
    """A row of the table: the figure may be the limit at most, or must be at least the limit."""
    is_met = figure <= limit if is_most else figure >= limit
    return {
        "bar": bar,
        "limit": f"{'≤' if is_most else '≥'} {limit:g} {unit}".strip(),
        "figure": f"{figure:.3g} {unit}".strip(),
        "verdict": "met" if is_met else "missed",
        "note": note,
    }


def judge_ratio(bar: str, baseline: Sequence[float], others: Sequence[float], limit: float, *, is_gain: bool) -> Row:
    """A row of the table from wall seconds of rounds.

    Args:
        bar: the name of the row.
        baseline: seconds of each round of what is compared with.
        others: seconds of each round of what is judged.
        limit: of the ratio.
        is_gain: the ratio is baseline / others and at least the limit; otherwise others / baseline and at most that.
    """
    ours, theirs = median(others), median(baseline)
    spread = max(baseline) / min(baseline) - 1
    seconds = [" ".join(f"{one:.1f}" for one in some) for some in (baseline, others)]
    note = f"{seconds[0]} s against {seconds[1]} s; the baseline's rounds spread by {spread:.0%}"
    row = judge(bar, theirs / ours if is_gain else ours / theirs, limit, "×", is_most=not is_gain, note=note)
    return row if spread <= MOST_SPREAD else {**row, "verdict": TOO_NOISY}


def judge_equal(bar: str, digests: Sequence[str]) -> Row:
    """A row of the table that says whether all digests are the same."""
    found = set(digests)
    return {
        "bar": bar,
        "limit": "equal",
        "figure": "equal" if len(found) == 1 else f"{len(found)} different",
        "verdict": "met" if len(found) == 1 else "missed",
        "note": f"{len(digests)} runs, {min(found)[:12]}…",
    }
