"""Parquet as a source: already typed, cast to the schema."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.parameters import FormatSection
from ingest.rawfile import RawFile
from relay.handoff.errors import SchemaError, SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import GROUP_ROWS, Block
from relay.reading.arrow import is_text
from relay.reading.columns import ReadColumns
from relay.reading.conform import conform, match_columns


def read_file(file: RawFile, parameters: FormatSection, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The rows of a Parquet file.

    Raises:
        SourceError: not a whole Parquet file.
        SchemaError: columns are missing or unexpected, or hold more than one value a cell.
    """
    for _ in file.read_blocks():
        pass  # hashed from front to back; Parquet itself is read from its end
    with _explained_damage(file.name):
        parquet = pq.ParquetFile(file.path)
    matched = match_columns(parquet.schema_arrow.names, columns, parameters.extra_columns, file.name)
    _refuse_nested(parquet.schema_arrow, list(matched.values()), file.name)
    if isinstance(columns, ReadColumns):
        columns.take_notes({name: parquet.schema_arrow.field(source) for name, source in matched.items()})
    for batch in _read_batches(parquet, list(matched.values()), file.name):
        table = pa.table([_as_bytes(batch.column(source)) for source in matched.values()], list(matched))
        yield conform(table, columns, np.arange(first_row, first_row + table.num_rows))
        first_row += table.num_rows


def _read_batches(parquet: pq.ParquetFile, names: list[str], where: str) -> Iterator[pa.RecordBatch]:
    with _explained_damage(where):
        yield from parquet.iter_batches(batch_size=GROUP_ROWS, columns=names)


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
