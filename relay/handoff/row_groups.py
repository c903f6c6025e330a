"""Rows as one Parquet file, in row groups cut at fixed rows."""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from relay.handoff.block import Block, Stored
from relay.handoff.dataset import HashingFile
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import ColumnWarning

GROUP_ROWS = 65_536
"""Rows a row group holds at most: a reader of one row group needs tens of megabytes."""

GROUP_TEXT_BYTES = 8 << 20
"""Bytes of text a row group holds about: from here on a reader's memory grows and its speed does not."""


class Cut:
    """Where a stream of rows is cut: after a number of rows, or of bytes of text, whichever comes first."""

    def __init__(self, schema: pa.Schema, most_rows: int, most_bytes: int) -> None:
        self._text = [index for index, item in enumerate(schema) if item.type == pa.string()]
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        self.begin()

    def begin(self) -> None:
        """Count from nothing again."""
        self._rows = self._bytes = 0

    @property
    def is_reached(self) -> bool:
        """Whether the next row belongs to the next piece."""
        return self._rows >= self._most_rows or self._bytes >= self._most_bytes

    def take(self, table: pa.Table) -> tuple[pa.Table, pa.Table]:
        """The rows that belong to the piece, at least one, and the others."""
        count = min(self._most_rows - self._rows, table.num_rows)
        if self._text:
            ends = np.cumsum(self._text_bytes(table.slice(0, count)))
            count = min(count, int(np.searchsorted(ends, self._most_bytes - self._bytes)) + 1)
            self._bytes += int(ends[count - 1])
        self._rows += count
        return table.slice(0, count), table.slice(count)

    def _text_bytes(self, table: pa.Table) -> NDArray[np.int64]:
        """Bytes of text of each row."""
        total = np.zeros(table.num_rows, np.int64)
        for index in self._text:
            total += pc.fill_null(pc.binary_length(table.column(index)), 0).to_numpy()
        return total


class RowGroups:
    """Writes a stream of tables as row groups cut at fixed rows, however the stream was cut before.

    The bytes of the file then depend on the rows alone.
    """

    def __init__(self, sink: HashingFile, schema: pa.Schema) -> None:
        self._schema = schema
        text = [item.name for item in schema if item.type == pa.string()]
        # zstd at level 1 is the smallest file for its time; dictionaries pay for texts that repeat, not for numbers.
        self._writer = pq.ParquetWriter(
            sink,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=text,
            write_page_index=False,
        )
        self._cut = Cut(schema, GROUP_ROWS, GROUP_TEXT_BYTES)
        self._pending: list[pa.Table] = []
        self.rows = 0

    def add(self, table: pa.Table) -> None:
        """Append rows."""
        while table.num_rows:
            head, table = self._cut.take(table)
            self._pending.append(head)
            if self._cut.is_reached:
                self._flush()

    def close(self, notes: Mapping[str, str] | None = None) -> None:
        """Write what is pending and the file's end, which holds the notes: they are part of the fingerprint."""
        if self._pending:
            self._flush()
        if notes:
            self._writer.add_key_value_metadata(dict(notes))
        self._writer.close()

    def _flush(self) -> None:
        # One chunk a column: page boundaries follow chunk boundaries, and the bytes with them.
        group = pa.concat_tables(self._pending).combine_chunks()
        self._writer.write_table(group, row_group_size=group.num_rows)
        self.rows += group.num_rows
        self._pending = []
        self._cut.begin()


class FileSink:
    """The rows of a dataset as one file."""

    def __init__(self, location: DatasetLocation, schema: pa.Schema) -> None:
        self._sink = HashingFile(location.temporary)
        self._groups = RowGroups(self._sink, schema)

    @property
    def rows(self) -> int:
        """Rows in whole row groups so far."""
        return self._groups.rows

    def add(self, block: Block) -> None:
        """Append the rows of a block."""
        self._groups.add(block.table)

    def close(self, notes: Mapping[str, str]) -> None:
        """Write the last rows and the notes, and wait for the disk."""
        self._groups.close(notes)
        self._sink.close()

    def store(self) -> Stored:
        """The temporary file."""
        return Stored(self._sink.fingerprint, self._sink.bytes, self._groups.rows)

    def abandon(self) -> None:
        """Remove the temporary file."""
        self._sink.abandon()


def number_notes(warnings: Iterable[ColumnWarning]) -> dict[str, str]:
    """Warnings as they stand in a Parquet file."""
    return {f"warning {number}": one.text for number, one in enumerate(warnings, 1)}
