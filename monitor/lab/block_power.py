"""What a block finds: the share of drawn blocks that differ, without and with a change, beside the usual rules."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from drift.blocks import BlockResult, ColumnTest, join_tests, test_column
from drift.c2st import classify
from drift.columns import Column, drop_missing
from drift.locate import find_factor, find_segment
from drift.profile import Profile
from monitor.blocks import BLOCK_SHARE
from monitor.lab.population import Drawn, Population
from monitor.lab.shifts import FACTOR, Shift, change_rows, change_values, find_spread

KS_LEVEL, PSI_LIMIT = 0.05, 0.2
"""The usual rules: a Kolmogorov-Smirnov test of any column, and an index of any column above the limit."""
PER_REFERENCE = 20
"""Blocks that share drawn test rows."""
DEPENDENCE_SHARE = 4
"""The classifier is trained for one in so many blocks: it costs most."""
MOST_DEPENDENT = 5_000
NOTHING = "nothing has changed"
NOTHING_DEPENDENT = "nothing has changed (dependence)"


@dataclass
class Tally:
    """Counts of the blocks of one size after one change."""

    text: str
    kind: str
    column: str
    rows: int
    blocks: int = 0
    found: int = 0
    ks: int = 0
    psi: int = 0
    first_right: int = 0
    """Found, and the column with the most evidence is the changed one."""
    placed: int = 0
    """Blocks in which the factor or the segment was looked for, ..."""
    placed_right: int = 0
    """... and in which it was right."""


@dataclass(frozen=True)
class Plan:
    """How much is drawn."""

    sizes: tuple[int, ...]
    batches: int
    """Blocks of each size without a change."""
    changed: int
    """Blocks of each size after each change."""
    seed: int
    alpha: float


@dataclass
class _Block:
    """A drawn block with the tests of each column, of which those of changed columns are made again."""

    drawn: Drawn
    tests: dict[str, ColumnTest]
    score: ColumnTest | None
    ks: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Reference:
    """Drawn test rows."""

    profile: Profile
    drawn: Drawn
    present: dict[str, "np.ndarray[tuple[int], np.dtype[np.float64]]"]
    """Numbers that are not missing."""


def measure_blocks(
    population: Population, shifts: Sequence[Shift], plan: Plan, tell: Callable[[str], None]
) -> list[Tally]:
    """Draw blocks of each size and count how many differ.

    Args:
        population: of which.
        shifts: the changes.
        plan: how much is drawn.
        tell: takes a line of progress.
    """
    found: list[Tally] = []
    ordinary = [one for one in shifts if one.kind != "permute"]
    for size in plan.sizes:
        tell(f"blocks of {size:,} records")
        found += _measure_size(population, ordinary, size, plan)
        found += _measure_dependence(population, [one for one in shifts if one.kind == "permute"], size, plan)
    return found


def _measure_size(population: Population, shifts: Sequence[Shift], size: int, plan: Plan) -> list[Tally]:
    nothing = Tally(NOTHING, "none", "", size)
    tallies = [Tally(one.text, one.kind, one.column, size) for one in shifts]
    for reference, place in _draw_references(population, plan):
        random = np.random.default_rng([plan.seed, 2, size, place])
        chosen = population.draw(size, random)
        is_compared = place < plan.changed
        block = _test(reference, population.take(chosen), with_ks=is_compared)
        _count(nothing, block, plan.alpha, with_rules=is_compared)
        for number, (shift, tally) in enumerate(zip(shifts, tallies, strict=True)):
            if is_compared:
                own = np.random.default_rng([plan.seed, 3, size, place, number])
                changed = _change(population, reference, block, shift, chosen, own)
                result = _count(tally, changed, plan.alpha, with_rules=True)
                _place(tally, reference, changed, shift, result, place)
    return [nothing, *tallies]


def _draw_references(population: Population, plan: Plan) -> Iterator[tuple[_Reference, int]]:
    """Drawn test rows for each block, and its number."""
    for place in range(plan.batches):
        if place % PER_REFERENCE == 0:
            random = np.random.default_rng([plan.seed, 1, place // PER_REFERENCE])
            drawn = population.take(population.draw(population.test_rows, random))
            present = {
                one.name: np.sort(drop_missing("number", one.values)) for one in drawn.columns if _is_number(one)
            }
            reference = _Reference(population.count(drawn), drawn, present)
        yield reference, place


def _is_number(column: Column) -> bool:
    return column.kind == "number"


def _test(reference: _Reference, drawn: Drawn, *, with_ks: bool) -> _Block:
    profile = reference.profile
    tests = {one.name: test_column(one, one.count(drawn.find(one.name).values)) for one in profile.columns}
    score = None
    if profile.score is not None and drawn.score is not None:
        score = test_column(profile.score, profile.score.count(drawn.score))
    ks = {one.name: _compare(reference, one) for one in drawn.columns} if with_ks else {}
    return _Block(drawn, tests, score, ks)


def _compare(reference: _Reference, column: Column) -> float:
    """The p-value of the usual test of a number; 1 for a category, which it cannot take."""
    before = reference.present.get(column.name)
    if before is None:
        return 1.0
    now = drop_missing("number", column.values)
    if not len(before) or not len(now):
        return 1.0
    return float(stats.ks_2samp(before, now, method="asymp").pvalue)


def _change(
    population: Population,
    reference: _Reference,
    block: _Block,
    shift: Shift,
    chosen: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    random: np.random.Generator,
) -> _Block:
    if not shift.changes_column:
        return _test(reference, population.take(change_rows(shift, population, chosen, random)), with_ks=True)
    spread = find_spread(population, shift)
    column = change_values(shift, block.drawn.find(shift.column), spread, random)
    known = reference.profile.column(shift.column)
    return _Block(
        block.drawn.change(column),
        block.tests | {shift.column: test_column(known, known.count(column.values))},
        block.score,
        block.ks | {shift.column: _compare(reference, column)},
    )


def _count(tally: Tally, block: _Block, alpha: float, *, with_rules: bool) -> BlockResult:
    rows = len(block.drawn.columns[0].values)
    result = join_tests(list(block.tests.values()), block.score, rows, alpha=BLOCK_SHARE * alpha)
    tally.blocks += 1
    tally.found += result.has_moved
    tally.first_right += result.has_moved and result.columns[0].name == tally.column
    if with_rules:
        tally.ks += min(block.ks.values(), default=1.0) < KS_LEVEL
        tally.psi += max(one.psi.raw for one in block.tests.values()) > PSI_LIMIT
    return result


def _place(tally: Tally, reference: _Reference, block: _Block, shift: Shift, result: BlockResult, seed: int) -> None:
    """Look for the factor or the segment in a block that differs."""
    if not result.has_moved or shift.kind not in ("factor", "mix"):
        return
    tally.placed += 1
    if shift.kind == "factor":
        before, now = (one.find(shift.column).values for one in (reference.drawn, block.drawn))
        factor = find_factor(reference.profile.column(shift.column), before, now)
        tally.placed_right += factor is not None and factor.factor == FACTOR
        return
    segment = find_segment(reference.drawn.columns, block.drawn.columns, seed)
    tally.placed_right += segment is not None and any(one.column == shift.column for one in segment.conditions)


def _measure_dependence(population: Population, shifts: Sequence[Shift], size: int, plan: Plan) -> list[Tally]:
    """Blocks that a classifier tells from the test rows; it alone sees which values go together."""
    if size > MOST_DEPENDENT or not shifts:
        return []
    nothing = Tally(NOTHING_DEPENDENT, "none", "", size)
    tallies = [Tally(one.text, one.kind, one.column, size) for one in shifts]
    level = (1 - BLOCK_SHARE) * plan.alpha
    for reference, place in _draw_references(population, plan):
        if place >= max(plan.changed // DEPENDENCE_SHARE, 1):
            break
        random = np.random.default_rng([plan.seed, 4, size, place])
        drawn = population.take(population.draw(size, random))
        changed = [drawn.change(change_values(one, drawn.find(one.column), 0.0, random)) for one in shifts]
        for tally, block in zip([nothing, *tallies], [drawn, *changed], strict=True):
            with threadpool_limits(1, user_api="openmp"):
                p = classify(reference.drawn.columns, block.columns, place).p
            tally.blocks += 1
            tally.found += p <= level
            if tally is not nothing:
                tested = _test(reference, block, with_ks=True)
                tally.ks += min(tested.ks.values()) < KS_LEVEL
                tally.psi += max(one.psi.raw for one in tested.tests.values()) > PSI_LIMIT
    return [nothing, *tallies]
