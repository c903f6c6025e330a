"""What the place and the cells of a column say about whether it is the target."""

import re
from collections.abc import Sequence

from adopt.recipe.known import Known
from adopt.recipe.target_words import OUTCOMES
from adopt.recipe.words import join_name, split_name

LONG_SERIES = 5
"""Columns that are numbered from which on they are measured alike, and none of them is the target by its place."""

MOST_OUTCOMES = 10
"""Different cells of a column that says how something ended, at most."""

MOST_LEVELS = 12
"""Different values of a factor of an experiment, at most."""

EVEN = 0.02
"""How much the numbers of rows per level differ at most where a plan chose them, as a share of the rows per level."""

PREDICTED = ("predicted", "prediction", "pred", "fitted", "forecast", "estimated", "estimate", "est", "yhat", "flagged")
"""What the name of a column of predicted values has more than that of the true ones."""

NUMBERED = re.compile(r"(.*?)[\W_]*(\d+)")


def find_series(columns: Sequence[Known]) -> frozenset[int]:
    """The places of columns that are numbered alike, such as V1 to V28, where others are not."""
    stems: dict[str, list[Known]] = {}
    for column in columns:
        if (found := NUMBERED.fullmatch(column.name.strip())) is not None:
            stems.setdefault(found[1].casefold(), []).append(column)
    members = {one.index for some in stems.values() if len(some) >= LONG_SERIES for one in some}
    return frozenset(members) if len(members) < len(columns) else frozenset()


def says_outcome(column: Known) -> bool:
    """Whether most of the different cells are words for how something ended, such as `good` and `bad`."""
    if column.type not in ("category", "text") or not 2 <= column.distinct <= MOST_OUTCOMES:
        return False
    values = [str(value) for value in column.counts]
    named = [value for value in values if OUTCOMES.intersection(split_name(value))]
    return len(named) * 2 > len(values) or (len(values) == 2 and len(named) == 1)


def is_planned(column: Known) -> bool:
    """Whether each of a few values has the same number of rows, as the levels of an experiment have."""
    if not 2 <= column.distinct <= MOST_LEVELS or column.type in ("text", "time") or not column.counts:
        return False
    rows = list(column.counts.values())
    return min(rows) >= 2 and max(rows) - min(rows) <= (EVEN * max(rows) if len(rows) > 2 else 0)


def is_measured(column: Known) -> bool:
    """Whether a column holds many different numbers."""
    return column.is_number and column.distinct > MOST_LEVELS


def find_predicted(columns: Sequence[Known]) -> dict[int, int]:
    """Place of a column whose values were predicted -> place of the column that has the true ones."""
    names = {join_name(column.name): column.index for column in columns if column.name}
    found = {}
    for column in columns:
        joined = join_name(column.name)
        for word in PREDICTED:
            rest = joined.replace(word, "", 1)
            if rest != joined and len(rest) > 1 and names.get(rest, column.index) != column.index:
                found[column.index] = names[rest]
    return found
