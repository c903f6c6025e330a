"""Tables of frequencies: each row's words and numbers become one text, which a model of styles reads."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from preprocess.documents import text_column
from preprocess.parameters import FrequenciesSection
from preprocess.rules import split_by_rules
from preprocess.table import extend_schema, used_columns
from relay.handoff.errors import RecipeError, SchemaError
from relay.handoff.recipe import Column, Recipe
from relay.handoff.writer import REJECTED_SCHEMA, Block, reject, show_cells

Floats = npt.NDArray[np.float64]

ABOVE = 1e-6
"""By how much the shares of a row may exceed 1: shares that were rounded to six digits."""

LARGEST = 2**53
"""Of a count: beyond, not every whole number has a float64."""

SCALES = {"shares": 1.0, "counts": float(LARGEST), "percent": 100.0}
"""What the numbers of a row may sum to."""


def check_frequencies(recipe: Recipe) -> None:
    """Check that the recipe brings a table whose other columns are kept.

    Raises:
        RecipeError: there is not one text to hold the row, other inputs are declared, or columns would not come.
    """
    name = text_column(recipe.columns)
    ingest = recipe.sections.get("ingest", {})
    if others := [other for other in recipe.with_role("input") if other != name]:
        raise RecipeError(
            f'[columns] {others[0]}: with kind = "frequencies" in [preprocess], {name} is the only input and holds all '
            "columns that are not declared",
            next_step=f"Remove {others[0]} from [columns]",
        )
    if ingest.get("extra_columns") != "keep":
        raise RecipeError(
            '[preprocess] kind = "frequencies" takes the columns that [columns] does not declare',
            next_step='Set extra_columns = "keep" in [ingest]',
        )
    if ingest.get("part_rows"):
        raise RecipeError(
            '[preprocess] kind = "frequencies" reads a table that is not in parts', next_step="Remove part_rows"
        )


def frequencies_schema(columns: Mapping[str, Column]) -> pa.Schema:
    """The Arrow schema of processed rows: the used columns, the text among them."""
    return extend_schema(columns, [])


def prepare_frequencies(
    batches: Iterator[pa.RecordBatch], columns: Mapping[str, Column], parameters: FrequenciesSection
) -> Iterator[Block]:
    """The rows that keep the rules, each with its frequencies as one text.

    Args:
        batches: the raw rows, with the columns that the recipe does not declare.
        columns: the schema.
        parameters: says what the numbers are.

    Raises:
        SchemaError: no such column is there, or one holds no numbers.
    """
    text, schema, first_row = text_column(columns), frequencies_schema(columns), 1
    declared = {name: column for name, column in columns.items() if name != text}
    for batch in batches:
        words = [name for name in batch.schema.names if name not in declared]
        if not words:
            raise SchemaError("the table has the columns of [columns] only, expected one more for each word")
        kept, rejected = split_by_rules(pa.Table.from_batches([batch]), declared, first_row)
        numbers = _read_numbers(kept, words)
        reasons = [_find_flaw(kept.slice(place, 1), row, words, parameters.values) for place, row in enumerate(numbers)]
        is_right = np.array([not reason for reason in reasons], bool)
        rows = [_write_row(row, words, parameters.values) for row in numbers[is_right]]
        named = [name for name in used_columns(columns) if name != text]
        table = kept.select(named).filter(pa.array(is_right)).append_column(text, pa.array(rows, pa.string()))
        broken = _reject(kept.select(list(declared)), reasons, first_row)
        yield Block(
            table=table.select(schema.names).cast(schema),
            read=batch.num_rows,
            rejected=pa.concat_tables([rejected, broken]),
        )
        first_row += batch.num_rows


def _read_numbers(table: pa.Table, words: list[str]) -> Floats:
    """The frequencies (rows, words); NaN where a cell holds no number."""
    numbers = np.zeros((table.num_rows, len(words)))
    for place, word in enumerate(words):
        column = table.column(word)
        read = np.array([_read_number(cell) for cell in column]) if _is_mixed(column) else _cast(column)
        if table.num_rows and np.isnan(read).all():
            raise SchemaError(
                f"column {word} holds no number, expected the frequencies of a word in every column that [columns] "
                f"does not declare: its first cell is {column[0].as_py()!r}",
                next_step=f'If it is no word, declare it: "{word}" = {{ type = "text", role = "ignore" }}',
            )
        numbers[:, place] = read
    return numbers


def _is_mixed(column: pa.ChunkedArray) -> bool:
    try:
        _cast(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return True
    return False


def _cast(column: pa.ChunkedArray) -> Floats:
    found: Floats = column.cast(pa.float64(), safe=False).to_numpy()
    return found


def _read_number(cell: pa.Scalar) -> float:
    try:
        number = cell.cast(pa.float64()).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.nan
    return np.nan if number is None else float(number)


def _find_flaw(cells: pa.Table, row: Floats, words: list[str], values: str) -> str:
    """Why a row holds no frequencies; empty where it does."""
    wrong = np.flatnonzero(~np.isfinite(row) | (row < 0))
    if not len(wrong) and values == "counts":
        wrong = np.flatnonzero(row != np.round(row))
    if len(wrong):
        word = words[wrong[0]]
        found = cells.column(word)[0].as_py()
        expected = "a whole number from 0 up" if values == "counts" else "a number from 0 up"
        return f"{word}: {'no value' if found is None or found == '' else found}, expected {expected}"
    total = float(row.sum())
    if total > SCALES[values] * (1 + ABOVE):
        return f"the {values} of the row sum to {total:g}, expected at most {SCALES[values]:g}"
    return "" if total else "no frequency above 0"


def _write_row(row: Floats, words: list[str], values: str) -> str:
    """A JSON object of the words that are not 0: whole numbers are counts, others shares of 1."""
    held = np.flatnonzero(row).tolist()
    if values == "counts":
        cells: dict[str, Any] = {words[place]: int(row[place]) for place in held}
    else:
        cells = {words[place]: float(row[place]) / SCALES[values] for place in held}
    return json.dumps(cells, ensure_ascii=False)


def _reject(table: pa.Table, reasons: list[str], first_row: int) -> pa.Table:
    places = [place for place, reason in enumerate(reasons) if reason]
    if not places:
        return REJECTED_SCHEMA.empty_table()
    cells = table.take(pa.array(places)).to_pylist()
    return reject([(first_row + at, reasons[at], show_cells(row)) for at, row in zip(places, cells, strict=True)])
