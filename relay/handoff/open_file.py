"""What a reader gets of a dataset, and a Parquet file that is held open and hashed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.held import HeldFile
from relay.handoff.receipt import Receipt


class Dataset(Protocol):
    """An open dataset: one file, or parts."""

    @property
    def receipt(self) -> Receipt:
        """What is known of it."""

    @property
    def schema(self) -> pa.Schema:
        """Of its rows."""

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in order, one row group at a time, so that memory stays bounded.

        Raises:
            DatasetDamagedError: what was read is not what the receipt names.
            DatasetReplacedError: another dataset lies there by now, and the rest of this one is gone.
        """

    def table(self, columns: list[str] | None = None) -> pa.Table:
        """All rows at once.

        Raises:
            DatasetDamagedError, DatasetReplacedError: as `batches`.
        """

    def spread(self, most: int) -> list[pa.Table]:
        """A few row groups, evenly spread over the rows, the first one among them.

        Args:
            most: row groups, at least 1.

        Raises:
            DatasetDamagedError, DatasetReplacedError: as `batches`.
        """

    def require_unchanged(self) -> None:
        """Return when what was read is what was hashed.

        Raises:
            DatasetDamagedError: a file was written into since it was opened.
        """


@dataclass(frozen=True)
class OpenFile:
    """An open Parquet file of a dataset: whatever is renamed meanwhile, the reader has the file that was hashed.

    A program that writes into that file, as none of ours does, is noticed when the rows have been read.
    """

    parquet: pq.ParquetFile
    path: Path
    held: HeldFile

    @property
    def schema(self) -> pa.Schema:
        """Of its rows."""
        return self.parquet.schema_arrow

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in order, one row group at a time, so that memory stays bounded.

        The next row group is read while the caller works on this one.

        Raises:
            DatasetDamagedError: the file was written into meanwhile; raised behind the last row.
        """
        with ThreadPoolExecutor(1) as reader:
            groups = range(self.parquet.num_row_groups)
            coming = [reader.submit(self._read_group, group, columns) for group in groups[:1]]
            for group in groups:
                batches = coming.pop().result()
                if group + 1 in groups:
                    coming.append(reader.submit(self._read_group, group + 1, columns))
                yield from batches
        self.require_unchanged()

    def require_unchanged(self) -> None:
        """Return when what was read is what was hashed.

        Raises:
            DatasetDamagedError: the file was written into since it was opened.
        """
        if not self.held.is_unchanged():
            raise DatasetDamagedError(
                f"{self.path} was written into while it was read, so the rows may not be those of its receipt",
                next_step="Stop the program that writes there, and run again",
            )

    def _read_group(self, group: int, columns: list[str] | None) -> list[pa.RecordBatch]:
        table = self.parquet.read_row_group(group, columns=columns).combine_chunks()
        batches: list[pa.RecordBatch] = table.to_batches()
        return batches

    def table(self, columns: list[str] | None = None) -> pa.Table:
        """All rows at once.

        Raises:
            DatasetDamagedError: as `batches`.
        """
        table = self.parquet.read(columns=columns)
        self.require_unchanged()
        return table

    def spread(self, most: int) -> list[pa.Table]:
        """A few row groups, evenly spread over the file."""
        count = self.parquet.num_row_groups
        return [self.parquet.read_row_group(group) for group in choose_spread(count, most)]


def choose_spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, evenly spread, 0 among them."""
    steps = min(most, count)
    return sorted({step * (count - 1) // max(steps - 1, 1) for step in range(steps)})
