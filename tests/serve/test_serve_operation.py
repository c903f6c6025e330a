"""The service as a process: versions swapped under load, several workers, an orderly end, its log."""

import json
import re
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from counts import SWAPS
from patience import wait_for
from serving import Server, lay_version


class Caller(threading.Thread):
    """Asks again and again over one connection, and keeps what it got."""

    def __init__(self, server: Server, body: Any, is_over: threading.Event) -> None:
        super().__init__()
        self.server, self.body, self.is_over = server, json.dumps(body), is_over
        self.got: list[tuple[int, str, str, tuple[float, ...]]] = []
        self.failed: list[str] = []

    def run(self) -> None:
        connection = self.server.connect()
        while not self.is_over.is_set():
            try:
                connection.request("POST", "/predict", self.body)
                response = connection.getresponse()
                answer = json.loads(response.read())
                named = response.headers["X-Model-Version"]
                self.got.append((response.status, answer["model_version"], named, tuple(answer["predictions"])))
            except Exception as error:  # a thread's exception would be lost
                self.failed.append(repr(error))
                return
        connection.close()


@pytest.mark.counted
@pytest.mark.slow
def test_swaps_under_load_fail_no_request_and_mix_no_versions(
    start: Callable[..., Server], results: Callable[..., Path], record_property: Callable[[str, object], None]
) -> None:
    server = start("line")
    two = [results("line"), results("line", seed=7)]
    bodies = [{"x": 5}, [{"x": 5}] * 40]  # on the loop, and in the threads of batches
    lay_version(server.data, two[0], "2")
    expected: dict[tuple[int, int], tuple[float, ...]] = {}
    is_over = threading.Event()
    callers = [Caller(server, bodies[number % 2], is_over) for number in range(4)]
    for caller in callers:
        caller.start()
    for version in range(2, 2 + SWAPS.value):
        lay_version(server.data, two[version % 2], str(version))
        wait_for(lambda version=version: is_served(server, version), f"version {version}")
        if version < 4:
            for kind, body in enumerate(bodies):
                expected[version % 2, kind] = tuple(server.post("/predict", body).json["predictions"])
    is_over.set()
    for caller in callers:
        caller.join()
    assert [caller.failed for caller in callers] == [[]] * 4
    wrong = [
        row
        for number, caller in enumerate(callers)
        for row in caller.got
        if row[0] != 200
        or row[1] != row[2]
        # Version 1 is the first model too, though its number is odd.
        or row[3] != expected[0 if row[1] == "1" else int(row[1]) % 2, number % 2]
    ]
    seen = {row[1] for caller in callers for row in caller.got}
    assert (wrong, expected[0, 0] == expected[1, 0], len(seen) > SWAPS.value / 2) == ([], False, True)
    record_property("swaps of the version under load", SWAPS.value)
    record_property("answers during the swaps, none of them wrong", sum(len(caller.got) for caller in callers))


def is_served(server: Server, version: int) -> bool:
    return server.post("/predict", {"x": 5}).json["model_version"] == str(version)


def test_a_version_that_is_refused_leaves_the_old_one_in_force(
    start: Callable[..., Server], results: Callable[..., Path]
) -> None:
    server = start("line")
    from serve.copies import Copies, ServingState

    copies = Copies(server.data / "serve" / "models")
    ref = lay_version(server.data, results("line", seed=7), "2", put_in_force=False)
    (copies.location(ref) / "model.onnx").write_bytes(b"another")
    copies.write("line", ServingState(ref=ref), sync=False)
    wait_for(lambda: server.get("/health").json["status"] == "degraded", "the refusal")
    health = server.get("/health")
    assert (health.status, health.json["models"]["line"]["version"]) == (200, "1")
    assert "model.onnx" in health.json["models"]["line"]["why"]
    assert is_served(server, 1)


def read_figures(server: Server) -> dict[str, float]:
    lines = server.get("/metrics").body.decode().splitlines()
    return {name: float(value) for name, value in (re.split(r" (?=\S+$)", line) for line in lines if line[0] != "#")}


def test_every_worker_tells_the_figures_of_all(start: Callable[..., Server]) -> None:
    server = start("line", API_WORKERS="2")
    for number in range(40):
        assert server.post("/predict", {"x": number / 2}).status == 200
    server.post("/predict", [{"x": 1}, {"x": 2}])
    server.post("/predict", {"x": 99})
    names = {
        'relay_predictions_total{model="line",version="1"}': 41.0,
        'relay_predicted_records_total{model="line",version="1"}': 42.0,
        'relay_requests_total{method="POST",route="/predict",status="200"}': 41.0,
        'relay_http_request_duration_seconds_count{route="/predict"}': 42.0,
        'relay_errors_total{kind="invalid-records"}': 1.0,
    }
    # How long a request took is known, and told to the other worker, only after its answer has left.
    wait_for(
        lambda: read_figures(server)['relay_http_request_duration_seconds_count{route="/predict"}'] == 42.0,
        "the last figure",
    )
    scrapes = [read_figures(server) for _ in range(8)]
    assert [{name: scrape[name] for name in names} for scrape in scrapes] == [names] * 8


def test_a_killed_worker_takes_no_count_with_it(start: Callable[..., Server]) -> None:
    server = start("line", API_WORKERS="2")
    for _ in range(20):
        server.post("/predict", {"x": 1})
    assert server.process is not None
    workers = find_workers(server.process.pid)
    workers[0].kill()
    wait_for(lambda: len(set(find_workers(server.process.pid)) - {workers[0]}) == 2, "a new worker")
    wait_for(lambda: is_well(server), "an answer")
    figures = read_figures(server)
    names = ('relay_predictions_total{model="line",version="1"}', 'relay_model_ready{model="line"}')
    assert [figures[name] for name in names] == [20.0, 1.0]


def find_workers(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if is_worker(child)]


def is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # killed, and not yet taken notice of
        return False


def is_well(server: Server) -> bool:
    try:
        return all(server.get("/health").status == 200 for _ in range(5))
    except OSError:  # a connection that the killed worker had taken
        return False


def test_what_was_begun_is_finished_before_the_service_ends(start: Callable[..., Server]) -> None:
    server = start("line")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"x"')
        wait_for(lambda: server.get("/ping").status == 200, "the first half to be there")
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: is_closed(server), "the end of new connections")
        connection.sendall(b": 5 }")
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    ended = server.process.wait(60)
    assert (got.startswith(b"HTTP/1.1 200 "), b'"prediction"' in got, ended) == (True, True, 0)


def is_closed(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_each_request_leaves_a_line_in_the_access_log(start: Callable[..., Server]) -> None:
    server = start("line")
    answer = server.post("/predict", {"x": 5}, {"X-Request-ID": "mine"})
    server.ask("DELETE", "/coffee")
    server.stop()
    lines = [json.loads(line) for line in (server.data.parent / "logs" / "serve-access.jsonl").read_text().splitlines()]
    mine = next(line for line in lines if line["request_id"] == "mine")
    assert {name: mine[name] for name in ("method", "path", "status", "model", "version", "rows", "prediction_id")} == {
        "method": "POST",
        "path": "/predict",
        "status": 200,
        "model": "line",
        "version": "1",
        "rows": 1,
        "prediction_id": answer.json["prediction_id"],
    }
    assert [line["error"] for line in lines if line["path"] == "/coffee"] == ["not-found"]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"MODEL_URI": "models:/line/3"}, "expected models:/<name>@<alias>"),
        ({"API_PORT": "0"}, "API_PORT=0"),
        ({"PREDICTION_LOG_ON_FAILURE": "maybe"}, "expected refuse or answer"),
        ({"API_KEY_SHA256": "secret"}, "64 hex digits"),
        ({"API_MAX_ROWS": "1.5"}, "whole number"),
    ],
)
def test_a_setting_that_cannot_be_ends_the_start_with_one_line(environment: dict[str, str], says: str) -> None:
    from relay.handoff.errors import UsageError
    from serve.settings import read_settings

    with pytest.raises(UsageError, match=re.escape(says)):
        read_settings(environment)
