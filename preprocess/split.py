"""Which rows train and which test: by a seeded hash, so that no row ever changes sides, or by time."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from preprocess.parameters import SplitSection
from relay.handoff.errors import SchemaError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block

Hashes = NDArray[np.uint64]

SPLIT, TRAIN, TEST = "split", "train", "test"


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


def find_border(times: list[pa.ChunkedArray], test_share: float) -> pa.Scalar:
    """The moment from which on rows test, so that about that share of them does.

    Raises:
        SchemaError: no time is known, or there is only one.
    """
    kind = times[0].type if times else pa.timestamp("us", tz="UTC")
    known = pc.drop_null(pa.chunked_array([chunk for column in times for chunk in column.chunks], kind))
    moments = np.sort(known.cast(pa.int64()).to_numpy())
    if len(moments) == 0 or moments[0] == moments[-1]:
        raise SchemaError('[preprocess] split = "time" needs at least two different times; choose another split')
    border = moments[len(moments) - max(1, round(test_share * len(moments)))]
    if border == moments[0]:  # most rows have the first moment: those after it test
        border = moments[np.searchsorted(moments, border, side="right")]
    return pa.scalar(int(border), pa.int64()).cast(known.type)


def _check_marks(marks: pa.ChunkedArray) -> None:
    found = pc.unique(marks.cast(pa.string())).to_pylist()
    if unknown := [mark for mark in found if mark not in (TRAIN, TEST)]:
        raise SchemaError(f'column split holds {unknown[0]!r}; expected "{TRAIN}" or "{TEST}" in each row')


def _add(block: Block, marks: pa.Array | pa.ChunkedArray) -> Block:
    return Block(block.table.append_column(SPLIT, marks), block.read, block.rejected, block.dropped)


def mark_split(table: pa.Table, names: list[str], test_share: float, seed: int) -> pa.Array:
    """The side of each row, "test" or "train", shape (n,).

    The same content of the named columns (an id, a group, or all) gets the same side in any order, any file and any run
    with this seed. Shares are within sampling error of `test_share`.
    """
    hashes = np.full(table.num_rows, mix(np.array([seed], np.int64).view(np.uint64))[0], np.uint64)
    for name in names:
        hashes = mix(hashes ^ hash_column(table.column(name)))
    is_test = hashes < np.uint64(round(test_share * 2.0**64))
    return pc.if_else(pa.array(is_test), TEST, TRAIN)


def mix(values: Hashes) -> Hashes:
    """Each 64-bit value scattered over all 64-bit values, one to one, shape as given.

    Source: the output function of SplitMix64; Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators",
    OOPSLA 2014, figure 17 (constants of Stafford's variant 13).
    """
    with np.errstate(over="ignore"):  # unsigned arithmetic wraps around by design
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


def hash_column(values: pa.ChunkedArray) -> Hashes:
    """A 64-bit hash of each value, equal for equal values; null has its own. Shape (n,)."""
    kind = values.type
    if pa.types.is_string(kind):
        return _hash_texts(values)
    if pa.types.is_floating(kind):
        # Adding zero makes -0.0 and 0.0 the same bits, as they are the same number.
        bits = pc.fill_null(values, float("nan")).to_numpy() + 0.0
        return mix(bits.astype(np.float64).view(np.uint64))
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.int64())
    numbers = pc.fill_null(values.cast(pa.int64()), np.iinfo(np.int64).min).to_numpy()
    return mix(np.ascontiguousarray(numbers).view(np.uint64))


def _hash_texts(values: pa.ChunkedArray) -> Hashes:
    """Each distinct text is hashed once."""
    encoded = values.combine_chunks()
    encoded = (encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded).dictionary_encode()
    distinct = np.array([_hash_text(text) for text in encoded.dictionary.to_pylist()] or [0], np.uint64)
    indices = pc.fill_null(encoded.indices, -1).to_numpy()
    return np.where(indices >= 0, distinct[indices], np.uint64(0))


def _hash_text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
