"""Parquet as a source: already typed, cast to the schema."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from loguru import logger
from numpy.typing import NDArray

from relay.handoff.errors import SchemaError, SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.arrow import is_bytes, is_text, join
from relay.reading.columns import IS_TEXT, ReadColumns
from relay.reading.conform import conform, match_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.parquet_batches import read_batches
from relay.reading.packed import Limit
from relay.reading.rawfile import RawFile
from relay.reading.skipping import find_sources, leave_out

HIDDEN_INDEX = re.compile(r"__index_level_\d+__")
"""Source: pandas, "Developer", storing pandas DataFrame objects in Apache Parquet format."""


def read_file(file: RawFile, parameters: FormatKeys, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The rows of a Parquet file.

    Raises:
        SourceError: not a whole Parquet file, or one that holds more than its limit.
        SchemaError: columns are missing or unexpected, or hold more than one value a cell.
    """
    with file.open() as opened:
        with _explained_damage(file.name):
            parquet = pq.ParquetFile(opened)
        names = _leave_hidden(parquet.schema_arrow.names, columns, file)
        matched = match_columns(names, columns, parameters.extra_columns, file.name)
        _refuse_nested(parquet.schema_arrow, list(matched.values()), file.name)
        if isinstance(columns, ReadColumns):
            columns.take_notes({name: parquet.schema_arrow.field(source) for name, source in matched.items()})
        rules = find_sources(parameters.skip_if, names, matched, file.name)
        _refuse_nested(parquet.schema_arrow, [source for _, source in rules], file.name)
        wanted = list(dict.fromkeys([*matched.values(), *(source for _, source in rules)]))
        for batch in _read_batches(opened, parquet, wanted, file, Limit.read(parameters)):
            numbers = np.arange(first_row, first_row + batch.num_rows)
            table, numbers, left_out = leave_out(pa.Table.from_batches([batch]), rules, numbers)
            block = _conform(table, matched, columns, numbers)
            yield replace(block, read=batch.num_rows, left_out=left_out) if left_out.num_rows else block
            first_row += batch.num_rows


def _leave_hidden(names: list[str], columns: Mapping[str, Column], file: RawFile) -> list[str]:
    """The names without those of the indexes that pandas writes where it has no name for them, unless declared."""
    declared = {name for own, column in columns.items() for name in (own, *column.source_names)}
    hidden = [name for name in names if HIDDEN_INDEX.fullmatch(name) and name not in declared]
    if hidden:
        shown = ", ".join(hidden)
        file.note_found("hidden index", shown)
        logger.info(
            '{}: the hidden index of pandas is not read ({}); to keep it, declare a column with from = "{}"',
            *(file.name, shown, hidden[0]),
        )
    return [name for name in names if name not in hidden]


def conform_table(
    table: pa.Table, columns: ReadColumns, extra_columns: str, where: str, rows: NDArray[np.int64]
) -> Block:
    """A table that is typed already, in the schema's types.

    Args:
        table: of any types.
        columns: the schema.
        extra_columns: "refuse" or "drop" what the schema does not declare.
        where: name of the source, for the messages.
        rows: the source's row numbers, from 1; shape (n,).

    Raises:
        SchemaError: columns are missing or unexpected, hold more than one value a cell, or can be read in two ways.
    """
    matched = match_columns(table.column_names, columns, extra_columns, where)
    _refuse_nested(table.schema, list(matched.values()), where)
    try:
        return _conform(table, matched, columns, rows)
    except AmbiguousCellError as error:
        raise SchemaError(f"{where}: {error}") from None


def _conform(table: pa.Table, matched: dict[str, str], columns: dict[str, Column], rows: NDArray[np.int64]) -> Block:
    arrays = [
        _as_bytes(join(table.column(source))) if name in columns else _keep_bytes(table.field(source), table[source])
        for name, source in matched.items()
    ]
    return conform(pa.table(arrays, list(matched)), columns, rows)


def _keep_bytes(item: pa.Field, values: pa.ChunkedArray) -> pa.Array:
    """A column that is not declared: what is bytes and no text becomes large ones, for `conform`."""
    array = join(values)
    if is_bytes(item.type) and not IS_TEXT.items() <= (item.metadata or {}).items():
        return array.cast(pa.binary()).cast(pa.large_binary())
    return _as_bytes(array)


def _read_batches(
    opened: BinaryIO, parquet: pq.ParquetFile, names: list[str], file: RawFile, limit: Limit
) -> Iterator[pa.RecordBatch]:
    with _explained_damage(file.name):
        yield from read_batches(opened, parquet, names, file, limit)


@contextmanager
def _explained_damage(where: str) -> Iterator[None]:
    """Whatever Arrow says of a damaged file, in one line; trouble of the disk itself has a number, and passes."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise SourceError(f"{where}: not a whole Parquet file: {str(error).splitlines()[0]}") from None


def _as_bytes(values: pa.Array) -> pa.Array:
    """Texts as bytes: a Parquet file may claim UTF-8 and not hold it, and the cast of bytes looks."""
    if pa.types.is_dictionary(values.type):
        return _as_bytes(values.dictionary_decode())
    return values.cast(pa.binary()) if is_text(values.type) else values


def _refuse_nested(schema: pa.Schema, names: list[str], where: str) -> None:
    for name in names:
        kind = schema.field(name).type
        if pa.types.is_nested(kind):
            raise SchemaError(
                f'{where}: column "{name}" holds {kind}; expected one value a cell. '
                "Write its parts as columns of their own, or take it out of [columns]"
            )
