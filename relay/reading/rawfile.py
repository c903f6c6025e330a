"""The bytes that the rows are read from: kept downloads, or files that the user put there."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relay.handoff.errors import SourceError
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

    def sniff(self) -> bytes:
        """The first bytes.

        Raises:
            SourceError: the file is empty, or a web page.
        """
        with self.path.open("rb") as file:
            head = file.read(SNIFF_BYTES)
        if not head.removeprefix(UTF8_MARK).strip():
            raise SourceError(f"{self.name}: the file is empty ({self.origin.bytes} bytes); look at {self.path}")
        if head.lstrip(UTF8_MARK + b" \t\r\n").lower().startswith(HTML_BEGINNINGS):
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
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while block := file.read(size):
                digest.update(block)
                yield block
        if digest.hexdigest() != self.origin.sha256:
            raise SourceError(
                f"{self.name}: the file changed while it was read "
                f"(SHA-256 {digest.hexdigest()[:12]}…, before {self.origin.sha256[:12]}…); run again"
            )


def drop_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks without the byte order mark that some editors put before UTF-8."""
    yield next(blocks, b"").removeprefix(UTF8_MARK)
    yield from blocks
