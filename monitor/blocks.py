"""A block of records against the reference: what the tests say, and how large each difference is."""

import math
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from drift.blocks import ColumnTest, test_block
from drift.c2st import classify
from drift.columns import Column, Columns, Floats, drop_missing, find_missing
from drift.profile import SCORE, ColumnProfile, Profile
from drift.psi import Psi
from monitor.subject import Reference
from relay.monitoring.report import Block, ColumnEvidence, Interval

BLOCK_SHARE = 0.8
"""Of alpha, for the test of the columns; the rest is the classifier's, which alone finds a change of dependence."""
MOST_EVIDENT = 10
"""Columns of a block that a report shows."""
LARGEST_LOG10 = 300.0


@dataclass(frozen=True)
class Rows:
    """Records as columns."""

    columns: Columns
    score: Floats | None
    times: tuple[float, float]
    """Of the first and the last one."""
    count: int

    def find(self, name: str) -> Column | None:
        """The column of a name; `(score)` is the score."""
        if name == SCORE and self.score is not None:
            return Column(SCORE, "number", self.score)
        return next((one for one in self.columns if one.name == name), None)


def close_block(number: int, profile: Profile, reference: Reference | None, rows: Rows, alpha: float) -> Block:
    """What a block of records says.

    Args:
        number: of the block; seeds the classifier.
        profile: of the reference.
        reference: its rows, where they are kept.
        rows: of the block.
        alpha: of the recipe.
    """
    counts = profile.count(rows.columns)
    score_counts = None
    if profile.score is not None and rows.score is not None:
        score_counts = profile.score.count(rows.score)
    found = test_block(profile, counts, score_counts, alpha=BLOCK_SHARE * alpha)
    dependence = None
    if reference is not None:
        known = {one.name for one in reference.columns}
        shared = [one for one in rows.columns if one.name in known]
        # Small data: more threads would wait for each other, and the last digits would depend on their number.
        with threadpool_limits(1, user_api="openmp"):
            dependence = classify(_choose(reference.columns, shared), shared, number)
    tests = [*found.columns, *([found.score] if found.score else [])]
    shown = [describe_test(one, profile, reference, rows, found.tests) for one in tests[:MOST_EVIDENT]]
    is_dependent = dependence is not None and dependence.p <= (1 - BLOCK_SHARE) * alpha
    return Block(
        number=number,
        rows=rows.count,
        begin_unix=rows.times[0],
        end_unix=rows.times[1],
        p=found.p,
        dependence_p=None if dependence is None else dependence.p,
        dependence_auc=None if dependence is None else round(dependence.auc, 6),
        is_note=found.has_moved or is_dependent,
        columns=shown,
        psi={one.name: read_psi(one.psi, rows.count) for one in tests},
    )


def describe_test(
    test: ColumnTest, profile: Profile, reference: Reference | None, rows: Rows, tests: int
) -> ColumnEvidence:
    """A column of a block, with the evidence after correction for the number of tests."""
    p = min(1.0, test.p * tests)
    evidence = min(LARGEST_LOG10, -math.log10(p)) if p > 0 else LARGEST_LOG10
    what = {"new": "new values"}.get(test.what, test.what)
    return describe_column(test.name, what, round(evidence, 3) + 0.0, profile, reference, rows)


def describe_column(
    name: str, what: str, evidence: float, profile: Profile, reference: Reference | None, rows: Rows
) -> ColumnEvidence:
    """How a column was in the reference and is in some records.

    Args:
        name: of the column.
        what: of it differs: `values`, `missing`, `new values`.
        evidence: as a power of ten.
        profile: of the reference.
        reference: its rows, where they are kept.
        rows: of now.
    """
    column = rows.find(name)
    known = profile.score if name == SCORE else next((one for one in profile.columns if one.name == name), None)
    if column is None or known is None:
        return ColumnEvidence(name=name, what=what, evidence_log10=evidence, reference=None, now=None, text=name)
    before: float | None
    if what == "missing":
        before, now = known.missing / max(known.rows, 1), float(find_missing(column.kind, column.values).mean())
        text = f"{name}: {show_share(now)} of the values are missing (reference: {show_share(before)})"
    elif what == "new values":
        present = max(known.rows - known.missing, 1)
        before, now = known.new / present, _mean(known.find_new(column.values).astype(np.float64))
        text = f"{name}: {show_share(now)} of the values were never seen in training (reference: {show_share(before)})"
    elif column.kind == "category":
        value, before, now = find_moved(known, column)
        text = f'{name}: "{value}" is {show_share(now)} of the values (reference: {show_share(before)})'
    else:
        before, now = _find_reference_mean(name, reference), _mean(drop_missing("number", column.values))
        text = f"{name}: mean {show_number(now)}"
        text += "" if before is None else f" (reference: {show_number(before)})"
    reference_value = None if before is None else float(f"{before:.6g}")
    return ColumnEvidence(
        name=name, what=what, evidence_log10=evidence, reference=reference_value, now=float(f"{now:.6g}"), text=text
    )


def find_moved(known: ColumnProfile, column: Column) -> tuple[str, float, float]:
    """The category whose share has changed most, with both shares; the last is `another`."""
    counts = np.array(known.count(column.values).fine, np.float64)
    before = np.array(known.counts, np.float64)
    before, now = before / max(before.sum(), 1), counts / max(counts.sum(), 1)
    place = int(np.argmax(np.abs(now - before)))
    return (*known.values, "another value")[place], float(before[place]), float(now[place])


def read_psi(psi: Psi, rows: int) -> Interval:
    """A population stability index without its bias, as a report has it."""
    return Interval(value=round(psi.value, 6), low=round(psi.low, 6), high=round(psi.high, 6), rows=rows)


def show_share(share: float) -> str:
    """A share as people read it: 4.2%."""
    return f"{100 * share:.3g}%"


def show_number(value: float) -> str:
    """A number as people read it: 5,412 or 0.0312."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _choose(columns: Columns, like: Columns) -> Columns:
    by_name = {one.name: one for one in columns}
    return [by_name[one.name] for one in like]


def _find_reference_mean(name: str, reference: Reference | None) -> float | None:
    if reference is None:
        return None
    if name == SCORE:
        return None if reference.score is None else _mean(drop_missing("number", reference.score))
    found = next((one for one in reference.columns if one.name == name and one.kind == "number"), None)
    return None if found is None else _mean(drop_missing("number", found.values))


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else 0.0
