"""One cell of a record against its column of the contract: the one rule for training data, CLI, page and API."""

import json
import math
import re
from collections import Counter
from typing import Any

from relay.handoff.column import LARGEST_INT, Column
from relay.reading.marks import NUMBER, Marks, find_marks, find_missing, means_nothing, read_plain
from relay.reading.spellings import FALSE_WORDS, MISSING_WORDS, TRUE_WORDS
from relay.registry.contract import LARGEST_FLOAT
from relay.registry.moments import EXPECTED, read_moment, write_moment

EXACT_FLOATS_END = 2**53
"""Below this every whole number is itself as a float; beyond, 2**53 + 1 written with a point is another number."""

LONGEST_SHOWN = 60

NAMES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "text": "text",
    "category": "text",
    "time": EXPECTED,
}

WORDS = ("text", "category")

TRUTH = dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(FALSE_WORDS, False)

WHOLE = re.compile(r"[+-]?[0-9]+")
NOT_A_NUMBER = ("nan", "-nan", "+nan")
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+")
"""A dot before each three digits: as a whole number it may be 1.000 = 1,000, so it is refused, as in ingest."""

LONGEST_INT = 400
"""Digits of a whole number that is read as one: a float, which is compared with the limits, ends at 309."""


def validate_cell(value: Any, column: Column, limit: float = math.inf) -> tuple[Any, bool]:
    """The cell as the model takes it, and whether it keeps the column's rules.

    An empty text is a missing value, as in the training data. A whole number may be written as 5.0: JSON knows one
    kind of number, and tables with gaps write theirs so. A time is a text in ISO 8601, and is given back in UTC.

    Args:
        value: from JSON, or from `parse_cell`.
        column: gives the rules.
        limit: how far from zero the model takes a number of this column.
    """
    if is_missing(value, column):
        return None, column.null
    if column.type == "time":
        moment = read_moment(value) if type(value) is str else None
        return (value, False) if moment is None else (write_moment(moment), True)
    if not _is_of_type(value, column):
        return value, False
    if column.type in ("int", "float"):
        low, high = find_limits(column, limit)
        if not low <= value <= high:
            return value, False
        value = int(value) if column.type == "int" else float(value)
    return value, column.allowed is None or value in column.allowed


def is_missing(value: Any, column: Column) -> bool:
    """Whether a cell says nothing: null, an empty text where texts stand, or what the column declares as missing."""
    return value is None or (value == "" and column.type in (*WORDS, "time")) or means_nothing(value, column)


def _is_of_type(value: Any, column: Column) -> bool:
    match column.type:
        case "int":
            return type(value) is int or (
                type(value) is float and (value.is_integer() and abs(value) < EXACT_FLOATS_END)
            )
        case "float":
            return type(value) in (int, float)
        case "bool":
            return type(value) is bool
    return type(value) is str and make_printable(value) == value


def find_limits(column: Column, limit: float = math.inf) -> tuple[float, float]:
    """The smallest and the largest number that a column takes, whole ones for whole numbers."""
    most: float = min(limit, LARGEST_INT if column.type == "int" else LARGEST_FLOAT)
    low = -most if column.min is None else max(column.min, -most)
    high = most if column.max is None else min(column.max, most)
    return (math.ceil(low), math.floor(high)) if column.type == "int" else (low, high)


def parse_cell(text: str, column: Column) -> bool | int | float | str | None:
    """A cell of a CSV file by its column's type; a text that is not of that type stays, so that the check names it."""
    if column.type in WORDS:
        return text or None
    text = text.strip()
    if text in MISSING_WORDS if column.missing is None else not text or text in find_missing(column).words:
        return None
    if column.type == "time":
        return text
    if column.type == "bool":
        return TRUTH.get(text, text)
    marks = find_marks(column)
    return _parse_number(text, column.type, dot_may_group=True) if marks is None else _parse_marked(text, column, marks)


def _parse_marked(text: str, column: Column, marks: Marks) -> int | float | str | None:
    """A number by the column's marks, or the text as it stands."""
    plain = read_plain(text, marks)
    found = plain if plain is None else _parse_number(plain, column.type, dot_may_group=False)
    return text if plain is None or isinstance(found, str) else found


def _parse_number(text: str, kind: str, *, dot_may_group: bool) -> int | float | str | None:
    if kind == "float" and text.lower() in NOT_A_NUMBER:
        return None  # how programs write a number that is missing
    # Whole numbers not by way of a float: beyond 2**53 that would be another number.
    if WHOLE.fullmatch(text) and len(text) < LONGEST_INT:
        return int(text)
    if dot_may_group and kind == "int" and GROUPED.fullmatch(text):
        return text
    return float(text) if NUMBER.fullmatch(text) else text


def decode_json(content: bytes) -> Any:
    """What stands in a JSON document; a number beyond 64 bits of a float is infinite, so that the check names it.

    Raises:
        ValueError: it is no JSON, no UTF-8, or an object has one key twice: one of the two values would be lost.
        RecursionError: it is nested too deeply.
    """
    return json.loads(content, parse_constant=_refuse_constant, parse_int=_read_int, object_pairs_hook=_make_object)


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {show_value(twice)} comes twice in one object; send it once")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _read_int(text: str) -> int | float:
    return int(text) if len(text) < LONGEST_INT else float(text)


def describe(column: Column) -> str:
    """What a column takes, in words: `a whole number from 18 to 120 (years)`."""
    if column.allowed is not None:
        return f"one of {', '.join(map(show_value, column.allowed))}"
    return NAMES[column.type] + describe_range(column) + (f" ({column.unit})" if column.unit else "")


def describe_range(column: Column) -> str:
    """` from 18 to 120`, ` of at least 0`, ` of at most 98`; empty where the column declares neither."""
    if column.min is not None and column.max is not None:
        return f" from {show_number(column.min)} to {show_number(column.max)}"
    if column.min is not None:
        return f" of at least {show_number(column.min)}"
    return "" if column.max is None else f" of at most {show_number(column.max)}"


def show_value(value: Any) -> str:
    """A value as it stands in JSON, cut where it is long."""
    if isinstance(value, float):
        return show_number(value)
    return cut(make_printable(json.dumps(value, ensure_ascii=False)))


def make_printable(text: str) -> str:
    """The text; half a surrogate pair, which JSON can hold and UTF-8 cannot, by its number."""
    return text.encode("utf-8", "backslashreplace").decode()


def show_number(value: float) -> str:
    """A number with all its digits, `18` for 18.0; two numbers that differ never look alike."""
    if math.isinf(value):
        return f"{'-' if value < 0 else ''}a number beyond 1.8e+308"
    if float(value).is_integer() and abs(value) < EXACT_FLOATS_END:
        return str(int(value))
    return str(value)


def cut(text: str) -> str:
    """The text, or its beginning where it is long."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
