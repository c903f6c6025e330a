"""Rows of counts as the kernels leave them, and their entries put in the order of the columns."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stylometry.compiled import compiled

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
"""Each of its 64 runs of six bits is another number. Source: Leiserson, Prokop, Randall (1998)."""
_PLACES = np.zeros(64, np.uint8)
_PLACES[[(int(_DE_BRUIJN) << place) % 2**64 >> 58 for place in range(64)]] = np.arange(64)


class Block(NamedTuple):
    """Rows of a sparse matrix one after another: ids and counts (entries,), and where each row ends (rows,)."""

    ids: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]


@compiled
def _find_lowest_bit(bits: np.uint64) -> np.uint64:
    """Place of the lowest bit that is set: alone, it moves a different six bits of the constant to the top each time.

    Source: Leiserson, Prokop, Randall: Using de Bruijn Sequences to Index a 1 in a Computer Word (1998).
    """
    return np.uint64(_PLACES[((bits & (~bits + _ONE)) * _DE_BRUIJN) >> np.uint64(58)])


@compiled
def sort_rows(
    block: Block,
    column_of: npt.NDArray[np.int32],
    width: int,
    columns: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
) -> None:
    """Write the rows with ascending columns.

    Each row is spread out over `width` places with one bit each to say which are taken; then the bits are read in
    order, 64 empty places at a step. Nothing is compared, and the places of one row fit the cache.

    Args:
        block: The rows as counted.
        column_of: Column of each id (ids,).
        width: Number of columns.
        columns: Takes the columns (entries,).
        counts: Takes the counts (entries,).
    """
    spread = np.zeros(width, np.int32)
    taken = np.zeros(width // 64 + 1, np.uint64)
    entry = _ZERO
    for row in range(block.ends.size):
        for place in range(entry, np.uint64(block.ends[row])):
            column = np.uint64(column_of[np.uint64(block.ids[np.uint64(place)])])
            spread[column] = block.counts[np.uint64(place)]
            taken[column >> np.uint64(6)] |= _ONE << (column & np.uint64(63))
        for place in range(taken.size):
            bits = taken[np.uint64(place)]
            taken[np.uint64(place)] = _ZERO
            while bits != _ZERO:
                column = np.uint64(place) << np.uint64(6) | _find_lowest_bit(bits)
                columns[entry] = np.int32(column)
                counts[entry] = spread[column]
                entry += _ONE
                bits &= bits - _ONE
