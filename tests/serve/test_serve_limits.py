"""What one caller can hold of the service: bytes of a head, of a page, of the access log, requests that wait, time."""

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from patience import HANG_SECONDS, wait_for
from serving import Server

from serve.access import LONGEST_PATH, MOST_BYTES, AccessLog, Line


@pytest.fixture(scope="module")
def server(start: Callable[..., Server]) -> Server:
    return start("line")


def is_open(process: psutil.Process, port: int) -> bool:
    """Whether a server still has the connection from a port of ours."""
    return any(one.raddr and one.raddr.port == port for one in process.net_connections("tcp"))


def send_pieces(server: Server, first: bytes, piece: bytes, most: int) -> tuple[int, bytes]:
    """How many bytes the server took of a head that never ends, and what it answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=HANG_SECONDS) as connection:
        sent = connection.send(first)
        try:
            while sent < most:
                sent += connection.send(piece)
        except OSError:
            pass  # the server has closed: its answer may be lost with what it did not read
        got = b""
        try:
            while part := connection.recv(1 << 16):
                got += part
        except OSError:
            pass
    return sent, got


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"GET /", b"x" * 50_000),
        (b"GET /?q=", b"%20" * 20_000),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", b"y" * 50_000),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-Name: value\r\n" * 4_000),
    ],
)
def test_a_head_without_end_is_refused_before_it_costs_anything(server: Server, first: bytes, piece: bytes) -> None:
    sent, got = send_pieces(server, first, piece, 100_000_000)
    assert sent < 20_000_000  # what the sockets of both sides hold, and no more
    assert got == b"" or got.startswith(b"HTTP/1.1 431 ")
    assert server.get("/ping").status == 200


def test_a_head_that_is_too_long_is_answered_with_the_limit(server: Server) -> None:
    request = b"GET /ping HTTP/1.1\r\nHost: a\r\nX-Long: " + b"y" * 70_000 + b"\r\n\r\n"
    answer = server.send_raw(request)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"connection: close" in head
    assert (json.loads(body)["status"], "65,536 bytes" in json.loads(body)["detail"]) == (431, True)


def test_a_head_of_sixty_thousand_bytes_is_answered(server: Server) -> None:
    request = b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: " + b"y" * 60_000 + b"\r\n\r\n"
    assert server.send_raw(request).startswith(b"HTTP/1.1 200 ")


def test_requests_that_are_sent_ahead_and_never_read_cost_little(start: Callable[..., Server]) -> None:
    server = start("line", API_TIMEOUT="3")
    process = psutil.Process(server.process.pid if server.process else 0)
    before = process.memory_info().rss
    request = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=HANG_SECONDS) as connection:
        connection.settimeout(0.5)
        sent = 0
        try:
            for _ in range(2_000):
                sent += connection.send(request * 1_000)
        except OSError:
            pass  # not read any further, or closed
        assert server.get("/ping").status == 200
        grown = process.memory_info().rss - before
        port = connection.getsockname()[1]
        wait_for(lambda: not is_open(process, port), "the end of the connection")
    assert sent < 20_000_000
    assert grown < 60_000_000


def test_a_caller_that_does_not_read_its_answer_is_closed(start: Callable[..., Server]) -> None:
    server = start("line", API_TIMEOUT="2")
    process = psutil.Process(server.process.pid if server.process else 0)
    body = json.dumps([{"x": 5}] * 5_000).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", server.port))
        port = connection.getsockname()[1]
        for _ in range(40):
            try:
                connection.settimeout(1)
                connection.sendall(head.encode() + body)
            except OSError:
                break
        wait_for(
            lambda: all(not one.raddr or one.raddr.port != port for one in process.net_connections("tcp")), "the end"
        )
    assert server.get("/ping").status == 200


def test_a_short_pipeline_is_answered_in_order(server: Server) -> None:
    request = b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = server.send_raw(request * 30 + last)
    assert (answer.count(b"HTTP/1.1 200 "), answer.count(b"HTTP/1.1 404 ")) == (30, 1)
    assert answer.rindex(b"HTTP/1.1 200 ") < answer.index(b"HTTP/1.1 404 ")


def test_a_page_of_large_predictions_ends_by_its_bytes_and_the_next_one_goes_on(start: Callable[..., Server]) -> None:
    server = start("line")
    ids = [server.post("/predict", [{"x": 1.0 + number / 7}] * 10_000).json["prediction_id"] for number in range(12)]
    found: list[str] = []
    sizes: list[int] = []
    after = ""
    while True:
        answer = server.get(f"/predictions?limit=1000{f'&after={after}' if after else ''}")
        sizes.append(len(answer.body))
        found += [one["prediction_id"] for one in answer.json["predictions"]]
        after = answer.json["next"]
        if after is None:
            break
    assert found == ids
    assert (len(sizes) > 1, max(sizes) < 4_500_000) == (True, True)


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ({"value": "eleven"}, "value"),
        ({"value": True}, "value"),
        ({"value": None}, "value"),
        ({"value": 1e400}, "value"),
        ({"value": "x" * 2_000}, "value"),
        ({"value": "1\0"}, "value"),
        ({"value": 11, "source": "x" * 201}, "source"),
        ({"value": 11, "source": "a\0"}, "value"),
    ],
)
def test_a_label_is_a_value_of_the_target(server: Server, label: dict[str, object], field: str) -> None:
    id_ = server.post("/predict", {"x": 5}).json["prediction_id"]
    body = json.dumps(label).replace("Infinity", "1e400")
    answer = server.ask("POST", f"/predictions/{id_}/label", body, {"Content-Type": "application/json"})
    assert answer.status == 422
    assert [flaw["field"] for flaw in answer.json.get("errors", [])] in ([field], [""])
    assert server.get(f"/predictions/{id_}").json["labels"] == []


def test_a_label_is_kept_as_the_target_has_it_and_not_without_end(server: Server) -> None:
    id_ = server.post("/predict", {"x": 5}).json["prediction_id"]
    statuses = [server.post(f"/predictions/{id_}/label", {"value": "11.5"}).status for _ in range(22)]
    assert statuses == [201] * 20 + [422] * 2
    assert {label["value"] for label in server.get(f"/predictions/{id_}").json["labels"]} == {11.5}


def test_the_access_log_keeps_a_bounded_number_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "serve-access.jsonl").mkdir()  # no disk takes it
    log = AccessLog(tmp_path)
    for _ in range(60_000):
        log.add(
            Line(1.0, "id", "GET" * 1_000, "/" + "x" * 60_000, 404, 1.0, client="1.2.3.4", error="not-found" * 1_000)
        )
    kept = sum(map(len, log._lines))
    assert (kept <= MOST_BYTES, log.dropped > 0) == (True, True)
    assert len(json.loads(log._lines[0])["path"]) == LONGEST_PATH
    log.flush()
    assert sum(map(len, log._lines)) <= MOST_BYTES


def test_requests_on_open_connections_are_answered_while_the_service_stops(start: Callable[..., Server]) -> None:
    server = start("line")
    failed: list[str] = []
    answered: list[int] = []
    stop = threading.Event()

    def ask_on() -> None:
        connection = server.connect()
        while not stop.is_set():
            try:
                connection.request("POST", "/predict", json.dumps({"x": 5}), {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                answered.append(response.status)
                if response.headers.get("connection") == "close":
                    return
            except OSError as error:
                failed.append(repr(error))
                return
            time.sleep(0.002)

    threads = [threading.Thread(target=ask_on) for _ in range(16)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(answered) > 200, "requests under way")
    assert server.process is not None
    server.process.terminate()
    for thread in threads:
        thread.join(HANG_SECONDS)
    stop.set()
    assert server.process.wait(HANG_SECONDS) == 0
    assert (failed, set(answered)) == ([], {200})
