"""A database that goes away: said, nothing half, nothing twice, and with its return the same process goes on."""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from counts import spread
from log_places import Place, PostgresPlace, SqlitePlace, make_row, read_numbers, tell, wait_until_healthy
from patience import HANG_SECONDS
from postgres_server import PostgresServer, find_free_port
from small_disk import BLOCK_BYTES, SmallDisk

from serve.log.record import LogUnavailableError, PredictionLog, Row

LARGE = b'"' + b"-" * 20_000 + b'"'


@pytest.fixture
def database(postgres_server: PostgresServer, postgres_url: str, tmp_path: Path) -> Iterator[PostgresPlace]:
    """An empty database of PostgreSQL, whose server runs again afterwards."""
    yield PostgresPlace(postgres_url, tmp_path)
    if not postgres_server.is_running:
        postgres_server.start()


class Load:
    """Callers that append rows one after the other, and what they heard."""

    def __init__(self, log: PredictionLog) -> None:
        self.stored: list[Row] = []
        self.refused: list[Row] = []
        self._log, self._is_over = log, False

    @asynccontextmanager
    async def running(self, callers: int = 16) -> AsyncIterator["Load"]:
        """Under load meanwhile."""
        tasks = [asyncio.create_task(self._call()) for _ in range(callers)]
        try:
            yield self
        finally:
            self._is_over = True
            await asyncio.gather(*tasks)

    async def wait_for_more(self) -> None:
        """Returns when more rows were stored than before."""
        before = len(self.stored)
        async with asyncio.timeout(HANG_SECONDS):
            while len(self.stored) < before + 20:
                await asyncio.sleep(0.005)

    async def _call(self) -> None:
        while not self._is_over:
            row = make_row(len(self.stored))
            try:
                await self._log.append(row)
            except LogUnavailableError:
                self.refused.append(row)
                await asyncio.sleep(0.01)
            else:
                self.stored.append(row)


def require_all(place: Place, rows: list[Row]) -> None:
    """Each of the rows is there as it was, and no id twice."""
    there = read_numbers(place)
    assert [row.id for row in rows if there.get(row.id) != row.input.decode()] == []


@pytest.mark.postgres
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_callers_notice_nothing_of_a_server_that_restarts(
    how: signal.Signals, database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    async def story(log: PredictionLog) -> Load:
        async with Load(log).running() as load:
            for _ in range(2):
                await load.wait_for_more()
                await asyncio.to_thread(postgres_server.stop, how)
                await asyncio.to_thread(postgres_server.start)
                await load.wait_for_more()
            assert await log.get(load.stored[0].id) == load.stored[0]
        return load

    load = tell(database.log(patience=HANG_SECONDS), story)
    assert load.refused == []
    require_all(database, load.stored)


@pytest.mark.postgres
def test_a_server_that_stays_away_is_said_and_used_again_when_it_is_back(
    database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    async def story(log: PredictionLog) -> Load:
        async with Load(log).running() as load:
            await load.wait_for_more()
            assert await log.is_healthy() is None
            await asyncio.to_thread(postgres_server.stop)
            while await log.is_healthy() is None:
                await asyncio.sleep(0.01)
            with pytest.raises(LogUnavailableError, match=rf"127\.0\.0\.1:{postgres_server.port}/test_\d+ is away"):
                await log.append(make_row())
            with pytest.raises(LogUnavailableError, match="is away"):
                await log.get("id")
            await asyncio.to_thread(postgres_server.start)
            await wait_until_healthy(log)
            await load.wait_for_more()
        return load

    load = tell(database.log(patience=0.2), story)
    assert len(load.refused) >= 16
    require_all(database, load.stored)
    # The server was stopped in order: what was refused while it was away was never written.
    assert len(read_numbers(database)) <= len(load.stored) + 16


@pytest.mark.postgres
def test_a_log_starts_before_its_server_does(database: PostgresPlace, postgres_server: PostgresServer) -> None:
    postgres_server.stop()

    async def story(log: PredictionLog) -> None:
        assert "is away" in (await log.is_healthy() or "")
        await asyncio.to_thread(postgres_server.start)
        await wait_until_healthy(log)
        await log.append(make_row())

    tell(database.log(patience=1.0), story)
    assert len(read_numbers(database)) == 1


@pytest.mark.postgres
def test_a_commit_waits_for_the_disk_even_where_the_server_would_not(
    database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    row = make_row()
    name = database.url.rpartition("/")[2]
    postgres_server.execute(f"alter database {name} set synchronous_commit = off")

    async def story(log: PredictionLog) -> None:
        await log.append(row)
        postgres_server.stop(signal.SIGQUIT)

    tell(database.log(), story)
    postgres_server.start()
    require_all(database, [row])


class Wire:
    """What lies between the log and its server: cut on demand, before a commit arrives or before its answer does."""

    def __init__(self, port: int) -> None:
        self.port, self._server_port = find_free_port(), port
        self.cut_before = ""
        """`commit` or `answer`, once."""
        self.cuts = 0

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        """Open meanwhile."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        ends = [writer, far_writer]
        await asyncio.gather(
            self._carry(reader, far_writer, "commit", ends), self._carry(far_reader, writer, "answer", ends)
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, what: str, ends: list[asyncio.StreamWriter]
    ) -> None:
        try:
            while content := await reader.read(1 << 16):
                if self.cut_before == what:
                    self.cut_before, self.cuts = "", self.cuts + 1
                    break
                writer.write(content)
                await writer.drain()
        except ConnectionError:
            pass
        for end in ends:
            end.close()


@pytest.mark.postgres
@pytest.mark.parametrize("moment", ["commit", "answer"])
def test_a_commit_of_unknown_outcome_leaves_each_row_once(
    moment: str, database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    rows = [make_row(number, idempotency_key=f"order {number}") for number in range(5)]

    async def run() -> tuple[int, int]:
        async with Wire(postgres_server.port).laid() as wire:
            name = database.url.rpartition("/")[2]
            log = replace(database, url=postgres_server.url(name, wire.port)).log()
            await log.start()
            await log.append(make_row())
            wire.cut_before = moment
            await asyncio.gather(*map(log.append, rows))
            await log.close()
            return wire.cuts, log.stats.failures

    assert asyncio.run(run()) == (1, 0)
    require_all(database, rows)
    assert len(read_numbers(database)) == 6


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """The processes stand still meanwhile."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.postgres
def test_a_connection_that_died_in_silence_is_replaced(
    database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    rows = [make_row(number) for number in range(2)]

    async def story(log: PredictionLog) -> None:
        await log.append(rows[0])
        with stopped([pid for (pid,) in await asyncio.to_thread(postgres_server.execute, WRITERS)]):
            await log.append(rows[1])

    tell(database.log(patience=8.0), story)
    assert sorted(read_numbers(database)) == [row.id for row in rows]


@pytest.mark.postgres
def test_a_server_that_answers_no_more_keeps_nobody_waiting(
    database: PostgresPlace, postgres_server: PostgresServer
) -> None:
    async def story(log: PredictionLog) -> None:
        await log.append(make_row(0))
        writers = [pid for (pid,) in await asyncio.to_thread(postgres_server.execute, WRITERS)]
        with stopped([postgres_server.pid, *writers]):
            with pytest.raises(LogUnavailableError):
                await log.append(make_row(1))
            with pytest.raises(LogUnavailableError):
                await log.get("id")
        await wait_until_healthy(log)
        await log.append(make_row(2))

    tell(database.log(patience=1.0), story)
    assert len(read_numbers(database)) in (2, 3)  # the one that was told of a failure may be there


WRITERS = "select pid from pg_stat_activity where application_name = 'relay prediction log'"


@pytest.mark.counted
@pytest.mark.postgres
def test_a_full_disk_of_the_server_refuses_rows_until_there_is_room(
    database: PostgresPlace,
    postgres_server: PostgresServer,
    larger_disk: SmallDisk,
    record_property: Callable[[str, object], None],
) -> None:
    shutil.chown(larger_disk.folder, postgres_server.account and postgres_server.account.pw_uid)
    name = f"small_{database.url.rpartition('/')[2]}"
    postgres_server.execute(f"create tablespace {name} location '{larger_disk.folder}'")
    tell(database.log(), lambda log: log.append(make_row()))
    database.query(f"alter table predictions set tablespace {name}")
    record_property("sizes of a full disk under a log in PostgreSQL", refuse_until_there_is_room(database, larger_disk))
    database.query("alter table predictions set tablespace pg_default")
    postgres_server.execute(f"drop tablespace {name}")


@pytest.mark.counted
def test_a_full_disk_refuses_rows_until_there_is_room(
    larger_disk: SmallDisk, record_property: Callable[[str, object], None]
) -> None:
    place = SqlitePlace(larger_disk.folder)
    record_property("sizes of a full disk under a log in SQLite", refuse_until_there_is_room(place, larger_disk))
    assert place.query("pragma integrity_check") == [("ok",)]


def refuse_until_there_is_room(place: Place, disk: SmallDisk) -> int:
    """Fill the disk under a log: it refuses, says why, and goes on when there is room, with all that it had taken.

    Gives the number of sizes at which it was filled.
    """
    sizes = spread(120_000)
    stored: list[Row] = []
    refused: list[Row] = []

    async def append_some(log: PredictionLog) -> None:
        # Texts that do not shrink when PostgreSQL packs them.
        rows = [make_row(number, output=b'"%s"' % os.urandom(3_000).hex().encode()) for number in range(4)]
        for row, why in zip(rows, await asyncio.gather(*map(log.append, rows), return_exceptions=True), strict=True):
            assert why is None or isinstance(why, LogUnavailableError)
            (stored if why is None else refused).append(row)

    async def story(log: PredictionLog) -> None:
        await append_some(log)
        for size in sizes:
            before = len(refused)
            disk.leave(size)
            for _ in range(80):
                await append_some(log)
                if len(refused) > before:
                    break
            assert len(refused) == before + 4, "a batch is refused as a whole"
            disk.make_room()
            await wait_until_healthy(log)
            await append_some(log)
            assert len(refused) == before + 4

    tell(place.log(patience=2.0), story)
    require_all(place, stored)
    assert {row.id for row in refused} & read_numbers(place).keys() == set()
    return len(sizes)


@pytest.mark.counted
def test_a_log_that_starts_on_a_full_disk_goes_on_when_there_is_room(
    small_disk: SmallDisk, record_property: Callable[[str, object], None]
) -> None:
    sizes = spread(20 * BLOCK_BYTES)  # more than an empty log has
    for number, size in enumerate(sizes):
        place = SqlitePlace(small_disk.folder / str(number))
        place.folder.mkdir()
        stored: list[Row] = []

        async def story(log: PredictionLog, stored: list[Row] = stored) -> None:
            row = make_row()
            try:
                await log.append(row)
            except LogUnavailableError:
                small_disk.make_room()
                await wait_until_healthy(log)
                row = make_row()
                await log.append(row)
            stored.append(row)

        small_disk.leave(size)
        tell(place.log(patience=2.0), story)
        small_disk.make_room()
        assert read_numbers(place).keys() == {row.id for row in stored}
        assert place.query("pragma integrity_check") == [("ok",)]
    record_property("sizes of a full disk at the start of a log", len(sizes))


def test_a_file_that_another_program_holds_is_said_and_waited_for(sqlite: SqlitePlace) -> None:
    rows = [make_row(number) for number in range(3)]

    async def story(log: PredictionLog) -> None:
        await log.append(rows[0])
        other = sqlite3.connect(sqlite.path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(LogUnavailableError, match="database is locked"):
            await log.append(rows[1])
        assert "database is locked" in (await log.is_healthy() or "")
        assert await log.get(rows[0].id) == rows[0]
        appending = asyncio.create_task(log.append(rows[2]))
        await asyncio.sleep(0.05)
        other.execute("commit")
        other.close()
        await appending
        assert await log.is_healthy() is None

    tell(sqlite.log(patience=3.0), story)
    assert sorted(read_numbers(sqlite)) == sorted([rows[0].id, rows[2].id])


def test_a_file_that_is_removed_under_the_log_takes_no_answered_prediction_with_it(sqlite: SqlitePlace) -> None:
    rows = [make_row(number) for number in range(3)]

    async def story(log: PredictionLog) -> None:
        await log.append(rows[0])
        assert await log.get(rows[0].id) == rows[0]
        for path in sqlite.folder.glob("predictions.sqlite*"):
            path.unlink()
        await log.append(rows[1])
        assert (await log.get(rows[0].id), await log.get(rows[1].id)) == (None, rows[1])
        await log.append(rows[2])

    tell(sqlite.log(), story)
    assert list(read_numbers(sqlite)) == [rows[1].id, rows[2].id]


def test_a_folder_that_cannot_be_written_is_said_and_tried_again(sqlite: SqlitePlace) -> None:
    (sqlite.folder / "in the way").write_text("a file")
    place = SqlitePlace(sqlite.folder / "in the way" / "logs")

    async def story(log: PredictionLog) -> None:
        assert "in the way" in (await log.is_healthy() or "")
        with pytest.raises(LogUnavailableError, match="in the way"):
            await log.append(make_row())
        with pytest.raises(LogUnavailableError):
            await log.get("id")
        (sqlite.folder / "in the way").unlink()
        assert await log.is_healthy() is None
        await log.append(make_row())

    tell(place.log(), story)
    assert len(read_numbers(place)) == 1
