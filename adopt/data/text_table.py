"""A text whose lines are rows: delimiter, quote, encoding, lines before the table, names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from adopt.data.cell_kinds import count_filled
from adopt.data.comments import Body, split_comments
from adopt.data.dialect import DELIMITERS, Way, cut_whole_lines, find_way, read_rows, read_way
from adopt.data.header import Header, find_header
from adopt.data.looking import Head
from adopt.data.other_layouts import advise_blanks, refuse_several_tables
from adopt.data.remarks import find_remarks, write_rules
from adopt.data.verdict import are_names
from adopt.notes import Note
from relay.handoff.errors import SourceError
from relay.reading.formats.rowends import Dialect

DECIDED = ("delimiter", "quote", "escape", "encoding", "skip_rows", "header", "comment", "skip_if")
"""Keys that a person may decide instead of what is found."""
MOST_RAGGED = 0.01
"""Share of rows with another number of cells, from which on a run would fail."""
SHOWN = 3
LIST_OF_NUMBERS = re.compile(r"[+-]?[\d.,?]+(?:\s+[+-]?[\d.,?]+){2,}")
MOST_LISTS = 0.9
SECOND = (",", ";", "|")
"""Signs that divide a cell in a file of another delimiter."""
LEAST_CELLS = 3


@dataclass(frozen=True)
class TextTable:
    """How a text is read as a table."""

    header: Header
    keys: Mapping[str, Any]
    """Of `[ingest]`, those that differ from the default."""
    key_notes: Mapping[str, tuple[Note, ...]]
    notes: tuple[Note, ...]
    way: Way

    @property
    def has_lists(self) -> bool:
        """Whether the cells of a column hold several values each."""
        return any(note.key == "ingest.delimiter" for note in self.notes)


def find_text_table(
    head: Head, keys: Mapping[str, Any], *, name: str, is_csv: bool, tail: str = ""
) -> TextTable | None:
    """How a text is read as a table; None where it is none.

    Args:
        head: its beginning.
        keys: of `[ingest]` that a person decided.
        name: of the file.
        is_csv: whether its name says that it is a table, so that one column is one, too.
        tail: its last lines; empty where they are not known.

    Raises:
        SourceError: the table has no row.
    """
    text = cut_whole_lines(head.text, is_all=head.is_all)
    body = split_comments(text, keys.get("comment"))
    way = _find(body, keys, is_csv=is_csv)
    if is_csv and "delimiter" not in keys and "skip_rows" not in keys:
        refuse_several_tables(text, name)
    if body.sign and "comment" not in keys and (way is None or _are_rows(body, way)):
        body = Body(text)
        way = _find(body, keys, is_csv=is_csv)
    if way is None:
        return None
    header, skip = _find_names(body, way, keys)
    if header.body >= len(way.rows):
        return _refuse_names_alone(header, way, name) if is_csv else None
    found, notes = _say_dialect(way, name)
    if skip:
        found["skip_rows"], notes["skip_rows"] = skip, header.skip_notes
    elif body.sign and body.lines:
        found["comment"], notes["comment"] = body.sign, header.skip_notes
    if header.count != 1:
        found["header"] = header.count or False
    if header.notes:
        notes["header"] = header.notes
    _say_encoding(head, found, notes, keys)
    last = [row.cells for row in read_rows(tail, way.dialect)]
    rules, said = find_remarks(last, header.names, _usual(way))
    if rules:
        found["skip_if"], notes["skip_if"] = write_rules(rules), said
    found |= {key: keys[key] for key in DECIDED if key in keys}
    return TextTable(
        header,
        found,
        notes,
        (*_say_ragged(way, header, rules), *_say_lists(way, header, advise_blanks(text, name, head.encoding))),
        way,
    )


def _refuse_names_alone(header: Header, way: Way, name: str) -> NoReturn:
    """Say that a table has no record, or that its only row may be one.

    Raises:
        SourceError: always.
    """
    cells = [cell.strip() for cell in way.rows[0].cells]
    if len(way.rows) == 1 and not are_names(cells):
        shown = ", ".join(cells[:SHOWN])
        raise SourceError(
            f"{name}: the file holds one row ({shown}), so nothing tells whether it has names or values",
            next_step="Give a file with more rows, or say --set ingest.header=false if the row is a record.",
        )
    shown = ", ".join(header.names[:SHOWN])
    raise SourceError(
        f"{name}: the table has names of columns ({shown}) and no row below them", next_step="Give a file with rows."
    )


def _find(body: Body, keys: Mapping[str, Any], *, is_csv: bool) -> Way | None:
    delimiter = keys.get("delimiter", body.delimiter)
    way = find_way(body.text, delimiter=delimiter, quote=keys.get("quote"), escape=keys.get("escape"))
    if way is None and is_csv:
        # One column: by a delimiter that its texts do not have, where there is such a one.
        marks = [delimiter] if delimiter else [mark for mark in DELIMITERS if mark not in body.text] or [","]
        return read_way(body.text, Dialect(marks[0], keys.get("escape"), keys.get("quote", '"')))
    return way


def _are_rows(body: Body, way: Way) -> bool:
    """Whether what looks like comments are rows whose first cell begins with such a sign."""
    found = [[row.cells for row in read_rows(line, way.dialect)] for line in (*body.lines, *body.more) if line.strip()]
    wide = [cells[0] for cells in found if cells and len(cells[0]) == way.width > 1]
    bare = [[cells[0].removeprefix(body.sign).strip(), *cells[1:]] for cells in wide]
    return any(not are_names(cells) for cells in bare) and len(wide) * 2 > len(found)


def _find_names(body: Body, way: Way, keys: Mapping[str, Any]) -> tuple[Header, int]:
    """The names, and how many lines of the file stand before them; 0 where a sign of comments leaves them out."""
    header = find_header(way.rows, decided=keys.get("header"))
    lines = len(body.lines)
    if not lines:
        return header, header.skipped
    shown = "; ".join(repr(line.strip()[:60]) for line in body.lines[:SHOWN])
    what = "comment" if body.sign else "line for Excel"
    note = Note(f"{lines} {what}{'s' if lines > 1 else ''} before the table: {shown}")
    header = replace(header, skip_notes=(note, *header.skip_notes))
    hidden = _read_hidden(body, way, header) if "header" not in keys else None
    if hidden is not None:
        text = f"the last comment has the names, {way.width} as the rows have cells"
        return replace(header, names=hidden, count=1, notes=(Note(text),)), lines - 1
    if body.more or (body.sign and "comment" in keys):
        return header, 0
    return header, lines + header.skipped


def _read_hidden(body: Body, way: Way, header: Header) -> tuple[str, ...] | None:
    """The names in the last comment, where it has as many as the rows have cells and the first row has none."""
    if not body.sign or body.more or (header.count and not any(note.is_question for note in header.notes)):
        return None
    rows = read_rows(body.lines[-1], way.dialect)
    cells = [cell.strip() for cell in rows[0].cells] if rows else []
    bare = [cells[0].removeprefix(body.sign).strip(), *cells[1:]] if cells else []
    return tuple(cells) if len(cells) == way.width > 1 and are_names(bare) else None


def _usual(way: Way) -> int:
    filled = sorted(count_filled(row.cells) for row in way.rows)
    return filled[len(filled) // 2]


def _say_dialect(way: Way, name: str) -> tuple[dict[str, Any], dict[str, tuple[Note, ...]]]:
    dialect = way.dialect
    usual = "\t" if name.lower().endswith(".tsv") else ","
    keys: dict[str, Any] = {}
    notes: dict[str, tuple[Note, ...]] = {}
    if dialect.delimiter != usual:
        keys["delimiter"] = dialect.delimiter
        if way.width == 1:
            text = "no delimiter makes columns: each line is one cell, and this one stands in none"
            return {"delimiter": dialect.delimiter}, {"delimiter": (Note(text, True, (), "ingest.delimiter"),)}
        text = f"{round(way.fit * 100)}% of the first {len(way.rows):,} rows have {way.width} cells"
        notes["delimiter"] = (Note(text),)
    if dialect.quote != '"':
        keys["quote"] = dialect.quote
        text = "by quotes rows have other numbers of cells: they are a part of the texts, and no sign quotes"
        notes["quote"] = (
            Note("cells stand in these quotes") if dialect.quote else Note(text, True, (), "ingest.quote"),
        )
    if dialect.escape is not None:
        keys["escape"] = dialect.escape
        notes["escape"] = (Note("it stands before quotes, delimiters or line breaks that belong to a cell"),)
    return keys, notes


def _say_encoding(
    head: Head, found: dict[str, Any], notes: dict[str, tuple[Note, ...]], keys: Mapping[str, Any]
) -> None:
    if head.encoding in ("utf-8", "utf-8-sig") or head.has_mark or "encoding" in keys:
        return
    found["encoding"] = head.encoding
    shown = f': by it a cell has "{head.strange}"' if head.strange else ""
    is_certain = head.encoding == "cp1252"
    text = f"the bytes are not UTF-8, and look like {head.encoding}{shown}"
    notes["encoding"] = (Note(text, not is_certain, (head.encoding,), "" if is_certain else "ingest.encoding"),)


def _say_ragged(way: Way, header: Header, rules: Sequence[Mapping[str, str]]) -> tuple[Note, ...]:
    body = way.rows[header.body :]
    skipped = {rule["value"] for rule in rules}
    ragged = [row for row in body if len(row.cells) != way.width and not skipped & {cell.strip() for cell in row.cells}]
    if not ragged:
        return ()
    first = ragged[0]
    text = (
        f"{len(ragged):,} of the first {len(body):,} rows have another number of cells than {way.width} and are "
        f"rejected, such as {len(first.cells)} cells behind line {first.before:,}"
    )
    is_many = len(ragged) > MOST_RAGGED * len(body)
    return (Note(text, is_many, key="ingest.max_rejected_share"),)


def _find_second(name: str, cells: Sequence[str]) -> str:
    """The sign that divides a name and each cell of its column into equally many parts, as in a file of Eurostat."""
    for sign in SECOND:
        parts = name.count(sign)
        if parts and len(cells) >= LEAST_CELLS and all(cell.count(sign) == parts for cell in cells):
            return sign
    return ""


def _say_lists(way: Way, header: Header, advice: str) -> tuple[Note, ...]:
    """What to ask of a column whose cells are several values: the file may have a second delimiter.

    Args:
        way: of the text.
        header: of the table.
        advice: a command that writes all cells of the text as CSV; empty: there is none.
    """
    rows = [row.cells for row in way.rows[header.body :] if len(row.cells) == way.width]
    for at, name in enumerate(header.names if rows else ()):
        if sign := _find_second(name, [row[at] for row in rows]):
            shown = rows[0][at].strip()[:40]
            text = (
                f'each cell of "{name}" holds {name.count(sign) + 1} values with {sign!r} between, as its name does, '
                f"such as {shown!r}: read as one text, which a function of your own can divide (docs/own-code.md)"
            )
            return (Note(text, True),)
        count = sum(LIST_OF_NUMBERS.fullmatch(row[at].strip()) is not None for row in rows)
        if count >= MOST_LISTS * len(rows):
            text = f"each cell of {name or at + 1} holds several numbers, such as {rows[0][at].strip()[:40]!r}"
            text += f". To divide them, write the file as CSV in Python: {advice}" if advice else ""
            return (Note(text, True, (), "ingest.delimiter"),)
    return ()
