"""Every way in which a request can fail: its status, its words, and that nothing of the inside leaves."""

import hashlib
import json
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from patience import wait_for
from serving import Response, Server

from serve.problems import TABLE


@pytest.fixture(scope="module")
def server(start: Callable[..., Server]) -> Server:
    return start("line", API_MAX_BODY_BYTES="2000", API_MAX_ROWS="3")


@pytest.fixture(scope="module")
def impatient(start: Callable[..., Server]) -> Server:
    """A server that soon gives up on what does not come."""
    return start("line", API_TIMEOUT="1")


def kind_of(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == answer.status
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    return answer.status, answer.json["type"].removeprefix("urn:relay:problem:")


def test_every_error_has_one_meaning() -> None:
    # Two classes may share a status, but a caller tells apart what it can act on by the type.
    kinds = [meaning.kind for meaning in TABLE.values() if meaning.kind != "not-found"]
    assert (len(set(kinds)), all(400 <= meaning.status < 600 for meaning in TABLE.values())) == (len(kinds), True)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "malformed-body")),
        (b"{", (400, "malformed-body")),
        (b'{"x": NaN}', (400, "malformed-body")),
        (b'{"x": Infinity}', (400, "malformed-body")),
        (b'{"x": 5}}', (400, "malformed-body")),
        (b'{"x": "\xff"}', (400, "malformed-body")),
        (b"[" * 1900, (400, "malformed-body")),
        (b'{"x": 1e999}', (422, "invalid-records")),
        (b'{"x": null}', (422, "invalid-records")),
        (b'{"x": -1}', (422, "invalid-records")),
        (b'{"x": 5, "y": 1}', (422, "invalid-records")),
        (b"{}", (422, "invalid-records")),
        (b"5", (422, "invalid-records")),
        (b"null", (422, "invalid-records")),
        (b"[]", (422, "invalid-records")),
        (b'{"values": [5, "a"]}', (422, "invalid-records")),
        (b'[{"x": 1}, {"x": 2}, {"x": 3}, {"x": 4}]', (413, "too-many-rows")),
        (b'{"values": [1, 2, 3, 4]}', (413, "too-many-rows")),
        (b" " * 2001, (413, "body-too-large")),
    ],
)
def test_bodies_that_cannot_be_answered(server: Server, body: bytes, expected: tuple[int, str]) -> None:
    assert kind_of(server.ask("POST", "/predict", body)) == expected


def test_what_is_wrong_is_said_by_field(server: Server) -> None:
    assert server.post("/predict", {"X": 21}).json["errors"] == [
        {
            "field": "X",
            "found": "a field that the model does not take",
            "allowed": "x",
            "message": "X is not an input of this model: did you mean x?",
        },
        {
            "field": "x",
            "found": "nothing",
            "allowed": "a number from 0 to 20 (m)",
            "message": "x is missing, expected a number from 0 to 20 (m)",
        },
    ]


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b"x", "text/plain", (415, "wrong-media-type")),
        (b"x\n5", "text/csv; charset=latin-1", (415, "wrong-media-type")),
        (b"x\n\xff", "text/csv", (400, "malformed-body")),
        (b"", "text/csv", (400, "malformed-body")),
        (b"x\n5,6", "text/csv", (422, "invalid-records")),
        (b"x\na", "text/csv", (422, "invalid-records")),
        (b'x\n"5', "text/csv", (400, "malformed-body")),
        (b"{", "application/json", (400, "malformed-body")),
        (b'{"inputs": [5], "instances": [5]}', "application/json", (422, "invalid-records")),
        (b'{"inputs": [5], "params": {"a": 1}}', "application/json", (422, "invalid-records")),
        (b'{"inputs": {"x": [5, 6], "z": [1]}}', "application/json", (422, "invalid-records")),
        (b'{"dataframe_split": {"columns": [1], "data": [[5]]}}', "application/json", (422, "invalid-records")),
        (b'{"dataframe_split": {"columns": ["x"], "data": [5]}}', "application/json", (422, "invalid-records")),
        (b'{"dataframe_records": {"x": 5}}', "application/json", (422, "invalid-records")),
        (b"[1]", "application/json", (422, "invalid-records")),
    ],
)
def test_invocations_that_cannot_be_answered(
    server: Server, body: bytes, media_type: str, expected: tuple[int, str]
) -> None:
    assert kind_of(server.ask("POST", "/invocations", body, {"Content-Type": media_type})) == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", (404, "not-found")),
        ("GET", "/predict", (405, "method-not-allowed")),
        ("DELETE", "/predictions", (405, "method-not-allowed")),
        ("POST", "/models/nobody/predict", (404, "not-found")),
        ("GET", "/models/nobody", (404, "not-found")),
        ("GET", "/predictions/none", (404, "not-found")),
        ("GET", "/predictions?limit=0", (400, "wrong-parameter")),
        ("GET", "/predictions?since=yesterday", (400, "wrong-parameter")),
        ("GET", "/predictions?form=1", (400, "wrong-parameter")),
        ("GET", "/data/sample?rows=x", (400, "wrong-parameter")),
        ("GET", "/data/sample", (503, "sample-missing")),
    ],
)
def test_paths_that_cannot_be_answered(server: Server, method: str, path: str, expected: tuple[int, str]) -> None:
    assert kind_of(server.ask(method, path)) == expected


def test_a_body_in_pieces_is_cut_where_it_grows_too_large(server: Server) -> None:
    piece = b"3e8\r\n" + b" " * 1000 + b"\r\n"
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    got = server.send_raw(head, piece, piece, piece)  # the last piece, which would end the body, is never sent
    assert (got.startswith(b"HTTP/1.1 413 "), b"connection: close" in got) == (True, True)


def test_a_body_that_does_not_come_is_given_up_and_the_connection_closed(impatient: Server) -> None:
    got = impatient.send_raw(b'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"x":')
    assert (got.startswith(b"HTTP/1.1 408 "), b"body-timeout" in got) == (True, True)


def test_a_caller_that_leaves_within_its_body_harms_nobody(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"x":')
        time.sleep(0.1)
    assert server.post("/predict", {"x": 5}).status == 200


def test_a_hundred_slow_callers_do_not_keep_others_waiting(server: Server) -> None:
    connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    for connection in connections:
        connection.sendall(b'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"x":')
    answered = [server.post("/predict", {"x": 5}).status for _ in range(20)]
    for connection in connections:
        connection.close()
    assert answered == [200] * 20


def test_an_id_is_taken_over_when_it_is_sane(server: Server) -> None:
    ids = [server.get("/ping", X_Request_ID=given).headers["x-request-id"] for given in ("a-1", "b c", "x" * 65)]
    assert (ids[0], len(ids[1]), len(ids[2]), ids[1] != ids[2]) == ("a-1", 32, 32, True)


def test_every_answer_bears_the_headers_that_protect(server: Server) -> None:
    wanted = {"x-content-type-options", "x-frame-options", "content-security-policy", "referrer-policy"}
    answers = [server.get("/ping"), server.get("/nowhere"), server.post("/predict", {"x": 5})]
    assert [wanted - answer.headers.keys() for answer in answers] == [set()] * 3
    # No page of another origin may read an answer, and nobody is told what software answers.
    assert [{"access-control-allow-origin", "server"} & answer.headers.keys() for answer in answers] == [set()] * 3


def test_nothing_of_the_inside_leaves_when_something_fails_inside(start: Callable[..., Server]) -> None:
    server = start("line")
    id_ = server.post("/predict", {"x": 5}).json["prediction_id"]
    with closing(sqlite3.connect(server.data / "serve" / "predictions.sqlite", isolation_level=None)) as log:
        log.execute("update predictions set input = 'no JSON'")
    answer = server.post(f"/predictions/{id_}/label", {"value": 1}, {"X-Request-ID": "look-me-up"})
    assert kind_of(answer) == (500, "internal-error")
    assert [word in answer.body for word in (b"Traceback", b"msgspec", b"serve/", b"JSON")] == [False] * 4
    said = server.said()
    assert ("look-me-up" in said, "DecodeError" in said) == (True, True)


@pytest.mark.parametrize("sent", [b"", b"POST /predict HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_does_not_come_is_given_up(impatient: Server, sent: bytes) -> None:
    assert impatient.send_raw(sent) == b""


def test_a_connection_may_stay_silent_between_two_requests(impatient: Server) -> None:
    connection = impatient.connect()
    statuses = []
    for pause in (1.5, 0.0):  # longer than a head may take here
        connection.request("GET", "/ping")
        response = connection.getresponse()
        statuses.append((response.status, response.read()))
        time.sleep(pause)
    connection.close()
    assert [status for status, _ in statuses] == [200, 200]


def test_without_the_key_nothing_of_the_data_is_told(start: Callable[..., Server]) -> None:
    server = start("line", API_KEY_SHA256=hashlib.sha256(b"open sesame").hexdigest())
    closed = [("POST", "/predict"), ("POST", "/invocations"), ("GET", "/predictions"), ("GET", "/data/sample"),
              ("GET", "/model/info"), ("GET", "/models"), ("POST", "/predictions/x/label"),
              ("POST", "/labels"), ("GET", "/models/line/monitor"), ("GET", "/models/line/monitor/windows"),
              ("POST", "/models/line/monitor/accept"), ("POST", "/models/line/monitor/decisions")]  # fmt: skip
    opened = ["/", "/ping", "/health", "/version", "/metrics", "/docs", "/openapi.json"]
    assert [kind_of(server.ask(method, path, b"")) for method, path in closed] == [(401, "key-missing")] * len(closed)
    assert [server.get(path).status for path in opened] == [200] * len(opened)
    headers = [
        {"X-API-Key": "open sesame"},
        {"Authorization": "Bearer open sesame"},
        {"X-API-Key": "open"},
        {"Authorization": "Basic open sesame"},
        {"X-API-Key": "open sesam\xe9"},
    ]
    assert [server.post("/predict", {"x": 5}, more).status for more in headers] == [200, 200, 401, 401, 401]


def test_without_a_model_it_is_alive_and_not_ready(start: Callable[..., Server]) -> None:
    server = start("line", in_force=False)
    health = server.get("/health")
    assert (server.get("/ping").status, health.status) == (200, 503)
    assert health.json["models"]["line"]["next_step"].endswith("is one production? `python -m model list line`")
    assert kind_of(server.post("/predict", {"x": 5})) == (503, "model-not-ready")


def test_a_changed_model_file_is_not_served(start: Callable[..., Server]) -> None:
    server = start("line", in_force=False)
    (place,) = (path for path in (server.data / "serve" / "models" / "line").iterdir())
    (place / "model.onnx").write_bytes(b"another")
    from relay.handoff.files import hash_file
    from serve.copies import Copies, ServingState
    from serve.store import VersionRef

    ref = VersionRef("line", "1", "run-1", hash_file(place / "contract.json"))
    Copies(server.data / "serve" / "models").write("line", ServingState(ref=ref), sync=False)
    wait_for(lambda: "model.onnx" in json.dumps(server.get("/health").json), "the refusal in /health")
    assert kind_of(server.post("/predict", {"x": 5})) == (503, "model-not-ready")
