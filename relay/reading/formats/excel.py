"""Excel workbooks (.xlsx, .xlsm): one sheet, by its name or number, with the values that its cells hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from loguru import logger

from relay.handoff.column import Column
from relay.handoff.errors import SchemaError, SourceError
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.columns import ReadColumns
from relay.reading.conform import conform, match_columns
from relay.reading.format_keys import FormatKeys, SkipRule
from relay.reading.formats.sheet_header import Header, name_column, read_header
from relay.reading.formats.sheet_values import find_sheet_types, to_kept_array, to_sheet_array, write_value
from relay.reading.formats.sheet_xml import ErrorValue, NoValue
from relay.reading.formats.sheets import SheetRows, choose_sheet, open_book
from relay.reading.formats.values import TEXTS
from relay.reading.packed import Limit
from relay.reading.rawfile import RawFile
from relay.reading.skipping import describe_rule, find_sources, matches
from relay.reading.spellings import MISSING_WORDS

BATCH_ROWS, BATCH_CELLS = 8_192, 1 << 20
"""A batch ends at whichever it reaches first: a row may have thousands of cells."""

Row = tuple[int, list[Any]]


@dataclass(frozen=True)
class Layout:
    """What all rows of a sheet share."""

    where: str
    places: Mapping[str, int]
    """Schema name -> place of the cell in a row, from 0."""
    columns: ReadColumns
    kept: Mapping[str, pa.DataType] = field(default_factory=dict)
    """Name of a column that the schema does not declare -> the type that holds all its values."""
    rules: list[tuple[SkipRule, int]] = field(default_factory=list)
    """What leaves out rows, and the place of the cell by which it does."""


def read_file(file: RawFile, parameters: FormatKeys, columns: ReadColumns, first_row: int) -> Iterator[Block]:
    """The rows of one sheet.

    Raises:
        SourceError: not a workbook, too large, the sheet is not there or empty, or a cell's value was not stored.
        SchemaError: columns are missing or unexpected.
    """
    with file.open() as opened, open_book(opened, file, Limit.read(parameters)) as book:
        sheet = choose_sheet(book, parameters.sheet, file)
        rows = SheetRows(book, sheet)
        where = f'{file.name}, sheet "{sheet.title}"'
        header, body = read_header(iter(rows), parameters, columns, file, where)
        if parameters.extra_columns == "refuse":
            body = header.require_names(body, where)
        matched = match_columns(header.found, columns, parameters.extra_columns, where)
        places = {name: header.names.index(source) for name, source in matched.items()}
        kept = _find_kept(places, columns, iter(SheetRows(book, sheet)), header)
        rules = find_sources(parameters.skip_if, header.found, matched, where)
        layout = Layout(where, places, columns, kept, [(rule, header.names.index(source)) for rule, source in rules])
        count = widest = 0
        for batch in _split(body):
            yield finish_batch(batch, layout, first_row + count)
            count += len(batch)
            widest = max(widest, *(len(row) for _, row in batch))
        if not count:
            raise SourceError(f"{where}: no row stands below the names of the columns (row {header.last_row})")
        if parameters.header is False and widest < len(columns):
            raise SchemaError(
                f"{where}: its rows have {widest} columns, and the recipe declares {len(columns)}; with "
                "header = false they go together by their order"
            )
        _say_seen(rows, header.last_row, file, where)


def _split(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    cells = 0
    for row in rows:
        batch.append(row)
        cells += len(row[1])
        if len(batch) == BATCH_ROWS or cells >= BATCH_CELLS:
            yield batch
            batch, cells = [], 0
    if batch:
        yield batch


def finish_batch(batch: list[Row], layout: Layout, first_row: int) -> Block:
    """Rows of a sheet in the schema's types; a row with an error value where a value must be is rejected.

    Raises:
        SourceError: a cell's value was not stored.
    """
    numbers = np.arange(first_row, first_row + len(batch))
    left_out = _find_left_out(batch, layout)
    shown = [(int(numbers[index]), reason, _show(batch[index], layout)) for index, reason in left_out.items()]
    kept = [index for index in range(len(batch)) if index not in left_out]
    rows, numbers = [batch[index] for index in kept], numbers[kept]
    cells = {name: [_get(row, at) for _, row in rows] for name, at in layout.places.items()}
    problems = _take_errors(cells, layout)
    table = pa.table(
        {
            name: to_kept_array(values, layout.kept[name])
            if name in layout.kept
            else to_sheet_array(values, layout.columns[name])
            for name, values in cells.items()
        }
    )
    sound = np.ones(len(rows), bool)
    sound[list(problems)] = False
    block = conform(table.filter(pa.array(sound)) if problems else table, layout.columns, numbers[sound])
    faulty = [(int(numbers[index]), reason, _show(rows[index], layout)) for index, reason in sorted(problems.items())]
    rejected = pa.concat_tables([block.rejected, reject(faulty)]).sort_by("row") if faulty else block.rejected
    return Block(table=block.table, read=len(batch), rejected=rejected, left_out=reject(shown))


def _find_left_out(batch: list[Row], layout: Layout) -> dict[int, str]:
    """Index of a row that is no record -> the reason."""
    found: dict[int, str] = {}
    for rule, at in layout.rules:
        for index, (_, row) in enumerate(batch):
            value = _get(row, at)
            if matches(rule, "" if value is None else write_value(value)):
                found.setdefault(index, describe_rule(rule))
    return dict(sorted(found.items()))


def _take_errors(cells: dict[str, list[Any]], layout: Layout) -> dict[int, str]:
    """Put null in the place of each error; gives the rows in which it is not one that means "no value", and why.

    Raises:
        SourceError: a cell's value was not stored.
    """
    problems: dict[int, str] = {}
    for name, values in cells.items():
        for index, value in enumerate(values):
            if isinstance(value, NoValue):
                raise SourceError(
                    f"{layout.where}: cell {value.place} holds a formula without a value: the program that wrote the "
                    "workbook did not compute it. Open it in Excel or LibreOffice, save it, and run again"
                )
            if isinstance(value, ErrorValue) and name in layout.columns:
                values[index] = None
                if not _is_missing(value.text, layout.columns[name]):
                    problems.setdefault(index, f"{name}: the cell holds the error {value.text}")
    return problems


def _get(row: list[Any], at: int) -> Any:
    return row[at] if at < len(row) else None


def _is_missing(error: str, column: Column) -> bool:
    """Whether the recipe, or else the usual words, take an error for "no value"."""
    usual = () if column.type in TEXTS else MISSING_WORDS
    return error in (usual if column.missing is None else column.missing)


def _show(row: Row, layout: Layout) -> str:
    values = {name: _get(row[1], at) for name, at in layout.places.items()}
    return show_cells({name: None if value is None else write_value(value) for name, value in values.items()})


def _find_kept(
    places: Mapping[str, int], columns: ReadColumns, rows: Iterator[Row], header: Header
) -> dict[str, pa.DataType]:
    """The type of each column that the schema does not declare: for these the sheet is read twice."""
    kept = {name: at for name, at in places.items() if name not in columns}
    if not kept:
        return {}
    types = find_sheet_types((row for number, row in rows if number > header.last_row), len(header.names))
    return {name: types[at] for name, at in kept.items()}


def _say_seen(rows: SheetRows, last_header_row: int, file: RawFile, where: str) -> None:
    """Log once what a person should know of the sheet, and note it for the receipt."""
    empty = [numbers for numbers in rows.empty if numbers[0] > last_header_row]
    if empty:
        count, first = sum(map(len, empty)), empty[0][0]
        file.note_found("empty rows", f"{count:,}, first row {first}")
        logger.info("{}: empty rows left out: {:,}, the first is row {}", where, count, first)
    merged = [area for area in rows.merged if name_column(area.partition(":")[2])[1] > last_header_row]
    if merged:
        more = f" and {len(merged) - 1:,} more" if len(merged) > 1 else ""
        file.note_found("merged cells", f"{merged[0]}{more}")
        logger.warning(
            "{}: merged cells at {}{}: only the first cell of a range holds its value, and the others are empty",
            *(where, merged[0], more),
        )
