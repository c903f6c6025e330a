"""What compressed files and members of archives share: limits on what they hold, and a place for those who seek."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from relay.handoff.errors import SourceError
from relay.reading.format_keys import FormatKeys
from relay.reading.rawfile import RawFile

WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".ods")

MOST_TIMES = 250
"""How many times its packed size a file may have without `max_unpacked_bytes`; tables in CSV have 3 to 30 times."""

FREE_BYTES = 256 << 20
"""What may be unpacked of any file, also of a tiny one: it hurts neither memory nor disk."""

ZIP = re.compile(rb"PK(?:\x03\x04|\x05\x06)")
GZIP = re.compile(rb"\x1f\x8b\x08")
BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
XZ = re.compile(rb"\xfd7zXZ\x00")

TAR = "a tar archive"

ARCHIVES = (
    ("a ZIP archive", ZIP),
    ("a gzip file", GZIP),
    ("a bzip2 file", BZIP2),
    ("an xz file", XZ),
    ("a Zstandard file", re.compile(rb"\x28\xb5\x2f\xfd")),
    ("a 7z archive", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    ("a RAR archive", re.compile(rb"Rar!\x1a\x07")),
    (TAR, re.compile(rb".{257}ustar", re.DOTALL)),
)
"""Kind of file that holds others -> how it begins."""


@dataclass(frozen=True)
class Limit:
    """How much a packed file may hold; files of Parquet and workbooks are packed too."""

    most_bytes: int
    is_declared: bool
    """By the recipe, which then trusts the file: how many times its packed size it has does not count."""

    @classmethod
    def read(cls, keys: FormatKeys) -> "Limit":
        """What the keys of files say."""
        return cls(keys.max_unpacked_bytes, "max_unpacked_bytes" in keys.model_fields_set)

    def check(self, name: str, unpacked: int, packed: int) -> None:
        """Go on while a file is within its limit.

        Args:
            name: of the file, for the message.
            unpacked: bytes that it holds, as far as is known.
            packed: bytes of the file itself.

        Raises:
            SourceError: it is beyond.
        """
        if unpacked > self.most_bytes:
            raise SourceError(
                f"{name}: unpacked it has {unpacked:,} bytes or more, and the limit of max_unpacked_bytes is "
                f"{self.most_bytes:,}; if the file is right, raise the limit in [ingest]"
            )
        if unpacked > max(FREE_BYTES, MOST_TIMES * packed) and not self.is_declared:
            raise SourceError(
                f"{name}: it is {packed:,} bytes and holds {unpacked:,} or more, over {MOST_TIMES} times as many, like "
                f"files that are made to fill a disk or a memory; if it is right, say max_unpacked_bytes = "
                f"{self.most_bytes} in [ingest], then only that limit counts"
            )


def advise_again(file: RawFile) -> str:
    """What to do about a file that did not come whole."""
    is_fetched = file.origin.fetched_at_utc is not None
    return "fetch it again: RELAY_REFRESH=always" if is_fetched else "copy or make it again"


@dataclass(frozen=True, kw_only=True)
class PackedFile(RawFile):
    """A file whose bytes lie compressed in another one."""

    limit: Limit
    scratch: Path | None = None
    """Where a reader that needs to seek gets its bytes; None: the system's folder for temporary files."""

    @property
    def may_be_cut(self) -> bool:
        """Never: packed bytes that are cut do not unpack."""
        return False

    def sniff(self, *, may_be_page: bool = False) -> bytes:
        """The first bytes of what it holds.

        Raises:
            SourceError: it holds nothing, a web page, or another archive.
        """
        head = super().sniff(may_be_page=may_be_page)
        kind = name_archive(head)
        if kind is not None and not self._is_expected(kind):
            raise SourceError(
                f"{self.name}: {kind} lies inside another one; Relay unpacks one level: unpack the outer file, then "
                'say source = "file" and the path of the inner one in [ingest]'
            )
        return head

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes for a reader that needs to seek: in a file without a name, which is gone when the context ends.

        Raises:
            SourceError: as `read_blocks`.
            OSError: the disk refuses.
        """
        if self.scratch is not None:
            self.scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=self.scratch) as file:
            for block in self.read_blocks():
                file.write(block)
            file.seek(0)
            yield file

    @property
    def _size_shown(self) -> str:
        return f"{self.origin.bytes} bytes, which hold none"

    def _is_expected(self, kind: str) -> bool:
        """Whether the content may be an archive of this kind: a workbook is a ZIP archive itself."""
        return kind == "a ZIP archive" and self.content_name.lower().endswith(WORKBOOK_ENDINGS)


def name_archive(head: bytes) -> str | None:
    """What kind of file that holds others begins so; None for any other."""
    return next((name for name, magic in ARCHIVES if magic.match(head)), None)
