"""Exact counts of character n-grams in chunks of text, as scikit-learn counts them, some dozens of times faster."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from stylometry.alphabet import read_alphabet
from stylometry.chunks import Chunks
from stylometry.errors import StylometryError
from stylometry.kernels import Code, Rows, Text, Vocabulary, count_by_hash, count_by_table
from stylometry.parallel import count_cores, run_each
from stylometry.rows import Block, sort_rows

LONGEST = 5
"""Longest n-gram that is compared with scikit-learn; 128 bits would hold six characters of 21 bits."""

_TABLE_BITS = 24
"""Widest code with a place of its own in a table (64 MB); beyond, filling fresh memory costs more than hashing."""

_FIRST_SLOT_BITS = 16
"""Slots of a new hash table (256 KB); it doubles as it fills."""

_BLOCK_BYTES = 1 << 20
"""Text counted before its rows are set aside: the room for them stays in the processor's cache."""

_GROUP_BYTES = 8 << 20
"""Least text for one more thread: below, a second table and vocabulary cost about what the thread saves."""


@dataclass(frozen=True)
class Counts:
    """How often each n-gram stands in each chunk.

    Attributes:
        code_points: The n-grams as code points, in ascending order (ngrams, n).
        matrix: Occurrences, scipy csr_array of int32 with sorted columns (chunks, ngrams).
    """

    code_points: npt.NDArray[np.int32]
    matrix: Any

    @property
    def ngrams(self) -> list[str]:
        """The n-grams as strings, in the order of the columns (ngrams,)."""
        n = self.code_points.shape[1]
        joined = self.code_points.astype("<u4").tobytes().decode("utf-32-le")
        return [joined[start : start + n] for start in range(0, len(joined), n)]


class _Group(NamedTuple):
    """What one thread counted: codes by id (ids, 2) and the rows in blocks."""

    codes: npt.NDArray[np.uint64]
    blocks: list[Block]


def count_ngrams(chunks: Chunks, n: int = 3, *, threads: int | None = None) -> Counts:
    """Counts equal to those of CountVectorizer(analyzer="char", ngram_range=(n, n)) on the texts of the chunks.

    As there, text is lower-cased chunk by chunk, two or more white-space characters in a row count as one blank, and
    no n-gram crosses the border of a chunk.

    Args:
        chunks: The chunks, one row each.
        n: Characters in an n-gram, 1 to 5.
        threads: Threads to count with; by default one a core, fewer for little text. The result is the same.

    Raises:
        StylometryError: If n is out of range, or no chunk has n characters.
    """
    if not 1 <= n <= LONGEST:
        raise StylometryError(f"no such n-gram: found n = {n}, expected 1 to {LONGEST}. Choose another n.")
    alphabet, text = read_alphabet(Text(chunks.utf8, chunks.offsets))
    code = alphabet.code(n)
    threads = threads or min(count_cores(), 1 + text.utf8.size // _GROUP_BYTES)
    groups = _divide(text, max(1, -(-text.utf8.size // threads)))
    counted = run_each(lambda group: _count_group(group, code), groups, threads=threads)
    codes, columns = _merge_codes([group.codes for group in counted])
    if not len(codes):
        raise StylometryError(
            f"nothing to count: found no chunk with {n} characters among {len(chunks)}, expected at least one. "
            "Choose longer chunks or a smaller n."
        )
    blocks = [(block, column) for group, column in zip(counted, columns, strict=True) for block in group.blocks]
    return Counts(alphabet.spell(codes, n), _assemble(blocks, len(codes), threads))


def _divide(text: Text, largest: int) -> list[Text]:
    """The chunks in consecutive groups of about `largest` bytes, each of at least one chunk."""
    marks = np.arange(text.offsets[0], text.offsets[-1], largest)
    starts = np.unique([0, *np.searchsorted(text.offsets[:-1], marks)]).tolist()
    ends = [*starts[1:], len(text.offsets) - 1]
    return [
        Text(text.utf8, text.offsets[start : end + 1]) for start, end in zip(starts, ends, strict=False) if start < end
    ]


def _count_group(text: Text, code: Code) -> _Group:
    """Count consecutive chunks block by block, with one table and one vocabulary."""
    width = int(code.bits * code.n)
    is_table = width <= _TABLE_BITS
    places = np.zeros(1 << (width if is_table else _FIRST_SLOT_BITS), np.int32)
    vocabulary = Vocabulary(np.zeros((0, 2), np.uint64), np.zeros(0, np.int32), np.zeros(1, np.int64))
    blocks = _divide(text, _BLOCK_BYTES)
    rows = _make_rows(blocks)
    counted = []
    for block in blocks:
        vocabulary = _reserve(vocabulary, _count_bytes(block))
        if is_table:
            count_by_table(block, code, places, vocabulary, rows)
        else:
            places = count_by_hash(block, code, places, vocabulary, rows)
        ends = rows.ends[: len(block.offsets) - 1].copy()
        counted.append(Block(rows.ids[: ends[-1]].copy(), rows.counts[: ends[-1]].copy(), ends))
    return _Group(vocabulary.codes[: vocabulary.size[0]].copy(), counted)


def _count_bytes(text: Text) -> int:
    return int(text.offsets[-1] - text.offsets[0])


def _reserve(vocabulary: Vocabulary, more: int) -> Vocabulary:
    """The vocabulary with room for `more` new codes; room that is never used never takes up memory."""
    known = int(vocabulary.size[0])
    if known + more <= len(vocabulary.counts):
        return vocabulary
    room = 2 * (known + more)
    codes = np.empty((room, 2), np.uint64)
    codes[:known] = vocabulary.codes[:known]
    return Vocabulary(codes, np.zeros(room, np.int32), vocabulary.size)


def _make_rows(blocks: list[Text]) -> Rows:
    """Room for the rows of any of the blocks: a chunk never has more characters or n-grams than bytes."""
    size = max(_count_bytes(block) for block in blocks)
    longest = max(int(np.diff(block.offsets).max()) for block in blocks)
    most = max(len(block.offsets) - 1 for block in blocks)
    return Rows(
        np.empty(size, np.int32), np.empty(size, np.int32), np.empty(most, np.int64), np.empty(longest, np.uint32)
    )


def _merge_codes(
    groups: list[npt.NDArray[np.uint64]],
) -> tuple[npt.NDArray[np.uint64], list[npt.NDArray[np.int32]]]:
    """All codes in ascending order, each once (codes, 2), and for each group the place of its ids in them (ids,)."""
    high, low = np.concatenate(groups).T.copy()
    order = np.lexsort((low, high)) if high.any() else np.argsort(low)
    high, low = high[order], low[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    places = np.empty(len(order), np.int32)
    places[order] = np.cumsum(is_new, dtype=np.int32) - 1
    return np.stack([high[is_new], low[is_new]], axis=1), np.split(places, np.cumsum([len(g) for g in groups])[:-1])


def _assemble(blocks: list[tuple[Block, npt.NDArray[np.int32]]], width: int, threads: int) -> Any:
    """The blocks as one matrix (rows, width) with sorted columns; each goes with the columns of its ids (ids,)."""
    ends = np.cumsum([len(block.ids) for block, _ in blocks])
    columns = np.empty(ends[-1], np.int32)
    counts = np.empty(ends[-1], np.int32)

    def write(task: tuple[int, tuple[Block, npt.NDArray[np.int32]]]) -> None:
        end, (block, column_of) = task
        entries = slice(end - len(block.ids), end)
        sort_rows(block, column_of, width, columns[entries], counts[entries])

    run_each(write, zip(ends.tolist(), blocks, strict=True), threads=threads)
    lengths = np.concatenate([np.diff(block.ends, prepend=0) for block, _ in blocks])
    # 32-bit places as scikit-learn has them, and its compiled functions expect, while they suffice.
    place = np.int32 if ends[-1] <= np.iinfo(np.int32).max else np.int64
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(place)
    matrix = sparse.csr_array((counts, columns, starts), (len(lengths), width))
    matrix.has_canonical_format = True
    return matrix
