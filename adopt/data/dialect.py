"""How the cells of a text are separated: the way by which rows are equally wide and cells look like values.

Source: van den Burg, Nazábal, Sutton: Wrangling messy CSV files by detecting row and type patterns (2019). As there,
the score is that of the rows' pattern times the share of cells of a known kind; the kinds are those of `cell_kinds`.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from adopt.data.cell_kinds import Kind, find_column_kind, find_kind
from adopt.data.header import Row, find_width
from relay.reading.formats.header import read_by_hand
from relay.reading.formats.rowends import Dialect

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ("'", '"')
OTHER_DELIMITERS = (":", "^", "~", "\x01", " ")
"""Looked at only where none of the usual ones makes columns."""
SAMPLE_ROWS, SAMPLE_CELLS = 1_000, 100_000
LEAST_ROWS = 10
"""Rows of a sample, however many cells they have."""
SCORED_CELLS = 20_000
OTHER_SHARE = 0.5
"""What a text with a sign that separates cells counts, beside a cell of a known kind."""
LEAST_FIT_OF_OTHERS = 0.98
MOST_GAPS = 0.2
"""Share of cells that are empty or have blanks, above which an unusual delimiter is none."""
QUOTED_BY_BLANKS = re.compile(r'"[^"\n]*" "')
"""How a table begins that R writes: its texts may hold each of the usual delimiters."""
CLOCK = re.compile(r"\b\d{1,2}:\d{2}\b")
LEAST_FIT, LEAST_ALL_FIT = 0.8, 0.5
"""Share of the rows that are as wide as most, below which a text is no table by a delimiter."""


@dataclass(frozen=True)
class Way:
    """A text as rows, by one dialect."""

    dialect: Dialect
    rows: list[Row]
    """Not the blank ones."""
    score: float
    fit: float
    """Share of the rows behind the preamble that have the width of most."""
    all_fit: float = 1.0
    """The same of all rows of more than one cell."""

    @property
    def width(self) -> int:
        """Cells of most rows."""
        return find_width(self.rows)


def find_way(
    text: str, *, delimiter: str | None = None, quote: str | None = None, escape: str | None = None
) -> Way | None:
    """The rows of a text by the dialect that suits it best; None where no delimiter makes columns.

    Args:
        text: the beginning of a file, its last row whole.
        delimiter: where a person said it.
        quote: likewise.
        escape: likewise.
    """
    usual = (*DELIMITERS, " ") if QUOTED_BY_BLANKS.match(text) else DELIMITERS
    for marks in ((delimiter,),) if delimiter else (usual, OTHER_DELIMITERS):
        ways = [read_way(text, dialect) for dialect in _list_dialects(text, marks, quote, escape)]
        fitting = [way for way in ways if way is not None and (delimiter or _is_table(way))]
        if fitting:
            return max(fitting, key=lambda way: way.score)
    return None if quote is not None else _find_unquoted(text, (delimiter,) if delimiter else DELIMITERS)


def _find_unquoted(text: str, marks: Sequence[str]) -> Way | None:
    """The rows of a text whose quotes are a part of its cells, so that by them no delimiter makes columns."""
    ways = [way for mark in marks if mark in text and '"' in text if (way := read_way(text, Dialect(mark, None, "")))]
    fitting = [way for way in ways if _is_table(way) and way.fit >= LEAST_FIT_OF_OTHERS]
    return max(fitting, key=lambda way: way.score, default=None)


def _list_dialects(text: str, marks: Sequence[str], quote: str | None, escape: str | None) -> list[Dialect]:
    quotes = [quote] if quote is not None else ['"', *(["'"] if re.search(r"(?:^|[\r\n,;\t| ])'", text) else [])]
    escapes: list[str | None] = (
        [escape] if escape else [None, *(["\\"] if re.search(r'\\[",;\'\t|\\\n]', text) else [])]
    )
    return [
        Dialect(mark, one, sign)
        for mark in marks
        if mark in text
        for sign in quotes
        for one in escapes
        if len({mark, one, sign}) == 3
    ]


def read_way(text: str, dialect: Dialect) -> Way | None:
    """The rows of a text by a dialect, and how well it suits; None where there is no row."""
    rows = read_rows(text, dialect)
    if not rows:
        return None
    width = find_width(rows)
    later = rows[min(_count_preamble(rows, width), len(rows) - 1) :]
    wide = sum(len(row.cells) == width for row in later)
    # Lines of one cell before a table are its title; others count as rows that do not fit.
    all_fit = wide / sum(len(row.cells) > 1 or width == 1 for row in rows) if wide else 0.0
    return Way(
        dialect,
        rows,
        min(1.0, all_fit) * (1 - 1 / (width + 1)) * _score_cells(later, width),
        wide / len(later),
        all_fit,
    )


def read_rows(text: str, dialect: Dialect) -> list[Row]:
    """The first rows that are not blank."""
    reader = read_by_hand(text, dialect)
    rows: list[Row] = []
    before = count = 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append(Row(before, cells))
        before = reader.line_num  # type: ignore[attr-defined]  # the reader of `csv` counts the lines
        count += len(cells)
        if len(rows) == SAMPLE_ROWS or (count > SAMPLE_CELLS and len(rows) > LEAST_ROWS):
            break
    return rows


def _count_preamble(rows: Sequence[Row], width: int) -> int:
    return next((at for at, row in enumerate(rows) if len(row.cells) == width), 0)


def _score_cells(rows: Sequence[Row], width: int) -> float:
    """The share of cells of a known kind; a text with other separators counts half, an open quote nothing."""
    total = count = 0.0
    for row in rows:
        for cell in row.cells if len(row.cells) == width else ():
            kind = find_kind(cell)
            total += 1
            is_quoted = len(cell) > 1 and cell[0] in QUOTES
            is_broken = is_quoted and cell[0] == '"' != cell[-1]
            is_half = kind == Kind.OTHER or (is_quoted and cell[0] == cell[-1]) or cell.count('"') % 2
            count += 0 if is_broken else OTHER_SHARE if is_half else 1
        if total >= SCORED_CELLS:
            break
    return count / total if total else 0.0


def _is_table(way: Way) -> bool:
    if way.width < 2 or way.fit < LEAST_FIT or way.all_fit < LEAST_ALL_FIT:
        return False
    if way.dialect.delimiter in DELIMITERS:
        return len(way.rows) > 1 or way.width > 1
    # Prose, logs and single columns have blanks and colons, too: rows must be equally wide, and a column hold values.
    rows = [row.cells for row in way.rows[1:] if len(row.cells) == way.width]
    cells = [cell for row in rows for cell in row]
    # Between blanks, only a cell in quotes can hold one.
    gaps = sum(not cell.strip() or (" " in cell and way.dialect.delimiter != " ") for cell in cells)
    if not rows or gaps > MOST_GAPS * len(cells):
        return False
    if way.dialect.delimiter == ":" and any(CLOCK.search(":".join(row)) for row in rows):
        return False
    kinds = {find_column_kind([row[at] for row in rows]) for at in range(way.width)}
    return way.fit >= LEAST_FIT_OF_OTHERS and bool(kinds & {Kind.NUMBER, Kind.TIME})


def cut_whole_lines(text: str, *, is_all: bool) -> str:
    """The text up to its last line break, where it goes on behind its end."""
    if is_all:
        return text
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end >= 0 else text


def split_lines(text: str) -> list[str]:
    """The lines with their ends, as the reading library counts them."""
    return io.StringIO(text, newline="").readlines()
