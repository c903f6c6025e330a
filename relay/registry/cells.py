"""One cell of a record against its column of the contract: one rule, whoever asks; each tells it in its own words."""

import math
from typing import Any

from relay.handoff.column import LARGEST_INT, Column

LARGEST_FLOAT = 3.4028234663852886e38
"""The largest number of 32 bits, in which a model's ONNX file computes: a larger one would reach it as infinite."""

LONGEST_SHOWN = 60

NAMES = {"int": "a whole number", "float": "a number", "bool": "true or false", "text": "text", "category": "text"}


def validate_cell(value: Any, column: Column) -> tuple[Any, bool]:
    """The cell as the model takes it, and whether it keeps the column's rules; None does where it may be missing.

    A whole number may be written as 5.0: JSON knows one kind of number, and tables with gaps write theirs so.
    """
    if value is None:
        return None, column.null
    fits = {
        "int": type(value) is int or (type(value) is float and value.is_integer()),
        "float": type(value) in (int, float),
        "bool": type(value) is bool,
    }.get(column.type, type(value) is str)
    if not fits:
        return value, False
    if column.type in ("int", "float"):
        low, high = find_limits(column)
        if not low <= value <= high:
            return value, False
        value = int(value) if column.type == "int" else float(value)
    return value, column.allowed is None or value in column.allowed


def find_limits(column: Column) -> tuple[float, float]:
    """The smallest and the largest number that a column takes, whole ones for whole numbers."""
    most: float = LARGEST_INT if column.type == "int" else LARGEST_FLOAT
    low = -most if column.min is None else max(column.min, -most)
    high = most if column.max is None else min(column.max, most)
    return (math.ceil(low), math.floor(high)) if column.type == "int" else (low, high)


def describe_range(column: Column) -> str:
    """` from 18 to 120`, ` of at least 0`, ` of at most 98`; empty where the column declares neither."""
    if column.min is not None and column.max is not None:
        return f" from {column.min:g} to {column.max:g}"
    if column.min is not None:
        return f" of at least {column.min:g}"
    return "" if column.max is None else f" of at most {column.max:g}"


def cut(text: str) -> str:
    """The text, or its beginning where it is long."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
