"""The bytes that the rows are read from: kept downloads, or files that the user put there."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from relay.handoff.errors import SourceError
from relay.handoff.files import identify
from relay.handoff.held import HeldFile
from relay.handoff.receipt import Origin

BLOCK_BYTES = 8 << 20
"""A block of text on its way: large enough for speed, small enough that a few of them fit in any memory."""

SNIFF_BYTES = 1024
UTF8_MARK = b"\xef\xbb\xbf"
HTML_BEGINNINGS = (b"<!doctype html", b"<html", b'<?xml version="1.0" encoding="utf-8"?><!doctype html')


@dataclass(frozen=True)
class RawFile:
    """One file of raw bytes."""

    name: str
    """As the recipe says it: stands in the receipt and in messages, and never tells of this machine."""
    item: str
    """What tells this file from its siblings: the URL's item, or the file's name without ending."""
    path: Path
    origin: Origin
    given_name: str = ""
    """The file's name as it came, where it is kept under another one."""
    noted: dict[str, Any] = field(default_factory=dict, compare=False)
    """What reading found: fields of the receipt's `Origin`, filled on the way."""

    @property
    def content_name(self) -> str:
        """The file name whose ending tells the format of the bytes that `read_blocks` gives."""
        return self.given_name or self.path.name

    @property
    def is_in_set(self) -> bool:
        """Whether it lies in an archive beside others."""
        return False

    @property
    def described(self) -> Origin:
        """Where the bytes came from, with what reading found."""
        return self.origin.model_copy(update=self.noted)

    @property
    def may_be_cut(self) -> bool:
        """Whether the bytes may end before the file does, so that its last row must be looked at."""
        return self.origin.may_be_cut

    def describe_cut(self, what: str) -> str:
        """What a message says of a file that ends inside a row."""
        return (
            f"{self.name}: {what}, and the server said neither a length nor chunks: the connection was probably lost. "
            "Fetch it again: RELAY_REFRESH=always; if the file is so, declare its sha256 in [ingest]"
        )

    def note_found(self, key: str, value: str) -> None:
        """Keep for the receipt what the file shows where the recipe does not say it, by the key that would say it."""
        self.noted.setdefault("found", {})[key] = value

    def peek(self, size: int = SNIFF_BYTES) -> bytes:
        """The first bytes; fewer where there are no more."""
        with self.path.open("rb") as file:
            return file.read(size)

    def sniff(self, *, may_be_page: bool = False) -> bytes:
        """The first bytes.

        Args:
            may_be_page: whether the recipe reads web pages.

        Raises:
            SourceError: the file is empty, or a web page.
        """
        head = self.peek()
        if not head.removeprefix(UTF8_MARK).strip():
            raise SourceError(f"{self.name}: the file is empty ({self._size_shown}); look at {self.path}")
        if not may_be_page and head.lstrip(UTF8_MARK + b" \t\r\n").lower().startswith(HTML_BEGINNINGS):
            raise SourceError(
                f"{self.name}: a web page came instead of data, it begins {head.strip()[:60]!r}; "
                f"open the URL in a browser, and see {self.path}"
            )
        return head

    def read_blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """The bytes, block by block, hashed on the way.

        Raises:
            SourceError: the file is not the one that was identified before.
        """
        with self.path.open("rb") as file:
            yield from self._hash(file, size)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes for a reader that needs to seek, hashed before; the same file, unchanged until the context ends.

        Raises:
            SourceError: the file is not the one that was identified before, or changed meanwhile.
        """
        with self.path.open("rb") as file:
            held = HeldFile(file.fileno())
            self._require_same(held.sha256)
            yield file
            if not held.is_unchanged():
                raise SourceError(f"{self.name}: the file changed while it was read; run again")

    def require_unchanged(self, seen: list[int]) -> None:
        """Return when a program that opened the file by its path read the bytes that were identified.

        Args:
            seen: what `identify` said of the path before the program began.

        Raises:
            SourceError: it may have read others.
        """
        for _ in self.read_blocks():
            pass
        if identify(self.path) != seen:
            raise SourceError(f"{self.name}: the file changed while it was read; run again")

    @property
    def _size_shown(self) -> str:
        return f"{self.origin.bytes} bytes"

    def _hash(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        digest = hashlib.sha256()
        while block := file.read(size):
            digest.update(block)
            yield block
        self._require_same(digest.hexdigest())

    def _require_same(self, sha256: str) -> None:
        if sha256 != self.origin.sha256:
            raise SourceError(
                f"{self.name}: the file changed while it was read "
                f"(SHA-256 {sha256[:12]}…, before {self.origin.sha256[:12]}…); run again"
            )


def drop_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks without the byte order mark that some editors put before UTF-8, however short they are."""
    first = b""
    for block in blocks:
        first += block
        if len(first) >= len(UTF8_MARK):
            break
    return chain([first.removeprefix(UTF8_MARK)], blocks)
