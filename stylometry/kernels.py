"""Counting kernels: UTF-8 bytes -> symbols -> n-gram codes -> counts, one chunk at a time, in the processor's cache.

A *symbol* is the place of a lower-cased character in the sorted alphabet of the whole text. A *code* is n symbols
written side by side in `bits` bits each; so codes sort as the n-grams do. An *id* numbers the codes by first
appearance, which keeps the counts of frequent n-grams close together in memory. Indices are unsigned, because numba
tests signed ones for negative values at each access; that costs a third of the time here.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled

WHITE_SPACE = np.uint32(1 << 31)
"""Bit of a symbol that says: this character is white space."""

_SYMBOL = np.uint32(WHITE_SPACE - 1)
_CONTINUATION = np.uint32(0x3F)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WORD = np.uint64(64)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2**64 / golden ratio, odd. Source: Knuth, The Art of Computer Programming, vol. 3, 2nd ed., section 6.4."""


class Text(NamedTuple):
    """Chunks of text: UTF-8 `utf8` (bytes,) and the byte `offsets` (chunks + 1,) at which they begin and end."""

    utf8: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]


class Code(NamedTuple):
    """How characters become codes: symbol of each code point, the symbol of a blank, bits a symbol, symbols a code."""

    symbol_of: npt.NDArray[np.uint32]
    blank: np.uint32
    bits: np.uint64
    n: np.uint64


class Vocabulary(NamedTuple):
    """Codes by id as (high, low) words (room, 2), counts of the chunk at hand (room,), and how many are known (1,)."""

    codes: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int32]
    size: npt.NDArray[np.int64]


class Rows(NamedTuple):
    """Room for the rows of a block, larger than needed, and for the symbols of one chunk (characters,)."""

    ids: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    symbols: npt.NDArray[np.uint32]


@compiled
def _decode(utf8: npt.NDArray[np.uint8], at: np.uint64) -> tuple[np.uint32, np.uint64]:
    """Code point at byte `at`, and the byte after it. Source: The Unicode Standard 15.0, table 3-6."""
    lead = np.uint32(utf8[at])
    if lead < 0x80:
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
def _write_symbols(text: Text, chunk: int, code: Code, symbols: npt.NDArray[np.uint32]) -> np.uint64:
    """Write the symbols of a chunk, a run of white space as one blank; return how many they are.

    No branch: the second of two white-space characters is written over the first, as a blank.
    """
    at = np.uint64(text.offsets[chunk])
    end = np.uint64(text.offsets[chunk + 1])
    size = _ZERO
    before = np.uint32(0)
    while at < end:
        code_point, at = _decode(text.utf8, at)
        symbol = code.symbol_of[code_point]
        is_run = (symbol & before) >> np.uint32(31)
        symbols[size - np.uint64(is_run)] = code.blank if is_run else symbol & _SYMBOL
        size += np.uint64(np.uint32(1) - is_run)
        before = symbol
    return size


@compiled
def _count_id(found: np.uint64, counts: npt.NDArray[np.int32], ids: npt.NDArray[np.int32], end: np.uint64) -> np.uint64:
    """Count one n-gram and note its id at `end`; return the next end, one further if the id is new in the chunk.

    The note is written always and kept only when the count was zero: cheaper than a branch that is hard to foresee.
    """
    count = counts[found]
    ids[end] = np.int32(found)
    counts[found] = count + np.int32(1)
    return end + np.uint64(count == 0)


@compiled
def _close_row(start: np.uint64, end: np.uint64, counts: npt.NDArray[np.int32], rows: Rows) -> None:
    """Move the counts of a chunk to its row and clear them; costs what the chunk holds, not the vocabulary."""
    for place in range(start, end):
        found = np.uint64(rows.ids[np.uint64(place)])
        rows.counts[np.uint64(place)] = counts[found]
        counts[found] = 0


@compiled
def count_by_table(text: Text, code: Code, table: npt.NDArray[np.int32], vocabulary: Vocabulary, rows: Rows) -> None:
    """Count chunks with one place in a table for every possible code.

    Args:
        text: The chunks, one row each.
        code: How characters become codes, narrow enough for the table.
        table: Id of each code plus one, 0 while unknown (2**(bits*n),).
        vocabulary: Grows by the new codes.
        rows: Takes the rows.
    """
    mask = (_ONE << (code.bits * code.n)) - _ONE
    first = code.n - _ONE
    known = np.uint64(vocabulary.size[0])
    end = _ZERO
    for chunk in range(text.offsets.size - 1):
        start = end
        length = _write_symbols(text, chunk, code, rows.symbols)
        key = _ZERO
        for place in range(min(first, length)):
            key = key << code.bits | np.uint64(rows.symbols[np.uint64(place)])
        for place in range(first, length):
            key = (key << code.bits | np.uint64(rows.symbols[np.uint64(place)])) & mask
            found = np.uint64(table[key])
            if found == _ZERO:
                vocabulary.codes[known, _ZERO] = _ZERO
                vocabulary.codes[known, _ONE] = key
                known += _ONE
                table[key] = np.int32(known)
                found = known
            end = _count_id(found - _ONE, vocabulary.counts, rows.ids, end)
        _close_row(start, end, vocabulary.counts, rows)
        rows.ends[chunk] = np.int64(end)
    vocabulary.size[0] = np.int64(known)


@compiled
def _find_slot(
    high: np.uint64, low: np.uint64, slots: npt.NDArray[np.int32], codes: npt.NDArray[np.uint64]
) -> np.uint64:
    """Slot of a code, or the free one where it belongs; the slots (power of two,) hold ids plus one, 0 is free.

    Fibonacci hashing, then the next slot and the next. Source: Knuth, vol. 3, section 6.4, algorithm L.
    """
    last = np.uint64(slots.size - 1)
    hashed = (low ^ (high * _MULTIPLIER)) * _MULTIPLIER
    slot = (hashed ^ (hashed >> np.uint64(32))) & last
    while True:
        held = np.uint64(slots[slot])
        if held == _ZERO or (codes[held - _ONE, _ONE] == low and codes[held - _ONE, _ZERO] == high):
            return slot
        slot = (slot + _ONE) & last


@compiled
def _reserve_slots(
    slots: npt.NDArray[np.int32], codes: npt.NDArray[np.uint64], known: np.uint64, more: np.uint64
) -> npt.NDArray[np.int32]:
    """The slots, or the same ids in a larger table if `more` new codes would fill over half of it."""
    room = np.uint64(slots.size)
    while (known + more) * np.uint64(2) > room:
        room *= np.uint64(2)
    if room == np.uint64(slots.size):
        return slots
    wider = np.zeros(np.int64(room), np.int32)
    for place in range(known):
        held = np.uint64(place)
        wider[_find_slot(codes[held, _ZERO], codes[held, _ONE], wider, codes)] = np.int32(held + _ONE)
    return wider


@compiled
def _count_hashed(
    length: np.uint64, code: Code, slots: npt.NDArray[np.int32], vocabulary: Vocabulary, rows: Rows, start: np.uint64
) -> np.uint64:
    """Count the n-grams of the `length` symbols of one chunk into the row from `start` on; return its end."""
    width = code.bits * code.n
    low_mask = ~_ZERO if width >= _WORD else (_ONE << width) - _ONE
    high_mask = (_ONE << (width - _WORD)) - _ONE if width > _WORD else _ZERO
    known = np.uint64(vocabulary.size[0])
    end = start
    high = low = _ZERO
    for place in range(length):
        high = (high << code.bits | low >> (_WORD - code.bits)) & high_mask
        low = (low << code.bits | np.uint64(rows.symbols[np.uint64(place)])) & low_mask
        if np.uint64(place) + _ONE < code.n:
            continue
        slot = _find_slot(high, low, slots, vocabulary.codes)
        if slots[slot] == 0:
            vocabulary.codes[known, _ZERO] = high
            vocabulary.codes[known, _ONE] = low
            known += _ONE
            slots[slot] = np.int32(known)
        end = _count_id(np.uint64(slots[slot]) - _ONE, vocabulary.counts, rows.ids, end)
    vocabulary.size[0] = np.int64(known)
    return end


@compiled
def count_by_hash(
    text: Text, code: Code, slots: npt.NDArray[np.int32], vocabulary: Vocabulary, rows: Rows
) -> npt.NDArray[np.int32]:
    """Count chunks with a hash table, for codes of up to 128 bits in two words; return the slots, more if need be.

    Args:
        text: The chunks, one row each.
        code: How characters become codes.
        slots: Ids plus one at their hashed places, 0 is free (a power of two,).
        vocabulary: Grows by the new codes.
        rows: Takes the rows.
    """
    end = _ZERO
    for chunk in range(text.offsets.size - 1):
        start = end
        length = _write_symbols(text, chunk, code, rows.symbols)
        slots = _reserve_slots(slots, vocabulary.codes, np.uint64(vocabulary.size[0]), length)
        end = _count_hashed(length, code, slots, vocabulary, rows, start)
        _close_row(start, end, vocabulary.counts, rows)
        rows.ends[chunk] = np.int64(end)
    return slots
