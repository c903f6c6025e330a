"""The names of a sheet's columns: the first rows that hold something."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, dropwhile, islice
from typing import Any

from loguru import logger

from relay.handoff.errors import SchemaError, SourceError
from relay.reading.columns import ReadColumns
from relay.reading.conform import fits_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.finding import LONGEST_PREAMBLE
from relay.reading.formats.sheet_values import write_value
from relay.reading.rawfile import RawFile

Row = tuple[int, list[Any]]


@dataclass(frozen=True)
class Header:
    """The columns of a sheet."""

    names: list[str]
    """One for each column of the sheet; empty where it has none."""
    last_row: int
    """The row of the sheet, from 1, below which the records begin."""

    @property
    def found(self) -> list[str]:
        """The names that are there."""
        return [name for name in self.names if name]

    def require_names(self, rows: Iterator[Row], where: str) -> Iterator[Row]:
        """The rows, while all their values stand in columns with a name.

        Raises:
            SchemaError: one does not.
        """
        unnamed = {at for at, name in enumerate(self.names) if not name}
        for number, row in rows:
            if unnamed or len(row) > len(self.names):
                for at, value in enumerate(row):
                    if value is not None and (at in unnamed or at >= len(self.names)):
                        place = f"{name_letters(at)}{number}"
                        raise SchemaError(
                            f'{where}: cell {place} holds "{write_value(value)}", and row {self.last_row} gives its '
                            f"column no name; name it there, or leave such columns out with "
                            f'extra_columns = "drop" in [ingest]'
                        )
            yield number, row


def read_header(
    rows: Iterator[Row], parameters: FormatKeys, columns: ReadColumns, file: RawFile, where: str
) -> tuple[Header, Iterator[Row]]:
    """The columns' names, and the rows below them.

    They stand in the first rows that hold something. Where these are no columns of the recipe and the recipe skips no
    rows, they are looked for below, and what was found is logged and noted.

    Raises:
        SourceError: no row is there.
    """
    rows = dropwhile(lambda row: row[0] <= parameters.skip_rows, rows)
    count = parameters.header_rows
    if not count:
        return Header(list(columns), parameters.skip_rows), rows
    head = list(islice(rows, LONGEST_PREAMBLE + count))
    if not head:
        raise SourceError(f"{where}: the sheet has no row below row {parameters.skip_rows}; correct skip_rows")
    start, header = 0, _join(head[:count], parameters)
    if "skip_rows" not in parameters.model_fields_set and not columns.is_open:
        found = ((at, _join(head[at : at + count], parameters)) for at in range(len(head) - count + 1))
        fitting = (one for one in found if fits_columns(one[1].found, columns, parameters.extra_columns))
        start, header = next(fitting, (start, header))
    if start:
        skipped = head[start][0] - 1
        file.note_found("skip_rows", str(skipped))
        logger.info("{}: found by its columns: skip_rows = {}", where, skipped)
    return header, chain(head[start + count :], rows)


def _join(rows: list[Row], parameters: FormatKeys) -> Header:
    """The names in some rows."""
    width = max(len(row) for _, row in rows)
    parts = [_fill(row, width, is_last=row is rows[-1][1]) for _, row in rows]
    names = [parameters.header_separator.join(filter(None, column)) for column in zip(*parts, strict=True)]
    return Header(names, rows[-1][0])


def _fill(row: list[Any], width: int, *, is_last: bool) -> list[str]:
    """The names of one row; above the last one a name also stands for the empty cells to its right."""
    texts = ["" if value is None else write_value(value).strip() for value in row]
    texts += [""] * (width - len(texts))
    if not is_last:
        for at in range(1, width):
            texts[at] = texts[at] or texts[at - 1]
    return texts


def name_column(place: str) -> tuple[str, int]:
    """The letters and the row of a place such as C5."""
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", place)
    return (match[1], int(match[2])) if match else ("", 0)


def name_letters(at: int) -> str:
    """The letters of a column, from 0: A, B, …, Z, AA."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
