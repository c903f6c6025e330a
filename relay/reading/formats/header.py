"""The first row of a CSV file: the columns' names."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace

from relay.handoff.errors import SchemaError
from relay.handoff.recipe import Column
from relay.reading.conform import match_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.escapes import show_bytes
from relay.reading.formats.rowends import BREAKS, Dialect, first_row_end

LONGEST_CELL = 1 << 30
"""In characters; the blocks that a file is read in are smaller."""

OTHER_DELIMITERS = (",", ";", "\t", "|", ":", " ")
"""Those that a message suggests where the recipe's one finds no columns."""

HEADER_BYTES_SHOWN = 120

SEPARATOR_LINE = re.compile(rb'"?sep=(?P<mark>[\x00-\x7f])"?', re.IGNORECASE)
"""What Excel writes before the names, or reads there."""


def split_header(blocks: Iterator[bytes], dialect: Dialect) -> tuple[bytes, bytes]:
    """The first row that is not empty, and what stands behind it in its block."""
    block = next((head for block in blocks if (head := block.lstrip(BREAKS))), b"")
    end = first_row_end(block, dialect)
    return block[:end], block[end:]


def match_header(
    row: bytes, columns: dict[str, Column], parameters: FormatKeys, name: str, dialect: Dialect
) -> tuple[list[str], dict[str, str]]:
    """The names in the first row, and schema name -> name in the file.

    Raises:
        SchemaError: columns are missing or unexpected; with the delimiter that brings more of them, where there is one.
    """
    header = _read_header(row, dialect)
    try:
        return header, match_columns(header, columns, parameters.extra_columns, name)
    except SchemaError as error:
        _explain_first_row(row, name, error)
        other = max(OTHER_DELIMITERS, key=lambda mark: _count_found(row, replace(dialect, delimiter=mark), columns))
        better = replace(dialect, delimiter=other)
        if _count_found(row, better, columns) <= _count_found(row, dialect, columns):
            raise
    raise SchemaError(
        f"{name}: with the delimiter {json.dumps(dialect.delimiter)} the first row has {len(header)} cell(s): "
        f"{show_bytes(row.strip()[:HEADER_BYTES_SHOWN])}; with another one it has columns of the recipe: say "
        f"delimiter = {json.dumps(other)} in [ingest]"
    )


def _explain_first_row(row: bytes, name: str, error: SchemaError) -> None:
    """Say what else the first row is than names of columns.

    Raises:
        SchemaError: it is Excel's line about the delimiter, or not UTF-8.
    """
    if found := SEPARATOR_LINE.fullmatch(row.strip(b"\r\n")):
        mark = json.dumps(found["mark"].decode())
        raise SchemaError(
            f"{name}: the first line is {show_bytes(row.strip())}, by which Excel knows the delimiter, and no row of "
            f"names; remove the line (`sed -i 1d` with the file's path) and say delimiter = {mark} in [ingest]"
        ) from None
    try:
        row.decode()
    except UnicodeDecodeError:
        raise SchemaError(
            f'{error}; the names are not UTF-8: declare the file\'s encoding in [ingest], such as encoding = "cp1252"'
        ) from None


def _read_header(row: bytes, dialect: Dialect) -> list[str]:
    rows = read_by_hand(row.decode("utf-8", "replace"), dialect)
    return [name.strip() for name in next(rows, [])]


def _count_found(row: bytes, dialect: Dialect, columns: dict[str, Column]) -> int:
    header = _read_header(row, dialect)
    return sum(any(known in header for known in (name, *column.source_names)) for name, column in columns.items())


def read_by_hand(text: str, dialect: Dialect) -> Iterator[list[str]]:
    """The rows of CSV by Python's parser: slower than Arrow's, and it takes anything."""
    csv.field_size_limit(LONGEST_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, escapechar=dialect.escape)
