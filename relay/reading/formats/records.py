"""JSON: a list of records somewhere in a file, read as a stream so that the file may be larger than memory."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import ijson
from loguru import logger

from relay.handoff.errors import SourceError
from relay.handoff.writer import Block
from relay.reading.columns import ReadColumns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats import lines
from relay.reading.formats.flatten import Record
from relay.reading.formats.frames import read_columns, read_split
from relay.reading.formats.json_text import NotJsonError, parse
from relay.reading.formats.lists import describe, looks_like_lines
from relay.reading.formats.record_blocks import conform_records
from relay.reading.formats.shapes import find_shape
from relay.reading.rawfile import RawFile

SHAPES = {
    "lines": "a record per line",
    "split": "names in columns, rows in data (pandas: orient = split)",
    "columns": "an object of columns (pandas: orient = columns)",
}
"""Shape of a file whose records stand in no list of objects -> what the log and the receipt say of it."""


def read_file(file: RawFile, parameters: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
    """The records of a JSON file.

    Raises:
        SourceError: not JSON, or no list at the path that the recipe names.
        SchemaError: fields are missing or unexpected.
    """
    shape = "list" if parameters.records else find_shape(file, columns)
    if shape != "list":
        logger.info("{}: {}", file.name, SHAPES[shape])
        file.note_found("records", SHAPES[shape])
    if shape == "lines":
        blocks = lines.read_file(file, parameters, columns, first_row)
    elif shape == "columns":
        blocks = read_columns(file, parameters, columns, first_row)
    else:
        path = f"{parameters.records}.item" if parameters.records else "item"
        read = read_split if shape == "split" else partial(_stream, path=path)
        blocks = conform_records(lambda: _explained(file, read(file)), parameters, columns, first_row, file.name)
    found = False
    for block in _explained(file, blocks):
        found = True
        yield block
    if not found:
        raise SourceError(f"{file.name}: no record at {_shown(parameters)}; {describe(file, parameters.records)}")


def _stream(file: RawFile, path: str) -> Iterator[Any]:
    # Fractions come as Decimal: asked for floats, the parser refuses a file with a whole number beyond 64 bits.
    return parse(file, lambda reader: iter(ijson.items(reader, path, map_type=Record)))


def _explained(file: RawFile, items: Iterator[Any]) -> Iterator[Any]:
    """The items, while the file is JSON.

    Raises:
        SourceError: it is not.
    """
    try:
        yield from items
    except NotJsonError as error:
        if looks_like_lines(file):
            raise SourceError(
                f'{file.name}: a record per line, not one JSON text: {error}; say format = "jsonl" in [ingest]'
            ) from None
        raise SourceError(f"{file.name}: not JSON, or cut: {error}") from None


def _shown(parameters: FormatKeys) -> str:
    return f'records = "{parameters.records}"' if parameters.records else "the top of the file"
