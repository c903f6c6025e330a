"""A file that is damaged, replaced or checked while logs use it, and logs that find the same damage at once."""

import asyncio
import itertools
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from log_clients import LogProcess, load_and_kill
from log_places import SqlitePlace, make_row, read_numbers, tell
from loguru import logger
from patience import HANG_SECONDS

from serve.log.record import LogUnavailableError, LogVersionError, PredictionLog
from serve.log.set_aside import hold_folder, set_aside
from serve.log.sqlite import SqliteLog
from serve.log.sqlite_damage import examine_files
from serve.log.sqlite_tables import create
from serve.log.sqlite_wal import Indexed, read_index

ROUNDS = 2
"""Of two processes that are killed."""


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What was logged."""
    found: list[str] = []
    sink = logger.add(lambda message: found.append(message.record["message"]), level="INFO")
    yield found
    logger.remove(sink)


def overwrite(path: Path, content: bytes, at: int = 0, *, cut: bool = False) -> None:
    """Write into a file in another process: this one would lose its locks with the file that it closes."""
    program = "import os, sys; f = open(sys.argv[1], 'rb+'); f.seek(int(sys.argv[2])); f.write(sys.stdin.buffer.read())"
    program += "; f.truncate()" if cut else ""
    subprocess.run([sys.executable, "-c", program, path, str(at)], input=content, check=True)


async def fill(log: PredictionLog, count: int = 200) -> list[str]:
    """Rows on many pages."""
    rows = [make_row(number, output=b'"%s"' % (b"-" * 2_000)) for number in range(count)]
    await asyncio.gather(*(log.append(row) for row in rows))
    return [row.id for row in rows]


async def wait_for_aside(log: PredictionLog, ids: list[str]) -> list[str]:
    """Ask for rows until one lies on a damaged page; gives what was set aside."""
    async with asyncio.timeout(HANG_SECONDS):
        while not log.find_set_aside():
            for id_ in ids:
                await log.get(id_)
            await log.append(make_row())
    return log.find_set_aside()


@pytest.mark.parametrize("what", ["noise in its pages", "a text in its place"])
def test_damage_that_is_found_while_a_log_is_used_costs_no_later_prediction(
    what: str, sqlite: SqlitePlace, said: list[str]
) -> None:
    ids = tell(sqlite.log(), fill)

    async def go_on(log: PredictionLog) -> str:
        await log.append(make_row())
        if what == "noise in its pages":
            await asyncio.to_thread(overwrite, sqlite.path, b"\xa5" * 4096 * 60, 4096 * 4)
        else:
            await asyncio.to_thread(overwrite, sqlite.path, b"some text " * 900, cut=True)
        assert len(await wait_for_aside(log, ids)) == 1
        row = make_row(7)
        await log.append(row)
        assert (await log.get(row.id), await log.is_healthy()) == (row, None)
        return row.id

    last = tell(sqlite.log(), go_on)
    assert last in read_numbers(sqlite)
    assert len([one for one in said if "is damaged" in one and "It is now called" in one]) == 1


def test_logs_that_find_the_same_damage_set_it_aside_once(sqlite: SqlitePlace) -> None:
    tell(sqlite.log(), fill)
    sqlite.path.write_bytes(b"x" * 50_000)
    rows = [make_row(number) for number in range(8)]

    async def story(log: PredictionLog, number: int) -> None:
        await log.append(rows[number])
        assert await log.get(rows[number].id) == rows[number]

    threads = [
        threading.Thread(target=tell, args=(sqlite.log(), lambda log, number=number: story(log, number)))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_SECONDS)
    assert len(sqlite.log().find_set_aside()) == 1
    assert set(read_numbers(sqlite)) == {row.id for row in rows}


def test_a_large_log_is_used_while_it_is_checked_and_set_aside_when_the_check_finds_damage(
    sqlite: SqlitePlace, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr("serve.log.sqlite_file.WHOLE_BYTES", 10_000)
    tell(sqlite.log(), fill)
    tell(sqlite.log(), wait_for_word(said, "was checked in"))
    assert sqlite.log().find_set_aside() == []
    content = bytearray(sqlite.path.read_bytes())
    content[4096 * 40 : 4096 * 41] = bytes(4096)
    sqlite.path.write_bytes(content)
    tell(sqlite.log(), wait_for_word(said, "It is now called"))
    (aside,) = sqlite.log().find_set_aside()
    assert (sqlite.folder / aside).read_bytes() == content
    shutil.copyfile(sqlite.folder / aside, sqlite.path)
    log = SqliteLog(sqlite.path, queue_limit=100, may_set_aside=False)
    tell(log, wait_for_word(said, "Move it away"))
    assert sqlite.path.read_bytes()[4096 * 40 : 4096 * 41] == bytes(4096)


def wait_for_word(said: list[str], word: str):  # type: ignore[no-untyped-def]
    """A story that ends when something is said."""

    async def story(log: PredictionLog) -> None:
        async with asyncio.timeout(HANG_SECONDS):
            while not any(word in one for one in said):
                await asyncio.sleep(0.01)
        if word == "Move it away":
            with pytest.raises(LogUnavailableError, match="is damaged"):
                await log.append(make_row())
        else:
            await log.append(make_row())

    return story


def test_a_file_without_its_log_goes_to_the_log_that_a_killed_process_had_set_aside(sqlite: SqlitePlace) -> None:
    tell(sqlite.log(), fill)
    aside = sqlite.folder / "predictions.damaged-20260101T000000Z-01.sqlite"
    sqlite.path.rename(aside)  # where the process was killed
    wal = sqlite.path.with_name("predictions.sqlite-wal")
    wal.write_bytes(b"commits")
    tell(sqlite.log(), lambda log: log.append(make_row()))
    assert sqlite.log().find_set_aside() == [aside.name]
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"commits"


def test_what_is_no_damage_stays_where_it_is(sqlite: SqlitePlace) -> None:
    sqlite.path.mkdir()

    async def refuse(log: PredictionLog) -> None:
        with pytest.raises(LogUnavailableError, match="a folder or a device is in its place: move it away"):
            await log.append(make_row())

    tell(sqlite.log(), refuse)
    sqlite.path.rmdir()
    tell(sqlite.log(), fill)
    sqlite.query("insert into schema_version values (99, 0)")
    with pytest.raises(LogVersionError):
        tell(sqlite.log(), refuse)
    assert sqlite.log().find_set_aside() == []
    assert len(read_numbers(sqlite)) == 200


def test_the_eleventh_damaged_log_stays_because_the_disk_must_be_the_cause(sqlite: SqlitePlace) -> None:
    for number in range(10):
        (sqlite.folder / f"predictions.damaged-20260101T000000Z-{number:02}.sqlite").write_bytes(b"")
    sqlite.path.write_bytes(b"x" * 5_000)

    async def refuse(log: PredictionLog) -> None:
        with pytest.raises(LogUnavailableError, match=r"10 damaged logs lie in .* check the disk"):
            await log.append(make_row())

    tell(sqlite.log(), refuse)
    assert sqlite.path.read_bytes() == b"x" * 5_000


def test_a_log_behind_a_link_is_set_aside_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "log.sqlite").write_bytes(b"x" * 5_000)
    place = SqlitePlace(tmp_path)
    place.path.symlink_to(tmp_path / "disk" / "log.sqlite")
    tell(place.log(), lambda log: log.append(make_row()))
    assert place.path.is_symlink()
    assert [one.read_bytes() for one in (tmp_path / "disk").glob("log.damaged-*")] == [b"x" * 5_000]
    assert len(place.log().find_set_aside()) == 1
    assert len(read_numbers(place)) == 1


def test_no_answered_row_is_lost_when_the_log_of_busy_processes_is_set_aside_and_they_are_killed(
    sqlite: SqlitePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.log.set_aside.MOST_SET_ASIDE", 1000)
    chance, numbers, stored = random.Random(8), itertools.count(), {}
    for _ in range(ROUNDS):
        processes = [LogProcess(sqlite) for _ in range(2)]
        is_over = threading.Event()
        setting_aside = threading.Thread(target=set_aside_often, args=(sqlite.path, is_over))
        setting_aside.start()
        try:
            stored |= load_and_kill(processes, chance, numbers).stored
        finally:
            is_over.set()
            setting_aside.join()
    logs = [sqlite.path, *(sqlite.folder / name for name in sqlite.log().find_set_aside())]
    assert len(logs) > ROUNDS
    found = [row for log in logs for row in read_rows(log)]
    assert stored.items() - set(found) == set()


def set_aside_often(path: Path, is_over: threading.Event) -> None:
    """Set a log aside again and again, as a process does that found damage."""
    while not is_over.wait(0.02):
        with hold_folder(path.parent):
            if path.exists():
                set_aside(path)
                create(path)


def read_rows(log: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(log)) as connection:
        return connection.execute("select id, input from predictions").fetchall()


CLOSE_OFTEN = """
import sqlite3, sys
for number in range(int(sys.argv[2])):
    connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
    for _ in range(5):
        connection.execute("insert or replace into probe values (1, ?)", (number,))
    connection.close()
"""
"""A process that opens a log, commits and closes it, again and again: the last one to close removes the `-wal`."""


def test_a_log_that_another_process_closes_meanwhile_is_not_taken_for_damaged(sqlite: SqlitePlace) -> None:
    path = sqlite.path
    create(path)
    looks = 0
    with subprocess.Popen([sys.executable, "-c", CLOSE_OFTEN, str(path), "300"]) as other:
        while other.poll() is None:
            examine_files(path)
            looks += 1
    assert (other.returncode, looks > 100) == (0, True)


def test_a_write_ahead_file_that_is_removed_between_two_looks_is_not_taken_for_lost(
    sqlite: SqlitePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sqlite.path
    create(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("insert or replace into probe values (1, 7)")

    def read_then_close(path: Path) -> Indexed | None:
        found = read_index(path)
        other.close()
        return found

    monkeypatch.setattr("serve.log.sqlite_damage.read_index", read_then_close)
    examine_files(path)
    assert not path.with_name("predictions.sqlite-wal").exists()
    assert sqlite.query("select at_unix from probe") == [(7.0,)]
