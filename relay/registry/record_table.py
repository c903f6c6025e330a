"""Many records in a CSV file, and the same file with the answers beside them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from relay.handoff.column import Column
from relay.handoff.errors import SchemaError
from relay.handoff.spreadsheet import neutralise
from relay.handoff.wording import count, list_words
from relay.reading.csv_text import split_rows
from relay.registry.cells import parse_cell
from relay.registry.contract import Cell
from relay.registry.records import NO_LIMITS, Flaw, check_record, suggest

MOST_ROWS = 10_000
"""As many as the API takes in one request, where nobody changed that."""

MOST_BYTES = 5_000_000

ANSWERS = ("prediction", "probability", "model_version", "prediction_id", "problem")
"""What is written beside the columns of the file."""


@dataclass(frozen=True)
class BadRow:
    """A row that does not keep the contract."""

    number: int
    """As an editor counts, where no cell holds a line break: the names stand in line 1."""
    flaws: tuple[Flaw, ...]


@dataclass(frozen=True)
class RecordTable:
    """What stands in the file, and what the model takes of it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    records: Mapping[int, dict[str, Cell]]
    """Index of a row -> its record; rows that break the contract have none."""
    bad: tuple[BadRow, ...]
    others: tuple[str, ...]
    """Columns that the model does not take; they are kept as they are."""


@dataclass(frozen=True)
class RowAnswer:
    """What is written beside a row."""

    prediction: Cell
    probability: float | None
    version: str
    prediction_id: str = ""


def read_table(content: bytes, inputs: Mapping[str, Column], limits: Mapping[str, float] = NO_LIMITS) -> RecordTable:
    """The records of a CSV file.

    Args:
        content: the file's bytes.
        inputs: the contract's.
        limits: the contract's: how far from zero the model takes a number.

    Raises:
        SchemaError: it is no CSV in UTF-8, it is too large, or a column that the model needs is not there.
    """
    if len(content) > MOST_BYTES:
        raise SchemaError(
            f"the file has {len(content):,} bytes, expected at most {MOST_BYTES:,}", next_step="Send it in parts"
        )
    lines = split_rows(content)
    if len(lines) < 2:
        raise SchemaError("the file has no rows: expected a line of column names, then a line for each record")
    names, rows = tuple(name.strip() for name in lines[0]), lines[1:]
    known = resolve_names(names, inputs)
    check_names(known, inputs)
    if len(rows) > MOST_ROWS:
        raise SchemaError(
            f"the file has {count(len(rows), 'row')}, expected at most {MOST_ROWS:,}", next_step="Send it in parts"
        )
    return _check_rows(names, known, rows, inputs, limits)


def resolve_names(names: Sequence[str], inputs: Mapping[str, Column]) -> tuple[str, ...]:
    """The names of a file as the model has them: another name that a column may arrive under (`from`) becomes its own.

    It stays as it is where the column's own name is there too, or where the name comes more than once.
    """
    others = {name: _find_other(names, column) for name, column in inputs.items() if name not in names}
    own = {other: name for name, other in others.items() if other is not None}
    return tuple(own.get(name, name) for name in names)


def _find_other(names: Sequence[str], column: Column) -> str | None:
    """The first of a column's other names that the file has once."""
    return next((other for other in column.source_names if list(names).count(other) == 1), None)


def check_names(names: Sequence[str], inputs: Mapping[str, Column]) -> None:
    """Make sure that each input is a column once; of one that is not there, name what looks like it.

    Raises:
        SchemaError: one is missing, or comes more than once.
    """
    missing = [name for name in inputs if name not in names]
    if missing:
        left = {name: None for name in names if name and name not in inputs}
        near = {name: suggest(name, left) for name in missing} if left else {}
        words = [f"{name} (is it {near[name]}?)" if near.get(name) in left else name for name in missing]
        hint = " Separate the columns by commas." if len(names) == 1 and ";" in names[0] else ""
        raise SchemaError(
            f"the file lacks the columns {list_words(words)}; found {list_words(names) if names else 'none'}",
            next_step=f"Name the columns as the model does.{hint}",
        )
    twice = [name for name in inputs if list(names).count(name) > 1]
    if twice:
        raise SchemaError(f"the file has {list_words(twice)} more than once", next_step="Keep one column of each name")


def _check_rows(
    names: tuple[str, ...],
    known: tuple[str, ...],
    rows: Sequence[Sequence[str]],
    inputs: Mapping[str, Column],
    limits: Mapping[str, float],
) -> RecordTable:
    indices = {name: known.index(name) for name in inputs}
    records: dict[int, dict[str, Cell]] = {}
    bad = []
    for index, row in enumerate(rows):
        if len(row) != len(names):
            found, expected = count(len(row), "cell"), count(len(names), "cell")
            flaws = [Flaw("the row", found, expected, f"has {found}, expected {expected}")]
        else:
            cells = {name: parse_cell(row[at], inputs[name]) for name, at in indices.items()}
            record, flaws = check_record(cells, inputs, limits)
        if flaws:
            bad.append(BadRow(index + 2, tuple(flaws)))
        else:
            records[index] = record
    others = tuple(name for name, ours in zip(names, known, strict=True) if ours not in inputs)
    return RecordTable(names, tuple(map(tuple, rows)), records, tuple(bad), others)


def write_table(table: RecordTable, answers: Mapping[int, RowAnswer], *, for_spreadsheets: bool = False) -> bytes:
    """The file with the answers; a row that has none says why in the column `problem`.

    Args:
        table: as it was read.
        answers: index of a row -> its answer.
        for_spreadsheets: whether texts that a spreadsheet would run as a formula get an apostrophe in front.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    write = partial(_write_row, writer, for_spreadsheets)
    write([*table.columns, *name_answers(table.columns)])
    problems = {bad.number - 2: "; ".join(flaw.say() for flaw in bad.flaws) for bad in table.bad}
    for index, row in enumerate(table.rows):
        found = answers.get(index)
        padded = [*row, *[""] * (len(table.columns) - len(row))][: len(table.columns)]
        if found is None:
            write([*padded, "", "", "", "", problems.get(index, "")])
        else:
            share = "" if found.probability is None else repr(found.probability)
            write([*padded, found.prediction, share, found.version, found.prediction_id, ""])
    return written.getvalue().encode()


def _write_row(writer: Any, for_spreadsheets: bool, cells: list[Any]) -> None:
    writer.writerow(map(neutralise, cells) if for_spreadsheets else cells)


def name_answers(columns: Sequence[str]) -> list[str]:
    """The names of the written columns, other ones where the file has these already."""
    names = []
    for name in ANSWERS:
        while name in columns:
            name = f"{name}_by_model"
        names.append(name)
    return names
