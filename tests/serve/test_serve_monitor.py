"""What the monitor says of a model, over HTTP: read from its store, with what people decide."""

import time
from typing import Any

import pytest
from log_places import Place
from monitor_reports import BEGIN, make_break, make_labelled, make_quiet
from serving import Server

from relay.monitoring.opening import open_store
from relay.monitoring.report import Report
from relay.monitoring.store import Change, Event, State, Window

MODEL = "mixed"


def make_window(report: Report, number: int) -> Window:
    named = report.model_copy(update={"window": f"v{report.version}-{number}"})
    return Window(report.model, report.version, named.window, number, BEGIN + number, True, named)


@pytest.fixture(scope="session")
def watched(served: tuple[Server, Place]) -> tuple[Server, Place]:
    """A server beside whose log the monitor has run: three windows of version 1, the last one a break."""
    server, place = served
    before = server.get(f"/models/{MODEL}/monitor")
    assert (before.status, before.json["title"]) == (404, "There is no such thing")
    assert "run `python -m monitor RECIPE`" in before.json["detail"]
    assert server.get("/metrics").body.count(b"relay_monitor") == 0
    reports = [make_quiet(MODEL, "1"), make_labelled(MODEL, "1"), make_break(MODEL, "1", "income")]
    windows = [make_window(report, 1_000 * number) for number, report in enumerate(reports, start=1)]
    event = Event(MODEL, "1", BEGIN, "verdict", "monitor", "income looks multiplied", {"kind": "break"})
    with open_store(place.folder, place.url) as store:
        store.commit(Change(State(MODEL, "1", 0, b"{}"), windows, [event]))
        store.note_run(MODEL, BEGIN + 5_000)
    return server, place


@pytest.fixture
def server(watched: tuple[Server, Place]) -> Server:
    return watched[0]


def test_the_newest_report_is_answered_with_events(server: Server) -> None:
    found = server.get(f"/models/{MODEL}/monitor").json
    assert (found["window"], found["is_alarm"], found["verdict"]["kind"]) == ("v1-3000", True, "break")
    assert found["verdict"]["factor"] == {"column": "income", "factor": 12.0, "share": 0.05}
    assert [(event["kind"], event["who"]) for event in found["events"]][-1] == ("verdict", "monitor")
    assert server.get(f"/models/{MODEL}/monitor?version=1").json["window"] == "v1-3000"


def test_windows_come_in_pages(server: Server) -> None:
    first = server.get(f"/models/{MODEL}/monitor/windows?limit=2").json
    assert ([one["name"] for one in first["windows"]], first["next"]) == (["v1-3000", "v1-2000"], "v1-2000")
    second = server.get(f"/models/{MODEL}/monitor/windows?limit=2&before={first['next']}").json
    assert ([one["verdict"] for one in second["windows"]], second["next"]) == (["none"], None)
    assert server.get(f"/models/{MODEL}/monitor/windows?before=unheard").json == {"windows": [], "next": None}


def test_a_person_accepts_or_decides_and_it_is_kept(server: Server, watched: tuple[Server, Place]) -> None:
    place, given = watched[1], {"who": " Ada ", "why": "a new region"}
    refused = server.post(f"/models/{MODEL}/monitor/accept", given)
    assert (refused.status, "broken data is no reference" in refused.json["detail"]) == (409, True)
    window = make_window(make_labelled("line", "1"), 3_000)
    with open_store(place.folder, place.url) as store:
        store.commit(Change(State("line", "1", 0, b"{}"), [window]))
    accepted = server.post("/models/line/monitor/accept", given)
    assert accepted.status == 201, accepted.body
    told = {name: value for name, value in accepted.json.items() if name != "at_unix"}
    assert told == {"model": "line", "version": "1", "window": "v1-3000", "who": "Ada", "why": "a new region"}
    held = server.post("/models/line/monitor/decisions", {"action": "hold", **given})
    assert (held.status, held.json["action"], held.json["verdict"]) == (201, "hold", "harm")
    with open_store(place.folder, place.url, is_reader=True) as store:
        baseline = store.find_baseline("line", "1")
        assert baseline is not None
        assert (baseline.who, baseline.window, baseline.at_unix) == ("Ada", "v1-3000", accepted.json["at_unix"])
    events = server.get("/models/line/monitor").json["events"]
    assert [(event["kind"], event["who"], event["text"]) for event in events][:2] == [
        ("acted", "Ada", "a new region"),
        ("accepted", "Ada", "a new region"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("accept", {"who": "Ada"}, 422),
        ("accept", {"who": "", "why": "x"}, 422),
        ("accept", {"who": "Ada", "why": " "}, 422),
        ("accept", {"who": "Ada", "why": "x" * 2_001}, 422),
        ("accept", {"who": "A\0", "why": "x"}, 422),
        ("accept", {"who": "Ada", "why": "x", "window": "v1"}, 422),
        ("accept", [], 422),
        ("decisions", {"who": "Ada", "why": "x"}, 422),
        ("decisions", {"action": "rollback", "who": "Ada", "why": "x"}, 422),
        ("decisions", {"action": "", "who": "Ada", "why": "x"}, 422),
    ],
)
def test_a_decision_that_is_none_is_refused(server: Server, path: str, body: Any, status: int) -> None:
    answer = server.post(f"/models/{MODEL}/monitor/{path}", body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/models/never/monitor", 404),
        ("/models/unheard/monitor/windows", 404),
        ("/models/%00/monitor", 404),
        (f"/models/{MODEL}/monitor?version=9", 404),
        (f"/models/{MODEL}/monitor?versions=1", 400),
        (f"/models/{MODEL}/monitor/windows?limit=51", 400),
        (f"/models/{MODEL}/monitor/windows?limit=0", 400),
        (f"/models/{MODEL}/monitor/windows?after=v1", 400),
    ],
)
def test_what_is_not_there_or_cannot_be_asked_is_said(server: Server, path: str, status: int) -> None:
    assert server.get(path).status == status


def test_the_figures_stand_beside_those_of_the_api(server: Server, watched: tuple[Server, Place]) -> None:
    del watched
    for _ in range(150):  # figures are kept for 10 s
        text = server.get("/metrics").body.decode()
        if "relay_monitor_alarm" in text:
            break
        time.sleep(0.1)
    labels = f'{{model="{MODEL}",version="1"'
    assert f'relay_monitor_alarm{labels},kind="break"}} 1.0' in text
    assert f'relay_monitor_evidence_log10{labels},of="records"}} 9.5' in text
    assert f'relay_monitor_rows_total{labels},kind="counted"}}' in text
    assert f'relay_monitor_last_success_timestamp_seconds{{model="{MODEL}"}} {BEGIN + 5_000!r}' in text
    assert text.count("# TYPE relay_monitor_alarm ") == 1
    assert "relay_requests_total" in text
