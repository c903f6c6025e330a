"""Numbering with a hash table, where places for all possible codes would be too many: n-grams, and words.

A *code* is up to 128 bits in two words, (high, low). An *id* numbers codes by first appearance, which keeps the counts
of frequent n-grams close together in memory.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled
from stylometry.symbols import Symbols
from stylometry.tables import Rows

LETTER = np.uint32(1 << 30)
"""Bit of a symbol that begins a word or goes on with it."""
MARK = np.uint32(1 << 29)
"""Bit of a symbol that goes on with a word: what stands on a letter."""
JOINER = np.uint32(1 << 28)
"""Bit of a symbol that goes on with a word if a letter follows: apostrophes."""

Places = npt.NDArray[np.uint64]

_NUMBER = np.uint32(JOINER - 1)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WORD = np.uint64(64)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2**64 / golden ratio, odd. Source: Knuth, The Art of Computer Programming, vol. 3, 2nd ed., section 6.4."""


_STRIP = 512
"""Codes looked up together: they (10 KB) stay in the fastest cache."""


class Strip(NamedTuple):
    """Codes one after another as (high, low) words, and the id plus one of each (room,)."""

    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]
    found: npt.NDArray[np.int32]


class Vocabulary(NamedTuple):
    """Codes by id as (high, low) words (room, 2), counts of the row at hand (room,), and how many are known (1,)."""

    codes: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int32]
    size: npt.NDArray[np.int64]


@compiled
def _hash(high: np.uint64, low: np.uint64) -> np.uint64:
    """A number by which codes scatter over the slots. Source: Knuth, vol. 3, section 6.4, on multiplicative hashing.

    Folded first: a short word fills its piece from the left, and a product carries nothing to the right.
    """
    hashed = (low ^ (low >> np.uint64(32)) ^ (high * _MULTIPLIER)) * _MULTIPLIER
    return hashed ^ (hashed >> np.uint64(32))


@compiled
def _find_slot(
    high: np.uint64, low: np.uint64, slots: npt.NDArray[np.int32], codes: npt.NDArray[np.uint64]
) -> np.uint64:
    """Slot of a code, or the free one where it belongs; the slots (power of two,) hold ids plus one, 0 is free.

    Source: Knuth, vol. 3, section 6.4, algorithm L: where a slot is taken, the next one.
    """
    last = np.uint64(slots.size - 1)
    slot = _hash(high, low) & last
    while True:
        held = np.uint64(slots[slot])
        if held == _ZERO or (codes[held - _ONE, _ONE] == low and codes[held - _ONE, _ZERO] == high):
            return slot
        slot = (slot + _ONE) & last


@compiled
def _find_id(high: np.uint64, low: np.uint64, slots: npt.NDArray[np.int32], vocabulary: Vocabulary) -> np.uint64:
    """Id of a code, a new one if it is met for the first time."""
    slot = _find_slot(high, low, slots, vocabulary.codes)
    if slots[slot] == 0:
        known = np.uint64(vocabulary.size[0])
        vocabulary.codes[known, _ZERO] = high
        vocabulary.codes[known, _ONE] = low
        vocabulary.size[0] = np.int64(known + _ONE)
        slots[slot] = np.int32(known + _ONE)
    return np.uint64(slots[slot]) - _ONE


@compiled
def _reserve_slots(slots: npt.NDArray[np.int32], vocabulary: Vocabulary, more: np.uint64) -> npt.NDArray[np.int32]:
    """The slots, or the same ids in a larger table if `more` new codes would fill over half of it."""
    room = np.uint64(slots.size)
    known = np.uint64(vocabulary.size[0])
    while (known + more) * np.uint64(2) > room:
        room *= np.uint64(2)
    if room == np.uint64(slots.size):
        return slots
    wider = np.zeros(np.int64(room), np.int32)
    for index in range(known):
        held = np.uint64(index)
        slot = _find_slot(vocabulary.codes[held, _ZERO], vocabulary.codes[held, _ONE], wider, vocabulary.codes)
        wider[slot] = np.int32(held + _ONE)
    return wider


@compiled
def _close_row(start: np.uint64, end: np.uint64, counts: npt.NDArray[np.int32], rows: Rows) -> None:
    """Move the counts of a row to its place and clear them; costs what the row holds, not the vocabulary."""
    for index in range(start, end):
        found = np.uint64(rows.ids[np.uint64(index)])
        rows.counts[np.uint64(index)] = counts[found]
        counts[found] = 0


@compiled
def _look_up(strip: Strip, size: np.uint64, slots: npt.NDArray[np.int32], vocabulary: Vocabulary) -> None:
    """Write the id plus one of each code that stands in its first slot, 0 for the others.

    Slots and codes lie anywhere in memory. None of these reads waits for another one, so the processor fetches a dozen
    at a time; finding one code after the other takes three times as long.
    """
    last = np.uint64(slots.size - 1)
    for index in range(size):
        at = np.uint64(index)
        strip.found[at] = slots[_hash(strip.high[at], strip.low[at]) & last]
    for index in range(size):
        at = np.uint64(index)
        held = np.uint64(max(strip.found[at], 1)) - _ONE
        is_same = vocabulary.codes[held, _ONE] == strip.low[at] and vocabulary.codes[held, _ZERO] == strip.high[at]
        strip.found[at] = strip.found[at] if is_same else 0


@compiled
def _count_strip(
    strip: Strip, size: np.uint64, slots: npt.NDArray[np.int32], vocabulary: Vocabulary, rows: Rows, entry: np.uint64
) -> np.uint64:
    """Count the codes of a strip into the row that goes on at `entry`; return where it goes on after that."""
    _look_up(strip, size, slots, vocabulary)
    for index in range(size):
        at = np.uint64(index)
        found = np.uint64(strip.found[at])
        if found == _ZERO:
            found = _find_id(strip.high[at], strip.low[at], slots, vocabulary) + _ONE
        count = vocabulary.counts[found - _ONE]
        # The note is written always and kept if the count was zero: cheaper than a branch hard to foresee.
        rows.ids[entry] = np.int32(found - _ONE)
        entry += np.uint64(count == 0)
        vocabulary.counts[found - _ONE] = count + np.int32(1)
    return entry


@compiled
def count_by_hash(
    symbols: Symbols,
    bits: np.uint64,
    n: np.uint64,
    slots: npt.NDArray[np.int32],
    vocabulary: Vocabulary,
    rows: Rows,
) -> npt.NDArray[np.int32]:
    """Count the n-grams of each row; return the slots, more if need be.

    Args:
        symbols: The symbols.
        bits: Bits of a symbol; n of them are at most 128.
        n: Symbols of an n-gram.
        slots: Ids plus one at their hashed places, 0 is free (a power of two,).
        vocabulary: Grows by the new codes.
        rows: Takes the rows, their ids in the order of first appearance.
    """
    width = bits * n
    low_mask = ~_ZERO if width >= _WORD else (_ONE << width) - _ONE
    high_mask = (_ONE << (width - _WORD)) - _ONE if width > _WORD else _ZERO
    strip = Strip(np.empty(_STRIP, np.uint64), np.empty(_STRIP, np.uint64), np.empty(_STRIP, np.int32))
    at = entry = _ZERO
    for row in range(symbols.ends.size):
        end = np.uint64(symbols.ends[row])
        slots = _reserve_slots(slots, vocabulary, end - at)
        start, first = entry, at + n - _ONE
        high = low = size = _ZERO
        while at < end:
            high = (high << bits | low >> (_WORD - bits)) & high_mask
            low = (low << bits | np.uint64(symbols.values[at])) & low_mask
            strip.high[size] = high
            strip.low[size] = low
            size += np.uint64(at >= first)
            at += _ONE
            if size == np.uint64(_STRIP):
                entry = _count_strip(strip, size, slots, vocabulary, rows, entry)
                size = _ZERO
        entry = _count_strip(strip, size, slots, vocabulary, rows, entry)
        _close_row(start, entry, vocabulary.counts, rows)
        rows.ends[row] = np.int64(entry)
    return slots


@compiled
def _goes_on(symbols: Symbols, at: np.uint64, end: np.uint64) -> bool:
    """Whether the symbol at `at` belongs to the word that stands before it."""
    if at == end:
        return False
    symbol = symbols.values[at]
    if symbol & (LETTER | MARK):
        return True
    return bool(symbol & JOINER != 0 and at + _ONE < end and symbols.values[at + _ONE] & LETTER != 0)


@compiled
def _join_piece(symbols: Symbols, at: np.uint64, end: np.uint64, bits: np.uint64) -> np.uint64:
    """Up to 64 bits of a word as one number, filled from the left."""
    piece = used = _ZERO
    while at < end:
        used += bits
        piece |= np.uint64(symbols.values[at] & _NUMBER) << (_WORD - used)
        at += _ONE
    return piece


@compiled
def _number_word(
    symbols: Symbols, at: np.uint64, end: np.uint64, bits: np.uint64, slots: npt.NDArray[np.int32], known: Vocabulary
) -> np.uint64:
    """Id of the word from `at` up to `end`: the id of its last piece.

    A word is cut into pieces that fit 64 bits; each gets an id by what it spells and by the id of the piece before it
    plus one. So equal words, and no others, have equal ids.
    """
    parent, most = _ZERO, _WORD // bits
    while end - at > most:
        parent = _find_id(parent, _join_piece(symbols, at, at + most, bits), slots, known) + _ONE
        at += most
    return _find_id(parent, _join_piece(symbols, at, end, bits), slots, known)


@compiled
def _number_strip(
    strip: Strip, size: np.uint64, slots: npt.NDArray[np.int32], known: Vocabulary, places: Places, words: Symbols
) -> np.uint64:
    """Write the ids of words of one piece each to their places; return that none wait."""
    _look_up(strip, size, slots, known)
    for index in range(size):
        at = np.uint64(index)
        found = np.uint64(strip.found[at])
        if found == _ZERO:
            found = _find_id(strip.high[at], strip.low[at], slots, known) + _ONE
        words.values[places[at]] = np.uint32(found - _ONE)
    return _ZERO


@compiled
def number_words(
    symbols: Symbols,
    bits: np.uint64,
    shortest: np.uint64,
    slots: npt.NDArray[np.int32],
    vocabulary: Vocabulary,
    words: Symbols,
) -> npt.NDArray[np.int32]:
    """Write the id of each word; return the slots, more if need be.

    Args:
        symbols: The symbols with LETTER, MARK or JOINER, numbered from 1.
        bits: Bits of a symbol.
        shortest: Symbols that a word must have.
        slots: Ids plus one at their hashed places, 0 is free (a power of two,).
        vocabulary: Grows by the new pieces of words.
        words: Takes the ids, row by row; room for one a symbol.
    """
    strip = Strip(np.zeros(_STRIP, np.uint64), np.empty(_STRIP, np.uint64), np.empty(_STRIP, np.int32))
    places = np.empty(_STRIP, np.uint64)
    at = size = waiting = _ZERO
    for row in range(symbols.ends.size):
        end = np.uint64(symbols.ends[row])
        slots = _reserve_slots(slots, vocabulary, end - at)
        while at < end:
            start = at
            at += _ONE
            if symbols.values[start] & LETTER == 0:
                continue
            while _goes_on(symbols, at, end):
                at += _ONE
            if at - start < shortest:
                continue
            if (at - start) * bits > _WORD:
                words.values[size] = np.uint32(_number_word(symbols, start, at, bits, slots, vocabulary))
            else:
                strip.low[waiting] = _join_piece(symbols, start, at, bits)
                places[waiting] = size
                waiting += _ONE
            size += _ONE
            if waiting == np.uint64(_STRIP):
                waiting = _number_strip(strip, waiting, slots, vocabulary, places, words)
        waiting = _number_strip(strip, waiting, slots, vocabulary, places, words)
        words.ends[row] = np.int64(size)
    return slots
