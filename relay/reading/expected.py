"""What a column takes, in the same words for the reasons of rejected rows and for refused records."""

from relay.handoff.column import Column
from relay.reading.moment_text import describe_moment

NAMES = {"int": "a whole number", "float": "a number", "text": "text", "category": "text"}


def describe_type(column: Column) -> str:
    """`a whole number`, `a time in the format "%d/%m/%Y"`, `true or false`."""
    if column.type == "time":
        return describe_moment(column)
    return f"{NAMES[column.type]}{_describe_units(column)}" if column.type != "bool" else _describe_truth(column)


def _describe_units(column: Column) -> str:
    """` with "%" behind it`; empty where no unit is declared."""
    units = [f'"{unit}" {place}' for unit, place in ((column.prefix, "before"), (column.suffix, "behind")) if unit]
    return f" with {' and '.join(units)} it" if units else ""


def _describe_truth(column: Column) -> str:
    if not column.true_words and not column.false_words:
        return "true or false"
    yes, no = (
        words[0] if words else usual for words, usual in ((column.true_words, "true"), (column.false_words, "false"))
    )
    return f'true or false (written as "{yes}" or "{no}")'
