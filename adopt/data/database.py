"""A table or query of PostgreSQL or SQLite: which one, its columns, and all its rows."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from adopt.data.choice import ChoiceError
from adopt.data.given import Given, make_title, write_path
from adopt.data.layout import Layout, Shape
from adopt.data.unreadable import show
from adopt.notes import Note
from relay.handoff.database import locate_database, quote_name
from relay.handoff.errors import UsageError
from relay.handoff.settings import Settings, read_settings
from relay.reading.arrow import is_bytes
from relay.reading.columns import DOT_IS_DECIMAL, IS_TEXT
from relay.reading.listing import list_names
from relay.sources.databases import SQLITE, find_sqlite_path, find_url, select_all
from relay.sources.queries import Question, ask_postgres, ask_sqlite

SECONDS = 600.0
"""For the whole answer, as `[ingest] timeout` has it."""
OF_SQLITE = "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite%' order by name"
OF_POSTGRES = (
    "select case when table_schema = any(current_schemas(false)) then table_name else table_schema || '.' || "
    "table_name end as name from information_schema.tables where table_schema not in ('pg_catalog', "
    "'information_schema') order by table_schema, table_name"
)
TABLES_SHOWN = 20


def look_at_database(given: Given, decided: Mapping[str, Any], settings: Settings) -> Layout:
    """What a recipe says of a table or query, and the columns of the answer.

    Raises:
        UsageError: the database holds several tables, and one must be chosen; or none.
        SourceError: it cannot be asked.
    """
    url, where = _locate(given.url, settings)
    ingest: dict[str, Any] = {"source": "sql", "url": where}
    notes: dict[str, tuple[Note, ...]] = {}
    if {"table", "query"} <= set(decided):
        raise UsageError("--table and --query are both given; expected one of them", next_step="Leave one out.")
    if "query" in decided:
        ingest["query"] = str(decided["query"]).strip().rstrip(";")
    else:
        table = decided.get("table") or _choose_table(url)
        if "table" not in decided:
            notes["table"] = (Note("the only table of the database"),)
        ingest |= _name_table(str(table), is_postgres=not find_sqlite_path(url))
    ingest |= {key: decided[key] for key in ("parameters", "timeout") if key in decided}
    statement = _write_statement(ingest)
    first = next(_ask(url, f"select * from ({statement}) as answer limit 0", ingest))  # noqa: S608 - the user's own
    names = tuple(first.schema.names)
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise UsageError(
            f'the query gives two columns of the name "{repeated}"',
            next_step="Give each a name of its own in the query, by `as`.",
        )
    said: tuple[Note, ...] = ()
    if find_sqlite_path(url) and (blobs := _find_blobs(url, statement, names, ingest)):
        names = tuple(name for name in names if name not in blobs)
        if not names:
            raise UsageError(f"{_show_database(url)}: all columns hold bytes that are no text: {list_names(blobs)}")
        ingest["extra_columns"] = "drop"
        said = (Note(f"left out, since they hold bytes that are no text: {list_names(blobs)}", True),)
    title = make_title(ingest.get("table", given.text if "://" not in given.text else "Query").rpartition(".")[2])
    return Layout(Shape.TABLE, names, ingest, title, notes=said, key_notes=notes, format="sql")


def _find_blobs(url: str, statement: str, names: Sequence[str], ingest: Mapping[str, Any]) -> list[str]:
    """The columns of a table or query of SQLite that hold bytes which are no UTF-8 text, such as pictures."""
    found = []
    for name in map(quote_name, names):
        blobs = f"select {name} from ({statement}) as answer where typeof({name}) = 'blob'"  # noqa: S608 - quoted
        found.append(any(not _casts(batch.column(0), pa.string()) for batch in _ask(url, blobs, ingest)))
    return [name for name, is_blob in zip(names, found, strict=True) if is_blob]


def _locate(written: str, settings: Settings) -> tuple[str, str]:
    """The URL to ask, with its password, and what a recipe says."""
    url = find_url(written, settings.database_url, os.environ)
    path = find_sqlite_path(url)
    if not path or url != written:
        return url, written
    file = _find_file(path, settings)
    if not file.is_file():
        raise UsageError(f"{show(path)}: no such file; expected a database of SQLite")
    return f"{SQLITE}:///{file.absolute()}", f"{SQLITE}:///{write_path(file, settings)}"


def _find_file(path: str, settings: Settings) -> Path:
    """The file that a person means: from the working folder, or below the data folder."""
    for one in (path, unquote(path)):
        for file in (Path(one), settings.data_dir / one.removeprefix("data/")):
            if file.is_file():
                return file
    return Path(path)


def _choose_table(url: str) -> str:
    statement = OF_SQLITE if find_sqlite_path(url) else OF_POSTGRES
    tables = [name for batch in _ask(url, statement, {}) for name in _as_texts(batch).column(0).to_pylist()]
    if len(tables) == 1:
        return str(tables[0])
    if not tables:
        raise UsageError(f"{_show_database(url)}: the database holds no table")
    more = f" and {len(tables) - TABLES_SHOWN} more" if len(tables) > TABLES_SHOWN else ""
    listed = ", ".join(tables[:TABLES_SHOWN]) + more
    raise ChoiceError(
        f"{_show_database(url)}: the database holds {len(tables)} tables: {listed}",
        key="table",
        choices=tables,
        next_step=f"Choose one: `--table {shlex.quote(tables[0])}`; or ask by `--query 'select …'`.",
    )


def _show_database(url: str) -> str:
    path = find_sqlite_path(url)
    return show(Path(path).name) if path else locate_database(url)


def _name_table(table: str, *, is_postgres: bool) -> dict[str, str]:
    """The keys that name a table; one whose name has a dot of its own is asked for by a query."""
    if table.count(".") <= int(is_postgres):
        return {"table": table}
    return {"query": f"select * from {quote_name(table)}"}  # noqa: S608 - the name is quoted


def _write_statement(ingest: Mapping[str, Any]) -> str:
    return str(ingest["query"]) if "query" in ingest else select_all(str(ingest["table"]))


def _ask(url: str, statement: str, ingest: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    question = Question(statement, tuple(ingest.get("parameters", ())), float(ingest.get("timeout", SECONDS)))
    if path := find_sqlite_path(url):
        return ask_sqlite(Path(path), question)
    return ask_postgres(url, question)


def read_answer(layout: Layout, scratch: Path) -> Iterator[pa.Table]:
    """All rows of a table or query: asked for once, kept in the scratch folder.

    Numbers that a database writes as texts become numbers where all of them are.

    Raises:
        SourceError: the database cannot be asked.
    """
    kept = scratch / "rows.parquet"
    url, _ = _locate(str(layout.ingest["url"]), read_settings(os.environ))
    _keep(_ask(url, _write_statement(layout.ingest), layout.ingest), kept)
    parquet = pq.ParquetFile(kept)
    kinds = _find_kinds(parquet)
    for batch in parquet.iter_batches():
        yield _as_texts(batch, kinds).select(list(layout.names))
    parquet.close()
    with suppress(OSError):
        kept.unlink()


def _keep(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    first = next(batches)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)


def _find_kinds(parquet: pq.ParquetFile) -> dict[str, pa.DataType]:
    """Name of a column of numbers that came as texts -> the type that holds all of them."""
    names = [field.name for field in parquet.schema_arrow if DOT_IS_DECIMAL.items() <= (field.metadata or {}).items()]
    kinds: dict[str, pa.DataType] = dict.fromkeys(names, pa.int64())
    for batch in parquet.iter_batches(columns=names) if names else ():
        for name, column in zip(names, _as_texts(batch).columns, strict=True):
            while not pa.types.is_string(kinds[name]) and not _casts(column, kinds[name]):
                kinds[name] = pa.float64() if pa.types.is_integer(kinds[name]) else pa.string()
    return kinds


def _casts(column: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> bool:
    try:
        column.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _as_texts(batch: pa.RecordBatch, kinds: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """The rows with texts where bytes are texts, and numbers where `kinds` says so."""
    arrays = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        is_text = is_bytes(field.type) and IS_TEXT.items() <= (field.metadata or {}).items()
        array = _decode(column) if is_text else column
        arrays.append(array.cast(kinds[field.name]) if kinds and field.name in kinds else array)
    return pa.table(arrays, names=batch.schema.names)


def _decode(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:  # bytes that are no text
        cells = [None if one is None else one.decode("utf-8", "backslashreplace") for one in column.to_pylist()]
        return pa.array(cells, pa.string())
