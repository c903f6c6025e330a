"""A look at the beginning of a file, by the library that ingest reads with."""

import codecs
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loguru import logger

from adopt.data.other_encodings import guess_other
from relay.handoff.errors import SourceError
from relay.handoff.files import hash_file
from relay.handoff.receipt import Origin
from relay.reading.encodings import MARKS, decode_blocks
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.parts import open_parts
from relay.reading.likely import find_strange, guess_encoding
from relay.reading.rawfile import SNIFF_BYTES, RawFile
from relay.reading.sets import distinguish

SAMPLE_BYTES = 1 << 19
CELL_ENDS = re.compile(r"""[\r\n,;\t|"]""")
SHOWN_BYTES = 40
TAIL_BYTES, TAIL_LINES = 1 << 15, 50
WIDE_BYTES = 1 << 14
"""In which bytes of zero are looked for."""
LEAST_ZEROS = 0.3
"""Share of bytes that are zero in text of two bytes per character in which most characters are Latin."""
MOST_STRAY_ZEROS = 20
ENCODING_BYTES = 256 << 20
"""Of a text, in which the first character beyond ASCII is looked for."""


@dataclass(frozen=True)
class Head:
    """The beginning of a text."""

    text: str
    is_all: bool
    """Whether the file ends with it."""
    encoding: str
    """As found: `utf-8`, `cp1252`, `utf-16` by its mark, …"""
    has_mark: bool = False
    """Whether a byte order mark tells the encoding, so that it need not be declared."""
    strange: str = ""
    """A word with a character beyond ASCII, where the encoding had to be guessed."""


def open_files(paths: Iterable[Path]) -> list[RawFile]:
    """Files as the reading library takes them: one by its name, several by their path below the folder of all."""
    found = list(paths)
    names = [path.name for path in found] if len(found) == 1 else _name_below(found)
    items = distinguish(names)
    return [
        RawFile(name, item, path, Origin(where=str(path), sha256=hash_file(path), bytes=path.stat().st_size))
        for path, name, item in zip(found, names, items, strict=True)
    ]


def _name_below(paths: list[Path]) -> list[str]:
    folder = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    return [path.absolute().relative_to(folder.parent).as_posix() for path in paths]


def file_keys(ingest: Mapping[str, Any]) -> FormatKeys:
    """The keys of files in `[ingest]`."""
    return FormatKeys.model_validate({key: value for key, value in ingest.items() if key in FormatKeys.model_fields})


@contextmanager
def first_part(file: RawFile, keys: FormatKeys, scratch: Path | None = None) -> Iterator[RawFile]:
    """The file itself, what it holds compressed, or the first member of an archive.

    Raises:
        SourceError: it is empty, a web page, or an archive that is not read.
    """
    parts = open_parts(file, keys, scratch=scratch, is_alone=True)
    try:
        yield next(parts)
    finally:
        parts.close()  # type: ignore[attr-defined]  # a generator, which holds an archive open


def read_head(part: RawFile, encoding: str | None, *, most_bytes: int = SAMPLE_BYTES) -> Head:
    """The beginning of a text, and the encoding that its first characters beyond ASCII show.

    Args:
        part: a file, not packed.
        encoding: where a person decided it.
        most_bytes: of the text in UTF-8.

    Raises:
        SourceError: the bytes are no text.
    """
    start = part.peek(SNIFF_BYTES)
    has_mark = start.startswith(tuple(MARKS)) and encoding is None
    declared = encoding or (None if has_mark else guess_wide(part))
    fresh = replace(part, noted={})
    beginning, strange, read = b"", b"", 0
    for block in decode_blocks(fresh, declared):
        read += len(block)
        if len(beginning) <= most_bytes:
            beginning += block
        strange = strange or (b"" if block.isascii() else block)
        if len(beginning) > most_bytes and (strange or read > ENCODING_BYTES):
            break
    found = declared or fresh.noted.get("found", {}).get("encoding", "utf-8")
    if declared is None and not has_mark and strange:
        raw = strange if found == "utf-8" else strange.decode("utf-8").encode("cp1252", "replace")
        other = _guess_other(raw)
        if other not in (None, found):
            return read_head(part, other, most_bytes=most_bytes)
    text = beginning[:most_bytes].decode("utf-8", "replace")
    return Head(text, len(beginning) <= most_bytes, found, has_mark, _show_strange(strange))


def read_tail(part: RawFile, head: Head) -> str:
    """The last lines of a text; empty where its end cannot be reached without reading it all."""
    if head.is_all:
        text = head.text
    elif type(part) is not RawFile or head.has_mark or head.encoding.startswith(("utf-16", "utf-32")):
        return ""
    else:
        with part.path.open("rb") as file:
            file.seek(-min(TAIL_BYTES, part.origin.bytes), os.SEEK_END)
            text = file.read().decode(head.encoding, "replace")
    lines = text.splitlines(keepends=True)[-TAIL_LINES:]
    return "".join(lines if head.is_all else lines[1:])


def guess_wide(part: RawFile) -> str | None:
    """The encoding of a text of two bytes per character without a byte order mark; None for any other text.

    Raises:
        SourceError: the bytes are no text.
    """
    sample = part.peek(WIDE_BYTES)
    zeros = sample.count(0)
    if not zeros:
        return None
    likely = guess_encoding(sample)
    if likely is not None and zeros > LEAST_ZEROS * len(sample):
        return likely
    if zeros <= MOST_STRAY_ZEROS:
        line = sample[: sample.index(0)].count(b"\n") + 1
        raise SourceError(
            f"{part.name}: line {line:,} holds the byte 0, which is in no text",
            next_step=f"Remove it: `tr -d '\\000' < {part.name} > clean_{part.name}`.",
        )
    raise SourceError(
        f"{part.name}: no text, and no format that Relay knows: it begins {sample[:16]!r}",
        next_step="Give the data as CSV, Excel (.xlsx), JSON, Parquet, a folder of text files, or a database.",
    )


def _guess_other(block: bytes) -> str | None:
    """The encoding of text that is neither UTF-8 nor cp1252; None where it is UTF-8 or nothing speaks for one."""
    try:
        codecs.utf_8_decode(block, "strict", False)
    except UnicodeDecodeError:
        return guess_other(block)
    return None


def _show_strange(block: bytes) -> str:
    """The words of one cell around the first character beyond ASCII."""
    place = find_strange(block)
    before = CELL_ENDS.split(block[max(place - SHOWN_BYTES, 0) : place].decode("utf-8", "ignore"))[-1]
    after = CELL_ENDS.split(block[place : place + SHOWN_BYTES].decode("utf-8", "ignore"))[0]
    return (before + after).strip()


@contextmanager
def quietly(modules: Sequence[str] = ("relay.reading",)) -> Iterator[None]:
    """Without the log of the reading library: what it finds stands in the notes of the layout."""
    for module in modules:
        logger.disable(module)
    try:
        yield
    finally:
        for module in modules:
            logger.enable(module)
