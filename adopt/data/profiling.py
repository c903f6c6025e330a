"""From all rows of a table to what is known of its columns, in one pass and bounded memory."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from adopt.data.column_pass import ColumnPass, to_text
from adopt.data.column_result import finish_column
from adopt.data.hashing import combine_hashes, hash_texts
from adopt.data.profile import DISTINCT_LIMIT, SAMPLE_ROWS, TableProfile
from adopt.data.sampling import RowSample
from relay.reading.arrow import join

HEAD_ROWS = 20
PART_ROWS = 1 << 16
PART_BYTES = 16 << 20
WORDS_IN_MEMORY = 4_000_000
"""Different words that all columns together may keep."""
BYTES_IN_MEMORY = 128 << 20
FEWEST_WORDS = 1_000
MOST_THREADS = 4
"""Each has the cells of one column and what comes of them: more threads, more memory."""


def profile_rows(tables: Iterable[pa.Table], *, on_progress: Callable[[int], None] | None = None) -> TableProfile:
    """What is known of each column after all rows.

    Args:
        tables: the rows in order, all with the same columns: texts as they are written, or values that have a type.
        on_progress: is called with the number of rows read so far.
    """
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
        whole = _TablePass(threads)
        for table in _cut(tables):
            whole.take(table)
            if on_progress is not None:
                on_progress(whole.rows)
        return whole.finish()


class _TablePass:
    """The passes of all columns side by side, while the next rows are read."""

    def __init__(self, threads: Executor) -> None:
        self.rows = 0
        self._threads = threads
        self._columns: list[ColumnPass] = []
        self._running: list[Future[None]] = []
        self._sample = RowSample(SAMPLE_ROWS)
        self._head: pa.Table = pa.table({})
        self._last: pa.Table = pa.table({})

    def take(self, table: pa.Table) -> None:
        """Take in the next rows."""
        if not self._columns:
            limit, largest = _limit(WORDS_IN_MEMORY, table, DISTINCT_LIMIT), _limit(BYTES_IN_MEMORY, table)
            self._columns = [ColumnPass(item.name, item.type, limit, largest) for item in table.schema]
            self._head = self._last = table.slice(0, 0)
        if self._head.num_rows < HEAD_ROWS:
            self._head = pa.concat_tables([self._head, table.slice(0, HEAD_ROWS - self._head.num_rows)])
        last = pa.concat_tables([self._last, table.slice(max(0, table.num_rows - HEAD_ROWS))])
        self._last = last.slice(max(0, last.num_rows - HEAD_ROWS))
        self._wait()
        pairs = zip(self._columns, table.columns, strict=True)
        self._running = [self._threads.submit(_take, column, values) for column, values in pairs]
        self._sample.take(table)
        self.rows += table.num_rows

    def finish(self) -> TableProfile:
        """The profile of all rows that were taken in."""
        self._wait()
        sample = self._sample.finish(self._head.schema)
        found = self._threads.map(finish_column, self._columns, map(join, sample.columns))
        return TableProfile(
            rows=self.rows,
            columns=tuple(found),
            sample=sample,
            head=self._head.combine_chunks(),
            duplicate_rows=_count_duplicates(sample),
            is_duplicate_exact=self._sample.is_whole,
            last=self._last.combine_chunks(),
        )

    def _wait(self) -> None:
        for future in self._running:
            future.result()


def _take(column: ColumnPass, values: pa.ChunkedArray) -> None:
    column.take(join(values))


def _cut(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows in parts of one size, also where they come a few or very many at a time."""
    waiting: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        waiting.append(table)
        rows, size = rows + table.num_rows, size + table.nbytes
        if rows < PART_ROWS and size < PART_BYTES:
            continue
        whole = pa.concat_tables(waiting)
        waiting, rows, size = [], 0, 0
        for start in range(0, whole.num_rows, PART_ROWS):
            yield whole.slice(start, PART_ROWS)
    if waiting:
        yield pa.concat_tables(waiting)


def _limit(all_columns: int, table: pa.Table, most: int = BYTES_IN_MEMORY) -> int:
    """What one column may keep."""
    return max(min(most, all_columns // max(len(table.column_names), 1)), FEWEST_WORDS)


def _count_duplicates(table: pa.Table) -> int:
    """Rows that equal an earlier one in every cell."""
    if not table.num_rows or not table.num_columns:
        return 0
    hashes = combine_hashes([hash_texts(to_text(join(values))) for values in table.columns])
    return int(table.num_rows - len(np.unique(hashes)))
