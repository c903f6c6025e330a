"""One cell of a record against its column of the contract: the one rule for training data, CLI, page and API."""

import json
import math
from collections import Counter
from typing import Any

from relay.handoff.column import LARGEST_INT, Column
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.expected import describe_type
from relay.reading.one_cell import LONGEST_INT, UnreadableCellError, read_text_cell, read_value
from relay.registry.contract import LARGEST_FLOAT, Cell

EXACT_FLOATS_END = 2**53
"""Below this every whole number is itself as a float; beyond, 2**53 + 1 written with a point is another number."""

SMALLEST_INT = -LARGEST_INT - 1

LONGEST_SHOWN = 60


def validate_cell(value: Any, column: Column, limit: float = math.inf) -> tuple[Any, bool]:
    """The cell as the model takes it, and whether it keeps the column's rules.

    It means what it means in ingest: a text is read as a cell of CSV, a number in a column of words is its text. A
    whole number may be written as 5.0: JSON knows one kind of number, and tables with gaps write theirs so. A time is
    given back in UTC.

    Args:
        value: from JSON, or from `parse_cell`.
        column: gives the rules.
        limit: how far from zero the model takes a number of this column.
    """
    try:
        cell = read_value(value, column)
    except (UnreadableCellError, AmbiguousCellError):
        return value, False
    if cell is None:
        return None, column.null
    if not _is_of_type(cell, column):
        return cell, False
    if column.type in ("int", "float") and isinstance(cell, int | float):
        low, high = find_limits(column, limit)
        if not low <= cell <= high:
            return cell, False
        cell = int(cell) if column.type == "int" else float(cell)
    return cell, column.allowed is None or cell in column.allowed


def is_missing(value: Any, column: Column) -> bool:
    """Whether a cell says nothing: null, an empty text, or what means "no value" in the column."""
    try:
        return read_value(value, column) is None
    except (UnreadableCellError, AmbiguousCellError):
        return False


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
    least = max(-limit, SMALLEST_INT if column.type == "int" else -LARGEST_FLOAT)
    low = least if column.min is None else max(column.min, least)
    high = most if column.max is None else min(column.max, most)
    return (math.ceil(low), math.floor(high)) if column.type == "int" else (low, high)


def parse_cell(text: str, column: Column) -> Cell:
    """A cell of a CSV file by its column's type; a text that is not of that type stays, so that the check names it."""
    try:
        return read_text_cell(text, column)
    except (UnreadableCellError, AmbiguousCellError):
        return text.strip()


def explain_cell(value: Any, column: Column) -> str:
    """Why a cell can be read in two ways, with both readings; empty where it cannot."""
    try:
        read_value(value, column)
    except AmbiguousCellError as error:
        return str(error)
    except UnreadableCellError:
        pass
    return ""


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
    return describe_type(column) + describe_range(column) + (f" ({column.unit})" if column.unit else "")


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
