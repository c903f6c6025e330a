"""Parquet as a source: already typed, cast to the contract."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from handoff.errors import SourceError
from handoff.recipe import Column
from handoff.writer import GROUP_ROWS, Block
from ingest.contract import conform, match_columns
from ingest.parameters import FormatSection
from ingest.rawfile import RawFile


def read_file(file: RawFile, parameters: FormatSection, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The rows of a Parquet file.

    Raises:
        SourceError: not a whole Parquet file.
        ContractError: columns are missing or unexpected.
    """
    for _ in file.read_blocks():
        pass  # hashed from front to back; Parquet itself is read from its end
    try:
        parquet = pq.ParquetFile(file.path)
    except pa.ArrowInvalid as error:
        raise SourceError(f"{file.name}: not a whole Parquet file: {error}") from None
    matched = match_columns(parquet.schema_arrow.names, columns, parameters.unexpected, file.name)
    for batch in parquet.iter_batches(batch_size=GROUP_ROWS, columns=list(matched.values())):
        table = pa.Table.from_batches([batch]).select(list(matched.values())).rename_columns(list(matched))
        yield conform(table, columns, np.arange(first_row, first_row + table.num_rows))
        first_row += table.num_rows
