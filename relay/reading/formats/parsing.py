"""Blocks of CSV become rows: in the schema's types where all cells parse, else as bytes, and cell by cell at last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from relay.handoff.recipe import Column
from relay.handoff.writer import Block, reject, show_cells
from relay.reading.conform import NULL_WORDS, conform
from relay.reading.format_keys import SkipRule
from relay.reading.formats.escapes import Hint, find_backslash_quotes
from relay.reading.formats.header import read_by_hand
from relay.reading.formats.parser_types import choose_type, find_doubtful
from relay.reading.formats.rowends import Dialect
from relay.reading.formats.swallowed import Swallowed, find_swallowed
from relay.reading.skipping import (
    BLANK,
    NAMES_AGAIN,
    describe_rule,
    find_empty,
    find_matches,
    find_names,
    is_blank,
    matches,
)


@dataclass(frozen=True)
class Layout:
    """What all blocks of a file share."""

    header: list[str]
    matched: dict[str, str]
    """Schema name, or key of `rules` -> name in the file."""
    dialect: Dialect
    columns: dict[str, Column]
    rules: Mapping[str, SkipRule] = field(default_factory=dict)
    """Name of a column that is read for a rule alone -> the rule."""


@dataclass(frozen=True)
class Parsed:
    """A block's rows under the schema's names."""

    table: pa.Table
    ragged: list[pacsv.InvalidRow]
    """Rows with another number of cells."""
    hint: Hint | None
    """What looks like escaped quotes."""
    left_out: Mapping[int, str] = field(default_factory=dict)
    """Index in the table -> why the row is no record."""
    ragged_left_out: Mapping[int, str] = field(default_factory=dict)
    """Number of a ragged row -> why it is no record."""

    repeated: Sequence[int] = ()
    """Indices in the table of rows that repeat the names of the columns."""
    swallowed: Swallowed | None = None
    """Lines inside quoted cells that look like rows."""

    @property
    def rows(self) -> int:
        """Rows of the file in this block."""
        return int(self.table.num_rows) + len(self.ragged)


def parse_block(block: bytes, layout: Layout) -> Parsed:
    """The block's rows under the schema's names, and the rows that have another number of cells.

    Typed where the whole block parses, else as raw bytes.
    """
    types: dict[str, pa.DataType] = {}
    for name, source in layout.matched.items():
        fast = choose_type(layout.columns[name]) if name in layout.columns else pa.string()
        # Columns of different types from one column of the file: its text serves them all.
        types[source] = fast if types.get(source, fast) == fast else pa.string()
    ragged: list[pacsv.InvalidRow] = []
    try:
        table = _parse(block, layout, types, ragged)
        doubtful = [layout.matched[name] for name in find_doubtful(table, layout.columns, block)]
        if doubtful:
            table = _parse(block, layout, types | dict.fromkeys(doubtful, pa.string()), ragged)
    except pa.ArrowInvalid:
        if _is_utf8(block):
            table = _parse(block, layout, dict.fromkeys(layout.matched.values(), pa.binary()), ragged)
        else:
            table, ragged = _parse_by_hand(block, layout)
    hint = find_backslash_quotes(block, layout.dialect, has_ragged_rows=bool(ragged))
    left_out = _find_blank(table, block, layout)
    for name, rule in layout.rules.items():
        for index in find_matches(rule, table.column(name)):
            left_out.setdefault(int(index), describe_rule(rule))
    names = {name: source for name, source in layout.matched.items() if name not in layout.rules}
    repeated = [index for index in find_names(table, names).tolist() if index not in left_out]
    table = table.drop_columns(list(layout.rules))
    swallowed = find_swallowed(block, layout.dialect, len(layout.header), table.num_rows + len(ragged))
    return Parsed(table, ragged, hint, left_out, _find_ragged(ragged, layout), repeated, swallowed)


def _parse(block: bytes, layout: Layout, types: dict[str, pa.DataType], ragged: list[pacsv.InvalidRow]) -> pa.Table:
    def note(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    is_text = pa.binary() in types.values()
    dialect = layout.dialect
    table = pacsv.read_csv(
        pa.BufferReader(block),
        read_options=pacsv.ReadOptions(
            column_names=layout.header, use_threads=False, block_size=len(block) + 1, skip_rows=0
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            escape_char=dialect.escape or False,
            newlines_in_values=(bool(dialect.quote) and dialect.quote_byte in block) or dialect.escape is not None,
            ignore_empty_lines=len(layout.header) > 1,  # in a single column an empty line is an empty cell
            invalid_row_handler=note if is_text else None,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            include_columns=list(layout.matched.values()),
            null_values=NULL_WORDS,
            strings_can_be_null=False,
        ),
    )
    return table.rename_columns(list(layout.matched))


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_rows(block: bytes, layout: Layout) -> list[list[str]]:
    """The rows by Python's parser."""
    found = read_by_hand(block.decode("utf-8", "surrogateescape"), layout.dialect)
    # In a single column an empty line is an empty cell, as Arrow has it.
    return [row or [""] for row in found if row or len(layout.header) == 1]


def _parse_by_hand(block: bytes, layout: Layout) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
    """As raw bytes, by Python's parser: Arrow cannot hand over a ragged row that is not UTF-8."""
    number = len(layout.header)
    rows = _read_rows(block, layout)
    whole = [row for row in rows if len(row) == number]
    columns = {
        name: pa.array([row[index].encode("utf-8", "surrogateescape") for row in whole], pa.binary())
        for name, index in ((name, layout.header.index(source)) for name, source in layout.matched.items())
    }
    ragged = [
        pacsv.InvalidRow(number, len(row), place, _show_row(row, layout.dialect))
        for place, row in enumerate(rows, 1)
        if len(row) != number
    ]
    return pa.table(columns), ragged


def _show_row(row: list[str], dialect: Dialect) -> str:
    return dialect.delimiter.join(row).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _find_blank(table: pa.Table, block: bytes, layout: Layout) -> dict[int, str]:
    """The rows of nothing but empty cells, those of columns that are not read included."""
    number = len(layout.header)
    likely = find_empty(table) if number > 1 else ()
    if not len(likely):
        return {}
    # A null may be a word such as NA, and other columns may hold something.
    whole = [row for row in _read_rows(block, layout) if len(row) == number]
    return {int(index): BLANK for index in likely if is_blank(whole[index])}


def _find_ragged(ragged: list[pacsv.InvalidRow], layout: Layout) -> dict[int, str]:
    """The ragged rows that are no records: blank ones, and those that a rule names."""
    found = {}
    for row in ragged:
        cells = next(read_by_hand(row.text, layout.dialect), [])
        if len(layout.header) > 1 and is_blank(cells):
            found[row.number] = BLANK
        for name, rule in layout.rules.items():
            index = layout.header.index(layout.matched[name])
            if index < len(cells) and matches(rule, cells[index]):
                found.setdefault(row.number, describe_rule(rule))
    return found


def finish_block(parsed: Parsed, columns: dict[str, Column], first_row: int) -> Block:
    """A parsed block in the schema's types, with the ragged rows among its rejected ones."""
    table, ragged = parsed.table, parsed.ragged
    # A row's number counts the ragged ones before it.
    taken = np.array([row.number for row in ragged], np.int64) - 1 + first_row
    numbers = np.setdiff1d(np.arange(first_row, first_row + parsed.rows), taken, assume_unique=True)
    left_out: list[tuple[int, str, str]] = []
    rows: list[tuple[int, str, str]] = []
    removed = {**parsed.left_out, **dict.fromkeys(parsed.repeated, NAMES_AGAIN)}
    if removed:
        kept = np.ones(table.num_rows, bool)
        kept[list(removed)] = False
        for index, row in zip(removed, table.take(pa.array(list(removed))).to_pylist(), strict=True):
            place = rows if index in parsed.repeated else left_out
            place.append((int(numbers[index]), removed[index], show_cells(row)))
        table, numbers = table.filter(pa.array(kept)), numbers[kept]
    block = conform(table, columns, numbers)
    if not ragged and not removed:
        return block
    for number, ragged_row in zip(taken.tolist(), ragged, strict=True):
        shown = show_cells({"row": ragged_row.text})
        if ragged_row.number in parsed.ragged_left_out:
            left_out.append((number, parsed.ragged_left_out[ragged_row.number], shown))
        else:
            cells = f"{ragged_row.actual_columns} cells instead of {ragged_row.expected_columns}"
            rows.append((number, cells, shown))
    rejected = pa.concat_tables([block.rejected, reject(rows)]).sort_by("row")
    return Block(table=block.table, read=parsed.rows, rejected=rejected, left_out=reject(sorted(left_out)))
