"""What the watch promises, measured on made-up rows: false alarms over a whole stream, and rows until an alarm."""

import numpy as np
import pytest

from drift.columns import Column
from drift.profile import Profile, build_profile
from drift.ties import hash_ids
from drift.watch import Watch

WORDS = np.array([*(f"word {number}" for number in range(30)), None], object)
SHARES = np.array([*(1 / (number + 1) for number in range(30)), 0.3])


def draw_columns(random: np.random.Generator, rows: int, *, shift: float = 0.0, lost: float = 0.0) -> list[Column]:
    """Rounded, heavy-tailed, rarely filled and constant numbers, words by Zipf's law, and whether something holds."""
    filled = np.where(random.random(rows) < 0.05, random.normal(0, 1, rows), np.nan)
    amounts = np.exp(random.normal(8, 1, rows))
    amounts[random.random(rows) < 0.1 + lost] = np.nan
    return [
        Column("age", "number", np.round(random.normal(45 + 12 * shift, 12, rows))),
        Column("amount", "number", amounts),
        Column("rare", "number", filled),
        Column("constant", "number", np.full(rows, 3.0)),
        Column("empty", "number", np.full(rows, np.nan)),
        Column("word", "category", random.choice(WORDS, rows, p=SHARES / SHARES.sum())),
        Column("holds", "number", (random.random(rows) < 0.2).astype(np.float64)),
    ]


def draw_profile(random: np.random.Generator, test_rows: int) -> Profile:
    return build_profile(
        draw_columns(random, 2_000),
        draw_columns(random, test_rows),
        train_scores=random.random(2_000),
        test_scores=random.random(test_rows),
    )


def watch_nothing(seed: int, *, look_rows: int, rows: int, test_rows: int) -> bool:
    """Whether a stream without a change alarms."""
    random = np.random.default_rng([seed, look_rows, test_rows])
    watch = Watch(draw_profile(random, test_rows), look_rows=look_rows, refused=True)
    watch.look(draw_columns(random, rows), random.random(rows), hash_ids(f"{seed}/{number}" for number in range(rows)))
    return watch.alarm is not None or watch.ended > 0


def test_few_test_rows_raise_no_false_alarm() -> None:
    # The p-values are exact for each number of test rows: 1% of 30 streams, and four standard errors.
    assert sum(watch_nothing(seed, look_rows=50, rows=2_000, test_rows=60) for seed in range(30)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize(("look_rows", "test_rows"), [(200, 5_000), (50, 5_000), (7, 5_000), (200, 200)])
def test_at_most_one_stream_in_a_hundred_alarms_without_a_change(look_rows: int, test_rows: int) -> None:
    # 1% of 60 streams, and four standard errors.
    rows = min(8_000, 200 * look_rows)
    found = [watch_nothing(seed, look_rows=look_rows, rows=rows, test_rows=test_rows) for seed in range(60)]
    assert sum(found) <= 3


@pytest.mark.parametrize(
    ("shift", "lost", "stream", "most"), [(0.25, 0.0, "values: age", 1_800), (0.0, 0.2, "missing: amount", 1_400)]
)
def test_a_change_is_found_within_so_many_rows(shift: float, lost: float, stream: str, most: int) -> None:
    found = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        watch = Watch(draw_profile(random, 5_000))
        for number, columns in enumerate(
            [draw_columns(random, 2_000), draw_columns(random, 4_000, shift=shift, lost=lost)]
        ):
            rows = len(columns[0].values)
            watch.look(columns, random.random(rows), hash_ids(f"{number}/{record}" for record in range(rows)))
        assert watch.alarm is not None
        assert watch.alarm.stream == stream
        found.append(watch.alarm.rows - 2_000)
    assert 0 < np.median(found) <= most
