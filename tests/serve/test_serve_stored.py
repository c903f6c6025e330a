"""What is kept of every answer: found by id, by time, by idempotency key; and what happens when it cannot be kept."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest
from log_places import Place
from postgres_server import PostgresServer
from serving import Server


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest, start: Callable[..., Server]) -> Server:
    """A server with its log in each of the databases."""
    if request.param == "sqlite":
        return start("line", "numbers")
    database: PostgresServer = request.getfixturevalue("postgres_server")
    return start("line", "numbers", DATABASE_URL=database.url(database.make_database()))


def test_an_answer_leads_back_to_its_input_its_version_and_its_lineage(server: Server) -> None:
    answer = server.post("/predict", [{"x": 5}, {"x": 6}], {"X-Request-ID": "who-asked"}).json
    stored = server.get(f"/predictions/{answer['prediction_id']}").json
    assert (stored["input"], stored["output"]) == ([{"x": 5.0}, {"x": 6.0}], answer)
    assert (stored["model"], stored["model_version"], stored["run_id"]) == ("line", "1", "run-1")
    assert (stored["request_id"], stored["lineage"]["source"], stored["labels"]) == ("who-asked", "made up", [])


def test_the_log_gives_predictions_page_by_page(start: Callable[..., Server], place: Place) -> None:
    server = start("line", DATABASE_URL=place.url)
    ids = [server.post("/predict", {"x": number}).json["prediction_id"] for number in range(7)]
    seen, after = [], ""
    for _ in range(4):
        page = server.get(f"/predictions?limit=2&after={after}").json
        seen.append([row["prediction_id"] for row in page["predictions"]])
        after = page["next"] or ""
    assert (seen, after) == ([ids[0:2], ids[2:4], ids[4:6], ids[6:]], "")
    assert server.get("/predictions?since=2100-01-01").json["predictions"] == []
    assert len(server.get("/predictions?since=2020-01-01T00:00:00%2B02:00&model=line").json["predictions"]) == 7


def test_labels_are_added_and_never_changed(server: Server) -> None:
    id_ = server.post("/predict", [{"x": 5}, {"x": 6}]).json["prediction_id"]
    given = [
        {"value": 11.2, "record": 1, "source": "audit"},
        {"value": 11.3, "record": 1},
        {"value": 1, "record": 2},
        {"value": [1]},
        {"record": 0},
        {"value": 1, "why": 2},
    ]
    statuses = [server.post(f"/predictions/{id_}/label", label).status for label in given]
    labels = server.get(f"/predictions/{id_}").json["labels"]
    assert statuses == [201, 201, 422, 422, 422, 422]
    assert [(label["record"], label["value"], label["source"]) for label in labels] == [
        (f"{id_}/1", 11.2, "audit"),
        (f"{id_}/1", 11.3, ""),
    ]


def test_a_repeated_key_gets_the_stored_answer_byte_for_byte(server: Server) -> None:
    first = server.post("/predict", {"x": 5}, {"Idempotency-Key": "order-1"})
    again = server.post("/predict", {"x": 5}, {"Idempotency-Key": "order-1"})
    assert (again.body, again.headers.get("idempotency-replayed")) == (first.body, "true")
    assert again.headers["x-prediction-id"] == first.json["prediction_id"]


@pytest.mark.parametrize(("path", "body"), [("/predict", {"x": 6}), ("/invocations", {"inputs": [7]})])
def test_a_key_of_another_request_is_refused(server: Server, path: str, body: Any) -> None:
    server.post("/predict", {"x": 7}, {"Idempotency-Key": "order-2"})
    answer = server.post(path, body, {"Idempotency-Key": "order-2"})
    assert (answer.status, answer.json["type"]) == (422, "urn:relay:problem:key-reused")


def test_a_key_asked_for_at_once_is_answered_once(server: Server) -> None:
    bodies: list[bytes] = []

    def ask() -> None:
        bodies.append(server.post("/predict", {"x": 9}, {"Idempotency-Key": "order-3"}).body)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(bodies), len(set(bodies))) == (8, 1)


def test_a_log_that_cannot_be_written_decides_by_the_setting(start: Callable[..., Server]) -> None:
    servers = {
        setting: start("line", PREDICTION_LOG_ON_FAILURE=setting, API_TIMEOUT="60") for setting in ("refuse", "answer")
    }
    with ExitStack() as stack:
        for server in servers.values():
            assert server.post("/predict", {"x": 5}).status == 200
            # Another program holds the write lock for longer than the log waits.
            other = stack.enter_context(closing(sqlite3.connect(server.data / "serve" / "predictions.sqlite")))
            other.execute("begin immediate")
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda server: server.post("/predict", {"x": 5}), servers.values()))
    found = [
        (answer.status, answer.headers.get("x-prediction-logged"), answer.json.get("logged")) for answer in answers
    ]
    assert found == [(503, None, None), (200, "false", False)]
    assert [server.post("/predict", {"x": 5}).status for server in servers.values()] == [200, 200]


@pytest.mark.parametrize("at_unix", [1e15, -1e15, float("inf")])
def test_a_row_with_an_impossible_time_is_answered_without_it(start: Callable[..., Server], at_unix: float) -> None:
    server = start("line")
    id_ = server.post("/predict", {"x": 5}).json["prediction_id"]
    server.post(f"/predictions/{id_}/label", {"value": 11.2})
    with closing(sqlite3.connect(server.data / "serve" / "predictions.sqlite")) as log, log:
        log.execute("update predictions set at_unix = ?", (at_unix,))
        log.execute("update labels set at_unix = ?", (at_unix,))
    row = server.get(f"/predictions/{id_}").json
    assert (row["timestamp"], row["input"], row["labels"][0]["timestamp"]) == (None, [{"x": 5.0}], None)
    assert server.get("/predictions?since=2020-01-01").status == 200
