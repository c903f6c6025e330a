"""A table of rows held against a contract, column by column.

Whole columns are read as ingest reads them. A row with a cell that this does not accept goes to `check_record`, which
alone refuses a row: a file, a request of the API and a record on the command line are refused alike.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.handoff.column import Column
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.arrow import Mask, is_text, to_mask
from relay.reading.cells import read_column
from relay.reading.iso import EPOCH, MICROSECOND, read_iso
from relay.registry.cells import EXACT_FLOATS_END, find_limits, parse_cell
from relay.registry.contract import Cell
from relay.registry.moments import MISSING
from relay.registry.predictions import NUMERIC
from relay.registry.records import Flaw, check_record

Cells: TypeAlias = Any  # an array of NumPy or of Arrow, which has no types
"""Numbers and truth values as floats with NaN for null; moments as microseconds since 1970 with `MISSING` for null;
words as an Arrow array of texts. All of shape (rows,)."""

ISO_DATE = r"^\s*\d{4}-\d{2}-\d{2}"
"""How a moment begins that means the same beside any other cell."""


@dataclass(frozen=True)
class Checked:
    """Rows as a model takes them, and what is wrong with those that it does not take."""

    cells: dict[str, Cells]
    flaws: dict[int, list[Flaw]]
    """Index of a row -> what is wrong with it; the cells of such a row mean nothing."""


def check_rows(
    table: pa.Table, inputs: Mapping[str, Column], limits: Mapping[str, float], *, is_csv: bool = False
) -> Checked:
    """The rows of a table by the rules of a contract.

    Args:
        table: has each input as a column, once.
        inputs: the contract's.
        limits: the contract's: how far from zero the model takes a number.
        is_csv: whether all cells are texts of a CSV file.
    """
    cells: dict[str, Cells] = {}
    suspect = np.zeros(table.num_rows, bool)
    for name, column in inputs.items():
        cells[name], mask = _read_cells(table.column(name), column, limits.get(name, math.inf))
        suspect |= mask
    indices = np.flatnonzero(suspect)
    if not len(indices):
        return Checked(cells, {})
    rows = table.select(list(inputs)).take(pa.array(indices)).to_pylist()
    flaws: dict[int, list[Flaw]] = {}
    records: dict[int, Mapping[str, Cell]] = {}
    for index, row in zip(indices.tolist(), rows, strict=True):
        values = {name: parse_cell(cell, inputs[name]) if is_csv else to_value(cell) for name, cell in row.items()}
        record, wrong = check_record(values, inputs, limits)
        if wrong:
            flaws[index] = wrong
        else:
            records[index] = record
    if records:
        cells = {name: _patch(array, name, records) for name, array in cells.items()}
    return Checked(cells, flaws)


def to_value(cell: Any) -> Any:
    """A cell of an Arrow column as JSON would have it; what JSON has no value for is its text."""
    if isinstance(cell, float):
        return None if math.isnan(cell) else cell
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def take_rows(cells: Mapping[str, Cells], indices: NDArray[np.int64]) -> dict[str, Cells]:
    """Some of the rows."""
    return {
        name: array.take(pa.array(indices)) if isinstance(array, pa.Array) else array[indices]
        for name, array in cells.items()
    }


def _read_cells(values: pa.ChunkedArray, column: Column, limit: float) -> tuple[Cells, Mask]:
    """The cells of a column, and where the record check must look."""
    try:
        cast = read_column(values, column) if _is_read_alike(values, column) else None
    except (AmbiguousCellError, pa.ArrowException):
        cast = None
    if cast is None:
        return _nothing(len(values), column), np.ones(len(values), bool)
    if column.type in NUMERIC:
        cells, mask = _rule_numbers(cast.values, column, limit)
        if cast.bad is not None:
            mask |= cast.bad
        return cells, mask
    mask = np.zeros(len(values), bool) if cast.bad is None else cast.bad.copy()
    if not column.null and cast.values.null_count:
        mask |= to_mask(cast.values.is_null())
    if column.type == "time":
        return pc.fill_null(cast.values.cast(pa.int64()), MISSING).to_numpy(), mask
    if column.allowed is not None:
        fits = pc.is_in(cast.values, pa.array(column.allowed, pa.string()))
        mask |= to_mask(pc.and_(pc.invert(fits), cast.values.is_valid()))
    return cast.values, mask


def _rule_numbers(values: pa.Array, column: Column, limit: float) -> tuple[NDArray[np.float64], Mask]:
    floats = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    low, high = find_limits(column, limit) if column.type != "bool" else (0.0, 1.0)
    if column.type == "int":  # beyond, a float may be another number: the record check compares exactly
        low, high = max(low, 1 - EXACT_FLOATS_END), min(high, EXACT_FLOATS_END - 1)
    mask = ~((floats >= low) & (floats <= high))  # where there is no number, too
    if column.allowed is not None:
        mask |= ~np.isin(floats, np.array(column.allowed, np.float64))
    if column.null:
        mask &= ~np.isnan(floats)
    return floats, mask


def _is_read_alike(values: pa.ChunkedArray, column: Column) -> bool:
    """Whether a column of this type is read as its cells are, one by one."""
    kind = values.type
    while pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_boolean(kind):
        return column.type == "bool"
    if column.type == "float" and pa.types.is_integer(kind) and kind.bit_width == 64:  # may be beyond 2^53
        ends = pc.min_max(values)
        return all(abs(end.as_py() or 0) < EXACT_FLOATS_END for end in ends.values())
    if column.type != "time" or column.epoch is not None or column.time_format is not None:
        return True
    if is_text(kind):
        return bool(pc.all(pc.match_substring_regex(values.cast(pa.string()), ISO_DATE)).as_py() is not False)
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_null(kind))


def _nothing(rows: int, column: Column) -> Cells:
    if column.type in NUMERIC:
        return np.full(rows, np.nan)
    return np.full(rows, MISSING, np.int64) if column.type == "time" else pa.nulls(rows, pa.string())


def _patch(cells: Cells, name: str, records: Mapping[int, Mapping[str, Cell]]) -> Cells:
    """The cells, with those of the records in their rows."""
    if isinstance(cells, pa.Array):
        texts = cells.to_pylist()
        for index, record in records.items():
            texts[index] = record[name]
        return pa.array(texts, pa.string())
    patched = cells.copy()
    for index, record in records.items():
        patched[index] = _to_number(record[name], cells.dtype == np.int64)
    return patched


def _to_number(cell: Cell, is_moment: bool) -> float:
    if cell is None:
        return MISSING if is_moment else math.nan
    if is_moment:
        moment = read_iso(str(cell))
        assert moment is not None  # noqa: S101 - the record check wrote it
        return (moment - EPOCH) // MICROSECOND
    return float(cell)


def show_flaws(flaws: Sequence[Flaw]) -> str:
    """All that is wrong with a row, as one text."""
    return "; ".join(flaw.say() for flaw in flaws)
