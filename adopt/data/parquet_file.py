"""A file of Parquet: which of its columns hold one value a cell, and its rows without the others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adopt.data.looked import Looked
from adopt.notes import Note
from relay.handoff.errors import SourceError
from relay.reading.arrow import is_bytes, simplify
from relay.reading.formats.parquet import HIDDEN_INDEX
from relay.reading.formats.parquet_batches import read_batches
from relay.reading.listing import list_names
from relay.reading.packed import Limit
from relay.reading.rawfile import RawFile


def find_parquet_table(part: RawFile, keys: Mapping[str, Any], limit: Limit) -> Looked:
    """How a file of Parquet is read; columns of lists and structs are left out, which is asked.

    Raises:
        SourceError: it is damaged, holds more than its limit, or no column holds one value a cell.
    """
    with part.open() as opened:
        try:
            parquet = pq.ParquetFile(opened)
            schema = parquet.schema_arrow
            unknown = [field.name for field in schema if is_bytes(field.type)]
            bytes_only = [name for name in unknown if not _is_text(read_batches(opened, parquet, [name], part, limit))]
        except (pa.ArrowException, OSError) as error:
            raise SourceError(f"{part.name}: not a whole Parquet file: {str(error).splitlines()[0]}") from None
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    if not nested and not bytes_only:
        return Looked("parquet", keys)
    left_out = (*nested, *bytes_only)
    names = tuple(name for name in schema.names if name not in left_out and not HIDDEN_INDEX.fullmatch(name))
    if not names:
        raise SourceError(
            f"{part.name}: all columns hold lists, structs or bytes that are no text: {list_names(left_out)}",
            next_step="Write their parts as columns of their own.",
        )
    reasons = {"a cell of them holds more than one value": nested, "they hold bytes that are no text": bytes_only}
    texts = [f"left out, since {reason}: {list_names(left)}" for reason, left in reasons.items() if left]
    return Looked("parquet", {**keys, "extra_columns": "drop"}, names, notes=tuple(Note(text, True) for text in texts))


def _is_text(batches: Iterator[pa.RecordBatch]) -> bool:
    """Whether all bytes of a column are UTF-8."""
    try:
        for batch in batches:
            batch.column(0).cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def read_plain(part: RawFile, names: Sequence[str], limit: Limit) -> Iterator[pa.Table]:
    """The rows with some of the columns, in their own types.

    Raises:
        SourceError: the file is damaged, or holds more than its limit.
    """
    with part.open() as opened:
        try:
            for batch in read_batches(opened, pq.ParquetFile(opened), names, part, limit):
                yield pa.table([simplify(batch.column(name)).values for name in names], names=list(names))
        except pa.ArrowException as error:
            raise SourceError(f"{part.name}: not a whole Parquet file: {str(error).splitlines()[0]}") from None
