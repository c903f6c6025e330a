"""Plain text: a whole file as one document, or documents that begin at lines of a pattern."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from relay.handoff.errors import SourceError
from relay.handoff.recipe import Column
from relay.handoff.writer import Block
from relay.reading.conform import conform, match_columns
from relay.reading.encodings import open_lines
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.lines import split_lines
from relay.reading.rawfile import RawFile
from relay.reading.skipping import find_sources, leave_out

BATCH_DOCUMENTS = 256
HEAD_LINES = 20
"""Lines at a document's beginning among which a pattern of its head is looked for."""


@dataclass
class Document:
    """A document while its lines come in."""

    fields: dict[str, str]
    lines: list[str] = field(default_factory=list)


def read_file(file: RawFile, parameters: FormatKeys, columns: dict[str, Column], first_row: int) -> Iterator[Block]:
    """The documents of a text file: columns `item` (the file), `folder`, `text`, and the patterns' named groups.

    Raises:
        SourceError: a pattern is nowhere in the file or its name, or the text is not of the encoding.
        SchemaError: declared columns are none of these.
    """
    return read_documents(_lines(file, parameters), file, parameters, columns, first_row)


def read_documents(
    lines: Iterator[str], file: RawFile, parameters: FormatKeys, columns: dict[str, Column], first_row: int
) -> Iterator[Block]:
    """The documents that lines make.

    Raises:
        SourceError, SchemaError: as read_file.
    """
    documents = split_documents(lines, parameters, file)
    matched = match_columns(_column_names(parameters), columns, "drop", file.name)
    owners = {source: own for own, source in matched.items()}
    rules = [
        (rule, owners[source]) for rule, source in find_sources(parameters.skip_if, list(owners), matched, file.name)
    ]
    while batch := list(islice(documents, BATCH_DOCUMENTS)):
        table = pa.table(
            {name: pa.array([row.get(source) for row in batch], pa.string()) for name, source in matched.items()}
        )
        kept, numbers, left_out = leave_out(table, rules, np.arange(first_row, first_row + len(batch)))
        yield replace(conform(kept, columns, numbers), read=len(batch), left_out=left_out)
        first_row += len(batch)


def _column_names(parameters: FormatKeys) -> list[str]:
    patterns = [parameters.item_pattern or "", parameters.document or "", *parameters.document_head]
    groups = [name for pattern in patterns for name in re.compile(pattern).groupindex]
    return list(dict.fromkeys(["item", "folder", *groups, "text"]))


def split_documents(lines: Iterator[str], parameters: FormatKeys, file: RawFile) -> Iterator[dict[str, str]]:
    """Documents as records; what stands before the first one is left out.

    Raises:
        SourceError: no line begins a document, or the file's name does not match.
    """
    begins = re.compile(parameters.document) if parameters.document else None
    described = _describe(file, parameters.item_pattern)
    current = None if begins else Document(described)
    for line in lines:
        match = begins.search(line) if begins else None
        if match is not None:
            if current is not None:
                yield _finish(current, parameters)
            current = Document({**described, **_groups(match)})
        elif current is not None:
            current.lines.append(line)
    if current is None:
        raise SourceError(f"{file.name}: no line matches document = {parameters.document!r}; look at {file.path}")
    yield _finish(current, parameters)


def _describe(file: RawFile, item_pattern: str | None) -> dict[str, str]:
    """What the file's name says of its documents.

    Raises:
        SourceError: it is not of the pattern.
    """
    folder = PurePosixPath(urlsplit(file.name).path).parent.name
    known = {"item": file.item} | ({"folder": folder} if folder else {})
    if item_pattern is None:
        return known
    match = re.search(item_pattern, file.item)
    if match is None:
        raise SourceError(
            f"{file.name}: the name {file.item!r} does not match item_pattern = {item_pattern!r}; correct the pattern "
            "in [ingest], or give files with such names only"
        )
    return {**known, **_groups(match)}


def _finish(document: Document, parameters: FormatKeys) -> dict[str, str]:
    lines, fields = document.lines, document.fields
    for pattern in parameters.document_head:
        for index, line in enumerate(lines[:HEAD_LINES]):
            match = re.search(pattern, line)
            if match is not None:
                lines, fields = lines[index + 1 :], fields | _groups(match)
                break
    return {**fields, "text": "\n".join(lines).strip()}


def _groups(match: re.Match[str]) -> dict[str, str]:
    return {name: text for name, text in match.groupdict().items() if text is not None}


def _lines(file: RawFile, parameters: FormatKeys) -> Iterator[str]:
    """The lines between the two marks.

    Raises:
        SourceError: a mark is not there, or a line is not of the encoding.
    """
    blocks, encoding = open_lines(file, parameters.encoding)
    lines = (_decode(raw, number, file, encoding) for number, raw in enumerate(split_lines(blocks), 1))
    return between_marks(lines, parameters, file)


def between_marks(lines: Iterator[str], parameters: FormatKeys, file: RawFile) -> Iterator[str]:
    """The lines after `starts_after` and before `ends_before`.

    Raises:
        SourceError: a mark is not there.
    """
    is_inside = parameters.starts_after is None
    is_ended = False
    for line in lines:
        if not is_inside:
            is_inside = re.search(parameters.starts_after or "", line) is not None
        elif parameters.ends_before is not None and re.search(parameters.ends_before, line):
            is_ended = True
        elif not is_ended:
            yield line
    if not is_inside:
        raise SourceError(f"{file.name}: no line matches starts_after = {parameters.starts_after!r}")
    if parameters.ends_before is not None and not is_ended:
        raise SourceError(f"{file.name}: no line matches ends_before = {parameters.ends_before!r}; was the file cut?")


def _decode(raw: bytes, number: int, file: RawFile, encoding: str) -> str:
    try:
        line = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{file.name}: line {number} is not {encoding} ({error.reason} at byte {error.start}); "
            'say the file\'s encoding in [ingest], such as encoding = "latin-1"'
        ) from None
    return (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r")
