"""ZIP archives as sets of files: which members are read, in which order, and what is refused."""

import errno
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from loguru import logger

from relay.handoff.errors import SourceError
from relay.handoff.override import quote_toml
from relay.handoff.receipt import Unpacked
from relay.reading.format_keys import FormatKeys
from relay.reading.listing import list_names
from relay.reading.packed import Limit, PackedFile, advise_again
from relay.reading.rawfile import BLOCK_BYTES, SNIFF_BYTES, RawFile
from relay.reading.sets import distinguish, warn_of_copies

MOST_MEMBERS = 10_000
MOST_DIRECTORY_BYTES = 8 << 20
"""Of the list of files, which `zipfile` holds in memory ten times as large: 800 bytes for each of the most files."""

END_BYTES, ZIP_64_BYTES = 22 + 0xFFFF, 56 + 20
NEEDS_32_BITS, NEEDS_64_BITS = 0xFFFF, 0xFFFFFFFF
END, END_64 = b"PK\5\6", b"PK\6\6"
"""How the records behind that list begin, which tell its size; the second one where it needs 64 bits. Source: as
`ENCRYPTED`, 4.3.14 and 4.3.16."""

METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Those that unpack in bounded memory; all common programs write them."""

METHOD_NAMES = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}

ENCRYPTED = 0x1
"""Flag of a member. Source: APPNOTE.TXT - .ZIP File Format Specification, 4.4.4."""

READMES = {"readme", "read_me", "read me", "license", "licence", "copying", "notice", "changelog", "changes"}
README_ENDINGS = {"", ".txt", ".md", ".rst", ".html", ".htm", ".pdf", ".rtf"}
SYSTEM_NAMES = {"thumbs.db", "desktop.ini"}

ZIP_FAULTS = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, LookupError, struct.error, zlib.error,
)  # fmt: skip
"""What `zipfile` raises on damaged archives."""

LONGEST_WORDS = 200
"""Characters that a message shows of what `zipfile` says."""


@dataclass(frozen=True, kw_only=True)
class MemberFile(PackedFile):
    """A file in a ZIP archive that is open."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    count: int
    """Of the files that are read of the archive."""

    @property
    def is_in_set(self) -> bool:
        """Whether the archive holds others."""
        return self.count > 1

    @property
    def content_name(self) -> str:
        """The member's own name, without folders."""
        return PurePosixPath(clean_name(self.info)).name

    def peek(self, size: int = SNIFF_BYTES) -> bytes:
        """The member's first bytes."""
        with _explained(self), self.archive.open(self.info) as file:
            return file.read(size)

    def read_blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """The member, block by block; its checksum is compared at the end.

        Raises:
            SourceError: it is cut or damaged.
        """
        with _explained(self), self.archive.open(self.info) as file:
            yield from iter(lambda: file.read(size), b"")


@contextmanager
def open_members(
    file: RawFile, keys: FormatKeys, *, scratch: Path | None, is_alone: bool
) -> Iterator[list[MemberFile]]:
    """The members of a ZIP archive that are read, by name; the archive is hashed first and stays open.

    Args:
        file: the archive.
        keys: of files: which members, and how much they may hold.
        scratch: where a reader that needs to seek gets unpacked bytes.
        is_alone: whether the recipe names no other file.

    Raises:
        SourceError: the archive is damaged, encrypted, larger than the limit, or holds several kinds of files.
    """
    with file.open() as opened, _open_archive(opened, file) as archive:
        chosen, left_out = _choose(archive, file.name, keys)
        limit = Limit.read(keys)
        limit.check(file.name, sum(info.file_size for info in chosen), file.origin.bytes)
        file.noted["unpacked"] = [Unpacked(name=clean_name(info), bytes=info.file_size) for info in chosen]
        file.noted["left_out"] = left_out
        _say(file.name, [clean_name(info) for info in chosen], left_out)
        warn_of_copies((f"{file.name}/{clean_name(info)}", (info.CRC, info.file_size)) for info in chosen)
        items = _name_items(file, [clean_name(info) for info in chosen], is_alone=is_alone)
        yield [
            MemberFile(
                f"{file.name}/{clean_name(info)}",
                item,
                file.path,
                file.origin,
                limit=limit,
                scratch=scratch,
                archive=archive,
                info=info,
                count=len(chosen),
            )
            for info, item in zip(chosen, items, strict=True)
        ]


def list_members(file: RawFile) -> list[str]:
    """The names of the files in a ZIP archive that look like data, in the order in which they are read.

    Raises:
        SourceError: the archive is damaged.
    """
    with file.open() as opened, _open_archive(opened, file) as archive:
        files = sorted((info for info in archive.infolist() if not info.is_dir()), key=_place)
        return [clean_name(info) for info in files if _is_wanted(info, None)]


def _place(info: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(clean_name(info))


def _name_items(file: RawFile, names: list[str], *, is_alone: bool) -> list[str]:
    """What tells the members from each other, and from those of other files."""
    items = distinguish(names)
    if is_alone and file.item == PurePosixPath(file.content_name).stem:
        return items
    return [file.item] if len(items) == 1 else items if is_alone else [f"{file.item}/{item}" for item in items]


def clean_name(info: zipfile.ZipInfo) -> str:
    """A member's name with slashes, which some programs on Windows do not write, and as a message can show it."""
    name = info.filename.replace("\\", "/")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in name)


@contextmanager
def _open_archive(opened: BinaryIO, file: RawFile) -> Iterator[zipfile.ZipFile]:
    size, count = _read_end(opened)
    if size > MOST_DIRECTORY_BYTES:
        raise SourceError(
            f"{file.name}: the list of files in the ZIP archive has {size:,} bytes, the limit is "
            f"{MOST_DIRECTORY_BYTES:,}; at most {MOST_MEMBERS:,} files are read"
        )
    with _explained(file):
        archive = zipfile.ZipFile(opened)
        if any(info.filename.endswith("/") and info.file_size for info in archive.infolist()):
            raise zipfile.BadZipFile("a folder in it holds bytes")
        if len(archive.infolist()) != count:
            raise zipfile.BadZipFile(f"it lists {len(archive.infolist()):,} files and says {count}")
    with archive:
        yield archive


def _read_end(opened: BinaryIO) -> tuple[int, int | None]:
    """Bytes and length of the list of files, as the end of the archive tells them; 0 and None where it does not."""
    length = opened.seek(0, os.SEEK_END)
    opened.seek(max(0, length - END_BYTES - ZIP_64_BYTES))
    tail = opened.read()
    opened.seek(0)
    size, count = 0, None
    at = tail.rfind(END)
    if 0 <= at <= len(tail) - 16:
        count, size = struct.unpack_from("<HI", tail, at + 10)
    at = tail.rfind(END_64)
    if (size == NEEDS_64_BITS or count == NEEDS_32_BITS) and 0 <= at <= len(tail) - 48:
        count, size = struct.unpack_from("<QQ", tail, at + 32)
    return size, count


@contextmanager
def _explained(file: RawFile) -> Iterator[None]:
    """Whatever `zipfile` says of a damaged archive, in one line; trouble of the disk itself passes."""
    try:
        yield
    except (*ZIP_FAULTS, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # a seek to before the file
            raise
        raise SourceError(
            f"{file.name}: the ZIP archive is damaged or was cut ({_shorten(error)}); {advise_again(file)}"
        ) from None


def _shorten(error: BaseException) -> str:
    """The words of an error in one line; they may hold whatever stands in the damaged file."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"


def _choose(archive: zipfile.ZipFile, name: str, keys: FormatKeys) -> tuple[list[zipfile.ZipInfo], list[str]]:
    """The members to read, by name, and the names of those that are left out."""
    files = [info for info in archive.infolist() if not info.filename.endswith("/")]
    if len(files) > MOST_MEMBERS:
        raise SourceError(f"{name}: the ZIP archive holds {len(files):,} files; at most {MOST_MEMBERS:,} are read")
    files.sort(key=_place)
    chosen = [info for info in files if _is_wanted(info, keys.member)]
    left_out = [clean_name(info) for info in files if info not in chosen]
    names = [clean_name(info) for info in chosen]
    if not chosen:
        readable = [clean_name(info) for info in files if _is_wanted(info, "*")]
        raise SourceError(_describe_nothing(name, left_out, keys.member, readable))
    for first, second in pairwise(names):
        if first == second:
            raise SourceError(f"{name}: the ZIP archive holds {first} twice; only one of them can be right")
    _require_one_kind(name, names, keys)
    for info in chosen:
        _require_readable(f"{name}/{clean_name(info)}", info)
    return chosen, left_out


def _is_wanted(info: zipfile.ZipInfo, pattern: str | None) -> bool:
    """Whether a member is data: no file of a system or a program, and no readme unless the pattern asks for it."""
    path = PurePosixPath(clean_name(info))
    is_hidden = any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in path.parts)
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    if is_hidden or is_link or path.name.lower() in SYSTEM_NAMES:
        return False
    if pattern is not None:
        return fnmatchcase(str(path), pattern) or str(path) == pattern
    return not (path.stem.lower() in READMES and path.suffix.lower() in README_ENDINGS)


def _describe_nothing(name: str, left_out: list[str], pattern: str | None, readable: list[str]) -> str:
    if pattern is not None:
        held = list_names(left_out)
        return f"{name}: no file in the ZIP archive matches member = {quote_toml(pattern)}; it holds {held}"
    if not left_out:
        return f"{name}: the ZIP archive holds no file"
    found = f"{name}: the ZIP archive holds no file that looks like data, only {list_names(left_out)}"
    return f"{found}; choose one, such as member = {quote_toml(readable[0])}, in [ingest]" if readable else found


def _require_one_kind(name: str, names: list[str], keys: FormatKeys) -> None:
    """Files of several kinds are no set, unless the recipe chooses them and says how to read them."""
    endings = [PurePosixPath(one).suffix.lower() for one in names]
    kinds = list(dict.fromkeys(endings))
    if len(kinds) == 1 or (keys.member is not None and keys.format is not None):
        return
    common = max(kinds, key=endings.count)
    example = f"*{common}" if common else names[endings.index(common)]
    shown = list_names(_show_each_kind(names, endings))
    raise SourceError(
        f"{name}: the ZIP archive holds several kinds of files, {shown}; choose some, such as "
        f"member = {quote_toml(example)}, in [ingest]"
    )


def _show_each_kind(names: list[str], endings: list[str]) -> list[str]:
    """The names, one of each kind first."""
    firsts = [names[endings.index(kind)] for kind in dict.fromkeys(endings)]
    return [*firsts, *(name for name in names if name not in firsts)]


def _require_readable(name: str, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED:
        raise SourceError(
            f"{name} is encrypted, and Relay takes no passwords of archives; unpack it yourself, then say "
            'source = "file" and the path of the unpacked file in [ingest]'
        )
    if info.compress_type not in METHODS:
        method = METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
        raise SourceError(
            f"{name} is compressed by {method}; expected Deflate, which programs use by default. Pack it again, or "
            'unpack it and say source = "file" and the path in [ingest]'
        )


def _say(name: str, names: list[str], left_out: list[str]) -> None:
    others = f"; leaves out {list_names(left_out)}" if left_out else ""
    logger.info("{}: reads {}{}", name, list_names(names), others)
