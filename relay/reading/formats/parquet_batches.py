"""The rows of a Parquet file in pieces of bounded memory: a small file may hold one text a million times.

Parquet writes a repeated value once, and a table of Arrow holds it as often as it comes. So the bytes of a table are
counted before it is made.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relay.handoff.row_groups import GROUP_ROWS
from relay.reading.arrow import is_bytes, is_text
from relay.reading.packed import Limit
from relay.reading.rawfile import RawFile

WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "BYTE_ARRAY": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}
"""Bytes of a value, or of what tells the length of one."""

LONG_BYTES = 4096
"""A text of this length, in each row of a batch, is 256 MiB."""

HEADER_BYTES = 64
"""Of a page, as far as it is looked at."""

I32, STRUCT, FIRST_I32 = 5, 12, 1 << 4 | 5
LIST_PAGE, LIST_HEADER = 2, 7
"""The kind of a page that lists values, and the number of the field that describes it."""

PIECE_BYTES = 64 << 20
"""Of rows that are handed on at once, about: one text may be longer."""


def read_batches(
    opened: BinaryIO, parquet: pq.ParquetFile, names: Sequence[str], file: RawFile, limit: Limit
) -> Iterator[pa.RecordBatch]:
    """The rows of some columns, in their own types, counted before they are unpacked.

    Args:
        opened: the open file.
        parquet: the same file as it was opened by Arrow.
        names: of columns that hold one value a cell.
        file: for the messages, and for its size.
        limit: how much it may hold.

    Raises:
        SourceError: it holds more than the limit.
        OSError, ValueError, pa.ArrowException: it is damaged.
    """
    limit.check(file.name, _sum_declared(parquet, names), file.origin.bytes)
    schema = pa.schema([parquet.schema_arrow.field(name) for name in names])
    if repeated := _find_repeated(opened, parquet, schema):
        parquet = pq.ParquetFile(opened, read_dictionary=repeated)
    seen = 0
    for batch in parquet.iter_batches(batch_size=GROUP_ROWS, columns=list(names)):
        size = sum(map(_count_bytes, batch.columns))
        seen += size
        limit.check(file.name, seen, file.origin.bytes)
        rows = max(1, batch.num_rows * PIECE_BYTES // max(size, PIECE_BYTES))
        for start in range(0, batch.num_rows, rows):
            yield _restore(batch.slice(start, rows), schema)


def _sum_declared(parquet: pq.ParquetFile, names: Sequence[str]) -> int:
    """Bytes that the columns have by what the end of the file says, texts that repeat counted once."""
    metadata, total = parquet.metadata, 0
    leaves = [metadata.schema.column(at) for at in range(metadata.num_columns)]
    wanted = [at for at, leaf in enumerate(leaves) if leaf.path in set(names)]
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for at in wanted:
            width = WIDTHS.get(leaves[at].physical_type) or max(leaves[at].length, 1)
            total += max(group.column(at).total_uncompressed_size, group.num_rows * width)
    return total


def _find_repeated(opened: BinaryIO, parquet: pq.ParquetFile, schema: pa.Schema) -> list[str]:
    """The columns of text that may hold a long one many times; they are read as positions in a list of texts.

    The list is the first page of a column, and Arrow hands it over with the first row. Where it is complete and its
    texts are short, none that is repeated is long.
    """
    texts = [item.name for item in schema if is_text(item.type) or is_bytes(item.type)]
    found = dict.fromkeys(texts, False)
    listed = pq.ParquetFile(opened, read_dictionary=texts) if texts else parquet
    places = {parquet.metadata.schema.column(at).path: at for at in range(parquet.metadata.num_columns)}
    for number in range(parquet.metadata.num_row_groups if texts else 0):
        first = next(listed.iter_batches(batch_size=1, row_groups=[number], columns=texts), None)
        if first is None:
            continue
        for name in texts:
            column = first.column(name)
            if not found[name] and pa.types.is_dictionary(column.type):
                chunk = parquet.metadata.row_group(number).column(places[name])
                count = _count_listed(opened, chunk.dictionary_page_offset or chunk.data_page_offset)
                longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
                found[name] = count is None or len(column.dictionary) < count or longest > LONG_BYTES
    return [name for name in texts if found[name]]


def _count_listed(opened: BinaryIO, offset: int) -> int | None:
    """How many values the list at the beginning of a column has; None where it begins with rows.

    Source: Apache Thrift, compact protocol; Apache Parquet, `PageHeader` in parquet.thrift.
    """
    opened.seek(offset)
    head, number = iter(opened.read(HEADER_BYTES)), 0
    with suppress(StopIteration):
        while step := (byte := next(head)) >> 4:
            number += step
            if byte & 15 == I32 and number < LIST_HEADER:
                if _read_number(head) != LIST_PAGE and number == 1:
                    return None
            elif byte & 15 == STRUCT and number == LIST_HEADER:
                return _read_number(head) if next(head) == FIRST_I32 else None
            else:
                return None
    return None


def _read_number(head: Iterator[int]) -> int:
    """A number of variable length in zigzag code."""
    byte, value, shift = 128, 0, 0
    while byte & 128:
        byte = next(head)
        value |= (byte & 127) << shift
        shift += 7
    return value // 2 if value % 2 == 0 else -(value // 2) - 1


def _count_bytes(values: pa.Array) -> int:
    """Bytes of a column once its repeated texts are written out."""
    if not pa.types.is_dictionary(values.type):
        return int(values.nbytes)
    if not (is_text(values.type.value_type) or is_bytes(values.type.value_type)):
        return len(values) * 8
    lengths = pc.binary_length(values.dictionary).take(values.indices)
    return len(values) * 8 + (pc.sum(lengths).as_py() or 0)


def _restore(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The rows in the file's own types."""
    arrays = [
        values if values.type == item.type else values.dictionary_decode().cast(item.type)
        for values, item in zip(batch.columns, schema, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)
