"""Drift: false alarms of the block test without a shift, power, where a shift lies, and cost against ten KS tests."""

import time
import tracemalloc
from functools import lru_cache
from statistics import median

import numpy as np
from scipy import stats

from benchmarks.borrowers import World, load_world
from benchmarks.drift_rows import INCOME, Rows, shift, to_columns
from drift import blocks, c2st, locate
from drift.columns import Column, Columns
from drift.profile import Profile, build_profile

REFERENCE_ROWS = 20_000
ALPHA = 0.01
BLOCK_ALPHA, DEPENDENCE_ALPHA = 0.8 * ALPHA, 0.2 * ALPHA
"""Where reference rows are kept, the classifier test has a fifth of the level."""
NULL_SIZES = (100, 200, 1_000, 5_000, 20_000)
NULL_BATCHES, QUICK_NULL_BATCHES = 1_200, 20
LIMIT_EACH, LIMIT_ALL = 0.02, 0.012
PER_PROFILE = 20
"""Batches that share a reference."""
BATCHES, QUICK_BATCHES = 60, 4
LEAST_POWER = {
    1_000: {"x12:0.05": 0.95, "age:0.25": 0.95, "income:0.25": 0.95, "mix:0.1": 0.95, "missing:0.05": 0.45},
    5_000: {"missing:0.05": 0.95, "label:2": 0.95, "age:0.1": 0.95},
}
LEAST_DEPENDENCE = 0.9
MOVED_COLUMN = {
    "age": "age",
    "income": "MonthlyIncome",
    "mix": "age",
    "missing": "MonthlyIncome",
    "x12": "MonthlyIncome",
}
LEAST_WHERE = 0.9
MOST_SEGMENTS = 0.01
SEGMENT_BATCHES, QUICK_SEGMENT_BATCHES = 1_000, 4
COST_ROWS, QUICK_COST_ROWS = 100_000, 10_000
COST_RUNS = 5
LIMIT_RATIO, LIMIT_MIB = 2.0, 64.0


def run(quick: bool) -> list[dict[str, object]]:
    """Figures beside their limits: shares of batches, and the ratio of seconds to ten KS tests of the same rows.

    The limits of power are those of the real data.
    """
    world = load_world()
    rows = measure_null(world, QUICK_NULL_BATCHES if quick else NULL_BATCHES)
    rows += measure_power(world, QUICK_BATCHES if quick else BATCHES)
    rows += measure_where(world, QUICK_BATCHES if quick else BATCHES)
    rows.append(measure_segments(world, QUICK_SEGMENT_BATCHES if quick else SEGMENT_BATCHES))
    rows += measure_cost(QUICK_COST_ROWS if quick else COST_ROWS)
    data = "credit" if world.is_real else "made-up borrowers"
    return [{"benchmark": "drift", "data": data, **row} for row in rows]


def make_profile(world: World, seed: list[int], *, with_others: bool) -> tuple[Profile, Rows]:
    """A profile, and its reference rows, drawn from those that the model has not seen."""
    population = world.population
    reference, columns = world.draw(REFERENCE_ROWS, np.random.default_rng(seed))
    train = world.list_training() if with_others else to_columns(population.train)
    tested = columns if with_others else reference.columns()
    profile = build_profile(train, tested, train_scores=population.train_scores, test_scores=reference.scores)
    return profile, reference


def test_batch(profile: Profile, columns: Columns, rows: Rows, alpha: float) -> blocks.BlockResult:
    """The block test of a batch."""
    score = None if profile.score is None else profile.score.count(rows.scores)
    return blocks.test_block(profile, profile.count(columns), score, alpha=alpha)


def measure_null(world: World, batches: int, sizes: tuple[int, ...] = NULL_SIZES) -> list[dict[str, object]]:
    """Share of batches with an alarm though nothing has moved, with its upper 95 % bound, per size and over all."""
    found = dict.fromkeys(sizes, 0)
    for place in range(batches):
        if place % PER_PROFILE == 0:
            profile, _ = make_profile(world, [1, place], with_others=True)
        for size in sizes:
            drawn, columns = world.draw(size, np.random.default_rng([2, size, place]))
            found[size] += test_batch(profile, columns, drawn, ALPHA).has_moved
    total = sum(found.values())
    each = [_share(f"no shift, n = {size:,}: alarms", found[size], batches, LIMIT_EACH) for size in sizes]
    return [*each, _share("no shift, all sizes: alarms", total, batches * len(sizes), LIMIT_ALL)]


def measure_power(world: World, batches: int) -> list[dict[str, object]]:
    """Share of batches in which a shift is found."""
    rows = []
    for size, shifts in LEAST_POWER.items():
        for name, least in shifts.items():
            hits = 0
            for place in range(batches):
                profile, _, batch = _draw(world, name, size, place)
                hits += test_batch(profile, batch.columns(), batch, BLOCK_ALPHA).has_moved
            rows.append(_share(f"{name}, n = {size:,}: found", hits, batches, least))
    hits = 0
    for place in range(batches):
        _, reference, batch = _draw(world, "copula:1", 1_000, place)
        hits += c2st.classify(reference.columns(), batch.columns(), place).p <= DEPENDENCE_ALPHA
    return [*rows, _share("dependence, n = 1,000: found", hits, batches, LEAST_DEPENDENCE)]


def measure_where(world: World, batches: int) -> list[dict[str, object]]:
    """Share of found shifts whose first column is the moved one; of the factor 12, and of the segment of a mix."""
    rows = []
    for name in LEAST_POWER[1_000]:
        right = found = 0
        for place in range(batches):
            profile, _, batch = _draw(world, name, 1_000, place)
            result = test_batch(profile, batch.columns(), batch, BLOCK_ALPHA)
            found += result.has_moved
            right += result.has_moved and result.columns[0].name == MOVED_COLUMN[name.split(":")[0]]
        rows.append(_share(f"{name}, n = 1,000: first column right", right, found, LEAST_WHERE))
    factors = segments = 0
    for place in range(batches):
        profile, reference, batch = _draw(world, "x12:0.05", 1_000, place)
        before, now = reference.inputs[:, INCOME], batch.inputs[:, INCOME]
        factor = locate.find_factor(profile.columns[INCOME], before, now)
        factors += factor is not None and factor.factor == 12
        _, reference, batch = _draw(world, "mix:0.3", 1_000, place)
        segment = locate.find_segment(reference.columns(), batch.columns(), place)
        segments += segment is not None and any(_is_border(condition) for condition in segment.conditions)
    rows.append(_share("x12:0.05, n = 1,000: factor 12 named", factors, batches, LEAST_WHERE))
    return [*rows, _share("mix:0.3, n = 1,000: age with a border in 28-32", segments, batches, LEAST_WHERE)]


def measure_segments(world: World, batches: int) -> dict[str, object]:
    """Share of batches without a shift in which a segment or a factor is named."""
    named = 0
    for place in range(batches):
        _, reference, batch = _draw(world, "none", 1_000, place)
        named += locate.find_segment(reference.columns(), batch.columns(), place) is not None
    return _share("no shift, n = 1,000: segment named", named, batches, MOST_SEGMENTS)


def measure_cost(rows: int) -> list[dict[str, object]]:
    """Seconds of counting and testing a block of ten columns, against ten KS tests; and its memory at the peak."""
    random = np.random.default_rng(3)
    table = random.normal(size=(10, rows))
    table[5:] = np.round(table[5:] * 10)
    columns = [Column(str(place), "number", values) for place, values in enumerate(table)]
    reference = [Column(name, kind, values[: rows // 5]) for name, kind, values in columns]
    profile = build_profile(reference, reference)
    ours, theirs = [], []
    for _ in range(COST_RUNS):
        start = time.perf_counter()
        blocks.test_block(profile, profile.count(columns), None, alpha=ALPHA)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        for before, now in zip(reference, columns, strict=True):
            stats.ks_2samp(before.values, now.values)
        theirs.append(time.perf_counter() - start)
    tracemalloc.start()
    blocks.test_block(profile, profile.count(columns), None, alpha=ALPHA)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    ratio = median(ours) / median(theirs)
    return [
        {"what": f"block of {rows:,} x 10: seconds to ten ks_2samp", "figure": ratio, "limit": LIMIT_RATIO},
        {"what": f"block of {rows:,} x 10: MiB at the peak", "figure": peak, "limit": LIMIT_MIB},
    ]


def _draw(world: World, name: str, size: int, place: int) -> tuple[Profile, Rows, Rows]:
    """Profile, reference rows and a batch after a shift."""
    profile, reference = _make_reference(place // PER_PROFILE)
    random = np.random.default_rng([5, size, place])
    return profile, reference, shift(world.population, world.draw(size, random)[0], name, random)


@lru_cache(maxsize=1)
def _make_reference(group: int) -> tuple[Profile, Rows]:
    return make_profile(load_world(), [4, group], with_others=False)


def _is_border(condition: locate.Condition) -> bool:
    return condition.column == "age" and isinstance(condition.border, float) and 28 <= condition.border <= 32


def _share(what: str, hits: int, trials: int, limit: float) -> dict[str, object]:
    """A share with its exact 95 % interval. Source: Clopper and Pearson 1934, Biometrika 26, p. 404."""
    low = float(stats.beta.ppf(0.025, hits, trials - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(0.975, hits + 1, trials - hits)) if hits < trials else 1.0
    return {"what": what, "figure": hits / max(trials, 1), "low": low, "high": high, "limit": limit, "batches": trials}
