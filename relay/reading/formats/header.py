"""The first rows of a CSV file: the columns' names."""

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
from relay.reading.likely import guess_encoding

LONGEST_CELL = 1 << 30
"""In characters; the blocks that a file is read in are smaller."""

OTHER_DELIMITERS = (",", ";", "\t", "|", ":", " ")
"""Those that a message suggests where the recipe's one finds no columns."""

HEADER_BYTES_SHOWN = 120

SEPARATOR_LINE = re.compile(rb'"?sep=(?P<mark>[\x00-\x7f])"?', re.IGNORECASE)
"""What Excel writes before the names, or reads there."""


def split_header(blocks: Iterator[bytes], dialect: Dialect, count: int) -> tuple[list[bytes], bytes]:
    """The first rows that are not empty, and what stands behind them in their block."""
    rows: list[bytes] = []
    rest = b""
    for block in blocks:
        rest += block
        while len(rows) < count and (rest := rest.lstrip(BREAKS)):
            end = first_row_end(rest, dialect)
            rows.append(rest[:end])
            rest = rest[end:]
        if len(rows) == count and (count or rest.strip(BREAKS)):
            break
    return rows, rest


def match_header(
    rows: list[bytes], columns: dict[str, Column], parameters: FormatKeys, name: str, dialect: Dialect
) -> tuple[list[str], dict[str, str]]:
    """The names in the first rows, and schema name -> name in the file.

    Raises:
        SchemaError: columns are missing or unexpected; with the delimiter that brings more of them, where there is one.
    """
    header = _read_header(rows, dialect, parameters)
    try:
        return header, match_columns(header, columns, parameters.extra_columns, name)
    except SchemaError as error:
        row = rows[0] if rows else b""
        _explain_first_row(row, name, error)
        found = {
            mark: _count_found(rows, replace(dialect, delimiter=mark), columns, parameters) for mark in OTHER_DELIMITERS
        }
        other = max(OTHER_DELIMITERS, key=lambda mark: found[mark])
        if found[other] <= _count_found(rows, dialect, columns, parameters):
            raise
    raise SchemaError(
        f"{name}: with the delimiter {json.dumps(dialect.delimiter)} the first row has {len(header)} cell(s): "
        f"{show_bytes(row.strip()[:HEADER_BYTES_SHOWN])}; with another one it has columns of the recipe: say "
        f"delimiter = {json.dumps(other)} in [ingest]"
    )


def name_by_order(block: bytes, columns: dict[str, Column], name: str, dialect: Dialect) -> list[str]:
    """The recipe's names, in its order, for a file without a header.

    Raises:
        SchemaError: the first row has another number of cells, or holds the names after all.
    """
    text = block[: first_row_end(block, dialect)].decode("utf-8", "replace")
    cells = next(read_by_hand(text, dialect), [])
    shown = show_bytes(text.strip().encode()[:HEADER_BYTES_SHOWN])
    if cells and len(cells) != len(columns):
        raise SchemaError(
            f"{name}: the recipe declares {len(columns)} columns and header = false, and the first row has "
            f"{len(cells)} cell(s): {shown}; declare one column per cell in [columns], in the file's order"
        )
    if cells and all(
        cell.strip() in (key, *column.source_names) for cell, (key, column) in zip(cells, columns.items(), strict=True)
    ):
        raise SchemaError(
            f"{name}: [ingest] says header = false, and the first row holds the columns' names: {shown}; remove "
            "header = false"
        )
    return list(columns)


def join_names(rows: list[list[str]], separator: str) -> list[str]:
    """The names from one header row or several; an empty cell above others goes on with the one to its left."""
    filled = [_fill(row) for row in rows[:-1]] + rows[-1:]
    width = max(map(len, filled), default=0)
    parts = [[row[index].strip() if index < len(row) else "" for row in filled] for index in range(width)]
    return [separator.join(filter(None, part)) for part in parts]


def _fill(row: list[str]) -> list[str]:
    filled: list[str] = []
    for cell in row:
        filled.append(cell if cell.strip() or not filled else filled[-1])
    return filled


def _explain_first_row(row: bytes, name: str, error: SchemaError) -> None:
    """Say what else the first row is than names of columns.

    Raises:
        SchemaError: it is Excel's line about the delimiter, or not UTF-8.
    """
    if found := SEPARATOR_LINE.fullmatch(row.strip(b"\r\n")):
        mark = json.dumps(found["mark"].decode())
        raise SchemaError(
            f"{name}: the first line is {show_bytes(row.strip())}, by which Excel knows the delimiter, and no row of "
            f"names; say skip_rows = 1 and delimiter = {mark} in [ingest]"
        ) from None
    try:
        row.decode()
    except UnicodeDecodeError:
        likely = guess_encoding(row) or "cp1252"
        raise SchemaError(
            f'{error}; the names are not UTF-8: declare the file\'s encoding in [ingest], such as encoding = "{likely}"'
        ) from None


def _read_header(rows: list[bytes], dialect: Dialect, parameters: FormatKeys) -> list[str]:
    texts = [next(read_by_hand(row.decode("utf-8", "replace"), dialect), []) for row in rows]
    return join_names(texts, parameters.header_separator)


def _count_found(rows: list[bytes], dialect: Dialect, columns: dict[str, Column], parameters: FormatKeys) -> int:
    if dialect.delimiter == dialect.quote:
        return 0
    header = _read_header(rows, dialect, parameters)
    return sum(any(known in header for known in (name, *column.source_names)) for name, column in columns.items())


def read_by_hand(text: str, dialect: Dialect) -> Iterator[list[str]]:
    """The rows of CSV by Python's parser: slower than Arrow's, and it takes anything."""
    csv.field_size_limit(LONGEST_CELL)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        escapechar=dialect.escape,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
