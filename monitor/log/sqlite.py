"""The prediction log in a file of SQLite. One process writes at a time, so row numbers grow in the order of commits."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from monitor.log.record import PAGE_BYTES, PAGE_ROWS, LogAwayError, Position, Refused, Row, Which, is_settled, read_row
from relay.monitoring.moment import is_moment

LOG_FILE = "predictions.sqlite"
PATIENCE_SECONDS = 10.0
REFUSED_SINCE = 2
"""Version of the log's tables that counts refused records."""

ROWS = (
    "select rowid, id, at_unix, input, output, client from predictions"
    " where rowid > ? and at_unix > ? and model = ? and version = ? order by rowid limit ?"
)
REFUSED = (
    "select seq, at_unix, requests, records, by_column from refused"
    " where seq > ? and at_unix > ? and model = ? and version = ? order by seq limit ?"
)
LABELS = (
    "select prediction_id, number, value from labels where prediction_id in (select value from json_each(?))"
    " order by seq"
)
EARLIEST = float("-inf")


class SqliteReader:
    """A `LogReader` of a file; a file that is missing is an empty log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        with self._explained():
            if self._path.exists():
                # Not "ro": SQLite may have to make the shared memory of a log whose service is stopped.
                self._connection = sqlite3.connect(
                    f"{self._path.resolve().as_uri()}?mode=rw", uri=True, timeout=PATIENCE_SECONDS, isolation_level=None
                )
                self._connection.execute("pragma query_only = on")
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def rows(self, which: Which, after: Position | None, until_unix: float) -> Iterator[Row]:
        """Rows in the order of their commits, behind a position, up to the first one that is not settled."""
        begin, earliest = self._find_begin(after)
        known = after.at_unix if after else until_unix
        while self._connection is not None:
            read, size = 0, 0
            with self._explained():
                values = (begin, earliest, which.model, which.version, PAGE_ROWS)
                page = []
                for found in self._connection.execute(ROWS, values):
                    page.append(found)
                    size += len(found[3]) + len(found[4])
                    if size > PAGE_BYTES:
                        break
            for number, id_, at_unix, given, answered, client in page:
                if not is_settled(at_unix, until_unix):
                    return
                row = read_row(number, id_, at_unix, (given, answered, client), known)
                begin, read, known = number, read + 1, row.position.at_unix
                yield row
            if not read or (len(page) < PAGE_ROWS and size <= PAGE_BYTES):
                return

    def refused(self, which: Which, after: Position | None) -> Iterator[Refused]:
        """Counts of refused records in the order of their commits, behind a position."""
        if self._connection is None or self._read_version() < REFUSED_SINCE:
            return
        begin, earliest = self._find_refused(after)
        while True:
            with self._explained():
                values = (begin, earliest, which.model, which.version, PAGE_ROWS)
                page = self._connection.execute(REFUSED, values).fetchall()
            for number, at_unix, requests, records, by_column in page:
                if not is_moment(at_unix):
                    continue  # damaged
                yield Refused(Position(number, "", at_unix), requests, records, by_column)
            if len(page) < PAGE_ROWS:
                return
            begin = page[-1][0]

    def labels(self, ids: Sequence[str]) -> dict[tuple[str, int], Any]:
        """(prediction id, number of the record) -> label; of several the last one counts."""
        if self._connection is None or not ids:
            return {}
        with self._explained():
            found = self._connection.execute(LABELS, (json.dumps(list(ids)),))
            return {(id_, number): json.loads(value) for id_, number, value in found}

    def _find_begin(self, after: Position | None) -> tuple[int, float]:
        """The row number to begin behind, and the time that all rows are behind.

        Where the row is gone, it was pruned or a new file was begun: then rows that were asked later count.
        """
        if after is None or self._connection is None:
            return 0, EARLIEST
        with self._explained():
            # Its number of now: VACUUM gives new ones, in the same order.
            found = self._connection.execute("select rowid from predictions where id = ?", (after.id,)).fetchone()
        return (found[0], EARLIEST) if found else (0, after.at_unix)

    def _find_refused(self, after: Position | None) -> tuple[int, float]:
        if after is None or self._connection is None:
            return 0, EARLIEST
        with self._explained():
            asked = "select 1 from refused where seq = ? and at_unix = ?"
            found = self._connection.execute(asked, (after.order, after.at_unix)).fetchone()
        return (after.order, EARLIEST) if found else (0, after.at_unix)

    def _read_version(self) -> int:
        assert self._connection is not None  # noqa: S101 - asked of open logs only
        with self._explained():
            (version,) = self._connection.execute("select coalesce(max(version), 0) from schema_version").fetchone()
        return int(version)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise LogAwayError(
                f"the prediction log {self._path} cannot be read: {error}",
                next_step="Check the rights of its folder; GET /health of the API says whether the log is well",
            ) from error
