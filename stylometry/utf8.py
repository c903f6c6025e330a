"""Character positions in UTF-8 bytes, in slabs: one number a character for all the text would be 8 times the text."""

from array import array
from collections.abc import Iterable, Iterator
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

from stylometry.errors import StylometryError

Bytes: TypeAlias = npt.NDArray[np.uint8]
Integers: TypeAlias = npt.NDArray[np.int64]
Texts: TypeAlias = Iterable[str] | tuple[Bytes, Integers]
"""Strings, or UTF-8 bytes (bytes,) with the offsets (documents + 1,) between documents, as Arrow keeps them."""

_SLAB_BYTES = 1 << 15
"""Bytes looked at together: they and the list of their characters (256 KB) stay in the processor's cache."""


def join_texts(texts: Texts, *, between: bytes = b"") -> tuple[Bytes, Integers]:
    """All texts as UTF-8 bytes (bytes,) with the offsets (texts + 1,) between them; `between` ends each but the last.

    Raises:
        StylometryError: If there is no text, or one is not valid Unicode.
    """
    joined = bytearray()
    offsets = array("q", [0])  # 8 bytes a text, where a list of integers takes 40
    for piece in _read_pieces(texts):
        if len(offsets) > 1:
            joined += between
            offsets[-1] = len(joined)
        joined += piece
        offsets.append(len(joined))
    if len(offsets) == 1:
        raise StylometryError("there is no text: found 0 documents, expected at least one. Give some documents.")
    return np.frombuffer(joined, np.uint8), np.array(offsets, np.int64)


def _read_pieces(texts: Texts) -> Iterator[bytes]:
    """Each text as UTF-8 that is known to be right."""
    if isinstance(texts, tuple) and len(texts) == 2 and isinstance(texts[0], np.ndarray):
        yield from _check_utf8(*texts)
    else:
        yield from _encode(cast(Iterable[str], texts))


def _encode(texts: Iterable[str]) -> Iterator[bytes]:
    for index, text in enumerate(texts):
        try:
            yield text.encode()
        except UnicodeEncodeError as error:
            raise StylometryError(
                f"document {index} is not valid Unicode: found the lone surrogate U+{ord(text[error.start]):04X} at "
                f"character {error.start}, expected whole characters. Read the source again with the right encoding, "
                "or replace it (errors='replace')."
            ) from error


def _check_utf8(utf8: Bytes, offsets: Integers) -> Iterator[bytes]:
    """The bytes of each document. The kernels read without bounds, so a cut character must not get through."""
    for index, (start, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        piece = utf8[start:end].tobytes()
        try:
            piece.decode()
        except UnicodeDecodeError as error:
            raise StylometryError(
                f"document {index} is not valid UTF-8: found {error.object[error.start]:#04x} at byte {error.start} "
                f"({error.reason}), expected whole characters. Decode the source with its own encoding first."
            ) from error
        yield piece


def count_characters(utf8: Bytes, offsets: Integers) -> Integers:
    """Number of characters before each of the ascending byte offsets, same shape."""
    before = np.empty_like(offsets)
    done = characters = 0
    for first, begins in _slabs(utf8):
        inside = int(np.searchsorted(offsets, first + _SLAB_BYTES))
        before[done:inside] = characters + np.searchsorted(begins, offsets[done:inside] - first)
        done, characters = inside, characters + len(begins)
    before[done:] = characters
    return before


def find_bytes(utf8: Bytes, characters: Integers) -> Integers:
    """Byte at which each of the ascending character positions begins, same shape; the end for positions past it."""
    found = np.full_like(characters, utf8.size)
    done = before = 0
    for first, begins in _slabs(utf8):
        inside = int(np.searchsorted(characters, before + len(begins)))
        found[done:inside] = first + begins[characters[done:inside] - before]
        done, before = inside, before + len(begins)
    return found


def _slabs(utf8: Bytes) -> Iterator[tuple[int, Integers]]:
    """First byte of each slab, and the places in it where characters begin: all but 10xxxxxx, signed -128 to -65.

    Most slabs of most texts are plain ASCII, where that is every place: cheaper to test than to list.
    """
    every = np.arange(_SLAB_BYTES)
    for first in range(0, utf8.size, _SLAB_BYTES):
        slab = utf8[first : first + _SLAB_BYTES].view(np.int8)
        yield first, every[: slab.size] if slab.min() >= 0 else np.flatnonzero(slab > -65)
