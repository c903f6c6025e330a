"""Counts of more text than memory holds: the most frequent n-grams found in one pass, counted by chunk in a second."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from stylometry.chunks import Chunks
from stylometry.errors import StylometryError
from stylometry.ngrams import Counts, check_n, count_ngrams

Integers = npt.NDArray[np.int64]
Ngrams = npt.NDArray[np.str_]
"""n-grams of one length as numpy strings, which compare by code point: the order of Counts (ngrams,)."""


@dataclass(frozen=True)
class _Totals:
    """How often each n-gram occurs in all blocks: n-grams in ascending order and occurrences (ngrams,), and chunks."""

    ngrams: Ngrams
    occurrences: Integers
    chunks: int


def count_most_frequent(blocks: Callable[[], Iterable[Chunks]], n: int = 3, *, features: int) -> Counts:
    """Counts of the n-grams most frequent in all blocks together: code points (features, n), matrix (chunks, features).

    Equal to counting all chunks at once with count_ngrams and keeping the columns of most_frequent in ascending order;
    of n-grams equally frequent, the one that sorts first is kept. There are fewer columns if there are not so many
    n-grams. One block is held at a time, and besides it only the n-grams met so far, 4 n + 8 bytes each (copied when
    new ones come), and the result, at most 8 bytes for each chunk and feature, twice while it is put together.
    The n-grams left out are missing from the rows too: relative_frequencies of the result are shares of those kept.

    Args:
        blocks: Gives all blocks of consecutive chunks from the first, each time it is called, which is twice. Counting
            takes about three (n = 3) to ten times (n = 5) the bytes of a block of long chunks, and more if they are
            short: 8 to 16 MB are a good size.
        n: Characters in an n-gram, 1 to 5.
        features: How many n-grams to keep.

    Raises:
        StylometryError: If a number is out of range, no chunk has n characters, or the second pass over the blocks is
            not like the first.
    """
    check_n(n)
    if features < 1:
        raise StylometryError(f"too few features: found {features}, expected at least 1. Ask for more.")
    totals = _add_up(blocks(), n)
    # The sort is stable and the n-grams ascend, so the first of equals comes first; then back to ascending order.
    kept = np.sort(np.argsort(-totals.occurrences, kind="stable")[:features])
    ngrams, occurrences = totals.ngrams[kept], totals.occurrences[kept]
    rows = [_count_only(ngrams, block, n) for block in blocks()]
    _check_same(rows, _Totals(ngrams, occurrences, totals.chunks))
    matrix = sparse.vstack(rows, format="csr")
    matrix.has_canonical_format = True
    return Counts(ngrams.view(np.int32).reshape(-1, n), matrix)


def _add_up(blocks: Iterable[Chunks], n: int) -> _Totals:
    """The totals of all blocks.

    Raises:
        StylometryError: If no chunk has n characters.
    """
    totals = _Totals(np.empty(0, f"U{n}"), np.empty(0, np.int64), 0)
    for block in blocks:
        counts = _count_block(block, n)
        occurrences = counts.matrix.sum(axis=0, dtype=np.int64)
        totals = _add(totals, _Totals(_name(counts), occurrences, len(block)))
    if not len(totals.ngrams):
        raise StylometryError(
            f"nothing to count: found no chunk with {n} characters among {totals.chunks}, expected at least one. "
            "Choose longer chunks or a smaller n."
        )
    return totals


def _count_block(block: Chunks, n: int) -> Counts:
    """The counts of one block, without columns where no chunk has n characters."""
    try:
        return count_ngrams(block, n)
    except StylometryError:
        # Safe, because n was checked before: the one error left is that this block, not the whole text, has no n-gram.
        return Counts(np.empty((0, n), np.int32), sparse.csr_array((len(block), 0), dtype=np.int32))


def _name(counts: Counts) -> Ngrams:
    """The n-grams as numpy strings (ngrams,): the same bytes, nothing is converted."""
    n = counts.code_points.shape[1]
    return np.ascontiguousarray(counts.code_points, np.int32).view(f"U{n}").reshape(-1)


def _add(one: _Totals, other: _Totals) -> _Totals:
    """The totals of both, which are left as they are."""
    indices, is_known = _find(other.ngrams, one.ngrams)
    occurrences = one.occurrences.copy()
    occurrences[indices[is_known]] += other.occurrences[is_known]
    new = indices[~is_known]
    return _Totals(
        np.insert(one.ngrams, new, other.ngrams[~is_known]),
        np.insert(occurrences, new, other.occurrences[~is_known]),
        one.chunks + other.chunks,
    )


def _find(wanted: Ngrams, known: Ngrams) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Where each n-gram stands among the known, or would have to stand, and whether it does (wanted,)."""
    indices = np.searchsorted(known, wanted)
    is_known = np.zeros(len(wanted), np.bool_)
    inside = indices < len(known)
    is_known[inside] = known[indices[inside]] == wanted[inside]
    return indices, is_known


def _count_only(ngrams: Ngrams, block: Chunks, n: int) -> Any:
    """How often each chunk of the block has each of the n-grams, csr_array (chunks, ngrams) with sorted columns."""
    counts = _count_block(block, n)
    indices, is_known = _find(ngrams, _name(counts))
    column_of = np.full(counts.matrix.shape[1], -1, np.int32)
    column_of[indices[is_known]] = np.flatnonzero(is_known)
    columns = column_of[counts.matrix.indices]
    is_kept = columns >= 0
    ends = np.concatenate([[0], np.cumsum(is_kept)])[counts.matrix.indptr]
    # Both orders ascend, so the columns of each row still do.
    return sparse.csr_array(
        (counts.matrix.data[is_kept], columns[is_kept], ends.astype(np.int32)), (len(block), len(ngrams))
    )


def _check_same(rows: list[Any], first: _Totals) -> None:
    """Refuse what a second pass found if it is not what the first one did.

    Raises:
        StylometryError: If chunks or occurrences differ, as they do where an iterator was used up by the first pass.
    """
    chunks = sum(matrix.shape[0] for matrix in rows)
    occurrences = sum((matrix.sum(axis=0, dtype=np.int64) for matrix in rows), np.zeros(len(first.ngrams), np.int64))
    if chunks != first.chunks or not np.array_equal(occurrences, first.occurrences):
        raise StylometryError(
            f"the blocks changed between the two passes: found {chunks} chunks with {occurrences.sum()} n-grams to "
            f"count, expected {first.chunks} with {first.occurrences.sum()}. Give a function that reads the same "
            "blocks again each time it is called, not an iterator."
        )
