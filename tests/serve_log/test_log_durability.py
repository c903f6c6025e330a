"""Settings of PostgreSQL that change while the log runs: an answered prediction and its label stay on the disk."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from log_places import PostgresPlace, make_row, read_numbers, tell
from loguru import logger
from postgres_server import PostgresServer

from serve.log.postgres import PostgresLog
from serve.log.record import PredictionLog

pytestmark = pytest.mark.postgres

WAYS = {
    "the server": ("alter system set synchronous_commit = off",),
    "the role": ("alter role relay set synchronous_commit = off",),
    "the database": ("alter database {database} set synchronous_commit = off",),
}
"""Who may say that a commit need not wait for the disk."""


@pytest.fixture
def database(postgres_server: PostgresServer, postgres_url: str, tmp_path: Path) -> Iterator[PostgresPlace]:
    """An empty database, whose server runs again afterwards with its own settings."""
    # Else the server writes its log every 0.2 s: then a crash loses nothing, and this shows nothing.
    postgres_server.execute("alter system set wal_writer_delay = '10s'")
    reload(postgres_server)
    yield PostgresPlace(postgres_url, tmp_path)
    if not postgres_server.is_running:
        postgres_server.start()
    postgres_server.execute("alter system reset all")
    postgres_server.execute("alter role relay reset all")
    reload(postgres_server)


def reload(server: PostgresServer) -> None:
    server.execute("select pg_reload_conf()")
    server.execute("select pg_sleep(0.2)")  # each session reads the file when it is asked next


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_before", [True, False], ids=["before the log starts", "while it runs"])
def test_a_row_and_a_label_outlive_a_crash_whoever_says_that_commits_need_not_wait(
    way: str, is_before: bool, database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    rows = [make_row(number) for number in range(3)]

    def tell_server() -> None:
        for statement in WAYS[way]:
            postgres_server.execute(statement.format(database=database.url.rpartition("/")[2]))
        reload(postgres_server)

    async def story(log: PredictionLog) -> None:
        await log.append(rows[0])
        if not is_before:
            await asyncio.to_thread(tell_server)
        await log.append(rows[1])
        await log.label(f"{rows[0].id}/0", 1.5, 1_700_000_000.0, "test")
        await log.append(rows[2])
        await asyncio.to_thread(postgres_server.execute, "checkpoint")
        await log.append(last)
        await log.label(f"{rows[1].id}/0", 2.5, 1_700_000_000.0, "test")
        postgres_server.stop(signal.SIGQUIT)

    last = make_row(3)
    if is_before:
        tell_server()
    tell(database.log(), story)
    postgres_server.start()
    assert set(read_numbers(database)) == {row.id for row in (*rows, last)}
    assert database.query("select value from labels order by seq") == [("1.5",), ("2.5",)]


@pytest.mark.parametrize("kept", ["local", "remote_write", "on", "remote_apply"])
def test_what_waits_for_the_disk_stays_as_the_server_has_it(
    kept: str, database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    postgres_server.execute(f"alter system set synchronous_commit = {kept}")
    reload(postgres_server)
    assert ask_sessions(database.log(), postgres_server) == {"writer": kept, "questions": kept}


def test_what_does_not_wait_becomes_on_in_every_session(
    database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    postgres_server.execute("alter system set synchronous_commit = off")
    reload(postgres_server)
    assert ask_sessions(database.log(), postgres_server) == {"writer": "on", "questions": "on"}


def ask_sessions(log: PostgresLog, server: PostgresServer) -> dict[str, str]:
    """What holds in the log's own sessions after the server was told something else."""
    found: dict[str, str] = {}

    async def story(_: PredictionLog) -> None:
        await log.append(make_row())
        assert await log.get("none") is None  # opens a connection for questions
        await asyncio.to_thread(server.execute, "alter system set synchronous_commit = off")
        await asyncio.to_thread(reload, server)
        connection = log._writer._connection
        assert connection is not None
        found["writer"] = await connection.fetchval("show synchronous_commit")
        found["questions"] = await log._ask(lambda ask: ask.fetchval("show synchronous_commit"))

    tell(log, story)
    return found


@pytest.fixture
def warnings() -> Iterator[Callable[[], list[str]]]:
    """Gives what was logged as a warning."""
    said: list[str] = []
    sink = logger.add(lambda message: said.append(message.record["message"]), level="WARNING")
    yield lambda: said
    logger.remove(sink)


def test_a_server_that_keeps_nothing_on_the_disk_is_said(
    database: PostgresPlace, postgres_server: PostgresServer, warnings: Callable[[], list[str]]
) -> None:
    async def story(log: PredictionLog) -> None:
        assert await log.is_healthy() is None

    tell(database.log(), story)
    assert [said for said in warnings() if "fsync=off" in said][:1] == [
        "PostgreSQL runs with fsync=off: if its machine loses power, answered predictions may be lost. Set it to on"
    ]
