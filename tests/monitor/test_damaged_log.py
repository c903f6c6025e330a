"""Damage, wrong clocks and unlucky names: one bad row, and one bad name, stop no run."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from borrowers import CONTRACT, draw, draw_labels, make_requests, make_subject
from logged import Log, make_row

from monitor.log.opening import open_log
from monitor.running import Outcome, Run
from monitor.subject import Subject, read_reference
from monitor.window_folder import make_files
from monitor.wording import to_text
from relay.handoff.column import Column
from relay.handoff.errors import RelayError
from relay.monitoring.moment import EARLIEST_UNIX, LATEST_UNIX
from relay.monitoring.opening import open_store
from relay.registry.contract import Contract

GOOD = {"age": 30, "income": 5000.0, "plan": "a"}
ANSWER = {"predictions": [0], "probabilities": [0.1]}
NOW = 1e9


def run(log: Log, subject: Subject, now_unix: float = NOW) -> Outcome:
    with open_log(log.folder, log.url) as reader, open_store(log.folder, "") as store:
        return Run(subject, reader, store, now_unix).work()


DAMAGED: dict[str, tuple[Any, Any]] = {
    "fewer probabilities": ([GOOD, GOOD], ANSWER | {"predictions": [0, 0]}),
    "a text as probability": ([GOOD], ANSWER | {"probabilities": ["x"]}),
    "a list as probability": ([GOOD], ANSWER | {"probabilities": [[0.1]]}),
    "an object of probabilities": ([GOOD], ANSWER | {"probabilities": {"a": 1}}),
    "a text as number": ([GOOD | {"age": "x"}], ANSWER),
    "a list as number": ([GOOD | {"age": [1]}], ANSWER),
    "a number beyond floats": ([GOOD | {"age": 10**400}], ANSWER),
    "half a surrogate pair": ([GOOD | {"plan": "\ud800"}], ANSWER),
    "no answer": ([GOOD], [1]),
    "no record": ("abc", ANSWER),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_row_is_left_out_and_the_others_count(sqlite_log: Log, name: str) -> None:
    records, answer = (json.dumps(one).encode() for one in DAMAGED[name])
    rows = make_requests(draw(250, 5))
    rows.insert(20, make_row(9_999, at_unix=1_100.0, input=records, output=answer))
    sqlite_log.write(rows)
    found = run(sqlite_log, make_subject()).report.rows
    assert (found.counted, found.left_out) == (200, {"unreadable": 1})


def test_a_row_of_a_wrong_clock_holds_no_label_up(sqlite_log: Log) -> None:
    frame = draw(650, 5)
    rows = make_requests(frame)
    rows[30] = replace(rows[30], at_unix=5e9)
    sqlite_log.write(rows, draw_labels(frame))
    labels = run(sqlite_log, make_subject()).report.labels
    assert labels is not None
    assert labels.mature == 600


TIMES = (1e15, -1e15, float("inf"), float("-inf"), float("nan"))


@pytest.mark.parametrize("place", [0, 20, 249])
def test_a_row_with_an_impossible_time_is_left_out(log: Log, place: int) -> None:
    rows = make_requests(draw(250, 5), first=10)
    for at_unix in TIMES[: 3 if not log.url else 5]:  # SQLite has no NaN, and its reader begins behind -inf
        log.write(rows)
        log.execute("update {p}predictions set at_unix = $1 where id = $2", at_unix, rows[place].id)
        for now in (NOW, NOW + 60):
            found = run(log, make_subject(look_rows=50), now).report
            assert (found.rows.counted, found.rows.left_out) == (200, {} if place == 249 else {"unreadable": 1})
            assert "UTC" in to_text(found)
        log.execute("delete from {p}predictions")
        for path in log.folder.glob("monitor.sqlite*"):
            path.unlink()


@pytest.mark.parametrize("at_unix", [EARLIEST_UNIX, LATEST_UNIX])
def test_the_first_and_the_last_time_are_shown(sqlite_log: Log, at_unix: float) -> None:
    rows = make_requests(draw(200, 5))
    rows[199] = replace(rows[199], at_unix=at_unix)
    sqlite_log.write(rows)
    found = run(sqlite_log, make_subject(look_rows=50)).report
    assert found.rows.last_unix == at_unix
    assert all(make_files(found).values())


TABLES: dict[str, tuple[str, str, list[Any]]] = {
    "state": ("monitor_state", "body", ["", "[]", b"[]", b"null", b'{"format":1}', b"\xff", 5, 1.5]),
    "window": ("monitor_windows", "report", ["", "{}", "[]", "nul", b"\xff"]),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_damaged_store_is_an_error_that_says_what_to_do(sqlite_log: Log, name: str) -> None:
    table, column, values = TABLES[name]
    sqlite_log.write(make_requests(draw(250, 5)))
    run(sqlite_log, make_subject())
    for value in values:
        with closing(sqlite3.connect(sqlite_log.folder / "monitor.sqlite")) as connection:
            connection.execute(f"update {table} set {column} = ?", (value,))
            connection.commit()
        with pytest.raises(RelayError) as found:
            run(sqlite_log, make_subject())
        assert "cannot be read" in found.value.message
        assert "store away" in str(found.value.next_step)


NAMES = ("first_unix", "last_unix", "alarm_unix", "position", "refused_position", "history", "decided_unix")


@pytest.mark.parametrize("name", NAMES)
def test_a_state_with_an_impossible_time_says_so(sqlite_log: Log, name: str) -> None:
    sqlite_log.write(make_requests(draw(250, 5)))
    run(sqlite_log, make_subject(look_rows=50))
    place = {"order": 1, "id": "a", "at_unix": 1e15}
    point = {"at_unix": 1e15, "rows": 200, "log10": 0.1}
    with closing(sqlite3.connect(sqlite_log.folder / "monitor.sqlite")) as connection:
        body = json.loads(connection.execute("select body from monitor_state").fetchone()[0])
        body[name] = place if "position" in name else {"history": [point], "decided_unix": [1e15]}.get(name, 1e15)
        connection.execute("update monitor_state set body = ?", (json.dumps(body).encode(),))
        connection.commit()
    with pytest.raises(RelayError, match="cannot be read"):
        run(sqlite_log, make_subject(look_rows=50))


def test_a_state_of_labels_that_is_damaged_says_so(sqlite_log: Log) -> None:
    frame = draw(450, 5)
    sqlite_log.write(make_requests(frame), draw_labels(frame))
    run(sqlite_log, make_subject())
    with closing(sqlite3.connect(sqlite_log.folder / "monitor.sqlite")) as connection:
        body = json.loads(connection.execute("select body from monitor_state").fetchone()[0])
        body["labelled"]["losses"] = body["labelled"]["losses"][:8]
        connection.execute("update monitor_state set body = ?", (json.dumps(body).encode(),))
        connection.commit()
    with pytest.raises(RelayError, match="cannot be read"):
        run(sqlite_log, make_subject())


def test_the_reference_of_a_model_of_texts_holds_their_lengths(tmp_path: Any) -> None:
    path = tmp_path / "reference.parquet"
    kept = {"text (length)": [1.0, 2.0], "(score)": [0.1, 0.2], "(predicted)": ["a", "b"], "(target)": ["a", "b"]}
    pq.write_table(pa.table(kept), path)
    contract: Contract = CONTRACT.model_copy(update={"inputs": {"text": Column(type="text", role="input")}})
    reference = read_reference(path, contract)
    assert [(one.name, one.values.tolist()) for one in reference.columns] == [("text (length)", [1.0, 2.0])]
    assert reference.score is not None
    assert np.array_equal(reference.score, [0.1, 0.2])
