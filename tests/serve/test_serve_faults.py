"""What may go wrong around a running service: it says so, loses no answer that was heard, and goes on by itself."""

import itertools
import json
import signal
import socket
import sqlite3
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from counts import spread
from log_places import Place, PostgresPlace, SqlitePlace
from mlflow_server import MlflowServer
from patience import HANG_SECONDS, wait_for
from postgres_server import PostgresServer
from serve_load import Heard, Load, find_workers, number_of, wait_until_ready
from serving import Response, Server, lay_version
from small_disk import SmallDisk

MIB = 1 << 20

CONNECTIONS = 10_000


@pytest.fixture
def serve(data: Path, results: Callable[..., Path]) -> Iterator[Callable[..., Server]]:
    """`serve(API_WORKERS="2")`: a ready server of the straight line in the test's own folder."""
    servers = []

    def start(**environment: str) -> Server:
        folder = Path(environment.get("SERVE_DIR") or data / "serve")
        if not (folder / "models").exists():
            lay_version(folder.parent, results("line"), "1")
        servers.append(wait_until_ready(Server(data, ("line",), environment).start()))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def kind_of(answer: Response) -> tuple[int, str]:
    """The status, and the kind of the problem."""
    return answer.status, answer.json["type"].rpartition(":")[2]


def require_all(place: Place, heard: Heard) -> None:
    """Each answer that was heard is in the log."""
    there = {id_: number_of(sent) for id_, sent in place.query("select id, input from predictions")}
    assert {id_: number for id_, number in heard.answered.items() if there.get(id_) != number} == {}


NARROW = """
import sys
import serve.log.queue
serve.log.queue.QUEUE_BYTES = 1 << 20
from serve.__main__ import main
sys.exit(main([]))
"""
"""The service with a queue of 1 MiB instead of 128: else the test would be about the machine's memory."""


def test_more_than_may_wait_for_the_log_is_told_to_come_again(data: Path, results: Callable[..., Path]) -> None:
    lay_version(data, results("line"), "1")
    server = wait_until_ready(Server(data, ("line",), program=("-c", NARROW)).start())
    body = json.dumps([{"x": 5.123456789012345}] * 10_000)  # 0.4 MB of the log
    try:
        first = server.ask("POST", "/predict", body)
        with ThreadPoolExecutor(8) as threads, closing(sqlite3.connect(data / "serve" / "predictions.sqlite")) as other:
            other.execute("begin immediate")
            asked = [threads.submit(server.ask, "POST", "/predict", body) for _ in range(8)]
            wait_for(lambda: any(one.done() for one in asked), "a refusal")
            other.rollback()
            answers = [first, *(one.result() for one in asked)]
        last = server.ask("POST", "/predict", body)
    finally:
        server.stop()
    refused = [(*kind_of(answer), answer.headers["retry-after"]) for answer in answers if answer.status != 200]
    answered = [answer.json["prediction_id"] for answer in (*answers, last) if answer.status == 200]
    assert (set(refused), last.status) == ({(503, "log-full", "1")}, 200)
    assert {id_ for (id_,) in SqlitePlace(data / "serve").query("select id from predictions")} == set(answered)


@pytest.mark.postgres
def test_a_database_that_goes_and_comes_back_costs_no_answer_that_was_heard(
    serve: Callable[..., Server], postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    server, heard = serve(DATABASE_URL=postgres_url), Heard()
    assert server.process is not None
    pid = server.process.pid
    try:
        with Load(server, heard, itertools.count()).running() as load:
            load.wait_for_more()
            postgres_server.stop()
            wait_for(lambda: heard.refused["503 log-away"] > 0, "a refusal")
            wait_for(lambda: server.get("/health").status == 503, "its word that the log is away")
            health = server.get("/health").json
            postgres_server.start()
            load.wait_for_more()
    finally:
        if not postgres_server.is_running:
            postgres_server.start()
    assert (health["prediction_log"]["ready"], heard.refused.keys()) == (False, {"503 log-away"})
    assert (server.process.pid, server.process.poll(), server.get("/health").status) == (pid, None, 200)
    require_all(PostgresPlace(postgres_url, tmp_path), heard)


def test_an_answer_that_is_not_logged_says_so(serve: Callable[..., Server], small_disk: SmallDisk) -> None:
    server = serve(SERVE_DIR=str(small_disk.folder / "serve"), PREDICTION_LOG_ON_FAILURE="answer")
    logged = server.post("/predict", {"x": 5})
    fill_log(server, small_disk)
    answer = ask_unlogged(server, small_disk, "/predict", {"x": 5})
    protocol = ask_unlogged(server, small_disk, "/invocations", {"instances": [5]})
    small_disk.make_room()
    assert ("logged" in logged.json, answer.json.pop("logged"), protocol.json.keys()) == (False, False, {"predictions"})
    assert [one.headers.get("x-prediction-logged") for one in (logged, answer, protocol)] == [None, "false", "false"]
    assert answer.json.keys() == {*logged.json, "logged"}
    assert server.get(f"/predictions/{answer.json['prediction_id']}").status == 404


@pytest.mark.counted
def test_a_full_disk_refuses_predictions_until_there_is_room(
    serve: Callable[..., Server], larger_disk: SmallDisk, record_property: Callable[[str, object], None]
) -> None:
    server, heard = serve(SERVE_DIR=str(larger_disk.folder / "serve")), Heard()
    sizes, numbers = spread(120_000), itertools.count()
    for size in sizes:
        with Load(server, heard, numbers, pause=0.01).running() as load:
            load.wait_for_more()
            before = heard.refused.total()
            fill_disk(larger_disk, but=size)
            wait_for(lambda before=before: heard.refused.total() > before, "a refusal")
            if size == 0:  # with room for a few rows it may take the next ones, and be ready again
                wait_for(lambda: is_not_ready(server, larger_disk), "its word that the log is away")
            larger_disk.make_room()
            wait_for(lambda: server.get("/health").status == 200, "the log to be used again")
            load.wait_for_more()
    assert heard.refused.keys() == {"503 log-away"}
    require_all(SqlitePlace(larger_disk.folder / "serve"), heard)
    record_property("sizes of a full disk under a service that answers", len(sizes))


def is_not_ready(server: Server, disk: SmallDisk) -> bool:
    """Whether the service says so, its disk being full."""
    fill_disk(disk)
    told = server.get("/health")
    return (told.status, told.json["status"]) == (503, "not ready")


def fill_disk(disk: SmallDisk, but: int = 0) -> None:
    """Leave no room but for so many bytes, while others may still be writing."""
    for _ in range(100):
        with suppress(OSError):  # they were quicker: there is less room than a moment ago
            return disk.leave(but)
    raise AssertionError("the disk could not be filled")


def fill_log(server: Server, disk: SmallDisk) -> None:
    """Fill the disk, and what the log's file has left of its last pages."""
    ask_unlogged(server, disk, "/predict", [{"x": 5}] * 1_000)


def ask_unlogged(server: Server, disk: SmallDisk, path: str, body: Any) -> Response:
    """The first answer that finds no room in the log, which gives some back whenever it closes its files."""
    answers: list[Response] = []

    def is_unlogged() -> bool:
        fill_disk(disk)
        answers.append(server.post(path, body))
        return answers[-1].headers.get("x-prediction-logged") == "false"

    wait_for(is_unlogged, "the log to be full")
    return answers[-1]


@pytest.mark.slow
def test_a_registry_that_is_away_stops_nobody_and_is_said(
    tmp_path: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loguru import logger
    from projects import CASES, make_project

    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    recipe, columns = CASES["line"]
    project = make_project(tmp_path, recipe, columns(), "line")
    assert project.run() == 0
    logger.remove()
    place = {"MLFLOW_TRACKING_URI": mlflow_server.uri, "REGISTRY_POLL_SECONDS": "0.2"}
    server = Server(project.data_dir, ("line",), place).start()
    try:
        wait_until_ready(server)
        before = server.get("/health").json["models"]["line"]
        mlflow_server.stop()
        begun = time.time()
        wait_for(lambda: not registry_of(server)["reachable"], "the registry to be missed")
        missed = server.get("/health")
        answers = [server.post("/predict", {"x": 5}).json["model_version"]]
        server.stop()
        server.start()
        wait_until_ready(server)
        restarted = registry_of(server)
        answers.append(server.post("/predict", {"x": 5}).json["model_version"])
        mlflow_server.start()
        wait_for(lambda: registry_of(server)["reachable"], "the registry to be back")
        after = server.get("/health").json
    finally:
        server.stop()
        if mlflow_server.process is None:
            mlflow_server.start()
    told = missed.json["models"]["line"]
    assert (missed.status, missed.json["status"], "is away" in told["why"], answers) == (
        200,
        "degraded",
        True,
        [before["version"]] * 2,  # its number depends on what other tests have registered at this server
    )
    assert (before["registry"]["away_since"], after["status"]) == (None, "ready")
    # Since when, not since the restart.
    assert restarted["away_since"] == told["registry"]["away_since"] >= format_time(begun)


def registry_of(server: Server) -> dict[str, str]:
    """What the service says of its registry."""
    found: dict[str, str] = server.get("/health").json["models"]["line"]["registry"]
    return found


def format_time(unix: float) -> str:
    """As it stands in answers."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix - 1))


@pytest.mark.slow
def test_a_caller_that_sends_ten_megabytes_hears_that_this_is_too_much(serve: Callable[..., Server]) -> None:
    server, heard = serve(), []
    for _ in range(10):
        answer = server.ask("POST", "/predict", b" " * (10 * MIB))
        heard.append(kind_of(answer))
    in_pieces = server.ask("POST", "/predict", iter([b" " * MIB] * 10))
    assert (heard, kind_of(in_pieces)) == ([(413, "body-too-large")] * 10, (413, "body-too-large"))
    assert server.post("/predict", {"x": 5}).status == 200


def test_a_body_of_which_half_came_leaves_nothing_in_the_log(serve: Callable[..., Server]) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"x": 5')
    id_ = server.post("/predict", {"x": 6}).json["prediction_id"]
    assert [row["prediction_id"] for row in server.get("/predictions").json["predictions"]] == [id_]


@pytest.mark.slow
def test_callers_that_do_not_read_their_answers_hold_up_nobody_else(serve: Callable[..., Server]) -> None:
    server = serve(API_TIMEOUT="60")
    body = json.dumps([{"x": 5.5}] * 10_000).encode()
    ask = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    lazy = [socket.socket() for _ in range(20)]
    for connection in lazy:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(ask)
    answered = [server.post("/predict", {"x": 5}).status for _ in range(50)]
    for connection in lazy:
        connection.close()
    assert answered == [200] * 50


@pytest.mark.slow
def test_ten_thousand_connections_that_are_dropped_leave_nothing_behind(serve: Callable[..., Server]) -> None:
    server = serve()
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    drop_connections(server.port, 1_000)  # what the first ones cost once is no leak
    wait_for(lambda: server.post("/predict", {"x": 5}).status == 200, "an answer")
    before = settle(process)
    drop_connections(server.port, CONNECTIONS)
    assert server.post("/predict", {"x": 5}).status == 200
    wait_for(lambda: process.num_fds() <= before[0], "the file descriptors to be given back")
    after = settle(process)
    print(f"descriptors {before[0]} -> {after[0]}, memory {before[1] / MIB:.1f} -> {after[1] / MIB:.1f} MiB")  # noqa: T201
    assert (after[0] <= before[0], after[1] - before[1] < 16 * MIB) == (True, True), (before, after)


def drop_connections(port: int, count: int) -> None:
    """Open connections and drop them: in silence, within a head, within a body, or with a reset."""
    parts = (b"", b"POST /predict HTTP/1.1\r\nHost:", b"POST /predict HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")
    for first in range(0, count, 250):
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(250)]
        for number, connection in enumerate(connections, start=first):
            connection.sendall(parts[number % 3])
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()


def settle(process: psutil.Process) -> tuple[int, int]:
    """Descriptors and resident bytes of a process when it has nothing left to do."""
    found = process.num_fds()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        time.sleep(0.3)
        found, last = process.num_fds(), found
        if found == last:
            break
    return found, process.memory_info().rss


def test_two_workers_that_are_told_to_stop_finish_what_was_begun(serve: Callable[..., Server]) -> None:
    server = serve(API_WORKERS="2")
    assert server.process is not None
    workers = find_workers(server)
    begun: list[socket.socket] = []

    def begin_one() -> bool:
        begun.append(socket.create_connection(("127.0.0.1", server.port), timeout=HANG_SECONDS))
        head = b"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
        begun[-1].sendall(head)
        assert begun[-1].recv(65536).startswith(b"HTTP/1.1 100 ")  # it has read the head and asks for the body
        begun[-1].sendall(b'{"x"')
        return all(count_connections(worker, server.port) for worker in workers)

    wait_for(begin_one, "both workers to have begun something")  # the system gives them out as it likes
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not listens(workers, server.port), "the end of new connections")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(finish, begun))
    assert (Counter(answers), server.process.wait(HANG_SECONDS)) == (Counter({b"HTTP/1.1 200": len(begun)}), 0)
    assert psutil.wait_procs(workers, HANG_SECONDS)[1] == []
    assert SqlitePlace(server.data / "serve").query("select count(*) from predictions") == [(len(begun),)]


def count_connections(process: psutil.Process, port: int) -> int:
    """Connections that a process has accepted on a port."""
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in connections_of(process))


def listens(processes: list[psutil.Process], port: int) -> bool:
    """Whether one of the processes accepts connections."""
    return any(
        one.status == psutil.CONN_LISTEN and one.laddr.port == port
        for process in processes
        for one in connections_of(process)
    )


def connections_of(process: psutil.Process) -> list[Any]:
    """Its connections; none of a process that has ended."""
    try:
        return list(process.net_connections("inet"))
    except psutil.NoSuchProcess:
        return []


def finish(connection: socket.socket) -> bytes:
    """Send the second half of a request; gives the beginning of its answer."""
    with connection:
        connection.sendall(b": 5 }")
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    return got[:12]
