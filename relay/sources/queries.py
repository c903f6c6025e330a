"""Questions to databases: the rows as they come, a few megabytes at a time; nothing is ever changed."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import monotonic

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.errors import SourceError
from relay.reading.columns import DOT_IS_DECIMAL, IS_TEXT
from relay.reading.moment_text import FIRST_MOMENT, LAST_MOMENT
from relay.reading.number_text import write_number
from relay.tables.connection import Database, DatabaseError

Value = bool | int | float | str | date | datetime

FIRST_ROWS, MOST_ROWS = 1024, 65_536
BLOCK_BYTES = 8 << 20
"""Of rows on their way: the client library holds a block whole."""

STEPS_BETWEEN_LOOKS = 100_000
"""Of SQLite's machine, some milliseconds, after which the clock is looked at."""

MICROSECONDS_A_DAY = 86_400_000_000

UNREADABLE = ("money",)
"""Types that come as something else: cents as a whole number."""

NEXT_STEPS = {
    "42P01": "correct [ingest] table or query; a table outside the search path needs its schema: schema.name",
    "42703": "correct the query, or the name of a column in it",
    "42P02": "give its value in [ingest] parameters",
    "08P01": "give one value in [ingest] parameters for each of $1, $2 … in the query",
    "42601": "correct [ingest] query",
    "42501": "let the role read it: grant select on … to …",
    "57014": "ask for less, or allow more with timeout = … (seconds) in [ingest]",
    "25006": "a source only reads: take what changes data out of the query",
}
"""SQLSTATE -> what the reader can do. Source: PostgreSQL 17, Appendix A."""

AWAY_STEP = "see that the server runs, and that user, password and database are right"


@dataclass(frozen=True)
class Question:
    """What a database is asked."""

    statement: str
    parameters: tuple[Value, ...]
    """Bound to the statement's placeholders, never written into it."""
    seconds: float
    """For the whole answer."""


def ask_postgres(url: str, question: Question) -> Iterator[pa.RecordBatch]:
    """The rows of a statement, in its order and in PostgreSQL's types; at least one batch, which may be empty.

    Raises:
        SourceError: the server is away, refuses, takes too long, or a column's type has no counterpart.
    """
    try:
        with Database(url) as database, database.transaction():
            yield from _fetch_blocks(database, question)
    except DatabaseError as error:
        usual = "correct [ingest] in the recipe" if error.state else AWAY_STEP
        raise SourceError(f"{error}; {NEXT_STEPS.get(error.state, usual)}") from None


def _fetch_blocks(database: Database, question: Question) -> Iterator[pa.RecordBatch]:
    end = monotonic() + question.seconds
    database.execute("set transaction read only")
    database.execute(f"set local statement_timeout = {max(1, round(question.seconds * 1000))}")
    # All rows are wanted, not the first ones soon.
    database.execute("set local cursor_tuple_fraction = 1")
    database.execute(f"declare answer no scroll cursor for {question.statement}", *question.parameters)
    count = FIRST_ROWS
    while True:
        rows = database.fetch(f"fetch forward {count} from answer")
        yield _simplify(rows)
        if rows.num_rows < count:
            return
        if monotonic() > end:
            raise DatabaseError(f"{database.name}: no end of rows after {question.seconds:g} s", "57014")
        count = max(1, min(MOST_ROWS, BLOCK_BYTES * rows.num_rows // max(rows.nbytes, 1)))


def ask_sqlite(path: Path, question: Question) -> Iterator[pa.RecordBatch]:
    """The rows of a statement as texts, for SQLite's columns have no types; at least one batch, which may be empty.

    Raises:
        SourceError: the file is not there or no database, or it refuses the statement.
    """
    if not path.is_file():
        raise SourceError(f"no file {path}: put the database there, or correct [ingest] url")
    end = monotonic() + question.seconds
    values = [value.isoformat() if isinstance(value, date) else value for value in question.parameters]
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.set_authorizer(_refuse_other_files)
        connection.set_progress_handler(lambda: monotonic() > end, STEPS_BETWEEN_LOOKS)
        cursor = connection.execute(question.statement, values)
        if cursor.description is None:
            raise SourceError(f"{path}: the statement gives no rows; [ingest] query must be a select")
        names = [column[0] for column in cursor.description]
        schema: pa.Schema | None = None
        while True:
            rows = cursor.fetchmany(FIRST_ROWS)
            cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
            if schema is None:
                schema = pa.schema([_describe(name, column) for name, column in zip(names, cells, strict=True)])
            yield pa.record_batch([pa.array(map(_as_bytes, column), pa.binary()) for column in cells], schema=schema)
            if len(rows) < FIRST_ROWS:
                return
    except sqlite3.Error as error:
        late = f"; no end of rows after {question.seconds:g} s" if monotonic() > end else ""
        raise SourceError(f"{path}: {error}{late}; correct [ingest] table, query or url") from None
    finally:
        connection.close()


def _refuse_other_files(action: int, *_: object) -> int:
    """What SQLite wants to be told: even of a read-only file, `attach` and `vacuum into` would make another one."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _describe(name: str, cells: Sequence[object]) -> pa.Field:
    """The field of a column, by its first cells: where SQLite stored numbers, the dot in them is a decimal mark."""
    kinds = {type(cell) for cell in cells} - {type(None)}
    is_number = float in kinds and kinds <= {int, float}
    return pa.field(name, pa.binary(), metadata=IS_TEXT | DOT_IS_DECIMAL if is_number else IS_TEXT)


def _as_bytes(cell: object) -> bytes | None:
    if cell is None or isinstance(cell, bytes):
        return cell
    # A number is written alike, whether it was stored as an integer or not.
    return (write_number(cell) if isinstance(cell, float) else str(cell)).encode("utf-8", "surrogatepass")


def _simplify(rows: pa.Table) -> pa.RecordBatch:
    """The rows as one batch of types that a file of raw rows can hold."""
    arrays = [_simplify_column(item, rows.column(index)) for index, item in enumerate(rows.schema)]
    fields = [
        pa.field(item.name, array.type, metadata=DOT_IS_DECIMAL if _is_numeric(item.type) else None)
        for item, array in zip(rows.schema, arrays, strict=True)
    ]
    return pa.record_batch(arrays, schema=pa.schema(fields))


def _simplify_column(field: pa.Field, values: pa.ChunkedArray) -> pa.Array:
    name = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    kind = field.type
    if isinstance(kind, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    if isinstance(kind, pa.BaseExtensionType):
        # JSON and numbers of any length come as texts; what comes as bytes is in the server's own form.
        kind = kind.storage_type
        values = pa.chunked_array([chunk.storage for chunk in values.chunks], kind)
    is_unknown = pa.types.is_nested(kind) or pa.types.is_interval(kind) or pa.types.is_duration(kind)
    is_unknown |= pa.types.is_binary(kind) and name != "bytea"
    if is_unknown or name in UNREADABLE:
        raise SourceError(
            f'column "{field.name}" is of the type {name or kind}, which no column of a recipe can be: ask by a query '
            f"that makes it another, such as cast({field.name} as text), or leaves it out"
        )
    if (pa.types.is_timestamp(kind) or pa.types.is_date(kind)) and _is_off_calendar(values):
        raise SourceError(
            f'column "{field.name}" holds a time that no calendar shows, such as infinity: ask by a query that leaves '
            f"it out, such as nullif({field.name}, 'infinity')"
        )
    return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], kind)


def _is_numeric(kind: pa.DataType) -> bool:
    """Whether values are numbers of any length, which come as texts."""
    return isinstance(kind, pa.OpaqueType) and kind.type_name == "numeric"


def _is_off_calendar(values: pa.ChunkedArray) -> bool:
    """Whether a time lies outside of the years 1 to 9999."""
    numbers = values.cast(pa.int64() if pa.types.is_timestamp(values.type) else pa.int32())
    unit = 1 if pa.types.is_timestamp(values.type) else MICROSECONDS_A_DAY
    ends = pc.min_max(numbers)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return low is not None and not FIRST_MOMENT <= low * unit <= high * unit <= LAST_MOMENT
