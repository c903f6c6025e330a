"""The names of a sheet's columns: the first rows that hold something."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relay.handoff.errors import SchemaError, SourceError
from relay.reading.columns import ReadColumns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.sheet_values import write_value

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


def read_header(rows: Iterator[Row], parameters: FormatKeys, columns: ReadColumns, where: str) -> Header:
    """The columns' names, from the first rows that hold something; `rows` then gives the records.

    Raises:
        SourceError: no row is there.
    """
    if parameters.header is False:
        return Header(list(columns), parameters.skip_rows)
    found = []
    for number, row in rows:
        if number > parameters.skip_rows:
            found.append((number, row))
        if len(found) == parameters.header_rows:
            break
    if not found:
        raise SourceError(f"{where}: the sheet has no row below row {parameters.skip_rows}; correct skip_rows")
    width = max(len(row) for _, row in found)
    parts = [_fill(row, width, is_last=row is found[-1][1]) for _, row in found]
    names = [parameters.header_separator.join(filter(None, column)) for column in zip(*parts, strict=True)]
    return Header(names, found[-1][0])


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
