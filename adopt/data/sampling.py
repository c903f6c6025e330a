"""Rows spread evenly over a table of unknown length, in bounded memory."""

import numpy as np
import pyarrow as pa

LARGEST_SAMPLE = 64 << 20
"""Bytes of the kept rows, from which on every second one is left."""


class RowSample:
    """Keeps every n-th row; n doubles when there are too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._step = 1
        self._seen = 0
        self._parts: list[pa.Table] = []
        self._count = 0
        self._bytes = 0

    @property
    def is_whole(self) -> bool:
        """Whether every row was kept."""
        return self._step == 1

    def take(self, table: pa.Table) -> None:
        """Take in the next rows."""
        first = -self._seen % self._step
        self._seen += table.num_rows
        part = table if self._step == 1 else table.take(pa.array(np.arange(first, table.num_rows, self._step)))
        self._parts.append(part)
        self._count += part.num_rows
        self._bytes += part.nbytes
        while self._count > self._limit or (self._bytes > LARGEST_SAMPLE and self._count > 1):
            self._thin()

    def finish(self, schema: pa.Schema) -> pa.Table:
        """The kept rows in their order."""
        return pa.concat_tables(self._parts).combine_chunks() if self._parts else schema.empty_table()

    def _thin(self) -> None:
        self._step *= 2
        whole = pa.concat_tables(self._parts)
        kept = whole.take(pa.array(np.arange(0, whole.num_rows, 2))).combine_chunks()
        self._parts, self._count, self._bytes = [kept], kept.num_rows, kept.nbytes
