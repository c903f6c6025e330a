"""n-grams of symbols counted: symbols are characters or words, rows are chunks; in blocks, by one or more threads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from stylometry.hashing import Vocabulary, count_by_hash
from stylometry.parallel import run_each
from stylometry.symbols import Symbols
from stylometry.tables import Marks, Rows, count_by_table, sort_rows

Codes = npt.NDArray[np.uint64]

MOST_BITS = 128
"""Widest code: two words of the processor."""

_TABLE_BITS = 24
"""Widest code with an entry of its own in a table (64 MB); beyond, filling fresh memory costs more than hashing."""

_FIRST_SLOT_BITS = 16
"""Slots of a new hash table (256 KB); it doubles as it fills."""

_ROOM = 1 << 23
"""Entries that a new block has room for, if the text is large. So much memory (twice 32 MB) comes from the operating
system page by page as it is written to, and goes back to it as soon as it is freed; smaller pieces stay with the
process, which is quicker."""

_LARGE = 8 << 20
"""Symbols from which on a text is large: memory counts more than a few milliseconds."""

_ENOUGH = 1 << 18
"""Entries after which a block is closed, at 4 MB: that much is held twice while the matrix is put together."""


@dataclass
class Block:
    """Rows of consecutive chunks: ids and counts (entries,), and where each ends (rows,)."""

    ids: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]


_NOTHING = Block(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64))


@dataclass(frozen=True)
class _Group:
    """What one thread counted: codes (codes, 2), and blocks, by codes in order or by indices of codes in any order."""

    codes: Codes
    blocks: list[Block]
    is_by_code: bool


def count_symbols(
    groups: Sequence[Iterable[Symbols]], *, bits: int, n: int, threads: int, size: int
) -> tuple[npt.NDArray[np.int64], Any]:
    """The n-grams met, ascending, as symbols (ngrams, n), and how often each row has each, csr_array (rows, ngrams).

    Args:
        groups: Consecutive rows for each thread, in blocks. A block is used up before the next one is asked for.
        bits: Bits that hold any symbol; n of them are at most MOST_BITS.
        n: Symbols of an n-gram.
        threads: Threads to count with.
        size: Symbols in all groups, about.
    """
    count = _count_with_table if bits * n <= _TABLE_BITS else _count_with_hash
    room = _ROOM if size >= _LARGE else 0
    counted = run_each(lambda group: count(group, bits, n, room), groups, threads=threads)
    codes, columns = merge_codes([group.codes for group in counted])
    if counted[0].is_by_code:
        column_of = np.empty(int(codes[:, 1].max(initial=0)) + 1, np.int32)
        column_of[codes[:, 1]] = np.arange(len(codes))
        columns = [column_of] * len(counted)
    return unpack(codes, bits, n), _assemble(counted, columns, len(codes), threads)


def _count_with_table(blocks_of_symbols: Iterable[Symbols], bits: int, n: int, room: int) -> _Group:
    size = max(1 << (bits * n), 64)
    marks = Marks(
        np.zeros(size // 64, np.uint64), np.zeros(-(-size // 64**2), np.uint64), np.zeros(size // 64, np.uint64)
    )
    table = np.zeros(max(size, room), np.int32)[:size]

    def count(symbols: Symbols, rows: Rows) -> None:
        count_by_table(symbols, np.uint64(bits), np.uint64(n), table, marks, rows)

    blocks = _fill_blocks(blocks_of_symbols, count, room)
    used = np.flatnonzero(marks.known)
    within = np.unpackbits(marks.known[used].astype("<u8").view(np.uint8), bitorder="little").reshape(-1, 64)
    words, bit = np.nonzero(within)
    keys = used[words] * 64 + bit
    return _Group(np.stack([np.zeros_like(keys), keys], axis=1).astype(np.uint64), blocks, is_by_code=True)


def _count_with_hash(blocks_of_symbols: Iterable[Symbols], bits: int, n: int, room: int) -> _Group:
    slots = np.zeros(1 << _FIRST_SLOT_BITS, np.int32)
    vocabulary = make_vocabulary()

    def count(symbols: Symbols, rows: Rows) -> None:
        nonlocal slots, vocabulary
        vocabulary = reserve_vocabulary(vocabulary, int(symbols.ends[-1]))
        slots = count_by_hash(symbols, np.uint64(bits), np.uint64(n), slots, vocabulary, rows)

    blocks = _fill_blocks(blocks_of_symbols, count, room)
    known = int(vocabulary.size[0])
    return _Group(vocabulary.codes[:known].copy(), blocks, is_by_code=False)


def make_vocabulary() -> Vocabulary:
    """A vocabulary without codes and without room."""
    return Vocabulary(np.zeros((0, 2), np.uint64), np.zeros(0, np.int32), np.zeros(1, np.int64))


def reserve_vocabulary(vocabulary: Vocabulary, more: int) -> Vocabulary:
    """The vocabulary with room for `more` new codes; room that is never used never takes up memory."""
    known = int(vocabulary.size[0])
    if known + more <= len(vocabulary.counts):
        return vocabulary
    room = 2 * (known + more)
    codes = np.empty((room, 2), np.uint64)
    codes[:known] = vocabulary.codes[:known]
    return Vocabulary(codes, np.zeros(room, np.int32), vocabulary.size)


def _fill_blocks(
    blocks_of_symbols: Iterable[Symbols], count: Callable[[Symbols, Rows], None], room: int
) -> list[Block]:
    """What was counted, in few blocks, written where it stays."""
    blocks: list[Block] = []
    ids, counts, ends = _make_room(0)
    new = np.empty(0, np.uint32)
    used = 0
    for symbols in blocks_of_symbols:
        # No more entries than symbols, and one beyond, which is written and not kept.
        most = int(symbols.ends[-1]) + 1
        if used > _ENOUGH or used + most > len(ids):
            blocks.append(_close_block(ids, counts, ends, used))
            ids, counts, ends = _make_room(max(most, room))
            used = 0
        new = new if len(new) >= most else np.empty(most, np.uint32)
        ends.append(_count_from(used, ids, counts, new, symbols, count))
        used = int(ends[-1][-1])
    return [*blocks[1:], _close_block(ids, counts, ends, used)]


def _count_from(
    used: int,
    ids: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
    new: npt.NDArray[np.uint32],
    symbols: Symbols,
    count: Callable[[Symbols, Rows], None],
) -> npt.NDArray[np.int64]:
    """Count symbols into the entries from `used` on; return where each row ends (rows,). No slice is left behind."""
    rows = Rows(ids[used:], counts[used:], np.empty_like(symbols.ends), new)
    count(symbols, rows)
    return rows.ends + used


def _make_room(entries: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], list[npt.NDArray[np.int64]]]:
    return np.empty(entries, np.int32), np.empty(entries, np.int32), []


def _close_block(
    ids: npt.NDArray[np.int32], counts: npt.NDArray[np.int32], ends: list[npt.NDArray[np.int64]], used: int
) -> Block:
    """The entries used; the rest of the room, which was never touched, goes back without a copy."""
    for entries in (ids, counts):
        # Safe, because the slices that the kernel wrote to are gone.
        entries.resize(used, refcheck=False)
    return Block(ids, counts, np.concatenate(ends) if ends else np.empty(0, np.int64))


def merge_codes(groups: list[Codes]) -> tuple[Codes, list[npt.NDArray[np.int32]]]:
    """All codes in ascending order, each once (codes, 2), and for each group the indices of its own in them."""
    high, low = np.concatenate(groups).T.copy()
    order = np.lexsort((low, high)) if high.any() else _order(low)
    high, low = high[order], low[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    indices = np.empty(len(order), np.int32)
    indices[order] = np.cumsum(is_new, dtype=np.int32) - 1
    return np.stack([high[is_new], low[is_new]], axis=1), np.split(indices, np.cumsum([len(g) for g in groups])[:-1])


def _order(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Indices of the numbers by size, of equal ones in their order.

    They are sorted with their indices in the lowest bits, if these fit: that takes a fifth of the time of an argsort.
    """
    bits = len(numbers).bit_length()
    if int(numbers.max(initial=0)).bit_length() + bits > 64:
        return np.argsort(numbers, kind="stable")
    keyed = numbers << np.uint64(bits) | np.arange(len(numbers), dtype=np.uint64)
    keyed.sort()
    return (keyed & np.uint64((1 << bits) - 1)).astype(np.int64)


def unpack(codes: Codes, bits: int, n: int) -> npt.NDArray[np.int64]:
    """The symbols of each code (codes, n)."""
    high, low = codes[:, 0].copy(), codes[:, 1].copy()
    symbols = np.empty((len(codes), n), np.int64)
    for index in reversed(range(n)):
        symbols[:, index] = low & np.uint64((1 << bits) - 1)
        low = low >> np.uint64(bits) | high << np.uint64(64 - bits)
        high = high >> np.uint64(bits)
    return symbols


def choose_index_type(entries: int) -> type[np.int32 | np.int64]:
    """32-bit indices as scikit-learn has them, and its compiled functions expect, while they suffice."""
    return np.int32 if entries <= np.iinfo(np.int32).max else np.int64


def _assemble(groups: list[_Group], columns: list[npt.NDArray[np.int32]], width: int, threads: int) -> Any:
    """The blocks as one matrix (rows, width) with sorted columns; a block is let go as soon as it is written."""
    sizes = [len(block.ids) for group in groups for block in group.blocks]
    ends = np.concatenate([[0], *(np.diff(block.ends, prepend=0) for group in groups for block in group.blocks)])
    starts = np.cumsum(ends, dtype=choose_index_type(sum(sizes)))
    indices, data = np.empty(sum(sizes), np.int32), np.empty(sum(sizes), np.int32)
    firsts = iter(np.cumsum([0, *sizes]).tolist())
    tasks = [
        (group, index, next(firsts), column_of)
        for group, column_of in zip(groups, columns, strict=True)
        for index in range(len(group.blocks))
    ]

    def write(task: tuple[_Group, int, int, npt.NDArray[np.int32]]) -> None:
        group, index, first, column_of = task
        block, group.blocks[index] = group.blocks[index], _NOTHING
        entries = slice(first, first + len(block.ids))
        if group.is_by_code:
            np.take(column_of, block.ids, out=indices[entries], mode="clip")
            data[entries] = block.counts
        else:
            rows = Rows(block.ids, block.counts, block.ends, np.empty(0, np.uint32))
            sort_rows(rows, column_of, width, indices[entries], data[entries])

    run_each(write, tasks, threads=threads)
    matrix = sparse.csr_array((data, indices, starts), (len(starts) - 1, width))
    matrix.has_canonical_format = True
    return matrix
