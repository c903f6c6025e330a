"""A look at the beginning of a file, by the library that ingest reads with."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loguru import logger

from relay.handoff.files import hash_file
from relay.handoff.receipt import Origin
from relay.reading.encodings import decode_blocks
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.parts import open_parts
from relay.reading.rawfile import RawFile
from relay.reading.sets import distinguish

SAMPLE_BYTES = 1 << 19
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


def open_files(paths: Iterable[Path], names: Iterable[str] = ()) -> list[RawFile]:
    """Files as the reading library takes them.

    Args:
        paths: where they lie.
        names: what messages call them; none: the names of the files.
    """
    found = list(paths)
    called = list(names) or [path.name for path in found]
    items = distinguish([str(path) for path in found])
    return [
        RawFile(name, item, path, Origin(where=str(path), sha256=hash_file(path), bytes=path.stat().st_size))
        for path, name, item in zip(found, called, items, strict=True)
    ]


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

    Raises:
        SourceError: the bytes are no text.
    """
    fresh = replace(part, noted={})
    start = b""
    read = 0
    blocks = decode_blocks(fresh, encoding)
    for block in blocks:
        read += len(block)
        if len(start) <= most_bytes:
            start += block
        is_decided = encoding is not None or "encoding" in fresh.noted.get("found", {}) or not block.isascii()
        if len(start) > most_bytes and (is_decided or read > ENCODING_BYTES):
            break
    found = encoding or fresh.noted.get("found", {}).get("encoding", "utf-8")
    return Head(start[:most_bytes].decode("utf-8", "replace"), len(start) <= most_bytes, found)


@contextmanager
def quietly() -> Iterator[None]:
    """Without the log of the reading library: what it finds stands in the notes of the layout."""
    logger.disable("relay.reading")
    try:
        yield
    finally:
        logger.enable("relay.reading")
