"""Values of JSON as Arrow arrays."""

import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from relay.handoff.column import Column
from relay.reading.formats.flatten import as_json
from relay.reading.marks import Marks, find_marks
from relay.reading.number_text import write_number
from relay.reading.numbers import GROUPED

TEXTS = ("text", "category")
LARGEST_INT = 2**63 - 1
LARGEST_EXACT = 2**53
"""Up to here a float holds every whole number."""


def to_array(values: list[Any], column: Column) -> pa.Array:
    """Values as they came when they are of one type, else their texts; always these for a column of text.

    True and false are no numbers in JSON, whether they stand alone or among some. A number among texts is written with
    the column's decimal mark, so that it is read as the number that it is.
    """
    kind, marks = column.type, find_marks(column)
    kinds = {type(value) for value in values} - {type(None)}
    as_text = kind in TEXTS or (kinds == {bool} and kind != "bool")
    if kinds <= {str} or (len(kinds) == 1 and not as_text):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
            pass  # a number beyond 64 bits, a lone surrogate: as text, so that only its row is rejected
    texts = [
        None if value is None else write_text(value) if kind in TEXTS else _as_cell(value, marks) for value in values
    ]
    return pa.array([None if text is None else text.encode("utf-8", "surrogatepass") for text in texts])


def find_types(records: Iterable[dict[str, Any] | str]) -> dict[str, pa.DataType]:
    """Field -> the type that holds all its values as they came; text where there is no other.

    Args:
        records: of one level; a text says why one is rejected.
    """
    kinds: dict[str, set[type]] = {}
    largest: dict[str, int] = {}
    for record in records:
        for name, value in record.items() if isinstance(record, dict) else ():
            kinds.setdefault(name, set()).add(type(value))
            if type(value) is int:
                largest[name] = max(largest.get(name, 0), abs(value))
    return {name: _choose_type(found - {type(None)}, largest.get(name, 0)) for name, found in kinds.items()}


def _choose_type(kinds: set[type], largest: int) -> pa.DataType:
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int} and largest <= LARGEST_INT:
        return pa.int64()
    if kinds in ({float}, {int, float}) and largest <= LARGEST_EXACT:
        return pa.float64()
    return pa.string()


def to_open_array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Values in the type that `find_types` found for all of them."""
    if not pa.types.is_string(kind):
        return pa.array(values, kind)
    texts = [None if value is None else write_text(value).encode("utf-8", "surrogatepass") for value in values]
    return pa.array(texts, pa.binary())


def _as_cell(value: Any, marks: Marks | None) -> str:
    """As text, in which the dot of a number is not taken for a mark of thousands: 1.125 becomes `1.1250` or `1,125`."""
    text = value if isinstance(value, str) else as_json(value)
    if type(value) is not float:
        return text
    if marks is not None:
        return text.replace(".", marks.decimal)
    return f"{text}0" if re.fullmatch(GROUPED, text) else text


def write_text(value: Any) -> str:
    """The value as text: a text as it is, a number by its value, all others as JSON."""
    if isinstance(value, int | float):
        return write_number(value)
    return value if isinstance(value, str) else as_json(value)
