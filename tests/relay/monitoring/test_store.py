"""The monitor's store: a run is committed as a whole or not at all, in either database."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from relay.monitoring.questions import Store
from relay.monitoring.report import Action, Decision, Evidence, Report, RowCounts, Verdict, VerdictKind
from relay.monitoring.statements import MOST_WINDOWS
from relay.monitoring.store import AcceptedBaseline, Change, Event, MonitorBusyError, MonitorStoreError, State, Window

OpenStore = Callable[..., Store]

FIRST = State("credit", "3", 0, b"\x00 first \xff")


def make_report(rows: int, version: str = "3") -> Report:
    return Report(
        model="credit",
        version=version,
        recipe="credit",
        window=f"v{version}-{rows}",
        verdict=Verdict(kind=VerdictKind.NONE, text="été"),
        rows=RowCounts(counted=rows),
        evidence=Evidence(log10=0.1, limit_log10=3.3),
        decision=Decision(action=Action.NONE, why="nothing has changed"),
    )


def make_window(rows: int, version: str = "3", *, is_block: bool = True) -> Window:
    return Window("credit", version, f"v{version}-{rows}", rows, 1.5 * rows, is_block, make_report(rows, version))


def test_a_reader_finds_an_empty_store_before_the_first_run(opening: OpenStore) -> None:
    with opening(is_reader=True) as store:
        found = (store.read_state("credit", "3"), store.find_report("credit"), store.list_windows("credit"))
        assert (found, store.list_events("credit"), store.find_baseline("credit", "3")) == ((None, None, []), [], None)


def test_what_a_run_commits_is_there_for_the_next_one(opening: OpenStore) -> None:
    event = Event("credit", "3", 12.5, "verdict", "monitor", "nothing", {"rows": 200, "ü": None})
    with opening() as store:
        after = store.commit(Change(FIRST, [make_window(200)], [event]))
        assert after == replace(FIRST, revision=1)
    with opening(is_reader=True) as store:
        assert store.read_state("credit", "3") == after
        assert store.read_state("credit", "4") is None
        assert store.list_windows("credit") == [make_window(200)]
        assert store.find_report("credit") == make_report(200)
        assert [replace(one, seq=0) for one in store.list_events("credit")] == [event]


def test_a_run_that_another_one_overtook_commits_nothing(opening: OpenStore) -> None:
    with opening() as store, opening() as other:
        state = store.commit(Change(FIRST))
        other.commit(Change(replace(state, body=b"other"), [make_window(400)]))
        late = Change(replace(state, body=b"late"), [make_window(200)], [Event("credit", "3", 1, "verdict", "m", "t")])
        with pytest.raises(MonitorBusyError, match="another run"):
            store.commit(late)
        with pytest.raises(MonitorBusyError):
            store.commit(Change(FIRST))
        found = store.read_state("credit", "3")
        assert found is not None
        assert (found.body, [one.rows for one in store.list_windows("credit")]) == (b"other", [400])
        assert store.list_events("credit") == []


def test_a_window_without_a_block_makes_room_for_the_next_one_of_its_version(opening: OpenStore) -> None:
    with opening() as store:
        state = store.commit(Change(replace(FIRST, version="2"), [make_window(200, "2", is_block=False)]))
        state = store.commit(Change(FIRST, [make_window(1000), make_window(1200, is_block=False)]))
        store.commit(Change(state, [make_window(1400, is_block=False)]))
        assert [one.name for one in store.list_windows("credit")] == ["v3-1400", "v3-1000", "v2-200"]
        assert [one.name for one in store.list_windows("credit", 1, before="v3-1400")] == ["v3-1000"]
        assert store.find_report("credit", "2") == make_report(200, "2")


def test_old_windows_are_removed(opening: OpenStore) -> None:
    with opening() as store:
        store.commit(Change(FIRST, [make_window(number) for number in range(MOST_WINDOWS + 3)]))
        found = store.list_windows("credit", 1000)
        assert (len(found), found[0].rows, found[-1].rows) == (MOST_WINDOWS, MOST_WINDOWS + 2, 3)


def test_the_last_run_of_a_model_is_kept(opening: OpenStore) -> None:
    with opening() as store:
        store.note_run("credit", 7.0)
        store.note_run("linear", 8.0)
        store.note_run("credit", 9.5)
    with opening(is_reader=True) as store:
        assert [store.find_run(model) for model in ("credit", "linear", "other")] == [9.5, 8.0, None]


def test_the_baseline_that_was_accepted_last_counts(opening: OpenStore) -> None:
    with opening() as store:
        for why in ("new branch", "newer branch"):
            store.accept(AcceptedBaseline("credit", "3", 7.0, "ann", why, "v3-1000"))
        assert store.find_baseline("credit", "3") == AcceptedBaseline(
            "credit", "3", 7.0, "ann", "newer branch", "v3-1000"
        )
        assert [(one.kind, one.who, one.text) for one in store.list_events("credit")] == [
            ("accepted", "ann", "newer branch"),
            ("accepted", "ann", "new branch"),
        ]


def test_a_report_is_read_as_it_was_written() -> None:
    report = make_report(200)
    assert Report.from_json(report.to_json()) == report
    with pytest.raises(ValueError, match="expected a report"):
        Report.from_json("[]")


BROKEN: dict[str, tuple[str, Callable[[Store], object]]] = {
    "window": ("update {p}windows set at_unix = $1", lambda store: store.list_windows("credit")),
    "event": ("update {p}events set at_unix = $1", lambda store: store.list_events("credit")),
    "baseline": ("update {p}baselines set at_unix = $1", lambda store: store.find_baseline("credit", "3")),
    "run": ("update {p}runs set at_unix = $1", lambda store: store.find_run("credit")),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("at_unix", [1e15, -1e15, float("inf")])
def test_an_impossible_time_is_an_error_that_says_what_to_do(opening: OpenStore, name: str, at_unix: float) -> None:
    statement, ask = BROKEN[name]
    with opening() as store:
        store.commit(Change(FIRST, [make_window(200)], [Event("credit", "3", 1.0, "verdict", "m", "t")]))
        store.accept(AcceptedBaseline("credit", "3", 1.0, "ann", "because", "v3-200"))
        store.note_run("credit", 1.0)
        with store._writing() as execute:
            execute(statement, (at_unix,))
        with pytest.raises(MonitorStoreError, match=f"holds a {name} that cannot be read: the time") as found:
            ask(store)
        assert "move the monitor's store away" in str(found.value.next_step)


@pytest.mark.parametrize("field", ["first_unix", "last_unix"])
def test_a_report_with_an_impossible_time_cannot_be_read(field: str) -> None:
    said = make_report(200).model_dump(mode="json")
    for at_unix in (1e15, -1e15, float("inf"), float("nan")):
        said["rows"][field] = at_unix
        with pytest.raises(ValueError, match=field):
            Report.model_validate(said)
