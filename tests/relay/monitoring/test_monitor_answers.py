"""What the API says of a monitor is what the page reads."""

import json

import pytest
from monitor_reports import BEGIN, make_break, make_labelled

from relay.monitoring.answers import (
    SeenWindow,
    describe_window,
    make_baseline,
    make_decision,
    read_seen,
    write_monitor,
    write_windows,
)
from relay.monitoring.report import Action, Report
from relay.monitoring.store import Event, Window


@pytest.mark.parametrize("report", [make_break(), make_labelled()], ids=["break", "labelled"])
def test_what_is_written_is_read(report: Report) -> None:
    event = make_decision(report, Action.HOLD, "Ada", "the source is being repaired", BEGIN)
    seen = read_seen(json.loads(json.dumps(write_monitor(report, [event]))))
    assert (seen.report, seen.events) == (report, (event,))
    window = Window(report.model, report.version, report.window, 10_000, BEGIN, True, report)
    listed = json.loads(json.dumps(write_windows([window], has_more=False)))["windows"]
    assert [SeenWindow(**one) for one in listed] == [describe_window(window)]


def test_a_page_of_windows_names_the_next_one_only_where_there_is_more() -> None:
    window = Window("credit", "3", "v3-10000", 10_000, BEGIN, True, make_break())
    assert write_windows([window], has_more=True)["next"] == "v3-10000"
    assert [write_windows([window], has_more=False)["next"], write_windows([], has_more=True)["next"]] == [None, None]


@pytest.mark.parametrize("answer", [{}, {"model": "credit"}, {"model": "credit", "events": [{}]}, {"events": 3}])
def test_another_answer_is_no_report(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"model|monitor|required"):
        read_seen(answer)


def test_an_accepted_baseline_names_the_window_of_its_report() -> None:
    baseline = make_baseline(make_break(), "Ada", "a new region", BEGIN)
    assert (baseline.window, baseline.version, baseline.who) == ("v3-10000", "3", "Ada")
    assert isinstance(make_decision(make_break(), Action.TRAIN, "Ada", "", BEGIN), Event)
