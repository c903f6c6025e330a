"""An alarm ends when the change does, and not before."""

import numpy as np
import pytest

from drift.betting import Alarm, Look
from drift.columns import Column
from drift.profile import build_profile
from drift.recovery import Trial, count_portion, has_ended
from drift.ties import hash_ids
from drift.watch import Watch


def draw_columns(random: np.random.Generator, rows: int, *, years: float = 0.0, lost: float = 0.0) -> list[Column]:
    amounts = random.gamma(2, 10, rows)
    amounts[random.random(rows) < 0.05 + lost] = np.nan
    words = np.array(["blue", "red", "green"], object)[random.integers(0, 3, rows)]
    return [
        Column("age", "number", np.round(random.normal(40 + years, 10, rows))),
        Column("amount", "number", amounts),
        Column("colour", "category", words),
    ]


def watch_parts(watch: Watch, random: np.random.Generator, *parts: tuple[int, float, float]) -> list[tuple[bool, int]]:
    """Whether there is an alarm, and how many have ended, after each part: rows, years more, share lost."""
    found = []
    for rows, years, lost in parts:
        start = watch.rows
        keys = hash_ids(f"record {number}" for number in range(start, start + rows))
        watch.look(draw_columns(random, rows, years=years, lost=lost), None, keys)
        found.append((watch.alarm is not None, watch.ended))
    return found


def begin(random: np.random.Generator, groups: int = 1) -> Watch:
    return Watch(build_profile(draw_columns(random, 4_000), draw_columns(random, 4_000)), groups=groups)


@pytest.mark.parametrize(("years", "lost"), [(10.0, 0.0), (3.0, 0.0), (0.0, 0.4)])
def test_an_alarm_ends_when_the_change_does(years: float, lost: float) -> None:
    random = np.random.default_rng(1)
    watch = begin(random)
    found = watch_parts(watch, random, (2_000, 0, 0), (3_000, years, lost), (4_000, 0, 0), (3_000, years, lost))
    assert found == [(False, 0), (True, 0), (False, 1), (True, 1)]
    assert watch.alarm is not None
    assert 8_600 <= watch.alarm.since <= 9_600


@pytest.mark.parametrize("years", [10.0, 3.0, 2.5])
def test_an_alarm_stays_as_long_as_the_change(years: float) -> None:
    random = np.random.default_rng(2)
    watch = begin(random)
    assert watch_parts(watch, random, (12_000, years, 0.0), (8_000, years, 0.0)) == [(True, 0), (True, 0)]


def test_any_split_gives_the_same_bytes_through_alarm_and_end() -> None:
    random = np.random.default_rng(3)
    start = begin(random)
    profile = start._profile
    parts = [draw_columns(random, 1_500), draw_columns(random, 2_100, years=8), draw_columns(random, 4_400)]
    columns = [
        Column(part[0].name, part[0].kind, np.concatenate([one.values for one in part]))
        for part in zip(*parts, strict=True)
    ]
    keys = hash_ids(map(str, range(8_000)))
    states = []
    for portion in (8_000, 50, 333, 2_001):
        watch = Watch(profile)
        looks: list[Look] = []
        for first in range(0, 8_000, portion):
            stop = first + portion
            cut = [Column(one.name, one.kind, one.values[first:stop]) for one in columns]
            looks += watch.look(cut, None, keys[first:stop])
            watch = Watch.from_bytes(watch.to_bytes(), profile)
        assert [look.rows for look in looks] == list(range(200, 8_200, 200))
        states.append((watch.to_bytes(), looks))
        assert watch.ended == 1
    assert all(state == states[0] for state in states)


@pytest.mark.parametrize(("rows", "since", "expected"), [(800, 600, 1_000), (5_000, 200, 4_800), (5_000, 250, 4_800)])
def test_a_portion_is_as_long_as_the_alarm_needed(rows: int, since: int, expected: int) -> None:
    assert count_portion(Alarm(rows, since, "values: age", 4.0), 200) == expected


def test_a_portion_that_differs_in_one_stream_alone_is_no_end() -> None:
    reference = (np.array([[500, 500, 500]]), np.array([[900, 100]]))
    trial = Trial(reference, (np.array([[500, 500, 500]]), np.array([[900, 100]])), 0, 1_000)
    same = [np.array([[1_000, 1_000, 1_000]]), np.array([[1_800, 200]])]
    assert has_ended(trial, same, ["number", "number"])
    assert not has_ended(trial, [same[0], np.array([[1_700, 300]])], ["number", "number"])
    assert not has_ended(trial, [np.array([[1_000, 1_100, 900]]), same[1]], ["category", "number"])
