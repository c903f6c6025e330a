"""The characters of a text, lower-cased as Python does it, as small numbers in the order of their code points."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stylometry.symbols import WHITE_SPACE, Text, mark_code_points

CODE_POINTS = 0x110000
"""Size of Unicode's code space. Source: The Unicode Standard 15.0, section 2.4."""

_CAPITAL_SIGMA = 0x3A3
"""Becomes σ or, at the end of a word, ς: the only letter that str.lower() treats by its neighbours."""

_BLANK = ord(" ")


@dataclass(frozen=True)
class Alphabet:
    """Characters of a text after lower-casing, and how each character as written maps to them.

    Attributes:
        code_points: Code point of each symbol, ascending (symbols,).
        symbol_of: Symbol of each code point as written, with bits that say what it is (0x110000,).
    """

    code_points: npt.NDArray[np.int32]
    symbol_of: npt.NDArray[np.uint32]

    @property
    def bits(self) -> int:
        """Bits that hold any symbol."""
        return max(1, (len(self.code_points) - 1).bit_length())

    @property
    def blank(self) -> np.uint32:
        """Symbol of a blank, if it is among them."""
        return np.uint32(np.searchsorted(self.code_points, _BLANK))


def read_alphabet(text: Text) -> tuple[Alphabet, Text]:
    """All characters of a text and a blank; and the text to count: the same, unless `read_characters` changed it."""
    characters, text = read_characters(text)
    written = np.array([ord(character) for character in characters], np.int64)
    lowered = np.array([ord(character.lower()) for character in characters], np.int32)
    code_points = np.unique(np.append(lowered, np.int32(_BLANK)))
    symbol_of = np.zeros(CODE_POINTS, np.uint32)
    symbol_of[written] = np.searchsorted(code_points, lowered).astype(np.uint32)
    symbol_of[written[_are_white(characters)]] |= WHITE_SPACE
    return Alphabet(code_points, symbol_of), text


def read_characters(text: Text) -> tuple[list[str], Text]:
    """Each character of a text once, and the text, with chunks lower-cased if some need Python's own lower-casing.

    Afterwards `character.lower()` is one character for each of them.
    """
    characters = _find_characters(text)
    irregular = [character for character in characters if _is_irregular(character)]
    if not irregular:
        return characters, text
    text = _lower_chunks(text, irregular)
    return _find_characters(text), text


def _are_white(characters: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.array([bool(re.match(r"\s", character)) for character in characters], np.bool_)


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
