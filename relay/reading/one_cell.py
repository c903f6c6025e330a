"""One cell at a time, for records and the rows of requests: the same values as a column of them has in ingest.

Needs no numerical library, so that a service reads a record without one.
"""

import re
from typing import Any, TypeVar

from relay.handoff.column import Column
from relay.handoff.errors import SchemaError
from relay.reading.ambiguous import AmbiguousCellError, describe_marks
from relay.reading.iso import write_moment
from relay.reading.marks import NUMBER, find_affixes, find_marks, means_nothing, move_sign, read_plain, take_affixes
from relay.reading.moment_text import read_count, read_moment
from relay.reading.number_text import write_number
from relay.reading.spellings import find_numbers_of_truth, find_truth, is_missing_text

Value = TypeVar("Value")
Cell = bool | int | float | str | None

WORDS = ("text", "category")
WHOLE = re.compile(r"[+-]?[0-9]+")
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+")
"""A dot before each three digits: as a whole number it may be 1.000 = 1,000, so it is refused, as in ingest."""

NOT_A_NUMBER = ("nan", "-nan", "+nan")

NO_VALUE = "no value of the column's type"

LONGEST_INT = 400
"""Digits of a whole number that is read as one: a float, which is compared with the limits, ends at 309."""


class UnreadableCellError(SchemaError):
    """A cell is no value of its column's type."""


def read_text_cell(text: str, column: Column) -> Cell:
    """The value of a text in a column, as ingest reads it from CSV; a time is written in UTC.

    Raises:
        UnreadableCellError: it is no value of the column's type.
        AmbiguousCellError: it can be read in two ways.
    """
    if column.type == "text":
        return None if text == "" or means_nothing(text, column) else text
    text = text.strip()
    if is_missing_text(text, column):
        return None
    if column.type == "category":
        return text
    if column.type == "bool":
        return _require(find_truth(column).get(text.casefold()))
    if column.type == "time":
        return write_moment(_require(read_moment(text, column)))
    number = _read_number(text, column)
    return None if means_nothing(number, column) else number


def read_value(value: Any, column: Column) -> Cell:
    """The same of a value as JSON has it: a number in a column of words is its text, a text elsewhere is a cell.

    Raises:
        UnreadableCellError, AmbiguousCellError: as for a text.
    """
    kind = type(value)
    if value is None or kind is str:
        return None if value is None else read_text_cell(value, column)
    if kind not in (bool, int, float) or (kind is bool and column.type in ("int", "float", "time")):
        raise UnreadableCellError(NO_VALUE)
    if column.type in WORDS:
        return read_text_cell(write_number(value), column)
    if kind is bool:
        return bool(value)
    if column.type == "time":
        return write_moment(_require(read_count(value, column)))
    if means_nothing(value, column):
        return None
    number: int | float = value
    return _require(find_numbers_of_truth(column).get(number)) if column.type == "bool" else number


def _require(value: Value | None) -> Value:
    if value is None:
        raise UnreadableCellError(NO_VALUE)
    return value


def _read_number(text: str, column: Column) -> int | float | None:
    marks = find_marks(column)
    plain = _require(read_plain(move_sign(take_affixes(text, find_affixes(column))), marks))
    if column.type == "float" and plain.lower() in NOT_A_NUMBER:
        return None  # how programs write a number that is missing
    # Whole numbers not by way of a float: beyond 2**53 that would be another number.
    if WHOLE.fullmatch(plain) and len(plain) < LONGEST_INT:
        return int(plain)
    if marks is None and column.type == "int" and GROUPED.fullmatch(plain):
        raise AmbiguousCellError(describe_marks(text))
    return float(_require(plain if NUMBER.fullmatch(plain) else None))
