"""What a request says twice, says by halves, or writes in another way: answered in one way, or refused."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from serving import Server

BODY = b'{"x": 5}'


@pytest.fixture(scope="module")
def server(start: Callable[..., Server]) -> Server:
    return start("line", API_TIMEOUT="60")


def send(server: Server, *lines: bytes, version: bytes = b"1.1", body: bytes = BODY) -> tuple[int, bytes]:
    """The status of a prediction asked for with these headers, and all that came back."""
    length = b"Content-Length: %d" % len(body)
    head = b"\r\n".join([b"POST /predict HTTP/" + version, *lines, length, b"Connection: close", b"", b""])
    got = server.send_raw(head + body)
    return int(got.split(b" ", 2)[1]), got


HOSTS = {
    "one": ([b"Host: relay.example.org:8000"], 200),
    "an address": ([b"host: [::1]:8000"], 200),
    "an empty one": ([b"Host:"], 200),
    "none": ([], 400),
    "two that differ": ([b"Host: a", b"Host: b"], 400),
    "two alike": ([b"Host: a", b"hOST: a"], 400),
    "a list": ([b"Host: a b"], 400),
    "a path": ([b"Host: a/b"], 400),
    "an account": ([b"Host: a@b"], 400),
}


@pytest.mark.parametrize("kind", HOSTS)
def test_a_request_names_one_host(kind: str, server: Server) -> None:
    lines, expected = HOSTS[kind]
    status, got = send(server, *lines)
    assert (status, b"urn:relay:problem:wrong-host" in got) == (expected, expected == 400)


def test_http_1_0_knows_no_host(server: Server) -> None:
    assert [send(server, *lines, version=b"1.0")[0] for lines in ([], [b"Host: a"], [b"Host: a", b"Host: b"])] == [
        200,
        200,
        400,
    ]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([b"Idempotency-Key: a"], 200),
        ([b"Idempotency-Key:"], 400),
        ([b"Idempotency-Key:   "], 400),
        ([b"Idempotency-Key: b", b"idempotency-key: b"], 400),
        ([b"Idempotency-Key: b", b"Idempotency-Key: c"], 400),
        ([b"Idempotency-Key: " + b"k" * 255], 200),
        ([b"Idempotency-Key: " + b"k" * 256], 400),
        ([b"Idempotency-Key: \xe4"], 400),
    ],
)
def test_an_idempotency_key_comes_once_and_says_something(lines: list[bytes], status: int, server: Server) -> None:
    found, got = send(server, b"Host: a", *lines)
    assert (found, b"Idempotency-Key" in got) == (status, status == 400)


TIMES = {
    "2026-11-20": 200, "2026-11-20T10:00:00Z": 200, "2026-11-20t10:00:00.123456789z": 200,
    "2026-11-20 10:00": 200, "2026-11-20T10:00:00+02:00": 200, "1960-01-01T00:00:00Z": 200,
    "2016-12-31T23:59:60Z": 200, "9999-12-31T23:59:59-23:59": 200, "0": 200, "1795168800.25": 200, "1.8e9": 200,
    "": 400, " ": 400, "now": 400, "1_0": 400, "\u0661": 400, "\uff11": 400, "nan": 400, "inf": 400, "-1": 400,
    "0x10": 400, "1795168800000": 400, "1e400": 400, "2026-02-30": 400, "2026-11-20T25:00:00Z": 400,
    "2026-11-20T10:60:00Z": 400, "2026-W01-1": 400, "2026-11-20T10:00:00+24:00": 400,
}  # fmt: skip


def test_a_time_is_read_strictly(server: Server) -> None:
    found = {text: server.get(f"/predictions?since={quote(text)}").status for text in TIMES}
    assert found == TIMES


@pytest.mark.parametrize(
    "query", ["limit=1&limit=2", "since=0&since=0", "since=0&limit=1&since=5", "model=a&model=", "after=&after="]
)
def test_a_parameter_of_an_address_comes_once(query: str, server: Server) -> None:
    answer = server.get(f"/predictions?{query}")
    assert (answer.status, "comes more than once" in answer.json["detail"]) == (400, True)
    rows = server.get("/data/sample?rows=1&rows=2")
    assert (rows.status, "rows comes more than once" in rows.json["detail"]) == (400, True)


LABELS = {
    b'{"value": 1, "record": 1}': 201, b'{"value": 1, "record": 1.0}': 201, b'{"value": 1, "record": 10e-1}': 201,
    b'{"value": 1, "record": -0.0}': 201, b'{"value": 1}': 201, b'{"value": 1e400}': 422,
    b'{"value": 1, "record": 0.5}': 422, b'{"value": 1, "record": 2.0}': 422, b'{"value": 1, "record": -1}': 422,
    b'{"value": 1, "record": 1e400}': 422, b'{"value": 1, "record": "1"}': 422, b'{"value": 1, "record": true}': 422,
    b'{"value": 1, "record": null}': 422, b'{"value": 1, "more": 1}': 422, b'{"record": 1}': 422, b"[]": 422,
    b'{"value": 1, "value": 2}': 400, b'{"value": 1, "record": 0, "record": 1}': 400,
    b'{"value": 1, "v\\u0061lue": 2}': 400, b'{"value": NaN}': 400, b'{"value": 01}': 400, b'{"value": 1': 400,
    b'{"value": 1, "source": "a:b"}': 201,
}  # fmt: skip


def test_a_label_names_its_record_by_a_whole_number_and_each_key_once(server: Server) -> None:
    id_ = server.post("/predict", [{"x": 1}, {"x": 2}]).json["prediction_id"]
    found = {body: server.ask("POST", f"/predictions/{id_}/label", body).status for body in LABELS}
    assert found == LABELS
    labels = server.get(f"/predictions/{id_}").json["labels"]
    assert [label["record"].rpartition("/")[2] for label in labels] == ["1", "1", "1", "0", "0", "0"]


TWICE = {
    "/predict": [b'{"x": 1, "x": 2}', b'[{"x": 1, "x": 2}]', b'{"values": [1], "values": [2]}'],
    "/invocations": [
        b'{"dataframe_records": [{"x": 1, "x": 2}]}',
        b'{"dataframe_split": {"columns": ["x", "x"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": ["x"], "columns": ["x"], "data": [[1]]}}',
        b'{"inputs": {"x": [1], "x": [2]}}',
        b'{"instances": [{"x": 1, "x": 2}]}',
        b'{"instances": [1], "instances": [2]}',
        b'{"instances": [1], "inputs": [2]}',
    ],
}


@pytest.mark.parametrize("path", TWICE)
def test_of_two_equal_columns_or_keys_none_wins(path: str, server: Server) -> None:
    found = [server.ask("POST", path, body, {"Content-Type": "application/json"}).status for body in TWICE[path]]
    assert set(found) <= {400, 422}
    tables = [b"x,x\n1,2\n", b"x, x\n1,2\n", b'x,"x"\n1,1\n', b"a,x,b,x\n1,2,3,4\n"]
    answers = [server.ask("POST", "/invocations", body, {"Content-Type": "text/csv"}) for body in tables]
    assert [(one.status, "x more than once" in one.json["detail"]) for one in answers] == [(422, True)] * 4
