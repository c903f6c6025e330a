"""The characters of a text, lower-cased as Python does it, as small numbers in the order of their code points."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.kernels import WHITE_SPACE, Code, Text, mark_code_points

CODE_POINTS = 0x110000
"""Size of Unicode's code space. Source: The Unicode Standard 15.0, section 2.4."""

_CAPITAL_SIGMA = 0x3A3
"""Becomes σ or, at the end of a word, ς: the only letter that str.lower() treats by its neighbours."""

_BLANK = ord(" ")


@dataclass(frozen=True)
class Alphabet:
    """Characters of a text after lower-casing, and how each character as written maps to them.

    Attributes:
        code_points: Code point of each symbol, ascending (symbols,); a blank is always among them.
        symbol_of: Symbol of each code point as written, with the bit WHITE_SPACE if it is that (0x110000,).
    """

    code_points: npt.NDArray[np.int32]
    symbol_of: npt.NDArray[np.uint32]

    @property
    def bits(self) -> int:
        """Bits that hold any symbol."""
        return max(1, (len(self.code_points) - 1).bit_length())

    def code(self, n: int) -> Code:
        """What the kernels need to know to turn characters into codes of n symbols."""
        blank = np.uint32(np.searchsorted(self.code_points, _BLANK))
        return Code(self.symbol_of, blank, np.uint64(self.bits), np.uint64(n))

    def spell(self, codes: npt.NDArray[np.uint64], n: int) -> npt.NDArray[np.int32]:
        """Code points of each n-gram (codes, n), from codes in (high, low) words (codes, 2)."""
        high, low = codes[:, 0].copy(), codes[:, 1].copy()
        bits, word = np.uint64(self.bits), np.uint64(64)
        spelled = np.empty((len(codes), n), np.int32)
        for place in reversed(range(n)):
            spelled[:, place] = self.code_points[low & np.uint64((1 << self.bits) - 1)]
            low = low >> bits | high << (word - bits)
            high = high >> bits
        return spelled


def read_alphabet(text: Text) -> tuple[Alphabet, Text]:
    """Alphabet of a text and the text to count: the same, unless some chunk needs Python's own lower-casing."""
    characters = _find_characters(text)
    irregular = [character for character in characters if _is_irregular(character)]
    if irregular:
        text = _lower_chunks(text, irregular)
        characters = _find_characters(text)
    written = np.array([ord(character) for character in characters], np.int64)
    lowered = np.array([ord(character.lower()) for character in characters], np.int32)
    is_white = np.array([bool(re.match(r"\s", character)) for character in characters], np.bool_)
    code_points = np.unique(np.append(lowered, np.int32(_BLANK)))
    symbol_of = np.zeros(CODE_POINTS, np.uint32)
    symbol_of[written] = np.searchsorted(code_points, lowered).astype(np.uint32) | np.where(is_white, WHITE_SPACE, 0)
    return Alphabet(code_points, symbol_of), text


def _find_characters(text: Text) -> list[str]:
    """Each character of the text once, by code point."""
    seen = np.zeros(CODE_POINTS, np.bool_)
    mark_code_points(text.utf8, seen)
    return [chr(code_point) for code_point in np.flatnonzero(seen).tolist()]


def _is_irregular(character: str) -> bool:
    """Whether a table cannot lower-case it: İ becomes two characters, Σ depends on its neighbours."""
    return ord(character) == _CAPITAL_SIGMA or len(character.lower()) != 1


def _lower_chunks(text: Text, irregular: list[str]) -> Text:
    """The text with those chunks lower-cased by str.lower() that hold an irregular character.

    Lower case stays as it is when it is lower-cased again, so the table may follow.
    """
    needles = re.compile("|".join(irregular).encode())
    ends = zip(text.offsets[:-1], text.offsets[1:], strict=True)
    chunks = (text.utf8[start:end].tobytes() for start, end in ends)
    # In UTF-8 no character's bytes begin within another's, so a match is always a whole character.
    lowered = [chunk.decode().lower().encode() if needles.search(chunk) else chunk for chunk in chunks]
    offsets = np.cumsum([0, *map(len, lowered)])
    # The array must be read-only as the first one is, or numba would compile the kernels once more; bytes make it so.
    offsets.flags.writeable = False
    return Text(np.frombuffer(b"".join(lowered), np.uint8), offsets)
