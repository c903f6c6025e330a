"""Rows drawn evenly from a table of unknown length, in bounded memory."""

import numpy as np
import pyarrow as pa

from relay.handoff.sides import Hashes, mix

LARGEST_SAMPLE = 64 << 20
"""Bytes of the kept rows, from which on every second one is left."""

LARGEST_MARK = 2**64 - 1


class RowSample:
    """Keeps the rows whose numbers have small hashes; the limit is halved when there are too many.

    Every n-th row would do for most tables, but where rows repeat with a period, as hours do, it sees one of them only.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._border = np.uint64(LARGEST_MARK)
        self._seen = 0
        self._parts: list[pa.Table] = []
        self._marks: list[Hashes] = []
        self._count = 0
        self._bytes = 0

    @property
    def is_whole(self) -> bool:
        """Whether every row was kept."""
        return int(self._border) == LARGEST_MARK

    def take(self, table: pa.Table) -> None:
        """Take in the next rows."""
        marks = mix(np.arange(self._seen, self._seen + table.num_rows, dtype=np.uint64))
        self._seen += table.num_rows
        if not self.is_whole:
            chosen = np.flatnonzero(marks <= self._border)
            table, marks = table.take(pa.array(chosen)), marks[chosen]
        self._parts.append(table)
        self._marks.append(marks)
        self._count += table.num_rows
        self._bytes += table.nbytes
        while self._count > self._limit or (self._bytes > LARGEST_SAMPLE and self._count > 1):
            self._thin()

    def finish(self, schema: pa.Schema) -> pa.Table:
        """The kept rows in their order."""
        return pa.concat_tables(self._parts).combine_chunks() if self._parts else schema.empty_table()

    def _thin(self) -> None:
        """Leave about every second row."""
        self._border //= np.uint64(2)
        whole, marks = pa.concat_tables(self._parts), np.concatenate(self._marks)
        chosen = np.flatnonzero(marks <= self._border)
        kept = whole.take(pa.array(chosen)).combine_chunks()
        self._parts, self._marks, self._count, self._bytes = [kept], [marks[chosen]], kept.num_rows, kept.nbytes
