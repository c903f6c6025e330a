"""What was expected of a rejected cell, and the keys of `[ingest]` with which it would be read."""

import re

from relay.handoff.column import LARGEST_INT, Column
from relay.reading.expected import describe_type
from relay.reading.marks import EXACT_END, NUMBER, WHOLE, Marks, find_marks, read_plain

MARKED = re.compile(r"\s*[+-]?\d+([.,'’\s]\d+)+\s*")
"""A number with marks in it, whatever they mean."""
PLAIN = re.compile(r"\s*[+-]?\d+\.\d+\s*")

USUAL_MARKS = (
    *(Marks(",", ""), Marks(".", ","), Marks(",", "."), Marks(",", " "), Marks(".", " ")),
    *(Marks(".", "'"), Marks(",", "'")),
)
"""Marks that advice may name: those of most languages, the simplest first."""

LONGEST = 40
"""Characters of a cell that is looked at as a number."""


def describe_expected(column: Column, cell: str) -> str:
    """What was expected of the cell, and the keys that declare how it may be written."""
    if column.type in ("text", "category"):
        return "UTF-8 text; declare the encoding of a CSV or text file in [ingest]; the log names a likely one"
    what, cell = describe_type(column), cell.strip()
    if column.type == "bool" and cell.isalpha() and not (column.true_words or column.false_words):
        return f"{what}; to read other words, declare true_words and false_words in [ingest] or for the column"
    if column.type in ("bool", "time") or len(cell) > LONGEST:
        return what
    marks = find_marks(column)
    if column.type == "int" and (limit := _name_limit(read_plain(cell, marks))):
        return f"{what} {limit}"
    if not MARKED.fullmatch(cell) or PLAIN.fullmatch(cell):
        return what
    is_open = marks is None or (column.thousands is None and marks.decimal == ",")
    keys = _find_keys(cell, column.type) if is_open else []
    advice = f"; to read such cells, declare {' or '.join(keys)} in [ingest] or for the column" if keys else ""
    return f"{what} by the recipe's decimal and thousands marks{advice}"


def _name_limit(plain: str | None) -> str:
    """The limit that a whole number exceeds; empty for other numbers and within the limits."""
    if plain is None or not NUMBER.fullmatch(plain):
        return ""
    if WHOLE.fullmatch(plain):
        is_beyond = not -LARGEST_INT - 1 <= int(plain) <= LARGEST_INT
        return f"of 64 bits (at most {LARGEST_INT:,})" if is_beyond else ""
    number = float(plain)
    if not abs(number) < LARGEST_INT:
        return f"of 64 bits (at most {LARGEST_INT:,})"
    if abs(number) < EXACT_END or not number.is_integer():
        return ""
    return f"with all its digits: one with a point or an exponent is read only below 2^53 ({EXACT_END:,})"


def _find_keys(cell: str, kind: str) -> list[str]:
    """The declarations by which the cell is a number of the column's type; two where it can be read in two ways."""
    keys: dict[float, str] = {}
    for marks in USUAL_MARKS:
        plain = read_plain(cell, marks)
        if plain is None or (kind == "int" and not float(plain).is_integer()):
            continue
        decimal = f'decimal = "{marks.decimal}"' if marks.decimal != "." and (marks.decimal in cell) else ""
        thousands = f'thousands = "{marks.thousands}"' if marks.thousands and plain != cell else ""
        declared = " and ".join(filter(None, (decimal, thousands)))
        if declared:
            keys.setdefault(float(plain), declared)
    return list(keys.values())[:2]
