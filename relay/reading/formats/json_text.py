"""The text of a JSON file for a parser that reads it as a stream.

NaN and Infinity are no JSON, but Python's `json` and other programs write them.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

import ijson
import numpy as np
from numpy.typing import NDArray

from relay.reading.formats.halves import require_pairs
from relay.reading.rawfile import RawFile, drop_mark

Item = TypeVar("Item")

MOST_CHARS = 200

CONSTANT = re.compile(rb"NaN|Infinity")
TOKEN = re.compile(
    rb'"(?:[^"\\]|\\.)*"|(?P<open>"(?:[^"\\]|\\.)*\\?\Z)|NaN|-?Infinity|(?P<cut>-?[A-Za-z]*\Z)', re.DOTALL
)
"""A text, or one that does not end here; a constant, or a word that may go on."""

AS_JSON = {b"NaN": b"null", b"Infinity": b"1e999", b"-Infinity": b"-1e999"}
"""Constant -> what means the same to a parser: no value, and numbers that a float holds as infinite."""

PYTHON_CONSTANTS = {"NaN": None, "Infinity": float("inf"), "-Infinity": float("-inf")}
"""The same for Python's parser."""


MOST_DEEP = 200
"""Objects and lists inside each other. A parser keeps the path to each, so its memory grows with the square of this."""

NO_MARKS = bytes(sign for sign in range(256) if sign not in b'{}[]"')
STEPS = np.array([1 if sign in b"{[" else -1 if sign in b"}]" else 0 for sign in range(256)], np.int8)
"""Byte outside of texts -> how much deeper it leads."""
QUOTE = ord('"')


class _Depth:
    """How deep the objects and lists of a JSON text are nested."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_text = self._is_escaped = False

    def follow(self, block: bytes) -> None:
        """Look at the next bytes.

        Raises:
            ijson.JSONError: they are nested too deep.
        """
        block, self._is_escaped = block[self._is_escaped :], False
        if b"\\" in block:
            block = block.replace(b"\\\\", b"")
            self._is_escaped = block.endswith(b"\\")
            block = block.replace(b'\\"', b"")
        marks = block.translate(None, NO_MARKS)
        for pair in (b'""', b"[]", b"{}"):  # leads nowhere, and of records it leaves little to look at
            marks = marks.replace(pair, b"")
        self._look(np.frombuffer(marks, np.uint8))

    def _look(self, marks: NDArray[np.uint8]) -> None:
        in_text = (np.cumsum(marks == QUOTE, dtype=np.int32) + self._in_text) & 1 == 1
        deeper = np.cumsum(np.where(in_text, 0, STEPS[marks]), dtype=np.int64)
        if len(deeper):
            if self._depth + deeper.max() > MOST_DEEP:
                raise ijson.JSONError(f"more than {MOST_DEEP} objects and lists lie inside each other")
            self._depth += int(deeper[-1])
            self._in_text = bool(in_text[-1])


class Reader:
    """Blocks of bytes as the file that a JSON parser wants."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._depth = _Depth()
        self._pending = b""
        self.bytes = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        if not self._pending:
            self._pending = next(self._blocks, b"")
            self._depth.follow(self._pending)
        piece, self._pending = self._pending[:size], self._pending[size:]
        self.bytes += len(piece)
        return piece

    def rest(self) -> Iterator[bytes]:
        """What was not read yet."""
        return self._blocks


class NotJsonError(ValueError):
    """The text is no JSON, or was cut."""

    def __init__(self, error: Exception, read: int) -> None:
        found = error.args[0] if error.args else error
        text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
        super().__init__(f"{text.strip().splitlines()[0][:MOST_CHARS]} (after {read:,} bytes)")


def parse(file: RawFile, read: Callable[[Reader], Iterator[Item]]) -> Iterator[Item]:
    """What `read` makes of a JSON file; NaN is null in it, and an infinite number is one.

    The file is read as it is, and again from its beginning where it turns out to hold such a constant: looking for them
    costs time, and few files have some.

    Raises:
        NotJsonError: not JSON.
        SourceError: a surrogate has no other half.
    """
    given = 0
    reader = _open(file, is_patched=False)
    try:
        for item in read(reader):
            given += 1
            yield item
    except ijson.JSONError as error:
        if not any(CONSTANT.search(block) for block in file.read_blocks()):
            raise NotJsonError(error, reader.bytes) from None
        reader = _open(file, is_patched=True)
        try:
            yield from islice(read(reader), given, None)
        except ijson.JSONError as other:
            raise NotJsonError(other, reader.bytes) from None
    for _ in reader.rest():
        pass  # read to the end, so that the whole file was hashed


def _open(file: RawFile, *, is_patched: bool) -> Reader:
    blocks = require_pairs(drop_mark(file.read_blocks()), file.name)
    return Reader(replace_constants(blocks) if is_patched else blocks)


def replace_constants(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks with what means the same in JSON in place of NaN and Infinity, outside of texts."""
    rest = b""
    for block in blocks:
        piece = rest + block
        rest = b""
        for match in TOKEN.finditer(piece):
            if match["open"] is not None or match["cut"]:
                rest = match[0]
                break
        yield TOKEN.sub(_replace, piece[: len(piece) - len(rest)])
    yield TOKEN.sub(_replace, rest)


def _replace(match: re.Match[bytes]) -> bytes:
    return AS_JSON.get(match[0], match[0])
