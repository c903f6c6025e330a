"""Which rows train and which test: by a seeded hash, so that no row ever changes sides, or by time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from preprocess.parameters import SplitSection
from relay.handoff.errors import SchemaError
from relay.handoff.recipe import Column
from relay.handoff.sides import TEST, TRAIN, find_border, mark_split
from relay.handoff.writer import Block

SPLIT = "split"


@dataclass
class Splitter:
    """Marks rows by what a recipe says."""

    columns: Mapping[str, Column]
    section: SplitSection
    seed: int
    first_test: pa.Scalar | None = None
    """By time: the moment from which on rows test, once it is known."""
    is_given: bool = False
    """Whether the rows came with a column `split`."""

    @property
    def facts(self) -> dict[str, str]:
        """What the receipt says of the split, once all rows are marked."""
        if self.is_given:
            return {"split_by": "function"}
        if self.first_test is None:
            return {"split_by": "group" if self._find("group") else "hash"}
        return {"split_by": "time", "first_test_utc": self.first_test.as_py().isoformat()}

    def look_ahead(self, blocks: Iterable[Block]) -> None:
        """Find the moment from which on rows test, so that `mark` need not keep the blocks; nothing unless by time.

        Args:
            blocks: the same rows as `mark` will get; only their times are kept.

        Raises:
            SchemaError: all rows have one moment.
        """
        if self.section.split == "time":
            times = [block.table.column(self._find("time")[0]) for block in blocks]
            self.first_test = find_border(times, self.section.test_share)

    def mark(self, blocks: Iterable[Block], *, is_given: bool = False) -> Iterator[Block]:
        """The blocks with a column `split`; where they have one already, it is checked.

        By time, all blocks are kept until the last one has come, unless they were looked through before.

        Raises:
            SchemaError: a given mark is neither train nor test, or by time all rows have one moment.
        """
        self.is_given = is_given
        if is_given:
            for block in blocks:
                _check_marks(block.table.column(SPLIT))
                yield block
        elif self.section.split == "time":
            if self.first_test is None:
                blocks = list(blocks)
                self.look_ahead(blocks)
            yield from self._mark_by_time(blocks)
        else:
            for block in blocks:
                names = self._find("group") or self._find("id") or self._own_columns(block.table)
                yield _add(block, mark_split(block.table, names, self.section.test_share, self.seed))

    def _mark_by_time(self, blocks: Iterable[Block]) -> Iterator[Block]:
        name = self._find("time")[0]
        for block in blocks:
            is_test = pc.fill_null(pc.greater_equal(block.table.column(name), self.first_test), False)
            yield _add(block, pc.if_else(is_test, TEST, TRAIN))

    def _find(self, role: str) -> list[str]:
        return [name for name, column in self.columns.items() if column.role == role]

    def _own_columns(self, table: pa.Table) -> list[str]:
        return [name for name in table.column_names if name in self.columns]


def _check_marks(marks: pa.ChunkedArray) -> None:
    found = pc.unique(marks.cast(pa.string())).to_pylist()
    if unknown := [mark for mark in found if mark not in (TRAIN, TEST)]:
        raise SchemaError(f'column split holds {unknown[0]!r}; expected "{TRAIN}" or "{TEST}" in each row')


def _add(block: Block, marks: pa.Array | pa.ChunkedArray) -> Block:
    return Block(block.table.append_column(SPLIT, marks), block.read, block.rejected, block.dropped)
