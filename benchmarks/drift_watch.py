"""The watch and the losses of labelled rows: false alarms, rows until an alarm, and cost.

    RELAY_REAL_DATA=... python -m benchmarks drift_watch [--quick]

Without the credit rows it measures the cost alone, on made-up rows.
"""

import time
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.drift_rows import Population, Rows, draw, find_rows, load_population, shift, to_columns
from drift.betting import Alarm, Look
from drift.columns import Column
from drift.harm import LossWatch
from drift.losses import build_loss_profile, measure_losses
from drift.profile import Profile, build_profile
from drift.ties import hash_ids
from drift.watch import Watch

TEST_ROWS = 20_000
ALPHA = 0.01
BEFORE = 4_000
"""Rows before a shift begins."""
STREAM_ROWS, LONG_ROWS = 12_000, 120_000
SEASON_WEEKS, DAY_ROWS, SEASON_STREAMS, WEEKEND = 8, 300, 40, "mix:0.3"
"""Weeks without any other change, and what weekends are."""
LABELLED_TEST_ROWS = 6_000
COST_ROWS, COST_COLUMNS, COST_TEST_ROWS = 100_000, 10, 20_000
DETECTED = {
    "x12:0.05": 1_400,
    "mix:0.1": 1_400,
    "mix:0.3": 600,
    "age:0.25": 1_600,
    "income:0.25": None,
    "age:0.5": None,
    "age:0.1": None,
    "missing:0.05": None,
    "label:2": None,
}
"""Shift -> the most rows that the median stream may need."""
HARMED = {"flip:0.05": 2_000, "flip:0.02": None, "label:2": None, "mix:1": None}
"""Shift -> the most labels that the median stream may need."""
HARMLESS = ("x12:0.5", "missing:0.4", "age:0.5")

Row = dict[str, object]
DrawColumn = Callable[[int, int, np.random.Generator], Column]


def run(quick: bool) -> list[Row]:
    """False alarms, rows until an alarm, cost; each beside its limit."""
    cost_rows = COST_ROWS // 10 if quick else COST_ROWS
    rows = [*measure_cost(cost_rows, _draw_numbers), *measure_cost(cost_rows, _draw_categories)]
    path = find_rows()
    if path is None:
        return rows
    population = load_population(path)
    part = 10 if quick else 1
    return [
        *rows,
        *measure_false_alarms(population, part),
        *measure_season(population, part),
        *measure_delays(population, 4 if quick else 20),
        *measure_harm(population, part),
    ]


def draw_profile(population: Population, random: np.random.Generator) -> Profile:
    """Bins from the training rows, counts of test rows.

    Args:
        population: From which test rows are drawn.
        random: Draws them.
    """
    test = draw(population, TEST_ROWS, random)
    return build_profile(
        to_columns(population.train),
        test.columns(),
        train_scores=population.train_scores,
        test_scores=test.scores,
    )


def measure_false_alarms(population: Population, part: int) -> Iterator[Row]:
    """Streams without a shift that alarm.

    Args:
        population: Of the rows.
        part: One in so many streams is measured.
    """
    cases = [(200, STREAM_ROWS, 100, 3), (50, STREAM_ROWS, 100, 3), (200, LONG_ROWS, 5, 0)]
    for number, (look_rows, rows, streams, limit) in enumerate(cases):
        found, most = 0, -np.inf
        for stream in range(-(-streams // part)):
            random = np.random.default_rng([7, number, stream])
            watch = Watch(draw_profile(population, random), look_rows=look_rows, alpha=ALPHA)
            looks = _watch(watch, draw(population, rows, random), stream)
            found += watch.alarm is not None or watch.ended > 0
            most = max(most, *(look.log10 for look in looks))
        what = f"no shift, {rows:,} rows in looks of {look_rows}"
        yield _tell(what, -(-streams // part), found, "streams with an alarm", limit) | {"most evidence": float(most)}


def measure_season(population: Population, part: int) -> Iterator[Row]:
    """Weeks whose weekends have other borrowers, week after week alike: streams that alarm, by what they compare with.

    Args:
        population: Of the rows.
        part: One in so many streams is measured.
    """
    days = np.arange(SEASON_WEEKS * 7 * DAY_ROWS) // DAY_ROWS % 7
    for groups, limit in ((7, 2), (1, None)):
        found, streams = 0, -(-SEASON_STREAMS // part)
        for stream in range(streams):
            random = np.random.default_rng([14, stream])
            watch = Watch(draw_profile(population, random), alpha=ALPHA, groups=groups)
            usual = draw(population, len(days), random)
            other = shift(population, usual, WEEKEND, random)
            is_weekend = days >= 5
            rows = Rows(
                np.where(is_weekend[:, None], other.inputs, usual.inputs),
                np.where(is_weekend, other.labels, usual.labels),
                np.where(is_weekend, other.scores, usual.scores),
            )
            keys = hash_ids(f"{stream}/{number}" for number in range(len(days)))
            watch.look(rows.columns(), rows.scores, keys, groups=days if groups > 1 else None)
            found += watch.alarm is not None or watch.ended > 0
        what = f"{SEASON_WEEKS} weeks of {7 * DAY_ROWS:,} rows, weekends {WEEKEND}, season " + (
            "weekday" if groups > 1 else "none"
        )
        yield _tell(what, streams, found, "streams with an alarm", limit)


def measure_delays(population: Population, streams: int) -> Iterator[Row]:
    """Rows from the beginning of a shift to the alarm, of the median stream.

    Args:
        population: Of the rows.
        streams: How many of each shift.
    """
    for number, (name, limit) in enumerate(DETECTED.items()):
        alarms: list[Alarm | None] = []
        delays, ended = [], 0
        for stream in range(streams):
            random = np.random.default_rng([10, number, stream])
            watch = Watch(draw_profile(population, random), alpha=ALPHA)
            before = draw(population, BEFORE, random)
            after = shift(population, draw(population, STREAM_ROWS - BEFORE, random), name, random)
            looks = _watch(watch, _join(before, after), stream)
            delays.append(next((look.rows - BEFORE for look in looks if look.log10 >= watch.limit()), np.inf))
            alarms.append(watch.alarm)
            ended += watch.ended > 0
        row = _tell(name, streams, float(np.median(delays)), "median rows to the alarm", limit)
        begun = [alarm.since - BEFORE for alarm in alarms if alarm is not None]
        row |= {"most": float(np.max(delays)), "begin, error": float(np.median(begun)) if begun else ""}
        yield row | {
            "ended, though it goes on": ended,
            "first stream": _most_frequent([alarm.stream for alarm in alarms if alarm is not None]),
        }


def measure_harm(population: Population, part: int) -> Iterator[Row]:
    """Labelled streams: false alarms of the Brier loss, labels until an alarm, and shifts that do no harm.

    Args:
        population: Of the rows.
        part: One in so many streams is measured.
    """
    streams = 200 // part
    alarms, _ = _judge(population, "none", streams)
    yield _tell("labels, no shift", streams, sum(delay < np.inf for delay in alarms), "streams with an alarm", 2)
    for name, limit in HARMED.items():
        delays, ratio = _judge(population, name, 40 // part)
        row = _tell(f"labels, {name}", len(delays), float(np.median(delays)), "median labels to the alarm", limit)
        yield row | {"Brier, times": ratio}
    for name in HARMLESS:
        delays, ratio = _judge(population, name, 40 // part)
        found = sum(0 < delay < np.inf for delay in delays)
        yield _tell(f"labels, {name}", len(delays), found, "streams with an alarm", 0) | {"Brier, times": ratio}


def _judge(population: Population, name: str, streams: int) -> tuple[list[float], float]:
    """Labels from the beginning of the shift to the alarm, and how many times the Brier loss is."""
    delays, ratios = [], []
    for stream in range(streams):
        random = np.random.default_rng([13, stream])
        order = random.permutation(len(population.labels))
        test, others = order[:LABELLED_TEST_ROWS], order[LABELLED_TEST_ROWS:]
        profile = build_loss_profile("brier", population.scores[test], population.labels[test])
        rest = Population(
            *(population.train, population.train_scores, population.inputs[others], population.labels[others]),
            *(population.scores[others], population.predict),
        )
        before = draw(rest, BEFORE, random)
        after = shift(rest, draw(rest, STREAM_ROWS - BEFORE, random), name, random)
        rows = _join(before, after)
        losses = measure_losses("brier", rows.scores, rows.labels)
        watch = LossWatch(profile, alpha=ALPHA)
        watch.look(losses)
        delays.append(np.inf if watch.alarm is None else watch.alarm.rows - BEFORE)
        ratios.append(float(np.mean(losses[BEFORE:])) / profile.mean)
    return delays, float(np.mean(ratios))


def measure_cost(rows: int, draw_column: DrawColumn) -> list[Row]:
    """Processor time of the watch over that of a `ks_2samp` per column of numbers, and its memory; the best of five.

    Args:
        rows: Records of one look.
        draw_column: Draws the columns that are watched.
    """
    from scipy.stats import ks_2samp

    random = np.random.default_rng(1)
    train, test, later = (
        [draw_column(place, size, random) for place in range(COST_COLUMNS)] for size in (6_000, COST_TEST_ROWS, rows)
    )
    compared = [
        [_draw_numbers(place, size, random).values for size in (COST_TEST_ROWS, rows)] for place in range(COST_COLUMNS)
    ]
    profile = build_profile(train, test, train_scores=random.random(6_000), test_scores=random.random(COST_TEST_ROWS))
    score, ids = random.random(rows), [f"{number:032x}/0" for number in range(rows)]

    def compare() -> None:
        for ours, theirs in compared:
            ks_2samp(ours[~np.isnan(ours)], theirs[~np.isnan(theirs)])

    def look() -> None:
        Watch(profile).look(later, score, hash_ids(ids))

    pairs = [(_time(compare), _time(look)) for _ in range(5)]
    theirs, ours = (min(pair[place] for pair in pairs) for place in (0, 1))
    tracemalloc.start()
    look()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    what = f"a look of {rows:,} rows, {COST_COLUMNS} columns of kind {later[0].kind} and the score"
    return [
        _tell(what, 5, ours / theirs, "times ten ks_2samp", 5) | {"CPU seconds": ours},
        _tell(what, 1, peak, "MB at most", 64),
    ]


def _draw_numbers(place: int, rows: int, random: np.random.Generator) -> Column:
    """Floats or whole numbers of which some are missing."""
    values = np.round(random.gamma(2, 10 * (place + 1), rows), 0 if place % 2 else 6)
    values[random.random(rows) < 0.02 * place] = np.nan
    return Column(f"column {place}", "number", values)


def _draw_categories(place: int, rows: int, random: np.random.Generator) -> Column:
    """Words, few frequent and many rare, of which some are missing."""
    words = np.array([*(f"word {number}" for number in range(300)), None], object)
    return Column(f"column {place}", "category", words[np.minimum(random.geometric(0.02 * (place + 1), rows) - 1, 300)])


def _time(work: Callable[[], None]) -> float:
    start = time.process_time()  # both use one thread, and what else the machine does would decide the ratio
    work()
    return time.process_time() - start


def _watch(watch: Watch, rows: Rows, stream: int) -> tuple[Look, ...]:
    keys = hash_ids(f"{stream}/{number}" for number in range(len(rows.labels)))
    return watch.look(rows.columns(), rows.scores, keys)


def _join(before: Rows, after: Rows) -> Rows:
    return Rows(
        np.concatenate([before.inputs, after.inputs]),
        np.concatenate([before.labels, after.labels]),
        np.concatenate([before.scores, after.scores]),
    )


def _most_frequent(names: list[str]) -> str:
    return max(sorted(set(names)), key=names.count, default="")


def _tell(what: str, streams: int, value: float, unit: str, limit: float | None) -> Row:
    row: Row = {"benchmark": "drift_watch", "what": what, "streams": streams, "measured": value, "unit": unit}
    return row | {"limit": "" if limit is None else limit}
