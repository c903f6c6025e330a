"""What can be learned of a column by its cells: one of two classes, one of several, or a number."""

from typing import Literal

from adopt.recipe.known import Known

TargetKind = Literal["binary", "classes", "regression", "none"]

MOST_CLASSES = 30
"""Different values up to which words are taken for classes."""

MOST_INT_CLASSES = 10
"""Different whole numbers up to which they are taken for classes."""

FEWEST_ROWS = 10
"""Rows with a value below which nothing is learned."""

MOST_WORDS = 6
"""Words of a class's name, on average."""


def find_kind(column: Known) -> TargetKind | None:
    """`binary`, `classes` or `regression`; None where nothing can be learned of it."""
    if column.valued < FEWEST_ROWS or column.distinct < 2 or column.type == "time":
        return None
    if column.type == "bool":
        return "binary"
    if column.type in ("category", "text"):
        return _find_kind_of_words(column)
    if column.distinct == 2:
        return "binary"
    few = column.type == "int" and column.distinct <= MOST_INT_CLASSES
    if few and column.valued >= 5 * column.distinct and _repeats(column):
        return "classes"
    return "regression"


def _find_kind_of_words(column: Known) -> TargetKind | None:
    if column.distinct > MOST_CLASSES or column.valued < 3 * column.distinct:
        return None
    if column.type == "text" and column.profile.mean_words > MOST_WORDS:
        return None
    return "binary" if column.distinct == 2 else "classes"


def _repeats(column: Known) -> bool:
    """Whether most classes have several rows: else they are numbers, a few of which are frequent."""
    rows = list(column.counts.values())
    return not rows or sum(1 for one in rows if one >= 3) * 2 > len(rows)
