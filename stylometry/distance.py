"""Exact distances between chunks, from their n-gram counts."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from stylometry.compiled import compiled
from stylometry.errors import StylometryError
from stylometry.parallel import Arrays, Elsewhere, count_cores, run_each

_TILE = 64
"""Rows compared with each other at a time: two tiles of frequent columns stay in the processor's cache."""

_STRIPE = 512
"""Rows of a task elsewhere; whole tiles."""

_FREQUENT_SHARE = 0.15
"""Columns in this share of the chunks or more are compared in full; below, lists of the few holders are shorter."""

_SERIAL_CHUNKS = 200
"""Up to so many chunks one thread is done before more are started."""

_LARGEST_FREQUENT = np.iinfo(np.uint16).max
_LARGEST_TOTAL = np.iinfo(np.int32).max


class _Lists(NamedTuple):
    """The parts of a compressed sparse matrix, by row or by column."""

    ends: npt.NDArray[np.int64]
    others: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]


class _Columns(NamedTuple):
    """The counts twice: frequent columns in full (chunks, columns), rare ones as lists by row and by column."""

    frequent: npt.NDArray[np.uint16]
    by_row: _Lists
    by_column: _Lists


def count_manhattan(
    matrix: Any, *, threads: int | None = None, elsewhere: Elsewhere | None = None
) -> npt.NDArray[np.float64]:
    """Sum of the absolute differences of the counts, for each pair of rows (k, k), exact.

    Since |a - b| = a + b - 2 min(a, b), only what two rows share is added up; for columns that few rows hold, lists of
    these rows lead straight to the pairs that share something.

    Args:
        matrix: Counts, scipy sparse, of any integer type (k, columns).
        threads: Threads to compare with; by default one a core, one alone for few rows. The result is the same.
        elsewhere: Compares stripes of rows; the result is the same, since all are integers.

    Raises:
        StylometryError: If a count is negative or no integer, or the counts of a row exceed 2**31 - 1 together.
    """
    counts = sparse.csr_array(matrix)
    totals = _check_totals(counts)
    columns = _split_columns(counts)
    chunks = counts.shape[0]
    distances = np.zeros((chunks, chunks))
    starts = range(0, chunks, _TILE)
    threads = threads or (1 if chunks <= _SERIAL_CHUNKS else count_cores())
    if elsewhere is None:
        run_each(lambda start: _fill_rows(start, 0, columns, totals, distances), starts, threads=threads)
    else:
        shared = (columns.frequent, *columns.by_row, *columns.by_column, totals)
        tasks = [(start, min(start + _STRIPE, chunks)) for start in range(0, chunks, _STRIPE)]
        stripes = elsewhere.run_each(compare_stripe, shared, tasks, is_exact=True)
        for (start, end), stripe in zip(tasks, stripes, strict=True):
            distances[start:end, start:] = stripe
    run_each(lambda start: _mirror_rows(start, distances), starts, threads=threads)
    return distances


def compare_stripe(shared: Arrays, task: tuple[int, int]) -> npt.NDArray[np.uint32]:
    """Distances of a stripe of rows to those after them, zeros elsewhere (stripe, columns from its first row on).

    Args:
        shared: The parts of _Columns, and the sum of each row.
        task: The first row, and the one after the last.
    """
    frequent, *lists, totals = shared
    columns = _Columns(frequent, _Lists(*lists[:3]), _Lists(*lists[3:]))
    first, end = task
    distances = np.zeros((end - first, totals.size))
    for start in range(first, end, _TILE):
        _fill_rows(start, first, columns, totals, distances)
    # Two sums of at most 2**31 - 1 are at most 2**32 - 2 apart, so half the room holds the same numbers.
    return distances[:, first:].astype(np.uint32)


def _check_totals(counts: Any) -> npt.NDArray[np.int64]:
    """Sum of each row (k,), which also bounds every sum within the kernels."""
    if counts.dtype.kind not in "iu" or (counts.nnz and counts.data.min() < 0):
        raise StylometryError(
            f"these are no counts: found {counts.dtype} with smallest value {counts.data.min(initial=0)}, expected "
            "integers from 0. Give the matrix of count_ngrams as it is."
        )
    totals: npt.NDArray[np.int64] = counts.sum(axis=1, dtype=np.int64)
    if totals.max(initial=0) > _LARGEST_TOTAL:
        raise StylometryError(
            f"a chunk is too long: found {totals.max()} n-grams in one row, expected at most {_LARGEST_TOTAL}. "
            "Cut the text into more chunks."
        )
    return totals


def _split_columns(counts: Any) -> _Columns:
    """Frequent columns in full, the others as lists; a column with a count beyond 16 bits goes to the lists."""
    by_column = counts.astype(np.int32).tocsc()
    holders = np.diff(by_column.indptr)
    largest = by_column.max(axis=0).toarray().ravel()
    is_frequent = (holders >= max(1.0, _FREQUENT_SHARE * counts.shape[0])) & (largest <= _LARGEST_FREQUENT)
    frequent = np.ascontiguousarray(by_column[:, is_frequent].astype(np.uint16).toarray())
    rare = by_column[:, ~is_frequent]
    return _Columns(frequent, _make_lists(rare.tocsr()), _make_lists(rare))


def _make_lists(matrix: Any) -> _Lists:
    matrix.sort_indices()
    return _Lists(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data)


@compiled
def _share_frequent(frequent: npt.NDArray[np.uint16], one: int, other: int) -> np.uint32:
    """Sum of the smaller counts of two rows; all unsigned 16 and 32 bit, so that 32 columns go in one instruction."""
    shared = np.uint32(0)
    for column in range(frequent.shape[1]):
        shared = np.uint32(shared + np.uint32(min(frequent[one, column], frequent[other, column])))
    return shared


@compiled
def _share_rare(row: int, columns: _Columns, shared: npt.NDArray[np.int32]) -> None:
    """Add to `shared` (k,) what the rows after `row` share with it in the rare columns."""
    by_row, by_column = columns.by_row, columns.by_column
    for index in range(by_row.ends[row], by_row.ends[row + 1]):
        column, count = by_row.others[index], by_row.counts[index]
        start, end = by_column.ends[column], by_column.ends[column + 1]
        start += np.searchsorted(by_column.others[start:end], row, side="right")
        for entry in range(start, end):
            shared[by_column.others[entry]] += min(count, by_column.counts[entry])


@compiled
def _fill_rows(
    start: int, first: int, columns: _Columns, totals: npt.NDArray[np.int64], distances: npt.NDArray[np.float64]
) -> None:
    """Write the distances of one tile of rows to all rows after them; the row `first` stands at the top."""
    chunks = totals.size
    end = min(start + _TILE, chunks)
    for tile in range(start, chunks, _TILE):
        for row in range(start, end):
            for other in range(max(tile, row + 1), min(tile + _TILE, chunks)):
                distances[row - first, other] = _share_frequent(columns.frequent, row, other)
    shared = np.zeros(chunks, np.int32)
    for row in range(start, end):
        _share_rare(row, columns, shared)
        for other in range(row + 1, chunks):
            common = distances[row - first, other] + shared[other]
            distances[row - first, other] = totals[row] + totals[other] - 2 * common
            shared[other] = 0


@compiled
def _mirror_rows(start: int, distances: npt.NDArray[np.float64]) -> None:
    """Copy what stands above the diagonal below it, for one tile of rows, tile by tile."""
    end = min(start + _TILE, distances.shape[0])
    for tile in range(0, end, _TILE):
        for row in range(start, end):
            for other in range(tile, min(tile + _TILE, row)):
                distances[row, other] = distances[other, row]
