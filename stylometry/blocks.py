"""Text in groups for threads and in blocks for the processor's cache, turned into symbols one block at a time."""

from collections.abc import Iterator

import numpy as np

from stylometry.alphabet import Alphabet
from stylometry.parallel import count_cores
from stylometry.symbols import Symbols, Text, write_symbols

_BLOCK_BYTES = 1 << 18
"""Text whose symbols are held at a time, unless one chunk is longer: they (1 MB) stay in the processor's cache."""

_GROUP_BYTES = 8 << 20
"""Least text for one more thread: below, a second table and vocabulary cost about what the thread saves."""


def choose_threads(text: Text) -> int:
    """One thread a core, fewer for little text."""
    return min(count_cores(), 1 + text.utf8.size // _GROUP_BYTES)


def divide(text: Text, *, parts: int) -> list[Text]:
    """The chunks in consecutive groups of about equal size, at most `parts`, each of at least one chunk."""
    return _divide(text, max(1, -(-text.utf8.size // parts)))


def write_blocks(text: Text, alphabet: Alphabet) -> Iterator[Symbols]:
    """The chunks as rows of symbols, block by block; a block is written over by the next one."""
    blocks = _divide(text, _BLOCK_BYTES)
    values = np.empty(max(int(block.offsets[-1] - block.offsets[0]) for block in blocks), np.uint32)
    for block in blocks:
        symbols = Symbols(values, np.empty(len(block.offsets) - 1, np.int64))
        write_symbols(block, alphabet.symbol_of, alphabet.blank, symbols)
        yield symbols


def _divide(text: Text, largest: int) -> list[Text]:
    """The chunks in consecutive groups of about `largest` bytes, each of at least one chunk."""
    marks = np.arange(text.offsets[0], text.offsets[-1], largest)
    starts = np.unique([0, *np.searchsorted(text.offsets[:-1], marks)]).tolist()
    ends = [*starts[1:], len(text.offsets) - 1]
    return [
        Text(text.utf8, text.offsets[start : end + 1]) for start, end in zip(starts, ends, strict=False) if start < end
    ]
