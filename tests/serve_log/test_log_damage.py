"""A file of SQLite that is damaged: never used in silence, never changed, and the log goes on in a new one."""

import random
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from log_places import SqlitePlace, make_row, read_numbers, tell

from serve.log.record import LogUnavailableError, PredictionLog, Row
from serve.log.sqlite import SqliteLog

PAGE = 4096
NAME = "predictions.sqlite"
ENDINGS = ("", "-wal", "-shm")

Change = Callable[[bytearray], bytes | bytearray | None]
"""What becomes of a file's bytes; None where the file goes."""


def flip(at: int) -> Change:
    """One bit of a byte; counted from the end where it is negative."""

    def change(content: bytearray) -> bytearray:
        content[at] ^= 4
        return content

    return change


def blank(start: int, end: int) -> Change:
    return lambda content: content[:start] + bytes(end - start) + content[end:]


def cut(size: float) -> Change:
    """To so many bytes, or to a share of them."""
    return lambda content: content[: int(size if size >= 1 else len(content) * size)]


def become(new: bytes) -> Change:
    return lambda _: new


def drop(_: bytearray) -> None:
    return None


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def make_database(*statements: str) -> Change:
    """Another database of SQLite."""

    def change(_: bytearray) -> bytes:
        with closing(sqlite3.connect(":memory:")) as other:
            for statement in statements:
                other.execute(statement)
            other.commit()
            return bytes(other.serialize())

    return change


def alter(*statements: str) -> Change:
    """The same database after some statements."""

    def change(content: bytearray) -> bytes:
        content[18:20] = b"\1\1"  # a database in memory keeps no write-ahead file
        with closing(sqlite3.connect(":memory:")) as found:
            found.deserialize(bytes(content))
            for statement in statements:
                found.execute(statement)
            found.commit()
            return bytes(found.serialize())

    return change


FILE: dict[str, Change] = {
    "a flipped bit in the magic": flip(3),
    "a flipped bit in the size of a page": flip(16),
    "another encoding of texts": lambda content: content[:56] + struct.pack(">I", 2) + content[60:],
    "a blank first page": blank(0, PAGE),
    "a blank schema": blank(100, PAGE),
    "a blank second page": blank(PAGE, 2 * PAGE),
    "a blank page in the middle": lambda content: content[: 20 * PAGE] + bytes(PAGE) + content[21 * PAGE :],
    "a blank last page": lambda content: content[:-PAGE] + bytes(PAGE),
    "a flipped kind of page": flip(2 * PAGE),
    "noise in a page": lambda content: content[: 5 * PAGE] + noise(PAGE) + content[6 * PAGE :],
    "no bytes": cut(0),
    "100 bytes": cut(100),
    "one page": cut(PAGE),
    "an odd number of bytes": cut(3 * PAGE + 17),
    "half of it": cut(0.5),
    "text": become(b"a log\n" * 900),
    "JSON": become(b'{"predictions": []}'),
    "noise": become(noise(20_000)),
    "zeros": become(bytes(5 * PAGE)),
    "another database": make_database("create table runs (id text)", "insert into runs values ('a')"),
    "a table of that name with other columns": make_database(
        "create table predictions (id text)",
        "create table schema_version (version integer, at_unix real)",
        "insert into schema_version values (1, 0)",
    ),
    "no index of keys": alter("drop index predictions_by_key"),
    "an index that lacks a row": alter(
        "pragma writable_schema = on",
        "update sqlite_master set sql = replace(sql, 'is not null', 'is null') where name = 'predictions_by_key'",
    ),
    "no labels": alter("drop table labels"),
    "no version": alter("delete from schema_version"),
}
WAL: dict[str, Change] = {
    "a flipped bit in its magic": flip(2),
    "a flipped bit in its salts": flip(17),
    "a flipped bit in its first frame": flip(32 + 24 + 100),
    "a flipped bit in the head of a frame": flip(32 + 9),
    "a flipped bit in the middle": lambda content: flip(len(content) // 2)(content),
    "a flipped bit in its last frame": flip(-10),
    "a blank middle": lambda content: blank(len(content) // 2, len(content) // 2 + PAGE)(content),
    "no bytes": cut(0),
    "100 bytes": cut(100),
    "half of it": cut(0.5),
    "without its last byte": lambda content: content[:-1],
    "noise": become(noise(50_000)),
    "text": become(b"a log\n" * 9000),
    "gone": drop,
}


@dataclass(frozen=True)
class Left:
    """What processes leave of a log with some rows."""

    closed: Path
    """A folder with the one file of a log that was closed; it lacks the last rows."""
    killed: Path
    """A folder with the files of a killed process: the last rows are in the write-ahead file alone."""
    rows: list[Row]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """One log, written by a process that closed it and by another one that was killed."""
    place = SqlitePlace(tmp_path_factory.mktemp("written"))
    closed, killed = tmp_path_factory.mktemp("closed"), tmp_path_factory.mktemp("killed")
    rows = [make_row(number, output=b'"%s"' % (b"-" * 900)) for number in range(160)]

    async def write(log: PredictionLog) -> None:
        for row in rows[:100]:
            await log.append(row)

    async def be_killed(log: PredictionLog) -> None:
        for row in rows[100:]:
            await log.append(row)
        for ending in ENDINGS:
            shutil.copyfile(f"{place.path}{ending}", killed / f"{NAME}{ending}")

    tell(place.log(), write)
    shutil.copyfile(place.path, closed / NAME)
    tell(place.log(), be_killed)
    return Left(closed, killed, rows)


def lay(folder: Path, place: SqlitePlace, ending: str, change: Change) -> dict[str, bytes]:
    """Put the files of a folder there, one of them changed; gives what then lies there."""
    for path in folder.iterdir():
        content = change(bytearray(path.read_bytes())) if path.name == NAME + ending else path.read_bytes()
        if content is not None:
            (place.folder / path.name).write_bytes(content)
    return read_files(place.folder, NAME)


def read_files(folder: Path, name: str) -> dict[str, bytes]:
    """Ending -> bytes, without the memory that SQLite shares, and without an empty write-ahead file."""
    found = {end: folder / (name + end) for end in ENDINGS[:2]}
    read = {end: path.read_bytes() for end, path in found.items() if path.exists()}
    return {end: content for end, content in read.items() if content or not end}


KINDS = [*(("", kind) for kind in FILE), *(("-wal", kind) for kind in WAL)]


@pytest.mark.parametrize(("ending", "kind"), KINDS, ids=lambda one: one or "file")
def test_a_damaged_log_is_set_aside_unchanged_and_a_new_one_takes_predictions(
    ending: str, kind: str, left: Left, sqlite: SqlitePlace
) -> None:
    damaged = lay(left.killed if ending else left.closed, sqlite, ending, {"": FILE, "-wal": WAL}[ending][kind])
    row = make_row(1000)

    async def story(log: PredictionLog) -> list[str]:
        assert await log.is_healthy() is None
        await log.append(row)
        assert (await log.get(row.id), await log.get(left.rows[0].id)) == (row, None)
        await log.label(f"{row.id}/0", True, 1_700_000_000.0, "test")
        return log.find_set_aside()

    (aside,) = tell(sqlite.log(), story)
    assert read_files(sqlite.folder, aside) == damaged
    assert read_numbers(sqlite) == {row.id: row.input.decode()}


@pytest.mark.parametrize("kind", FILE)
def test_a_damaged_file_whose_write_ahead_file_is_whole_is_set_aside_or_loses_nothing(
    kind: str, left: Left, sqlite: SqlitePlace
) -> None:
    damaged = lay(left.killed, sqlite, "", FILE[kind])

    async def story(log: PredictionLog) -> list[str]:
        await log.append(make_row(1000))
        return log.find_set_aside()

    aside = tell(sqlite.log(), story)
    if aside:
        assert read_files(sqlite.folder, aside[0]) == damaged
    else:  # the page was in the write-ahead file too
        assert set(read_numbers(sqlite)) >= {row.id for row in left.rows}


@pytest.mark.parametrize(("ending", "kind"), KINDS[1::3], ids=lambda one: one or "file")
def test_where_it_may_not_be_set_aside_nothing_is_written_until_it_is_moved_away(
    ending: str, kind: str, left: Left, sqlite: SqlitePlace
) -> None:
    damaged = lay(left.killed if ending else left.closed, sqlite, ending, {"": FILE, "-wal": WAL}[ending][kind])
    row = make_row(1000)

    async def story(log: PredictionLog) -> None:
        for _ in range(3):
            assert "is damaged" in (await log.is_healthy() or "")
            with pytest.raises(LogUnavailableError, match=r"is damaged: .*Move it away"):
                await log.append(row)
            with pytest.raises(LogUnavailableError, match="is damaged"):
                await log.get(row.id)
        assert (log.find_set_aside(), read_files(sqlite.folder, NAME)) == ([], damaged)
        for path in list(sqlite.folder.glob(f"{NAME}*")):
            path.unlink()
        await log.append(row)

    tell(SqliteLog(sqlite.path, queue_limit=100, may_set_aside=False), story)
    assert list(read_numbers(sqlite)) == [row.id]


SOUND: dict[str, tuple[str, Change]] = {
    "as it was left": ("", bytes),
    "without the shared memory": ("-shm", drop),
    "with noise in the shared memory": ("-shm", become(noise(32768))),
    "with a commit that was never finished": ("-wal", lambda content: content + content[32 : 32 + 24 + 1000]),
    "with frames of an earlier use behind": ("-wal", lambda content: content + noise(3 * (24 + PAGE))),
    "with another counter of changes": ("", flip(27)),
}


@pytest.mark.parametrize("kind", SOUND)
def test_what_a_kill_may_leave_is_no_damage(kind: str, left: Left, sqlite: SqlitePlace) -> None:
    lay(left.killed, sqlite, *SOUND[kind])

    async def story(log: PredictionLog) -> list[str]:
        await log.append(make_row(1000))
        return log.find_set_aside()

    assert tell(sqlite.log(), story) == []
    assert set(read_numbers(sqlite)) >= {row.id for row in left.rows}
