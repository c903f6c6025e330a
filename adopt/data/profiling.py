"""From all rows of a table to what is known of its columns, in one pass and bounded memory."""

from collections.abc import Callable, Iterable, Iterator

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
WORDS_IN_MEMORY = 4_000_000
"""Different words that all columns together may keep."""
BYTES_IN_MEMORY = 128 << 20
FEWEST_WORDS = 1_000


def profile_rows(tables: Iterable[pa.Table], *, on_progress: Callable[[int], None] | None = None) -> TableProfile:
    """What is known of each column after all rows.

    Args:
        tables: the rows in order, all with the same columns: texts as they are written, or values that have a type.
        on_progress: is called with the number of rows read so far.
    """
    sample = RowSample(SAMPLE_ROWS)
    columns: list[ColumnPass] = []
    head: pa.Table | None = None
    schema = pa.schema([])
    rows = 0
    for table in _cut(tables):
        if head is None:
            schema = table.schema
            limit, largest = _limit(WORDS_IN_MEMORY, schema, DISTINCT_LIMIT), _limit(BYTES_IN_MEMORY, schema)
            columns = [ColumnPass(item.name, item.type, limit, largest) for item in schema]
            head = table.slice(0, 0)
        if head.num_rows < HEAD_ROWS:
            head = pa.concat_tables([head, table.slice(0, HEAD_ROWS - head.num_rows)])
        for column, values in zip(columns, table.columns, strict=True):
            column.take(join(values))
        sample.take(table)
        rows += table.num_rows
        if on_progress is not None:
            on_progress(rows)
    kept = sample.finish(schema)
    found = tuple(finish_column(column, join(kept.column(at))) for at, column in enumerate(columns))
    return TableProfile(
        rows=rows,
        columns=found,
        sample=kept,
        head=(head if head is not None else kept).combine_chunks(),
        duplicate_rows=_count_duplicates(kept),
        is_duplicate_exact=sample.is_whole,
    )


def _cut(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    for table in tables:
        for start in range(0, max(table.num_rows, 1), PART_ROWS):
            yield table.slice(start, PART_ROWS)


def _limit(all_columns: int, schema: pa.Schema, most: int = BYTES_IN_MEMORY) -> int:
    """What one column may keep."""
    return max(min(most, all_columns // max(len(schema), 1)), FEWEST_WORDS)


def _count_duplicates(table: pa.Table) -> int:
    """Rows that equal an earlier one in every cell."""
    if not table.num_rows or not table.num_columns:
        return 0
    hashes = combine_hashes([hash_texts(to_text(join(values))) for values in table.columns])
    return int(table.num_rows - len(np.unique(hashes)))
