"""Betting that the loss is higher than that of the test rows."""

import math

import numpy as np
import pytest

from drift.betting import Look
from drift.columns import Floats
from drift.errors import DriftError
from drift.harm import STREAM, LossWatch
from drift.losses import LossProfile, build_loss_profile, measure_losses


def draw_losses(random: np.random.Generator, rows: int, *, flipped: float = 0.0) -> tuple[Floats, Floats]:
    """Scores that hold as probabilities, and labels, of which some are flipped."""
    scores = random.beta(0.5, 6, rows)
    labels = (random.random(rows) < scores) ^ (random.random(rows) < flipped)
    return scores, labels.astype(np.float64)


def draw_profile(random: np.random.Generator) -> LossProfile:
    return build_loss_profile("brier", *draw_losses(random, 3_000))


@pytest.mark.parametrize("portion", [1, 7, 199, 200, 201, 777])
def test_any_split_gives_the_same_bytes(portion: int) -> None:
    random = np.random.default_rng(1)
    profile = draw_profile(random)
    losses = measure_losses("brier", *draw_losses(random, 1_000, flipped=0.2))
    whole, parts = LossWatch(profile), LossWatch(profile)
    looks = whole.look(losses)
    assert [look.rows for look in looks] == [200, 400, 600, 800, 1_000]
    found: list[Look] = []
    for start in range(0, 1_000, portion):
        found += parts.look(losses[start : start + portion])
        parts = LossWatch.from_bytes(parts.to_bytes(), profile)
    assert tuple(found) == looks
    assert parts.to_bytes() == whole.to_bytes()
    assert parts.alarm == whole.alarm
    assert whole.log10_evidence == {STREAM: looks[-1].log10}


def test_the_first_look_is_what_the_formula_says() -> None:
    watch = LossWatch(LossProfile("brier", mean=0.1, bound=0.2, rows=100), look_rows=2)
    (look,) = watch.look(np.array([0.0, 1.0]))
    won = (1 + 0.03 * (0.0 - 0.2)) * (1 + 0.03 * (1.0 - 0.2))
    assert look.log10 == pytest.approx(math.log10(won / 2 + 1 / 2))


def test_a_loss_that_rises_by_four_fifths_raises_an_alarm_and_says_since_when() -> None:
    random = np.random.default_rng(2)
    watch = LossWatch(draw_profile(random))
    watch.look(measure_losses("brier", *draw_losses(random, 2_000)))
    assert watch.alarm is None
    harmed = measure_losses("brier", *draw_losses(random, 2_000, flipped=0.08))
    watch.look(harmed)
    alarm = LossWatch.from_bytes(watch.to_bytes(), LossProfile("brier", 0.0, watch.bound, 1)).alarm
    assert alarm is not None
    assert alarm.log10 >= watch.limit() == 2
    assert 1_400 <= alarm.since <= 2_600
    assert alarm.rows <= 4_000


def test_no_stream_of_many_alarms_without_a_change() -> None:
    found = 0
    for seed in range(60):
        random = np.random.default_rng([3, seed])
        watch = LossWatch(draw_profile(random))
        watch.look(measure_losses("brier", *draw_losses(random, 6_000)))
        found += watch.alarm is not None
    assert found <= 4  # 1.5% of 60, and four standard errors


def test_lower_losses_raise_no_alarm() -> None:
    watch = LossWatch(LossProfile("error", mean=0.3, bound=0.33, rows=1_000))
    watch.look(np.zeros(10_000))
    assert watch.alarm is None
    assert watch.log10_evidence[STREAM] < 0


def test_losses_outside_0_to_1_are_refused() -> None:
    watch = LossWatch(LossProfile("squared", mean=0.1, bound=0.2, rows=100))
    for loss in (-0.1, 1.1, np.nan):
        with pytest.raises(DriftError, match="outside 0 to 1"):
            watch.look(np.array([loss]))


def test_a_state_of_another_profile_is_refused() -> None:
    state = LossWatch(LossProfile("brier", mean=0.1, bound=0.2, rows=100)).to_bytes()
    with pytest.raises(DriftError, match="of another version"):
        LossWatch.from_bytes(state, LossProfile("brier", mean=0.1, bound=0.25, rows=100))
