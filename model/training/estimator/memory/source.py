"""What a training of an estimator reads: the columns that it needs of all processed rows, or of a sample of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from model.training.estimator.memory.sample import Sample, find_sample
from model.training.estimator.rows import SPLIT
from relay.handoff import interrupt
from relay.handoff.column import Column
from relay.handoff.dataset import Dataset


@dataclass(frozen=True)
class Rows:
    """Processed rows that can be read several times, a row group at a time or as one table."""

    dataset: Dataset
    columns: list[str]
    """Those that are read."""
    hashed: list[str]
    """Those whose cells say which rows are in a sample: the id, or all."""
    sample: Sample | None = None
    """None: all rows."""

    @property
    def count(self) -> int:
        """How many rows are read."""
        return self.dataset.receipt.rows if self.sample is None else self.sample.kept

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in the order of the file, in bounded memory.

        Args:
            columns: of those that are read; None for all.

        Raises:
            DatasetDamagedError: the file was written into meanwhile.
        """
        wanted = self.columns if columns is None else columns
        if self.sample is None:
            found = self.dataset.batches(wanted)
        else:
            found = self.sample.filter(self.dataset.batches(list(dict.fromkeys([*wanted, *self.hashed]))), self.hashed)
        for batch in found:
            interrupt.check()
            yield batch

    def table(self) -> pa.Table:
        """All rows that are read at once.

        Raises:
            DatasetDamagedError: as `batches`.
        """
        if self.sample is None:
            return self.dataset.table(self.columns)
        return pa.Table.from_batches(self.batches())


def open_rows(dataset: Dataset, columns: Mapping[str, Column], sample_rows: int, seed: int) -> Rows:
    """The rows that a recipe's training reads.

    Args:
        dataset: processed rows.
        columns: the recipe's schema; a column to be ignored is not read.
        sample_rows: how many rows the sample has; 0: all.
        seed: of the recipe.

    Raises:
        DatasetDamagedError: the file was written into meanwhile.
    """
    there = dataset.schema.names
    names = [name for name, column in columns.items() if column.role != "ignore" and name in there]
    hashed = [name for name in names if columns[name].role == "id"] or names
    read = [*names, *([SPLIT] if SPLIT in there else [])]
    sample = find_sample(dataset.batches(hashed), hashed, sample_rows, seed) if sample_rows else None
    return Rows(dataset, read, hashed, sample)
