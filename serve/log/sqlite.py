"""The prediction log in a file of SQLite: what a single machine needs, and nothing to install.

Several processes may write to one file; each has one thread for its commits and one for its questions, so that the
event loop never waits for the disk.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

from loguru import logger

from serve.log.judging import judge_rows
from serve.log.labelling import Addition, Asked, NewLabel
from serve.log.queue import GroupCommit, Refusals
from serve.log.record import (
    COLUMNS,
    JsonScalar,
    Label,
    LogRecordError,
    LogRowError,
    LogStats,
    LogUnavailableError,
    LogVersionError,
    Page,
    Row,
    Stored,
    begin_page,
    can_be_stored,
)
from serve.log.refusing import MOST_ROWS, Refused, list_refused
from serve.log.set_aside import list_set_aside
from serve.log.sqlite_check import WholeCheck
from serve.log.sqlite_file import SqliteFile, Trust
from serve.log.sqlite_labels import add_labels, find_asked, find_keyed, find_record_keys
from serve.log.sqlite_tables import begin
from serve.log.values import list_keyed, list_values, make_row, split_record, write_label_value

Result = TypeVar("Result")

PATIENCE_SECONDS = 5.0
"""How long another process may hold the file before a commit is given up."""

PROBE_AFTER_SECONDS = 10.0
"""A commit that old says nothing about the disk of now."""

PRUNE_ROWS = 500
"""Removed at a time, so that predictions are committed in between."""

NAMES = ", ".join(COLUMNS)
PLACEHOLDERS = f"({', '.join('?' * len(COLUMNS))})"
SELECT = f"select {NAMES} from predictions"  # noqa: S608 - our own names
INSERT_REFUSED = (
    "insert into refused (at_unix, model, version, kind, requests, records, by_column) values (?, ?, ?, ?, ?, ?, ?)"
)
TRIM_REFUSED = f"delete from refused where seq <= (select max(seq) from refused) - {MOST_ROWS}"  # noqa: S608
PRUNE_REFUSED = "delete from refused where at_unix < ?"
INSERT_KEYED = (
    "insert into keyed_records (prediction_id, number, model, key)"
    " select json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
    " json_extract(value, '$[3]') from json_each(?)"
    " where exists (select 1 from predictions where id = json_extract(value, '$[0]')) on conflict do nothing"
)


class SqliteLog:
    """A `PredictionLog` in a file."""

    def __init__(
        self, path: Path, *, queue_limit: int, patience: float = PATIENCE_SECONDS, may_set_aside: bool = True
    ) -> None:
        self._queue = GroupCommit(self._commit, queue_limit)
        trust = Trust(may_set_aside=may_set_aside)
        self._path = path
        self._writer = SqliteFile(path, trust, patience=patience)
        self._reader = SqliteFile(path, trust, patience=patience, is_reader=True)
        reader = SqliteFile(path, trust, patience=patience, is_reader=True)
        self._check = WholeCheck(path, reader, by_all=not may_set_aside)
        self._writing = ThreadPoolExecutor(1, "prediction-log-writer")
        self._reading = ThreadPoolExecutor(1, "prediction-log-reader")
        self._proved_at = float("-inf")

    @property
    def stats(self) -> LogStats:
        """What the log did since it was opened."""
        return self._queue.stats

    async def start(self) -> None:
        """Make or open the file; one that cannot be opened now is tried again at each commit."""
        try:
            await self._write(write_probe)
        except LogVersionError:
            raise
        except LogUnavailableError as error:
            logger.warning("{}", error)
        if self._writer.is_unread:
            self._check.begin()

    async def append(self, row: Row) -> None:
        """Commit a row; returns when it is on the disk."""
        await self._queue.append(row)

    async def find_key(self, key: str) -> Stored | None:
        """The row with an idempotency key; waits for one that is being committed by this process."""
        await self._queue.wait_for_key(key)
        return await self._read(lambda connection: find_row(connection, "idempotency_key", key))

    async def get(self, id: str) -> Stored | None:  # noqa: A002 - the name of the field
        """The row with an id."""
        return await self._read(lambda connection: find_row(connection, "id", id))

    async def page(self, since: float | None, after: str | None, limit: int, model: str | None) -> Page:
        """Rows by time, at most `limit` and about `PAGE_BYTES`: asked at or after `since`, behind the row `after`."""
        if not can_be_stored(after, model):
            return Page()

        def select(connection: sqlite3.Connection) -> Page:
            last = connection.execute("select at_unix from predictions where id = ?", (after,)).fetchone()
            begin = begin_page(since, after, last and last[0])
            wanted = f"{SELECT} where (at_unix, id) > (?, ?) and (? is null or model = ?) order by at_unix, id limit ?"
            page = Page()
            for values in connection.execute(wanted, (*begin, model, model, limit)):
                if not page.take(make_row(values)):
                    break
            return page

        return await self._read(select)

    async def label(self, record: str, value: JsonScalar, at_unix: float, source: str) -> None:
        """Add what turned out to be true of a record."""
        values = (*split_record(record), write_label_value(value), at_unix, source)
        insert = "insert into labels (prediction_id, number, value, at_unix, source) values (?, ?, ?, ?, ?)"

        def add(connection: sqlite3.Connection) -> None:
            try:
                connection.execute(insert, values)
            except (sqlite3.IntegrityError, OverflowError, UnicodeError) as error:
                raise LogRecordError(f"record {record!r}: the log has no such prediction") from error

        await self._write(add)

    async def labels(self, id: str) -> list[Label]:  # noqa: A002
        """All labels of a prediction's records, oldest first."""
        select = "select number, value, at_unix, source from labels where prediction_id = ? order by seq"
        if not can_be_stored(id):
            return []
        found = await self._read(lambda connection: connection.execute(select, (id,)).fetchall())
        return [Label(f"{id}/{number}", json.loads(value), at_unix, source) for number, value, at_unix, source in found]

    async def count_labels(self, record: str) -> int:
        """The labels of one record."""
        select = "select count(*) from labels where prediction_id = ? and number = ?"
        (found,) = await self._read(lambda connection: connection.execute(select, split_record(record)).fetchone())
        return int(found)

    async def find_record_keys(self, id: str) -> dict[int, str]:  # noqa: A002
        """Number of a record of a prediction -> its key, of those that brought one."""
        return await self._read(lambda connection: find_record_keys(connection, id))

    async def find_asked(self, ids: Sequence[str]) -> dict[str, Asked]:
        """Id -> what the prediction was about, of those that are there."""
        return await self._read(lambda connection: find_asked(connection, ids))

    async def find_keyed(self, model: str, keys: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
        """A caller's key -> the records that bear it in the model's last prediction in which one does."""
        return await self._read(lambda connection: find_keyed(connection, model, keys))

    async def add_labels(self, labels: Sequence[NewLabel], at_unix: float) -> list[Addition]:
        """Commit labels together; one that says what the record's last label says is no row."""
        return await self._write(lambda connection: add_labels(connection, labels, at_unix))

    async def note_refused(self, rows: Sequence[Refused]) -> None:
        """Add counts of refused records; the oldest make room where there are many."""
        await self._write(lambda connection: add_refused(connection, rows))

    async def is_healthy(self) -> str | None:
        """Nothing when rows can be committed, else why not; a busy log proves it by its commits, an idle one writes."""
        if time.monotonic() - self._proved_at < PROBE_AFTER_SECONDS:
            return None
        try:
            await self._write(write_probe)
        except LogUnavailableError as error:
            return str(error)
        return None

    def find_set_aside(self) -> list[str]:
        """The names of damaged files that lie beside the log."""
        return [one.name for one in list_set_aside(self._path.resolve())]

    async def prune(self, before_unix: float) -> int:
        """Remove the predictions asked before that time, with their labels; gives how many."""
        some = f"select id from predictions where at_unix < ? order by at_unix, id limit {PRUNE_ROWS}"  # noqa: S608
        delete = f"delete from predictions where id in ({some})"  # noqa: S608
        await self._write(lambda connection: connection.execute(PRUNE_REFUSED, (before_unix,)))
        removed = 0
        while step := await self._write(lambda connection: connection.execute(delete, (before_unix,)).rowcount):
            removed += step
        return removed

    async def close(self) -> None:
        """Commit what waits, then close the file."""
        await self._queue.close()
        await self._check.end()
        for pool, file in ((self._reading, self._reader), (self._writing, self._writer)):
            await asyncio.get_running_loop().run_in_executor(pool, file.close)
            pool.shutdown(wait=False)

    async def _commit(self, rows: list[Row]) -> Refusals:
        return await self._write(lambda connection: insert_rows(connection, rows))

    async def _write(self, do: Callable[[sqlite3.Connection], Result]) -> Result:
        loop = asyncio.get_running_loop()
        try:
            result = await loop.run_in_executor(self._writing, self._writer.work, do)
        except LogUnavailableError:
            self._proved_at = float("-inf")
            raise
        self._proved_at = time.monotonic()
        return result

    async def _read(self, do: Callable[[sqlite3.Connection], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._reader.work, do)


def insert_rows(connection: sqlite3.Connection, rows: list[Row]) -> Refusals:
    """Commit rows with one statement, which releases the interpreter lock once; gives why some were refused.

    Raises:
        LogRowError: a row has a value that SQLite does not take.
    """
    values = [value for row in rows for value in list_values(row)]
    placeholders = ",".join([PLACEHOLDERS] * len(rows))
    insert = f"insert into predictions ({NAMES}) values {placeholders} on conflict do nothing"  # noqa: S608
    try:
        keyed = list_keyed(rows)
        with begin(connection) if keyed else nullcontext():
            done = connection.execute(insert, values)
            if keyed:
                connection.execute(INSERT_KEYED, (json.dumps(keyed),))
    except (UnicodeError, OverflowError, sqlite3.InterfaceError, sqlite3.ProgrammingError) as error:
        raise LogRowError(f"SQLite does not take one of {len(rows)} predictions: {error}") from error
    except (sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise LogRowError(f"SQLite does not take one of {len(rows)} predictions: {error}") from error
    if done.rowcount == len(rows):
        return {}
    by_id = {row.id: found for row in rows if (found := find_row(connection, "id", row.id))}
    keys = [row.idempotency_key for row in rows if row.idempotency_key is not None and row.id not in by_id]
    by_key = {key: found for key in keys if (found := find_row(connection, "idempotency_key", key))}
    return judge_rows(rows, by_id, by_key)


def add_refused(connection: sqlite3.Connection, rows: Sequence[Refused]) -> None:
    """Commit counts of refused records, and remove the oldest beyond the most."""
    with begin(connection):
        connection.executemany(INSERT_REFUSED, list_refused(rows))
        connection.execute(TRIM_REFUSED)


def find_row(connection: sqlite3.Connection, column: str, value: str) -> Stored | None:
    """The row with this value in a column of ours without doubles."""
    if not can_be_stored(value):
        return None
    values = connection.execute(f"{SELECT} where {column} = ?", (value,)).fetchone()
    return values and make_row(values)


def write_probe(connection: sqlite3.Connection) -> None:
    """Commit something small: whoever can do that can commit a prediction."""
    connection.execute("insert or replace into probe values (1, ?)", (time.time(),))
