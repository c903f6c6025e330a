"""Cells of a sheet as Arrow arrays."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from relay.handoff.column import Column
from relay.reading.formats.sheet_xml import ErrorValue
from relay.reading.formats.values import LARGEST_EXACT, TEXTS, to_array
from relay.reading.number_text import write_number
from relay.reading.numbers import describe_durations

MOMENT = pa.timestamp("us")
DURATION = pa.duration("us")
NUMBERS = {int, float}


def to_sheet_array(values: list[Any], column: Column) -> pa.Array:
    """Values as the cells hold them where they are of one type, else their texts; always these for a column of text."""
    kinds = {type(value) for value in values} - {type(None)}
    if column.type not in TEXTS:
        if kinds == NUMBERS and _are_exact(values):
            return pa.array(values, pa.float64())
        if kinds == {datetime}:
            return pa.array(values, MOMENT)
        if kinds == {timedelta}:
            return pa.array(values, DURATION)
        if kinds <= {str, int, float, bool}:
            return to_array(values, column)
    return to_array([_write(value, column.time_format) for value in values], column)


def find_sheet_types(rows: Iterable[list[Any]], width: int) -> list[pa.DataType]:
    """The type that holds all values of each column as they came; text where there is no other."""
    kinds: list[set[type]] = [set() for _ in range(width)]
    large = [False] * width
    for row in rows:
        for index, value in enumerate(row[:width]):
            kinds[index].add(type(value))
            large[index] |= type(value) is int and abs(value) > LARGEST_EXACT
    return [_choose(found - {type(None)}, is_large=is_large) for found, is_large in zip(kinds, large, strict=True)]


def to_kept_array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Values in the type that `find_sheet_types` found for all of them."""
    if not pa.types.is_string(kind):
        return pa.array(values, kind)
    return pa.array([None if value is None else write_value(value) for value in values], pa.string())


def write_value(value: Any) -> str:
    """A cell's value as text: a whole number without a fraction, a date as 2024-03-05, true and false as words."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return write_number(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(describe_durations(pa.array([value], DURATION))[0].as_py())
    return value.text if isinstance(value, ErrorValue) else str(value)


def _write(value: Any, time_format: str | None) -> Any:
    """What is no JSON as text; a moment by the column's own format, where that holds all of it."""
    if isinstance(value, datetime) and time_format is not None:
        text = value.strftime(time_format)
        try:
            is_same = datetime.strptime(text, time_format).replace(tzinfo=None) == value  # noqa: DTZ007 - no zones here
            return text if is_same else write_value(value)
        except ValueError:
            return write_value(value)
    is_whole = isinstance(value, float) and value.is_integer()
    return value if not is_whole and isinstance(value, str | int | float | None) else write_value(value)


def _are_exact(values: list[Any]) -> bool:
    return all(abs(value) <= LARGEST_EXACT for value in values if type(value) is int)


def _choose(kinds: set[type], *, is_large: bool) -> pa.DataType:
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64() if not is_large else pa.string()
    if kinds in ({float}, NUMBERS) and not is_large:
        return pa.float64()
    if kinds == {datetime}:
        return MOMENT
    return DURATION if kinds == {timedelta} else pa.string()
