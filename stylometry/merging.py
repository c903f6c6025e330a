"""Counts of consecutive parts of a text, each counted for itself, put together as if they had been counted at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from stylometry.counting import Codes, choose_index_type, merge_codes, unpack
from stylometry.parallel import count_cores, run_each
from stylometry.words import find_word_bits

Integers = npt.NDArray[np.int64]
Columns = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Entries:
    """The entries of a part's matrix, row by row.

    Attributes:
        ends: Where each row ends (rows,).
        columns: Column of each entry, ascending in each row (entries,).
        counts: Count of each, of any integer type (entries,).
    """

    ends: Integers
    columns: Columns
    counts: npt.NDArray[Any]


def merge_ngrams(parts: Sequence[npt.NDArray[np.int32]]) -> tuple[npt.NDArray[np.int32], list[Columns]]:
    """The n-grams of all parts as code points (ngrams, n), and for each part the columns of its own in them.

    Args:
        parts: What Counts.code_points has of each (ngrams, n).
    """
    alphabet = np.unique(np.concatenate([part.ravel() for part in parts]))
    bits = max(1, (len(alphabet) - 1).bit_length())
    symbols, columns = _merge([np.searchsorted(alphabet, part) for part in parts], bits)
    return alphabet[symbols], columns


def merge_words(parts: Sequence[tuple[Sequence[str], Integers]]) -> tuple[tuple[str, ...], Integers, list[Columns]]:
    """The words of all parts, ascending, the n-grams (ngrams, n), and for each part the columns of its own in them.

    Args:
        parts: What WordCounts.words and WordCounts.indices have of each.

    Raises:
        StylometryError: If there are so many different words that n do not fit.
    """
    words = sorted(set[str]().union(*(words for words, _ in parts)))
    number_of = {word: number for number, word in enumerate(words)}
    numbers = [np.array([number_of[word] for word in words], np.int64) for words, _ in parts]
    bits = find_word_bits(len(words), parts[0][1].shape[1])
    indices, columns = _merge([own[indices] for own, (_, indices) in zip(numbers, parts, strict=True)], bits)
    return tuple(words), indices, columns


def join_rows(
    read: Callable[[int], Entries], sizes: Sequence[tuple[int, int]], columns: Sequence[Columns], width: int
) -> Any:
    """The rows of all parts as one matrix (rows, width), csr_array of int32 with sorted columns.

    Beside the matrix, one part for each core is held at a time.

    Args:
        read: Gives the entries of a part, by its number in the order of the rows; called once for each.
        sizes: Rows and entries of each part.
        columns: For each part, the column of each of its own.
        width: Columns of the matrix.
    """
    rows, firsts = (np.cumsum([0, *numbers]) for numbers in zip(*sizes, strict=True))
    entries = int(firsts[-1])
    indices, data = np.empty(entries, np.int32), np.empty(entries, np.int32)
    starts = np.zeros(rows[-1] + 1, choose_index_type(entries))

    def write(number: int) -> None:
        part, first, end = read(number), firsts[number], firsts[number + 1]
        # Both orders ascend, so the columns of each row still do.
        np.take(columns[number], part.columns, out=indices[first:end], mode="clip")
        data[first:end] = part.counts
        starts[rows[number] + 1 : rows[number + 1] + 1] = part.ends + first

    run_each(write, range(len(sizes)), threads=min(count_cores(), len(sizes)))
    matrix = sparse.csr_array((data, indices, starts), (int(rows[-1]), width))
    matrix.has_canonical_format = True
    return matrix


def _merge(parts: Sequence[Integers], bits: int) -> tuple[Integers, list[Columns]]:
    """The n-grams of all parts (ngrams, n) as symbols, ascending, and for each part the columns of its own in them."""
    codes, columns = merge_codes([_pack(part, bits) for part in parts])
    return unpack(codes, bits, parts[0].shape[1]), columns


def _pack(symbols: Integers, bits: int) -> Codes:
    """The code of each n-gram of symbols (ngrams, 2)."""
    high, low = np.zeros((2, len(symbols)), np.uint64)
    for index in range(symbols.shape[1]):
        high = high << np.uint64(bits) | low >> np.uint64(64 - bits)
        low = low << np.uint64(bits) | symbols[:, index].astype(np.uint64)
    return np.stack([high, low], axis=1)
