"""UTF-8 bytes -> symbols: the characters of chunks as small numbers, by a table with one place a code point."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled

WHITE_SPACE = np.uint32(1 << 31)
"""Bit of a symbol that says: this character is white space, and a run of it becomes one blank."""

_SYMBOL = np.uint32(WHITE_SPACE - 1)
_CONTINUATION = np.uint32(0x3F)
_ASCII = np.uint32(0x80)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)


class Text(NamedTuple):
    """Chunks of text: UTF-8 `utf8` (bytes,) and the byte `offsets` (chunks + 1,) at which they begin and end."""

    utf8: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]


class Symbols(NamedTuple):
    """Rows of symbols one after another: `values` (room,), and where each row ends (rows,)."""

    values: npt.NDArray[np.uint32]
    ends: npt.NDArray[np.int64]


@compiled
def _decode(utf8: npt.NDArray[np.uint8], at: np.uint64) -> tuple[np.uint32, np.uint64]:
    """Code point at byte `at`, and the byte after it. Source: The Unicode Standard 15.0, table 3-6."""
    lead = np.uint32(utf8[at])
    if lead < _ASCII:
        return lead, at + _ONE
    second = np.uint32(utf8[at + _ONE]) & _CONTINUATION
    if lead < 0xE0:
        return (lead & np.uint32(0x1F)) << np.uint32(6) | second, at + np.uint64(2)
    third = np.uint32(utf8[at + np.uint64(2)]) & _CONTINUATION
    if lead < 0xF0:
        return (lead & np.uint32(0x0F)) << np.uint32(12) | second << np.uint32(6) | third, at + np.uint64(3)
    fourth = np.uint32(utf8[at + np.uint64(3)]) & _CONTINUATION
    top = (lead & np.uint32(0x07)) << np.uint32(18) | second << np.uint32(12)
    return top | third << np.uint32(6) | fourth, at + np.uint64(4)


@compiled
def mark_code_points(utf8: npt.NDArray[np.uint8], seen: npt.NDArray[np.bool_]) -> None:
    """Set `seen` (0x110000,) for every code point of the text."""
    at = _ZERO
    end = np.uint64(utf8.size)
    while at < end:
        code_point, at = _decode(utf8, at)
        seen[code_point] = True


@compiled
def write_symbols(text: Text, symbol_of: npt.NDArray[np.uint32], blank: np.uint32, symbols: Symbols) -> None:
    """Write the symbols of each chunk as a row, a run of white space as one blank.

    No branch: the second of two white-space characters is written over the first, as a blank. Indices are unsigned,
    here and in all kernels, because numba tests signed ones for negative values at each access.

    Args:
        text: The chunks.
        symbol_of: Symbol of each code point, with the bit WHITE_SPACE if it is that (0x110000,).
        blank: Symbol of a blank.
        symbols: Takes the rows; room for one symbol a byte.
    """
    at = np.uint64(text.offsets[0])
    size = _ZERO
    for chunk in range(text.offsets.size - 1):
        end = np.uint64(text.offsets[chunk + 1])
        before = np.uint32(0)
        while at < end:
            code_point, at = _decode(text.utf8, at)
            symbol = symbol_of[code_point]
            is_run = (symbol & before) >> np.uint32(31)
            symbols.values[size - np.uint64(is_run)] = blank if is_run else symbol & _SYMBOL
            size += np.uint64(np.uint32(1) - is_run)
            before = symbol
        symbols.ends[chunk] = np.int64(size)
