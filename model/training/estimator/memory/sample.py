"""A sample of the processed rows by their hash: the same rows on any machine, found in bounded memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from relay.handoff.sides import Hashes, hash_column, mix

SALT = 0x53414D504C45
"""Parts the sample from the split, which hashes the same cells: otherwise a small sample were all test rows."""

SPACE = 2.0**64
"""Different hashes that there are."""

BLOCK_ROWS = 65_536
"""Rows of the table within which equal rows are numbered: bounds the memory for it."""


@dataclass(frozen=True)
class Sample:
    """Which rows are in a sample: those with a hash below a border, and the first ones that have the border itself."""

    kept: int
    """Rows of the sample."""
    of: int
    """Rows of the table."""
    border: int
    ties: int
    """Rows with this hash that are in the sample."""
    seed: int

    def filter(self, batches: Iterable[pa.RecordBatch], names: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows of the sample, in their order.

        Args:
            batches: all rows of the table.
            names: the columns whose cells are hashed.
        """
        ties, copies = self.ties, Copies()
        for batch in batches:
            hashes = hash_rows(pa.Table.from_batches([batch]), names, self.seed, copies)
            chosen = hashes < np.uint64(self.border)
            at_border = np.flatnonzero(hashes == np.uint64(self.border))[:ties]
            chosen[at_border] = True
            ties -= len(at_border)
            yield batch.filter(pa.array(chosen))


@dataclass
class Copies:
    """Numbers equal rows within each `BLOCK_ROWS` rows of a table, the same however the table is cut into batches."""

    _rows: int = 0
    """Of the block under way."""
    _seen: dict[int, int] = field(default_factory=dict)
    """Hash -> rows of that block."""

    def number(self, hashes: Hashes) -> Hashes:
        """How many equal rows of its block stand before each of the next rows (n,)."""
        found, at = [np.empty(0, np.uint64)], 0
        while at < len(hashes):
            some = hashes[at : at + BLOCK_ROWS - self._rows]
            found.append(self._number_some(some))
            at += len(some)
        return np.concatenate(found)

    def _number_some(self, hashes: Hashes) -> Hashes:
        numbers = pd.Series(hashes).groupby(hashes).cumcount().to_numpy().astype(np.uint64)
        is_whole = len(hashes) == BLOCK_ROWS
        self._rows = (self._rows + len(hashes)) % BLOCK_ROWS
        if is_whole:
            return numbers
        values, places, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        before = [self._seen.get(value, 0) for value in values.tolist()]
        if self._rows:
            self._seen.update(zip(values.tolist(), (counts + before).tolist(), strict=True))
        else:
            self._seen.clear()
        return numbers + np.array(before, np.uint64)[places]


def hash_rows(table: pa.Table, names: list[str], seed: int, copies: Copies | None = None) -> Hashes:
    """A 64-bit hash of each row's cells in some columns (rows,); equal rows are numbered first.

    Args:
        table: some rows.
        names: the columns whose cells are hashed.
        seed: of the recipe.
        copies: numbers equal rows over several tables; None: within this one.
    """
    start = mix(np.array([seed ^ SALT], np.int64).view(np.uint64))[0]
    hashes = np.full(table.num_rows, start, np.uint64)
    for name in names:
        hashes = mix(hashes ^ hash_column(table.column(name)))
    # Without the number, a table of few different rows would be sampled by all or nothing.
    numbers = (copies or Copies()).number(hashes)
    return np.where(numbers > 0, mix(hashes ^ mix(numbers)), hashes)


def find_sample(batches: Iterable[pa.RecordBatch], names: list[str], most: int, seed: int) -> Sample | None:
    """The sample of so many rows, in memory for two times as many hashes; None where there are no more rows than that.

    Args:
        batches: all rows, with the named columns.
        names: the columns whose cells are hashed: the id, or all.
        most: rows of the sample.
        seed: of the recipe.
    """
    rows = 0
    waiting: list[Hashes] = []
    held, copies = 0, Copies()
    for batch in batches:
        hashes = hash_rows(pa.Table.from_batches([batch]), names, seed, copies)
        rows += len(hashes)
        waiting.append(hashes)
        held += len(hashes)
        if held >= 2 * most:
            waiting = [_keep_smallest(np.concatenate(waiting), most)]
            held = most
    if rows <= most:
        return None
    smallest = _keep_smallest(np.concatenate(waiting), most)
    border = smallest.max()
    return Sample(kept=most, of=rows, border=int(border), ties=int((smallest == border).sum()), seed=seed)


def _keep_smallest(hashes: Hashes, most: int) -> Hashes:
    return hashes if len(hashes) <= most else np.partition(hashes, most - 1)[:most].copy()


def choose_share(hashes: Hashes, share: float) -> npt.NDArray[np.bool_]:
    """The rows (n,) whose hash lies in the lowest share of all hashes; all of them from 1 on."""
    return np.ones(len(hashes), bool) if share >= 1 else hashes < np.uint64(share * SPACE)
