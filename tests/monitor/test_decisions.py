"""What follows from a verdict: never a training on broken data, and not one run after the other."""

from datetime import timedelta
from typing import Any

import pytest
from borrowers import make_subject

from monitor.decisions import Evidence, decide
from monitor.log.record import Position
from monitor.progress import MOST_MATURED, Cohort, Progress
from relay.monitoring.report import Action, Block, Decision, LabelState, Verdict, VerdictKind

DAY = 86_400.0
SURE = Evidence(log10=5.0, sure_log10=3.0, loss_log10=4.0)


def make_progress(at_unix: float = 0.0, mature: int = 1_000, **labels: Any) -> Progress:
    state = LabelState(labelled=mature, mature=mature, immature=0, coverage=1.0, **labels)
    progress = Progress(counted=5_000, last_unix=at_unix)
    progress.labelled.state, progress.labelled.mature = state, mature
    return progress


def ask(progress: Progress, kind: VerdictKind, evidence: Evidence = SURE, **section: Any) -> Decision:
    return decide(make_subject(**section), progress, Verdict(kind=kind, text="why"), evidence)


@pytest.mark.parametrize("retrain", ["suggest", "auto", "never"])
def test_broken_data_is_never_trained_on(retrain: str) -> None:
    assert ask(make_progress(), VerdictKind.BREAK, retrain=retrain).action is Action.HOLD


@pytest.mark.parametrize("kind", [VerdictKind.NOTE, VerdictKind.DEPENDENCE, VerdictKind.NONE, VerdictKind.TOO_FEW])
def test_what_is_no_alarm_asks_for_nothing(kind: VerdictKind) -> None:
    assert ask(make_progress(), kind, retrain="auto").action is Action.NONE


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"mature": 399}, "399 records since the shift have final labels, 400 are needed"),
        ({"is_one_sided": True}, "one class"),
    ],
)
def test_a_shift_waits_for_labels_to_learn_from(changed: dict[str, Any], why: str) -> None:
    decision = ask(make_progress(**changed), VerdictKind.SHIFT, retrain="auto")
    assert (decision.action, why in decision.why) == (Action.HOLD, True)


@pytest.mark.parametrize(
    ("since", "counted"),
    [(None, 1_000), (0.0, 800), (200.0, 800), (201.0, 600), (399.0, 600), (800.0, 200), (801.0, 0)],
)
def test_only_labels_of_records_since_the_shift_count(since: float | None, counted: int) -> None:
    labelled = Progress().labelled
    for end in (200.0, 600.0, 400.0, 800.0, 1_000.0):  # the third cohort was covered late
        labelled.add_mature(end, 200)
    assert labelled.count_mature(since) == counted


def test_the_oldest_cohorts_are_taken_together() -> None:
    labelled = Progress().labelled
    for number in range(MOST_MATURED + 100):
        labelled.add_mature(float(number), 2)
    assert (labelled.mature, len(labelled.matured)) == (2 * (MOST_MATURED + 100), MOST_MATURED)
    assert (labelled.count_mature(50.0), labelled.count_mature(500.0)) == (2 * (MOST_MATURED - 1), 2 * 99)


def test_a_shift_that_is_not_sure_waits() -> None:
    unsure = Evidence(log10=2.5, sure_log10=3.0, loss_log10=0.0)
    assert ask(make_progress(), VerdictKind.SHIFT, unsure, alpha=0.1).action is Action.HOLD


def test_runs_are_asked_for_at_growing_distances_and_three_times_a_month() -> None:
    progress = make_progress()
    asked = []
    for hour in range(24 * 40):
        progress.last_unix = hour * 3_600.0
        decision = ask(progress, VerdictKind.SHIFT, retrain="auto", cooldown=timedelta(days=1))
        if decision.at_unix == progress.last_unix and decision.action is Action.TRAIN:
            asked.append(hour / 24)
            progress.decision = decision
    assert asked == [0, 1, 3, 30, 38]


def test_a_decision_stands_until_its_cooldown_ends() -> None:
    progress = make_progress()
    first = ask(progress, VerdictKind.SHIFT)
    progress.decision = first
    assert ask(progress, VerdictKind.SHIFT) == first
    progress.last_unix = DAY / 2
    again = ask(progress, VerdictKind.SHIFT)
    assert (again.action, again.at_unix, again.refused_until_unix) == (Action.SUGGEST, 0.0, DAY)
    assert ask(progress, VerdictKind.HARM).action is Action.HOLD


@pytest.mark.parametrize("later", [0.0, DAY / 2])
@pytest.mark.parametrize(
    ("first", "then", "action"),
    [
        ("suggest", "auto", Action.TRAIN),
        ("auto", "suggest", Action.SUGGEST),
        ("auto", "never", Action.HOLD),
        ("suggest", "never", Action.HOLD),
    ],
)
def test_a_decision_that_stands_follows_the_recipe_of_now(first: str, then: str, action: Action, later: float) -> None:
    progress = make_progress()
    progress.decision = ask(progress, VerdictKind.SHIFT, retrain=first)
    progress.last_unix = later
    assert ask(progress, VerdictKind.SHIFT, retrain=then).action is action


@pytest.mark.parametrize(
    ("harm_unix", "action"), [(900.0 + 6 * DAY, Action.ROLLBACK), (900.0 + 8 * DAY, Action.SUGGEST)]
)
def test_harm_within_the_probation_is_rolled_back(harm_unix: float, action: Action) -> None:
    progress = make_progress(at_unix=900.0 + 9 * DAY)
    progress.labelled.harm_unix = harm_unix
    assert ask(progress, VerdictKind.HARM).action is action


def test_progress_is_read_as_it_was_written() -> None:
    progress = make_progress(is_one_sided=True)
    place = Position(7, "a", 1.5)
    progress.position = progress.refused_position = progress.block_after = place
    progress.watch, progress.labelled.losses = b"\x00\xff", b"\x01"
    progress.labelled.waiting = [Cohort(None, place, 200, 1.5)]
    progress.labelled.kept = [(0.5, 1.0, 0.25)]
    progress.blocks = [Block(number=1, rows=200, begin_unix=0.0, end_unix=1.0, p=0.5)]
    progress.decision = Decision(action=Action.HOLD, why="x")
    assert Progress.from_bytes(progress.to_bytes()).to_bytes() == progress.to_bytes()
    with pytest.raises(ValueError, match="format 99"):
        Progress.from_bytes(b'{"format": 99}')
