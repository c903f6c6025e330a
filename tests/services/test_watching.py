"""What the schedule makes of the monitor's reports, which it asks the API for."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from monitor_reports import make_break, make_labelled, make_quiet

sys.path.append(str(Path(__file__).parent))

from test_deployment import Answering, server  # noqa: F401 - a fixture

from monitor.command import ALARM as OF_THE_MONITOR
from relay.monitoring.answers import write_monitor
from relay.monitoring.report import Action, Report, VerdictKind
from services.airflow.ask import AwayError, RefusedError, Service
from services.airflow.watching import (
    ALARM,
    BREAK,
    ROLLBACK,
    TRAIN,
    BrokenDataError,
    choose_next,
    find_report,
    read_report,
    require_whole,
)
from services.stack.docker import ALARMS

Server = tuple[Service, type[Answering]]
MONITOR = "GET /models/credit/monitor"


def decide(action: Action, report: Report | None = None) -> Any:
    """What the API answers about a model with this decision."""
    report = report or make_labelled()
    decision = report.decision.model_copy(update={"action": action})
    return write_monitor(report.model_copy(update={"decision": decision}), [])


def test_the_words_are_those_of_the_monitor() -> None:
    assert (ALARM, BREAK, TRAIN, ROLLBACK) == (OF_THE_MONITOR, VerdictKind.BREAK, Action.TRAIN, Action.ROLLBACK)
    assert ALARMS == {"monitor": OF_THE_MONITOR}  # of `make status` and `make doctor`


@pytest.mark.parametrize("action", list(Action))
def test_only_a_decision_to_train_or_to_roll_back_is_carried_out(action: Action) -> None:
    expected = str(action) if action in (Action.TRAIN, Action.ROLLBACK) else ""
    assert choose_next(read_report(decide(action)), 3) == expected


@pytest.mark.parametrize("holder", [None, 2, 4])
def test_a_decision_about_another_version_is_over(holder: int | None) -> None:
    assert choose_next(read_report(decide(Action.TRAIN)), holder) == ""


def test_one_decision_has_one_run_and_says_why() -> None:
    found = read_report(decide(Action.TRAIN))
    assert found.run_id == read_report(decide(Action.TRAIN)).run_id
    assert found.run_id != replace(found, decided_unix=found.decided_unix + 60).run_id
    assert found.reason == (
        "monitor: credit 3, harm in window v3-10000: The loss is surely higher, and 2,400 labels are new."
    )


def test_broken_data_stop_a_training_and_the_message_names_window_column_and_factor() -> None:
    with pytest.raises(BrokenDataError, match=r"window v3-10000: MonthlyIncome: 5% .* by 12\. Nothing is trained"):
        require_whole(read_report(write_monitor(make_break(), [])), 3)


@pytest.mark.parametrize("report", [make_quiet(), make_labelled(), None])
def test_other_verdicts_stop_nothing(report: Report | None) -> None:
    require_whole(None if report is None else read_report(write_monitor(report, [])), 3)


@pytest.mark.parametrize("holder", [None, 4])
def test_broken_data_of_a_version_that_is_not_in_production_stop_nothing(holder: int | None) -> None:
    require_whole(read_report(write_monitor(make_break(), [])), holder)


def test_before_its_first_report_the_monitor_says_nothing(server: Server) -> None:  # noqa: F811
    service, handler = server
    handler.answers[MONITOR] = [(404, {"detail": "no report"}), (200, write_monitor(make_break(), []))]
    assert find_report(service, "credit") is None
    found = find_report(service, "credit")
    assert found is not None
    assert (found.verdict, found.action, found.version) == ("break", "hold", "3")


def test_an_api_that_refuses_or_is_away_is_no_report_that_all_is_well(server: Server) -> None:  # noqa: F811
    service, handler = server
    handler.answers[MONITOR] = [(401, {"detail": "no key"})]
    with pytest.raises(RefusedError):
        find_report(service, "credit")
    with pytest.raises(AwayError):
        find_report(Service("the API", "http://127.0.0.1:9"), "credit")
