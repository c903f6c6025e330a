"""The prediction log in PostgreSQL, where several processes commit at once.

Each row bears the number of the transaction that wrote it. Only rows of transactions older than every one that is under
way are read: none of them can come later. Where a database was restored into a new server, transactions count from the
beginning; from then on rows are read by their times.
"""
# ruff: noqa: S608 - all names are our own, and values are bound

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from monitor.log.record import PAGE_BYTES, PAGE_ROWS, LogAwayError, Position, Refused, Row, Which, is_settled, read_row
from relay.monitoring.moment import EARLIEST_UNIX, LATEST_UNIX, is_moment
from relay.tables.connection import Database, DatabaseError

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "prediction_log"
ORDERED_SINCE = 3
"""Version of the log's tables that keeps the transaction of each row."""

RESTORED = 1 << 62
"""Order of positions in a log that is read by time."""

TIMED_BEHIND_SECONDS = 60.0
"""How far behind a log that is read by time is left."""

# A page ends where its rows hold more than PAGE_BYTES together; its first row always belongs to it.
_PAGE = (
    "select place, id, at_unix, input, output, client, size, total from"
    " (select *, (sum(size) over (order by {order}))::bigint as total from"
    " (select {place} as place, id, at_unix, input, output, client,"
    " (octet_length(input) + octet_length(output))::bigint as size, logged_by from prediction_log.predictions"
    " where model = $1 and version = $2 and {behind} order by {order} limit {limit}) as rows_of_page) as page"
    " where total - size < {bytes} order by {order}"
)
_ORDERED = {"order": "logged_by, id", "place": "logged_by::text::bigint", "limit": PAGE_ROWS, "bytes": PAGE_BYTES}
ROWS_FIRST = _PAGE.format(behind="logged_by < pg_snapshot_xmin(pg_current_snapshot())", **_ORDERED)
ROWS_BEHIND = _PAGE.format(
    behind="(logged_by, id) > ($3::text::xid8, $4) and logged_by < pg_snapshot_xmin(pg_current_snapshot())", **_ORDERED
)
ROWS_BY_TIME = _PAGE.format(
    # An impossible time is no place to go on from: such rows are left out here.
    behind=f"(at_unix, id) > ($3, $4) and at_unix between {EARLIEST_UNIX} and {LATEST_UNIX}",
    order="at_unix, id",
    place=RESTORED,
    limit=PAGE_ROWS,
    bytes=PAGE_BYTES,
)
OLDEST = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
REFUSED = (
    f"select seq, at_unix, requests, records, by_column, logged_by::text::bigint from {SCHEMA}.refused"
    " where model = $1 and version = $2 and (logged_by, seq) > ($3::text::xid8, $4)"
    " and logged_by < pg_snapshot_xmin(pg_current_snapshot()) order by logged_by, seq"
)
LABELS = (
    f"select prediction_id, number, value from {SCHEMA}.labels"
    " where prediction_id = any(string_to_array($1, ',')) order by seq"
)


class PostgresReader:
    """A `LogReader` of a database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._database: Database | None = None
        self._version = 0

    def __enter__(self) -> Self:
        with self._explained():
            self._database = Database(self._url).__enter__()
            made = f"{SCHEMA}.schema_version"
            if self._ask("select to_regclass($1)::text is not null", made)[0][0]:
                self._version = self._ask(f"select coalesce(max(version), 0) from {made}")[0][0]
        if 0 < self._version < ORDERED_SINCE:
            self.__exit__()
            raise LogAwayError(
                f"the prediction log in PostgreSQL is of an earlier release (tables {self._version})",
                next_step="Start the API of this release once: it updates the tables",
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.__exit__()
        self._database = None

    def rows(self, which: Which, after: Position | None, until_unix: float) -> Iterator[Row]:
        """Rows in the order of their commits, behind a position, up to the first one that is not settled."""
        last = self._find_begin(after)
        known = after.at_unix if after else until_unix
        while self._version:
            page = self._read_page(which, last)
            size = 0
            for place, id_, at_unix, given, answered, client, bytes_, _ in page:
                behind = until_unix - (TIMED_BEHIND_SECONDS if place == RESTORED else 0)
                if not is_settled(at_unix, behind):
                    return
                row = read_row(place, id_, at_unix, (given, answered, client), known)
                last, size, known = row.position, size + bytes_, row.position.at_unix
                yield row
            if not page or (len(page) < PAGE_ROWS and size < PAGE_BYTES):
                return

    def refused(self, which: Which, after: Position | None) -> Iterator[Refused]:
        """Counts of refused records in the order of their commits, behind a position."""
        if not self._version:
            return
        begin = after or Position(0, "", 0.0)
        with self._explained():
            number = int(begin.id or 0)
            found = self._ask(REFUSED, which.model, which.version, str(begin.order), number)
        for seq, at_unix, requests, records, by_column, place in found:
            if not is_moment(at_unix):
                continue  # damaged
            yield Refused(Position(place, str(seq), at_unix), requests, records, by_column)

    def labels(self, ids: Sequence[str]) -> dict[tuple[str, int], Any]:
        """(prediction id, number of the record) -> label; of several the last one counts."""
        if not self._version or not ids:
            return {}
        with self._explained():
            found = self._ask(LABELS, ",".join(ids))
        return {(id_, number): json.loads(value) for id_, number, value in found}

    def _read_page(self, which: Which, last: Position | None) -> list[tuple[Any, ...]]:
        with self._explained():
            if last is None:
                return self._ask(ROWS_FIRST, which.model, which.version)
            if last.order == RESTORED:
                return self._ask(ROWS_BY_TIME, which.model, which.version, last.at_unix, last.id)
            return self._ask(ROWS_BEHIND, which.model, which.version, str(last.order), last.id)

    def _find_begin(self, after: Position | None) -> Position | None:
        if after is None or after.order == RESTORED or not self._version:
            return after
        with self._explained():
            if self._ask(OLDEST)[0][0] <= after.order:
                return Position(RESTORED, after.id, after.at_unix)
        return after

    def _ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        assert self._database is not None  # noqa: S101 - opened by `with`
        table: pa.Table = self._database.fetch(statement, *values)
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise LogAwayError(
                f"the prediction log in PostgreSQL cannot be read: {error}",
                next_step="Check that the server runs and that this role may read the schema prediction_log",
            ) from error
