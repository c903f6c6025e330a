"""A damaged prediction log, as people meet it who start the service again after a crash."""

import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from serve_load import wait_until_ready
from serving import Server, lay_version

PAGE = 4096


def write_nothing(path: Path) -> None:
    drop_others(path)
    path.write_bytes(b"")


def write_text(path: Path) -> None:
    drop_others(path)
    path.write_text("a log")


def cut_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:PAGE] + bytes(PAGE))


def drop_others(path: Path) -> None:
    for file in path.parent.glob("predictions.sqlite-*"):
        file.unlink()


def write_other(path: Path) -> None:
    drop_others(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table runs (id text)")


def flip_wal(path: Path) -> None:
    wal = path.with_name("predictions.sqlite-wal")
    content = bytearray(wal.read_bytes())
    content[100] ^= 1
    wal.write_bytes(content)


def cut_wal(path: Path) -> None:
    wal = path.with_name("predictions.sqlite-wal")
    wal.write_bytes(wal.read_bytes()[: wal.stat().st_size // 2])


DAMAGES: dict[str, Callable[[Path], None]] = {
    "an empty file": write_nothing,
    "a blank page": cut_file,
    "a text": write_text,
    "another database": write_other,
    "a bit of the write-ahead file": flip_wal,
    "half of the write-ahead file": cut_wal,
}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, results: Callable[..., Path]) -> tuple[Path, list[str]]:
    """The data folder of a service that was killed, and the ids of its answers."""
    data = tmp_path_factory.mktemp("killed") / "data"
    lay_version(data, results("line"), "1")
    server = wait_until_ready(Server(data, ("line",)).start())
    ids = [server.post("/predict", {"x": number}).json["prediction_id"] for number in range(10)]
    server.stop(signal.SIGKILL)
    return data, ids


@pytest.fixture
def serve(data: Path, killed: tuple[Path, list[str]]) -> Iterator[Callable[..., Server]]:
    """`serve(API_WORKERS="2")`: a server of the straight line in the test's own folder."""
    servers = []

    def start(**environment: str) -> Server:
        servers.append(Server(data, ("line",), environment).start())
        return servers[-1]

    shutil.copytree(killed[0], data)
    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize(
    "damage",
    [
        kind if kind in ("a text", "half of the write-ahead file") else pytest.param(kind, marks=pytest.mark.slow)
        for kind in DAMAGES
    ],
)
def test_a_service_whose_log_is_damaged_says_so_keeps_it_and_goes_on(
    damage: str, serve: Callable[..., Server], data: Path, killed: tuple[Path, list[str]]
) -> None:
    path = data / "serve" / "predictions.sqlite"
    DAMAGES[damage](path)
    left = path.read_bytes()
    server = serve(API_WORKERS="2" if damage == "a text" else "1")
    health = wait_until_ready(server).get("/health")
    assert (health.status, health.json["status"], health.json["prediction_log"]["ready"]) == (200, "degraded", True)
    (aside,) = health.json["prediction_log"]["set_aside"]
    assert (data / "serve" / aside).read_bytes() == left
    assert f"It is now called {aside}, unchanged, and a new log begins" in server.said()
    answer = server.post("/predict", {"x": 5}).json["prediction_id"]
    assert [server.get(f"/predictions/{id_}").status for id_ in (answer, killed[1][0])] == [200, 404]
    for file in (data / "serve").glob(f"{aside}*"):
        file.unlink()
    assert (server.get("/health").json["status"], "set_aside" in server.get("/health").json["prediction_log"]) == (
        "ready",
        False,
    )


def test_a_service_that_may_not_set_its_log_aside_is_not_ready_until_it_is_moved_away(
    serve: Callable[..., Server], data: Path
) -> None:
    path = data / "serve" / "predictions.sqlite"
    path.write_bytes(b"no log")
    server = serve(PREDICTION_LOG_ON_DAMAGE="refuse")
    health, answer = server.get("/health"), server.post("/predict", {"x": 5})
    assert (health.status, health.json["prediction_log"]["ready"], answer.status) == (503, False, 503)
    assert "is damaged: file is not a database. Move it away" in health.json["prediction_log"]["why"]
    assert path.read_bytes() == b"no log"
    for file in (data / "serve").glob("predictions.sqlite*"):
        file.rename(file.with_name(f"kept.{file.name}"))
    assert (wait_until_ready(server).get("/health").status, server.post("/predict", {"x": 5}).status) == (200, 200)
