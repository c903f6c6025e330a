"""Short runs of letters by which passages of texts are recognised, whatever their case, marks, signs and blanks."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]

LETTERS = 16
"""Letters and digits of a run: three or four words. Two authors seldom write the same 16 letters; one changed word
changes some 20 runs."""

MOST_RUNS = 4_000_000
"""Runs that are compared; of more letters, those whose hash is divisible by their share: the same in every text."""

_BLOCK_CHARS = 4_000_000
_BORDER = "\uffff"
"""A noncharacter of Unicode: it stands in no text."""

_CODE_POINTS = 0x110000
_FACTOR = 0x9E3779B97F4A7C15
_MIXERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Constants of SplitMix64. Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014."""


@dataclass(frozen=True)
class Shingles:
    """The distinct runs of each text.

    Attributes:
        hashes: Hashes of the runs, text by text, ascending within each (runs,).
        offsets: Where those of each text begin, and the end of the last (texts + 1,).
        lettering: The letters of each text as bytes; empty for a text without any (texts,).
        total: Runs of each text, repeated ones included, before any were left out (texts,).
    """

    hashes: Hashes
    offsets: Integers
    lettering: tuple[bytes, ...]
    total: Integers

    @property
    def sizes(self) -> Integers:
        """Distinct runs of each text (texts,)."""
        return np.diff(self.offsets)


def find_shingles(texts: Sequence[str], step: int = 1) -> Shingles:
    """The distinct runs of letters in each text.

    Args:
        texts: The texts.
        step: One run in so many is kept, the same ones in every text.
    """
    hashes, owners, lettering = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], []
    total = np.zeros(len(texts), np.int64)
    for start, end in _divide(texts):
        codes, owner = _read_letters(texts[start:end])
        borders = np.searchsorted(owner, np.arange(end - start + 1))
        lettering += [
            codes[begin:stop].tobytes() for begin, stop in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
        ]
        if len(codes) < LETTERS:
            continue
        is_inside = owner[: len(owner) - LETTERS + 1] == owner[LETTERS - 1 :]
        found, of = _hash_runs(codes)[is_inside], owner[: len(is_inside)][is_inside]
        total[start:end] = np.bincount(of, minlength=end - start)
        kept = found % np.uint64(step) == 0
        hashes.append(found[kept])
        owners.append(of[kept] + start)
    every, of = np.concatenate(hashes), np.concatenate(owners)
    order = np.lexsort((every, of))
    every, of = every[order], of[order]
    is_new = np.ones(len(every), np.bool_)
    is_new[1:] = (every[1:] != every[:-1]) | (of[1:] != of[:-1])
    counts = np.bincount(of[is_new], minlength=len(texts))
    return Shingles(every[is_new], np.concatenate([[0], np.cumsum(counts)]), tuple(lettering), total)


def choose_step(texts: Sequence[str]) -> int:
    """One run in so many is kept, so that all texts together do not have more than MOST_RUNS."""
    return max(1, -(-sum(map(len, texts)) // MOST_RUNS))


def measure_repetition(text: str) -> float:
    """Share of a text's runs that stood in it before, 0 to 1; 0 for a text that is too short for one."""
    found = find_shingles([text])
    total = int(found.total[0])
    return 1 - int(found.sizes[0]) / total if total else 0.0


def _divide(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Consecutive texts that are read together: (first, end)."""
    start, chars = 0, 0
    for index, text in enumerate(texts):
        chars += len(text)
        if chars >= _BLOCK_CHARS or index == len(texts) - 1:
            yield start, index + 1
            start, chars = index + 1, 0


def _read_letters(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], Integers]:
    """Letters and digits of some texts without case and marks, and the number of each one's text."""
    joined = _BORDER.join(text.replace(_BORDER, " ") for text in texts)
    even = joined.lower() if joined.isascii() else unicodedata.normalize("NFKD", joined.casefold())
    codes = np.frombuffer(even.encode("utf-32-le", "replace"), "<u4")
    owner = np.cumsum(codes == ord(_BORDER))
    kept = _find_letters()[codes]
    return codes[kept].astype(np.uint32), owner[kept].astype(np.int64)


def _hash_runs(codes: npt.NDArray[np.uint32]) -> Hashes:
    """A hash of each run of LETTERS codes, by doubling its length."""
    hashes, length, factor = codes.astype(np.uint64) + np.uint64(1), 1, _FACTOR
    while length < LETTERS:
        hashes = hashes[:-length] * np.uint64(factor) + hashes[length:]
        length, factor = 2 * length, factor * factor % 2**64
    for shift, mixer in zip((30, 27), _MIXERS, strict=True):
        hashes = (hashes ^ (hashes >> np.uint64(shift))) * np.uint64(mixer)
    return hashes ^ (hashes >> np.uint64(31))


@cache
def _find_letters() -> npt.NDArray[np.bool_]:
    """Whether each code point is a letter or digit (code points,)."""
    return np.array([chr(code).isalnum() for code in range(_CODE_POINTS)])
