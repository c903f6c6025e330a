"""A run counts what is new, says what it means, and commits it; runs that cut the log elsewhere give the same bytes."""

import base64
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from borrowers import draw, draw_labels, make_requests, make_subject
from logged import Log, make_row

from monitor.log.opening import open_log
from monitor.running import Outcome, Run
from monitor.subject import Subject
from monitor.wording import to_text
from relay.handoff.errors import RelayError
from relay.monitoring.opening import open_store
from relay.monitoring.questions import Store
from relay.monitoring.report import Action, VerdictKind
from relay.monitoring.store import AcceptedBaseline, Change
from serve.log.record import Row

NOW = 1e9


def run(log: Log, subject: Subject, now: float = NOW) -> Outcome:
    with open_log(log.folder, log.url) as reader, open_store(log.folder, log.url) as store:
        return Run(subject, reader, store, now).work()


def read(log: Log, ask: Any) -> Any:
    with open_store(log.folder, log.url, is_reader=True) as store:
        return ask(store)


def test_before_the_first_record_there_are_too_few(log: Log) -> None:
    report = run(log, make_subject()).report
    assert (report.verdict.kind, report.rows.counted, report.is_alarm) == (VerdictKind.TOO_FEW, 0, False)
    log.write(make_requests(draw(57, 5)))
    report = run(log, make_subject()).report
    assert (report.verdict.kind, report.rows.waiting) == (VerdictKind.TOO_FEW, 57)


def test_records_like_those_of_the_reference_are_no_finding(log: Log) -> None:
    log.write(make_requests(draw(1_300, 5), size=10))
    outcome = run(log, make_subject())
    report = outcome.report
    assert (report.verdict.kind, report.rows.counted, outcome.waiting) == (VerdictKind.NONE, 1_200, 100)
    assert [(block.rows, block.is_note) for block in report.blocks] == [(1_000, False)]
    assert report.decision.action is Action.NONE
    assert run(log, make_subject()) == Outcome(report, is_changed=False, waiting=100)


def test_incomes_times_12_are_a_break_that_names_column_and_factor(sqlite_log: Log) -> None:
    frame = draw(3_000, 5)
    frame.loc[frame.index >= 1_000, "income"] *= np.where(np.random.default_rng(1).random(2_000) < 0.1, 12, 1)
    sqlite_log.write(make_requests(frame, size=10))
    verdict = run(sqlite_log, make_subject()).report.verdict
    assert (verdict.kind, verdict.columns[0].name) == (VerdictKind.BREAK, "income")
    assert verdict.factor is not None
    assert (verdict.factor.column, verdict.factor.factor) == ("income", 12)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_break_is_one_at_every_look_also_behind_a_block_that_was_just_closed(sqlite_log: Log, seed: int) -> None:
    frame = draw(6_000, 100 + seed)
    frame.loc[frame.index >= 1_000, "income"] *= np.where(np.random.default_rng(seed).random(5_000) < 0.03, 12, 1)
    sqlite_log.write(make_requests(frame, size=10))
    run(sqlite_log, make_subject())
    said = [event.data["kind"] for event in read(sqlite_log, lambda store: store.list_events("credit"))]
    assert said == ["break"]


def test_missing_values_are_a_break_that_says_so(sqlite_log: Log) -> None:
    frame = draw(2_000, 5)
    frame.loc[(frame.index >= 600) & (np.random.default_rng(1).random(2_000) < 0.4), "income"] = np.nan
    sqlite_log.write(make_requests(frame, size=10))
    report = run(sqlite_log, make_subject()).report
    assert (report.verdict.kind, report.verdict.columns[0].what) == (VerdictKind.BREAK, "missing")
    assert report.decision.action is Action.HOLD
    since = report.verdict.since_unix
    assert since is not None
    assert 1_300 <= since <= 2_000  # a request of ten each ten seconds


def test_a_state_that_cannot_be_read_is_an_error_that_says_what_to_do(sqlite_log: Log) -> None:
    sqlite_log.write(make_requests(draw(400, 5)))
    run(sqlite_log, make_subject())
    with open_store(sqlite_log.folder) as store:
        state = store.read_state("credit", "3")
        assert state is not None
        said = json.loads(state.body) | {"watch": base64.b64encode(b"another").decode()}
        state = store.commit(Change(replace(state, body=json.dumps(said).encode())))
    with pytest.raises(RelayError, match=r"cannot be read.*move the monitor's store away"):
        run(sqlite_log, make_subject())
    with open_store(sqlite_log.folder) as store:
        store.commit(Change(replace(state, body=b'{"format": 99}')))
    with pytest.raises(RelayError, match=r"format 99.*update Relay"):
        run(sqlite_log, make_subject())


def test_another_population_is_a_shift_and_is_found_once_however_often_one_looks(log: Log) -> None:
    log.write([*make_requests(draw(600, 5), size=10), *make_requests(draw(1_000, 6, young=0.5), 60, size=10)])
    report = run(log, make_subject()).report
    assert (report.verdict.kind, report.verdict.columns[0].name) == (VerdictKind.SHIFT, "age")
    assert "age" in report.verdict.text
    assert not run(log, make_subject()).is_changed
    kinds = [event.kind for event in read(log, lambda store: store.list_events("credit"))]
    assert kinds == ["verdict"]


@pytest.mark.parametrize(
    ("retrain", "action"), [("suggest", Action.SUGGEST), ("auto", Action.TRAIN), ("never", Action.HOLD)]
)
def test_a_shift_with_final_labels_asks_for_a_training_as_the_recipe_says(
    sqlite_log: Log, retrain: str, action: Action
) -> None:
    frame = pd.concat([draw(600, 5), draw(1_000, 6, young=0.5)], ignore_index=True)
    sqlite_log.write(make_requests(frame), draw_labels(frame))
    run(sqlite_log, make_subject(retrain=retrain))
    report = run(sqlite_log, make_subject(retrain=retrain)).report
    assert (report.verdict.kind, report.decision.action) == (VerdictKind.SHIFT, action)
    decisions = [one for one in read(sqlite_log, lambda store: store.list_events("credit")) if one.kind == "decision"]
    assert len(decisions) == (action is not Action.HOLD)


def test_labels_of_records_from_before_a_shift_order_no_training(sqlite_log: Log) -> None:
    frame = pd.concat([draw(1_000, 5), draw(1_000, 6, young=0.5)], ignore_index=True)
    sqlite_log.write(make_requests(frame), draw_labels(frame)[:1_200])
    report = run(sqlite_log, make_subject(retrain="auto")).report
    assert (report.verdict.kind, report.decision.action) == (VerdictKind.SHIFT, Action.HOLD)
    assert "0 records since the shift have final labels, 400 are needed" in report.decision.why
    sqlite_log.write([], draw_labels(frame)[1_200:])
    assert run(sqlite_log, make_subject(retrain="auto")).report.decision.action is Action.TRAIN


def test_a_suggestion_is_an_order_once_the_recipe_says_auto_and_is_kept_once(sqlite_log: Log) -> None:
    frame = pd.concat([draw(600, 5), draw(1_000, 6, young=0.5)], ignore_index=True)
    sqlite_log.write(make_requests(frame), draw_labels(frame))
    suggested = run(sqlite_log, make_subject()).report.decision
    ordered = [run(sqlite_log, make_subject(retrain="auto")).report.decision for _ in range(2)]
    assert ordered == [suggested.model_copy(update={"action": Action.TRAIN})] * 2
    kept = [one for one in read(sqlite_log, lambda store: store.list_events("credit")) if one.kind == "decision"]
    assert sorted(one.data["action"] for one in kept) == ["suggest", "train"]


def test_wrong_answers_are_harm_and_soon_after_the_promotion_a_rollback(sqlite_log: Log) -> None:
    frame = draw(3_000, 5)
    sqlite_log.write(make_requests(frame), draw_labels(frame, flipped=0.2))
    report = run(sqlite_log, make_subject()).report
    assert (report.verdict.kind, report.decision.action) == (VerdictKind.HARM, Action.ROLLBACK)
    assert report.labels is not None
    assert (report.labels.mature, report.labels.coverage, report.labels.reading) == (3_000, 1.0, "concept")
    assert "the records are no harder than before" in report.verdict.text
    assert report.evidence.history[-1].loss_log10 == report.evidence.loss_log10 > report.evidence.loss_limit_log10
    assert f"of the losses 10^{report.evidence.loss_log10:.0f} : 1; alarm from 100 : 1" in to_text(report)
    assert run(sqlite_log, make_subject()).report == report


def test_of_harder_records_with_other_labels_the_report_says_both(sqlite_log: Log) -> None:
    frame = draw(3_000, 5, young=0.9)
    sqlite_log.write(make_requests(frame), draw_labels(frame, flipped=0.2))
    report = run(sqlite_log, make_subject()).report
    assert report.labels is not None
    expected, before = report.labels.expected["brier"].low, report.labels.reference["brier"]
    assert (report.verdict.kind, report.labels.reading) == (VerdictKind.HARM, "concept")
    assert expected is not None
    assert expected > before
    assert "the records are harder to predict, and that explains a part only" in report.verdict.text


def test_labels_that_are_young_or_few_are_not_counted(sqlite_log: Log) -> None:
    frame = draw(1_000, 5)
    sqlite_log.write(make_requests(frame), draw_labels(frame)[:300])
    late = run(sqlite_log, make_subject(label_delay=timedelta(days=1)), now=12_000.0).report
    assert late.labels is None
    few = run(sqlite_log, make_subject()).report
    assert few.labels is not None
    assert (few.labels.mature, few.labels.coverage) == (200, 0.3)


def test_labels_behind_records_that_still_wait_for_theirs_are_counted_once(sqlite_log: Log) -> None:
    frame = draw(1_000, 5)
    sqlite_log.write(make_requests(frame), draw_labels(frame, flipped=0.2)[800:])
    reports = [run(sqlite_log, make_subject()).report for _ in range(5)]
    assert [report.labels.mature for report in reports if report.labels is not None] == [200] * 5
    assert {report.evidence.loss_log10 for report in reports} == {reports[0].evidence.loss_log10}


def test_own_questions_and_trials_are_left_out(log: Log) -> None:
    frame = draw(400, 5)
    own = make_requests(draw(30, 6), 1, size=30, client="deployment-1", at_unix=900.0)
    trials = make_requests(draw(5, 6), 2, size=5, client="page-trial-1", at_unix=900.0)
    log.write([*own, *trials, make_row(3, output=b"[]", at_unix=900.0), *make_requests(frame, 4)])
    rows = run(log, make_subject()).report.rows
    assert (rows.counted, rows.left_out) == (400, {"own questions": 30, "trials": 5, "unreadable": 1})


def test_one_record_of_a_request_counts_where_the_recipe_says_so(sqlite_log: Log) -> None:
    sqlite_log.write(make_requests(draw(2_000, 5), size=10))
    rows = run(sqlite_log, make_subject(unit="request")).report.rows
    assert (rows.counted, rows.left_out) == (200, {"same request": 1_800})


def test_data_that_was_repaired_is_no_break_any_more_and_breaks_again(log: Log) -> None:
    frame = draw(8_000, 5)
    is_broken = ((frame.index >= 600) & (frame.index < 2_600)) | (frame.index >= 6_000)
    frame.loc[is_broken & (np.random.default_rng(1).random(8_000) < 0.4), "income"] = np.nan
    requests = make_requests(frame, size=10)
    kinds = []
    for start, stop in ((0, 260), (260, 600), (600, 800)):
        log.write(requests[start:stop])
        kinds.append(run(log, make_subject()).report.verdict.kind)
    assert kinds == [VerdictKind.BREAK, VerdictKind.NONE, VerdictKind.BREAK]


def draw_weeks(weeks: int, *, first_day: int = 0, young: float = 0.0) -> list[Row]:
    """40 borrowers a day, at weekends half of them under 30."""
    found: list[Row] = []
    for day in range(first_day, first_day + 7 * weeks):
        is_weekend = (day + 3) % 7 >= 5  # 1970 began on a Thursday
        frame = draw(40, 100 + day, young=0.5 if is_weekend else young)
        found += make_requests(frame, 4 * day, size=10, step=21_600.0)
    return found


def test_weekends_are_a_shift_unless_the_recipe_names_the_season(log: Log, tmp_path: Path) -> None:
    without = Log(tmp_path / "without", "")
    requests = draw_weeks(10)
    log.write(requests)
    without.write(requests)
    assert run(without, make_subject()).report.verdict.kind is VerdictKind.SHIFT
    report = run(log, make_subject(season="weekday")).report
    assert (report.is_alarm, report.rows.counted) == (False, 2_800)
    assert any("same weekday" in text for text in report.off)
    log.write(draw_weeks(4, first_day=70, young=0.5))
    report = run(log, make_subject(season="weekday")).report
    assert (report.verdict.kind, report.verdict.columns[0].name) == (VerdictKind.SHIFT, "age")


def test_a_season_that_is_named_later_is_said_to_count_later(sqlite_log: Log) -> None:
    sqlite_log.write(make_requests(draw(400, 5), size=10))
    run(sqlite_log, make_subject())
    sqlite_log.write(make_requests(draw(400, 6), 40, size=10))
    off = run(sqlite_log, make_subject(season="weekday")).report.off
    assert any('season = "weekday" now: it counts from the next version' in text for text in off)


def refuse(log: Log, times: range, requests: int, records: int) -> None:
    """Counts of refused records, the same at each time."""
    insert = (
        "insert into {p}refused (at_unix, model, version, kind, requests, records, by_column)"
        f" values ($1, 'credit', '3', 'records', {requests}, {records}, '{{{{}}}}')"
    )
    for at_unix in times:
        log.execute(insert, float(at_unix))


def test_refused_records_are_a_break(log: Log) -> None:
    log.write(make_requests(draw(1_000, 5)))
    refuse(log, range(3_000, 9_000, 1_000), 20, 40)
    report = run(log, make_subject()).report
    assert (report.verdict.kind, report.verdict.columns[0].name) == (VerdictKind.BREAK, "(refused)")
    assert report.rows.refused == 240


def test_refused_records_are_counted_where_no_other_record_comes(log: Log) -> None:
    log.write(make_requests(draw(30, 5)))
    refuse(log, range(4_000, 9_000, 1_000), 1, 90)
    report = run(log, make_subject()).report
    assert (report.verdict.kind, report.verdict.columns[0].name) == (VerdictKind.BREAK, "(refused)")
    assert (report.rows.counted, report.rows.refused, report.rows.last_unix) == (30, 450, 8_000.0)
    assert not run(log, make_subject()).is_changed


def read_all(log: Log) -> tuple[Any, Any]:
    """All that a store holds and that does not depend on when the monitor ran: labels are as old as the run."""

    def ask(store: Store) -> tuple[Any, Any]:
        state = store.read_state("credit", "3")
        windows = [one for one in store.list_windows("credit") if one.is_block]
        reports = {one.name: one.report.model_copy(update={"labels": None}).to_json() for one in windows}
        # The order of a position is the database's own.
        return re.sub(rb'"order": \d+', b"", state.body if state else b""), reports

    found: tuple[Any, Any] = read(log, ask)
    return found


def test_runs_that_cut_the_log_elsewhere_give_the_same_bytes(log: Log, tmp_path: Path) -> None:
    requests = [*make_requests(draw(1_500, 5), size=3), *make_requests(draw(900, 6, young=0.6), 500, size=3)]
    whole = Log(tmp_path / "whole", "")
    whole.write(requests)
    first = run(whole, make_subject()).report
    for start in range(0, len(requests), 97):
        log.write(requests[start : start + 97])
        last = run(log, make_subject()).report
    assert last == first
    assert read_all(log) == read_all(whole)


def test_an_accepted_baseline_is_the_new_reference(sqlite_log: Log) -> None:
    frame = pd.concat([draw(600, 5), draw(3_000, 6, young=0.5)], ignore_index=True)
    sqlite_log.write(make_requests(frame, size=10))
    report = run(sqlite_log, make_subject()).report
    assert report.verdict.kind is VerdictKind.SHIFT
    with open_store(sqlite_log.folder) as store:
        store.accept(AcceptedBaseline("credit", "3", 50.0, "ann", "a new branch", report.window))
    sqlite_log.write(make_requests(draw(1_000, 7, young=0.5), 360, size=10))
    after = run(sqlite_log, make_subject()).report
    assert (after.verdict.kind, after.baseline.who, after.rows.counted) == (VerdictKind.NONE, "ann", 4_600)
    sqlite_log.write(make_requests(draw(1_000, 8), 460, size=10))
    assert run(sqlite_log, make_subject()).report.verdict.kind is VerdictKind.SHIFT
