"""A workbook of Excel: which sheet, which row has the names, and which columns hold values."""

import shlex
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from adopt.data.cell_kinds import count_filled
from adopt.data.choice import ChoiceError
from adopt.data.header import Header, Row, find_header
from adopt.data.looking import file_keys
from adopt.data.remarks import LAST_ROWS, find_remarks, write_rules
from adopt.notes import Note
from relay.handoff.errors import SourceError
from relay.reading.formats.sheet_values import write_value
from relay.reading.formats.sheets import OpenBook, SheetRows, choose_sheet, open_book
from relay.reading.packed import Limit
from relay.reading.rawfile import RawFile

SAMPLE_ROWS = 600


@dataclass(frozen=True)
class SheetTable:
    """How a sheet is read."""

    header: Header
    keys: Mapping[str, Any]
    key_notes: Mapping[str, tuple[Note, ...]]
    title: str
    """Of the sheet, where the workbook has several."""


def find_sheet_table(part: RawFile, decided: Mapping[str, Any]) -> SheetTable:
    """How a workbook is read.

    Args:
        part: the workbook.
        decided: keys of `[ingest]` that a person decided: `sheet`, `header`.

    Raises:
        ChoiceError: several sheets hold values, and one must be chosen.
        SourceError: no sheet has a row, or the workbook is damaged.
    """
    keys: dict[str, Any] = {}
    notes: dict[str, tuple[Note, ...]] = {}
    with part.open() as opened, open_book(opened, part, Limit.read(file_keys(decided))) as book:
        wanted, others = _choose(book, decided.get("sheet"), part)
        sheet = choose_sheet(book, wanted, part)
        if others or "sheet" in decided:
            keys["sheet"] = wanted
            notes["sheet"] = tuple(others)
        found = list(islice(SheetRows(book, sheet), SAMPLE_ROWS))
        widest, last = 0, deque[list[Any]](maxlen=LAST_ROWS)
        for _, row in SheetRows(book, sheet):
            widest = max(widest, len(row))
            last.append(row)
    if not found:
        raise SourceError(f'{part.name}, sheet "{sheet.title}": no row holds a value')
    width = max(len(row) for _, row in found)
    rows = [Row(number - 1, _write(row, width)) for number, row in found]
    header = find_header(rows, decided=decided.get("header"))
    header, keys = _fit(header, rows, widest, keys)
    filled = sorted(count_filled(row.cells) for row in rows)
    rules, said = find_remarks([_write(row, width) for row in last], header.names, filled[len(filled) // 2])
    if rules:
        keys["skip_if"], notes["skip_if"] = write_rules(rules), said
    return SheetTable(header, keys, notes | _note(header), sheet.title if others else "")


def _choose(book: OpenBook, wanted: Any, part: RawFile) -> tuple[Any, list[Note]]:
    """The sheet's name, and what to say of it; None where the only one is taken."""
    if wanted is not None:
        return wanted, []
    filled = [sheet for sheet in book.sheets if book.has_cells(sheet)]
    shown = [sheet.title for sheet in filled if sheet.sheet_state == "visible"] or [sheet.title for sheet in filled]
    if len(shown) <= 1:
        hidden = [sheet.title for sheet in filled if sheet.title not in shown]
        text = f"the only sheet that is shown and holds values (hidden: {', '.join(hidden)})"
        return (shown[0], [Note(text)]) if hidden else (None, [])
    listed = ", ".join(f'"{name}"' for name in shown)
    raise ChoiceError(
        f"{part.name}: {len(shown)} sheets hold values: {listed}",
        key="sheet",
        choices=shown,
        next_step=f"Choose one: `--sheet {shlex.quote(shown[0])}`.",
    )


def _write(row: list[Any], width: int) -> list[str]:
    texts = ["" if value is None else write_value(value) for value in row]
    return texts + [""] * (width - len(texts))


def _fit(header: Header, rows: list[Row], widest: int, keys: dict[str, Any]) -> tuple[Header, dict[str, Any]]:
    """The header for what the reading library makes of a sheet: a column without a name must hold no value."""
    body = rows[header.body :]
    unnamed = [at for at, name in enumerate(header.names) if not name]
    filled = [at for at in unnamed if any(row.cells[at].strip() for row in body)]
    if header.count and (filled or widest > len(header.names)):
        names = tuple(name or f"column_{at}" for at, name in enumerate(header.names, 1))
        names += tuple(f"column_{at}" for at in range(len(names) + 1, widest + 1))
        note = Note("columns without a name hold values: all are read by their order")
        skipped = rows[header.body].before if body else header.skipped + 1
        header = Header(names, skipped, 0, (*header.notes, note), header.skip_notes, header.body)
    elif header.count and unnamed:
        names = tuple(name for name in header.names if name)
        header = Header(names, header.skipped, header.count, header.notes, header.skip_notes, header.body)
    is_first = header.body == header.count  # rows without a value above the names are skipped anyway
    if header.skipped and not (header.count and is_first):
        keys["skip_rows"] = header.skipped
    if header.count != 1:
        keys["header"] = header.count or False
    return header, keys


def _note(header: Header) -> dict[str, tuple[Note, ...]]:
    notes = {"skip_rows": header.skip_notes, "header": header.notes}
    return {key: found for key, found in notes.items() if found}
