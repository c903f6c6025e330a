"""Counting with one place for every possible code, and putting entries in order: both by reading bits, not comparing.

A *code* is n symbols written side by side in `bits` bits each, so codes sort as the n-grams do.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled
from stylometry.symbols import Symbols

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WORD_BITS = np.uint64(6)
_WITHIN = np.uint64(63)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
"""Each of its 64 runs of six bits is another number. Source: Leiserson, Prokop, Randall (1998)."""
_BIT_INDICES = np.zeros(64, np.uint8)
_BIT_INDICES[[(int(_DE_BRUIJN) << index) % 2**64 >> 58 for index in range(64)]] = np.arange(64)


class Marks(NamedTuple):
    """A bit for each entry of a table: in this row (entries/64,), for each 64 words of these, and in any row so far."""

    words: npt.NDArray[np.uint64]
    groups: npt.NDArray[np.uint64]
    known: npt.NDArray[np.uint64]


class Rows(NamedTuple):
    """Room for rows of counts: ids and counts (entries,), where each row ends (rows,), new indices of one row (n,)."""

    ids: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    new: npt.NDArray[np.uint32]


@compiled
def _find_lowest_bit(bits: np.uint64) -> np.uint64:
    """Index of the lowest bit that is set: alone, it moves a different six bits of the constant to the top each time.

    Source: Leiserson, Prokop, Randall: Using de Bruijn Sequences to Index a 1 in a Computer Word (1998).
    """
    return np.uint64(_BIT_INDICES[((bits & (~bits + _ONE)) * _DE_BRUIJN) >> np.uint64(58)])


@compiled
def _mark(index: np.uint64, marks: Marks) -> None:
    word = index >> _WORD_BITS
    marks.words[word] |= _ONE << (index & _WITHIN)
    marks.groups[word >> _WORD_BITS] |= _ONE << (word & _WITHIN)


@compiled
def _close_row(table: npt.NDArray[np.int32], marks: Marks, rows: Rows, entry: np.uint64) -> np.uint64:
    """Move the marked entries of the table with their counts to the rows from `entry` on, ascending; clear both."""
    for group in range(marks.groups.size):
        in_group = marks.groups[np.uint64(group)]
        marks.groups[np.uint64(group)] = _ZERO
        while in_group != _ZERO:
            word = np.uint64(group) << _WORD_BITS | _find_lowest_bit(in_group)
            in_group &= in_group - _ONE
            in_word = marks.words[word]
            marks.words[word] = _ZERO
            marks.known[word] |= in_word
            while in_word != _ZERO:
                index = word << _WORD_BITS | _find_lowest_bit(in_word)
                in_word &= in_word - _ONE
                rows.ids[entry] = np.int32(index)
                rows.counts[entry] = table[index]
                table[index] = 0
                entry += _ONE
    return entry


@compiled
def count_by_table(
    symbols: Symbols, bits: np.uint64, n: np.uint64, table: npt.NDArray[np.int32], marks: Marks, rows: Rows
) -> None:
    """Count the n-grams of each row; the rows come out with ascending codes.

    A new index is noted always and the note kept only when the count was zero: cheaper than a branch that is hard to
    foresee. Closing a row costs what it holds, not what the table could.

    Args:
        symbols: The symbols.
        bits: Bits of a symbol.
        n: Symbols of an n-gram.
        table: Count of each code, all 0 before and after (2**(bits*n),).
        marks: All 0 before, all but `known` after.
        rows: Takes the rows; its ids are codes.
    """
    mask = (_ONE << (bits * n)) - _ONE
    at = entry = _ZERO
    for row in range(symbols.ends.size):
        end = np.uint64(symbols.ends[row])
        first = min(at + n - _ONE, end)
        key = new = _ZERO
        while at < first:
            key = key << bits | np.uint64(symbols.values[at])
            at += _ONE
        while at < end:
            # Symbols further back leave the key on the left by themselves.
            key = key << bits | np.uint64(symbols.values[at])
            index = key & mask
            count = table[index]
            rows.new[new] = np.uint32(index)
            new += np.uint64(count == 0)
            table[index] = count + np.int32(1)
            at += _ONE
        for noted in range(new):
            _mark(np.uint64(rows.new[np.uint64(noted)]), marks)
        entry = _close_row(table, marks, rows, entry)
        rows.ends[row] = np.int64(entry)


@compiled
def sort_rows(
    rows: Rows,
    column_of: npt.NDArray[np.int32],
    width: int,
    columns: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
) -> None:
    """Write rows with ascending columns.

    Each row is spread out over `width` places with one bit each to say which are taken; then the bits are read in
    order, 64 empty places at a step. The places of one row fit the cache.

    Args:
        rows: The rows as counted.
        column_of: Column of each id (ids,).
        width: Number of columns.
        columns: Takes the columns (entries,).
        counts: Takes the counts (entries,).
    """
    spread = np.zeros(width, np.int32)
    taken = np.zeros(width // 64 + 1, np.uint64)
    entry = _ZERO
    for row in range(rows.ends.size):
        for index in range(entry, np.uint64(rows.ends[row])):
            column = np.uint64(column_of[np.uint64(rows.ids[np.uint64(index)])])
            spread[column] = rows.counts[np.uint64(index)]
            taken[column >> _WORD_BITS] |= _ONE << (column & _WITHIN)
        for index in range(taken.size):
            bits = taken[np.uint64(index)]
            taken[np.uint64(index)] = _ZERO
            while bits != _ZERO:
                column = np.uint64(index) << _WORD_BITS | _find_lowest_bit(bits)
                bits &= bits - _ONE
                columns[entry] = np.int32(column)
                counts[entry] = spread[column]
                entry += _ONE
