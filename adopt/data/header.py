"""Which row of a table has the names of its columns, and whether one does: by what the rows below it hold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

from adopt.data.cell_kinds import Kind, count_filled, find_column_kind, find_kind
from adopt.data.verdict import Verdict, are_names, is_numbered, judge
from adopt.notes import Note

BODY_ROWS = 500
LEAST_ROWS = 5
SOME = 0.5
"""Share of the usual number of filled cells that the first row of a table has at least."""
SHOWN = 3
MOST_NAMES = 3
"""Rows that the names of columns may stand in."""


@dataclass(frozen=True)
class Row:
    """A row that is not blank."""

    before: int
    """Lines of the file, or rows of the sheet, before it."""
    cells: list[str]


@dataclass(frozen=True)
class Header:
    """Where the names stand."""

    names: tuple[str, ...]
    """One for each column."""
    skipped: int
    """Lines before the row of names, or before the first record where there are no names."""
    count: int = 1
    """Rows that hold names; 0: none does, or they do not go together with the columns."""
    notes: tuple[Note, ...] = ()
    """About whether there are names, and which."""
    skip_notes: tuple[Note, ...] = ()
    """About the lines before them."""
    body: int = 0
    """Index of the first record among the rows."""


def find_header(rows: Sequence[Row], *, decided: bool | int | None = None, separator: str = " ") -> Header:
    """The columns' names.

    Args:
        rows: the first ones, at least one.
        decided: what a person said of it: `[ingest] header`.
        separator: between the parts of a name that stand in two rows.
    """
    width = find_width(rows)
    first = _find_first(rows, width)
    verdict = _judge(rows, first, width)
    above = rows[first - 1].cells if first else []
    if decided is None and first and not _is_certain(verdict):
        is_title = width == 2 and are_names(rows[first].cells)  # a line above two columns is more often that
        if len(above) == width - 1 and are_names(above) and not is_title:
            return _name_short(rows, first, width, _say_skipped(rows, first - 1))
        if first == 1 and len(above) == width and _judge(rows, 0, width).count:
            first, verdict = 0, Verdict(1, (_doubt_gaps(above),))
    skip_notes, top = _say_skipped(rows, first), rows[first]
    more = _count_more([row.cells for row in rows[first + 1 :] if len(row.cells) == width][:BODY_ROWS], width)
    if decided is None and more:
        verdict = Verdict(1 + more, (_doubt_rows(rows[first + 1].cells, 1 + more),))
    if decided is None and verdict.count and is_numbered([row.cells for row in rows[first:]], width):
        return _skip_numbers(rows, first, skip_notes)
    count = verdict.count if decided is None else int(decided)
    if not count:
        notes = verdict.notes if decided is None else ()
        return Header(_number(width), top.before, 0, notes, skip_notes, first)
    names = join_parts([row.cells for row in rows[first : first + count]], width, separator)
    header = Header(tuple(names), top.before, count, verdict.notes, skip_notes, first + count)
    return _repair(header, rows, width)


def _judge(rows: Sequence[Row], first: int, width: int) -> Verdict:
    body = rows[first + 1 : first + 1 + BODY_ROWS]
    return judge(rows[first].cells, [row.cells for row in body if len(row.cells) == width])


def _is_certain(verdict: Verdict) -> bool:
    """Whether a row has names, and nothing speaks against it."""
    return verdict.count > 0 and not verdict.notes


def _doubt_gaps(cells: Sequence[str]) -> Note:
    names = ", ".join(f'"{cell.strip()}"' for cell in cells if cell.strip())
    text = f"the first row names only {names}, and the other columns have no name"
    return Note(text, True, ("true", "false"), "ingest.header")


def _doubt_rows(second: Sequence[str], count: int) -> Note:
    shown = ", ".join(f'"{cell.strip()[:40]}"' for cell in second[:SHOWN])
    text = f"row 2 ({shown}) has no values either, such as units or questions: {count} rows make the names"
    return Note(text, True, (str(count), "true"), "ingest.header")


def find_width(rows: Sequence[Row]) -> int:
    """How many cells most rows have; the rows near the beginning count least, for they may be a preamble."""
    later = rows[len(rows) // 2 :] or rows
    widths = [len(row.cells) for row in later]
    return max(set(widths), key=lambda width: (widths.count(width), width))


def _find_first(rows: Sequence[Row], width: int) -> int:
    """The first row that can have the names, or be a record: as wide as the table, and filled like one."""
    usual = sorted(count_filled(row.cells) for row in rows if len(row.cells) == width)
    least = max(1, min(width, usual[len(usual) // 2]) * SOME)
    for at, row in enumerate(rows):
        if len(row.cells) == width and count_filled(row.cells) > least - (width <= 2):
            return at
    return 0


def _say_skipped(rows: Sequence[Row], first: int) -> tuple[Note, ...]:
    if not first:
        return ()
    shown = "; ".join(repr(" ".join(filter(None, row.cells))[:60]) for row in rows[:first][:SHOWN])
    what = f"{first} rows" if first > 1 else "1 row"
    return (Note(f"{what} before the table: {shown}"),)


def _say_names_skipped(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    return notes or (Note("the row of names is left out"),)


def _skip_numbers(rows: Sequence[Row], first: int, skip_notes: tuple[Note, ...]) -> Header:
    """The names of a table whose columns are numbered in the row below: no key leaves out one row, so both are."""
    names = _distinguish([cell.strip() for cell in rows[first].cells])
    last, following = rows[first + 1], rows[first + 2].before
    shown = ", ".join(cell.strip() for cell in last.cells[:SHOWN])
    text = f"the row below the names ({shown}, …) numbers the columns, and is left out"
    text += " (if it is a record: --set ingest.header=true)"
    return Header(names, following, 0, (Note(text, True),), _say_names_skipped(skip_notes), first + 2)


def _name_short(rows: Sequence[Row], first: int, width: int, skip_notes: tuple[Note, ...]) -> Header:
    """The names of a header with one cell less than the rows: R writes the names of rows so."""
    found = [cell.strip() for cell in rows[first - 1].cells]
    body = [row.cells for row in rows[first : first + BODY_ROWS] if len(row.cells) == width]
    found_what = f"the header has {width - 1} names and each row {width} cells"
    if not any(cells[-1].strip() for cells in body):
        names = (*found, f"column_{width}")
        text = f"{found_what}, the last one empty: the rows end with a delimiter"
    else:
        names = ("row_name" if "row_name" not in found else "row_name_2", *found)
        text = f"{found_what}: the first cell is the name of the row, as R writes it"
    return Header(names, rows[first].before, 0, (Note(text),), _say_names_skipped(skip_notes), first)


def _count_more(body: Sequence[Sequence[str]], width: int) -> int:
    """How many rows below the names have no values either: columns hold numbers below them, and in them none does."""
    for count in range(MOST_NAMES - 1, 0, -1):
        rest = body[count:]
        if len(rest) < LEAST_ROWS:
            continue
        typed = [at for at in range(width) if find_column_kind([row[at] for row in rest]) in (Kind.NUMBER, Kind.TIME)]
        if typed and all(_has_no_value(row, typed, rest) for row in body[:count]):
            return count
    return 0


def _has_no_value(row: Sequence[str], typed: Sequence[int], rest: Sequence[Sequence[str]]) -> bool:
    """Whether a row has texts in columns that hold numbers and times, and at most half of them are empty.

    Where fewer are filled, all other cells are empty, too, and each row below has more.
    """
    kinds = [find_kind(row[at]) for at in typed]
    if not set(kinds) <= {Kind.WORD, Kind.OTHER, Kind.EMPTY}:
        return False
    filled = len(kinds) - kinds.count(Kind.EMPTY)
    is_sparse = 0 < filled == count_filled(row) < min(map(count_filled, rest))
    return filled * 2 > len(kinds) or is_sparse


def join_parts(rows: Sequence[Sequence[str]], width: int, separator: str) -> list[str]:
    """The names from one header row or several, as the reading library joins them."""
    filled = []
    for row in rows[:-1]:
        line: list[str] = []
        for cell in row:
            line.append(cell if cell.strip() or not line else line[-1])
        filled.append(line)
    filled.append(list(rows[-1]))
    parts = [[row[at].strip() if at < len(row) else "" for row in filled] for at in range(width)]
    return [separator.join(filter(None, part)) for part in parts]


def _repair(header: Header, rows: Sequence[Row], width: int) -> Header:
    """Read by their order the columns whose names are missing or come twice."""
    forms = [normalize("NFC", name) for name in header.names]
    counts = Counter(forms)
    repeated = [name for name, form in zip(header.names, forms, strict=True) if name and counts[form] > 1]
    unnamed = [at for at, name in enumerate(header.names) if not name]
    if not repeated and len(unnamed) <= 1:
        return header if not unnamed else _say_unnamed(header, rows, unnamed[0], width)
    what = (
        f'the name "{repeated[0]}" comes {header.names.count(repeated[0])} times'
        if repeated
        else f"{len(unnamed)} columns have no name"
    )
    note = Note(f"{what}: the columns are read by their order, and their names are left to the recipe")
    names = _distinguish(header.names)
    return Header(
        names,
        rows[header.body].before if header.body < len(rows) else header.skipped + 1,
        0,
        (*header.notes, note),
        _say_names_skipped(header.skip_notes),
        header.body,
    )


def _say_unnamed(header: Header, rows: Sequence[Row], at: int, width: int) -> Header:
    cells = [row.cells[at].strip() for row in rows[header.body :] if len(row.cells) == width]
    if at == 0 and cells == [str(number) for number in range(len(cells))]:
        text = "the first column has no name and numbers the rows from 0: the index that pandas writes"
    elif not any(cells):
        text = f"column {at + 1} has no name and no value in the first rows"
    else:
        text = f"column {at + 1} has no name"
    return Header(
        header.names, header.skipped, header.count, (*header.notes, Note(text)), header.skip_notes, header.body
    )


def _number(width: int) -> tuple[str, ...]:
    return tuple(f"column_{number}" for number in range(1, width + 1))


def _distinguish(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once: `column_3` for one that is missing, `name_2` for one that comes again."""
    taken: set[str] = set()
    found: list[str] = []
    for number, name in enumerate(names, 1):
        base = name or f"column_{number}"
        one, count = base, 1
        while one in taken:
            count += 1
            one = f"{base}_{count}"
        taken.add(one)
        found.append(one)
    return tuple(found)
