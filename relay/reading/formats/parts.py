"""One file of a recipe as the files that its rows are in: itself, what it holds compressed, or an archive's members."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path, PurePath

from loguru import logger

from relay.handoff.errors import SourceError
from relay.handoff.override import quote_toml
from relay.reading.compressed import CompressedFile, Compression, find_compression, strip_compression
from relay.reading.format_keys import FormatKeys, reads_pages
from relay.reading.formats.packing import find_workbook
from relay.reading.listing import list_names
from relay.reading.packed import ZIP, Limit
from relay.reading.rawfile import RawFile
from relay.reading.zipped import MemberFile, clean_name, open_members


def open_parts(file: RawFile, keys: FormatKeys, *, scratch: Path | None, is_alone: bool) -> Iterator[RawFile]:
    """The files whose bytes are rows; each is read before the next one is asked for.

    Args:
        file: of the recipe. What was unpacked is noted in it.
        keys: of files: which members of an archive, and how much they may hold.
        scratch: where a reader that needs to seek gets unpacked bytes.
        is_alone: whether the recipe names no other file.

    Raises:
        SourceError: the file is empty, a web page, a damaged archive, or one that is not read.
    """
    head = file.sniff(may_be_page=reads_pages(keys, file.content_name))
    compression = find_compression(head)
    if compression is None and ZIP.match(head) and find_workbook(file) is None:
        with open_members(file, keys, scratch=scratch, is_alone=is_alone) as members:
            yield from members
            _note_found(file, members)
        return
    if keys.member is not None:
        raise SourceError(
            f"{file.name}: member = {quote_toml(keys.member)} chooses files of ZIP archives, but this file is not one; "
            "remove the key from [ingest]"
        )
    yield file if compression is None else _unpacked(file, compression, keys, scratch)


def _unpacked(file: RawFile, compression: Compression, keys: FormatKeys, scratch: Path | None) -> CompressedFile:
    if not file.content_name.lower().endswith(compression.ending):
        logger.info("{}: the file is compressed by {}, and unpacked on the way", file.name, compression.name)
    known = {one.name: getattr(file, one.name) for one in fields(RawFile)}
    if file.item == PurePath(file.content_name).stem:
        known["item"] = PurePath(strip_compression(file.content_name)).stem
    return CompressedFile(**known, limit=Limit.read(keys), scratch=scratch, compression=compression)


def _note_found(file: RawFile, members: Sequence[MemberFile]) -> None:
    """Note in an archive what reading found in its files; where they differ, with their names."""
    found: dict[str, dict[str, list[str]]] = {}
    for member in members:
        for key, value in member.noted.get("found", {}).items():
            found.setdefault(key, {}).setdefault(value, []).append(clean_name(member.info))
    for key, values in found.items():
        where = [f"{value} ({list_names(names)})" for value, names in values.items()]
        is_one = len(values) == 1 and len(next(iter(values.values()))) == len(members)
        file.noted.setdefault("found", {})[key] = next(iter(values)) if is_one else "; ".join(where)
