"""JSON lines: one record a line; a line that is no JSON costs that line only."""

import json
from collections.abc import Iterator
from typing import Any

from relay.handoff.errors import SourceError
from relay.handoff.writer import Block
from relay.reading.columns import ReadColumns
from relay.reading.encodings import open_lines
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.flatten import make_record
from relay.reading.formats.json_text import PYTHON_CONSTANTS
from relay.reading.formats.record_blocks import conform_records
from relay.reading.rawfile import UTF8_MARK, RawFile

LINE_SHOWN = 60


def read_file(file: RawFile, parameters: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
    """The records of a file with one JSON object a line; empty lines do not count.

    Raises:
        SourceError: the file is one JSON text over several lines.
        SchemaError: fields are missing or unexpected.
    """
    beginning = file.sniff().removeprefix(UTF8_MARK).lstrip()
    if beginning[:1] == b"[" or beginning.partition(b"\n")[0].strip() == b"{":
        raise SourceError(f'{file.name}: one JSON text, not a record per line; say format = "json" in [ingest]')

    def read() -> Iterator[Any]:
        blocks, encoding = open_lines(file, parameters.encoding)
        records = (_parse(line, encoding) for line in split_lines(blocks) if line.strip())
        return _require_whole(records, file) if file.may_be_cut else records

    return conform_records(read, parameters, columns, first_row, file.name)


def _require_whole(records: Iterator[Any], file: RawFile) -> Iterator[Any]:
    """The records, while the last line is whole.

    Raises:
        SourceError: it is no JSON.
    """
    record = None
    for record in records:
        yield record
    if isinstance(record, str):
        raise SourceError(file.describe_cut(f"the last line is no JSON, {record[:LINE_SHOWN]!r}"))


def split_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines without their ends, however the bytes were cut."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _parse(line: bytes, encoding: str) -> Any:
    """The line's value; its text when it is no JSON, which is then rejected as no record."""
    try:
        return json.loads(line.decode(encoding), object_pairs_hook=make_record, parse_constant=PYTHON_CONSTANTS.get)
    except (ValueError, RecursionError):  # the latter: nested without end
        return line.decode("utf-8", "backslashreplace")
