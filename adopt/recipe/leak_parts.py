"""Leaks that show in a part of the rows, or together: filled for one class, a copy where filled, parts of a sum."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from adopt.recipe.known import Known
from adopt.recipe.leak_arrays import Codes, as_floats
from relay.handoff.wording import count, list_words

FEWEST_FILLED = 10
"""Filled cells, and empty ones, below which nothing is said of the class that they go with."""

CHANCE = 1e-6
"""How likely it may be at most that cells filled at random are all of one class."""

FEWEST_COPIED = 5
"""Cells of a copy at least."""

MOST_PARTS, MOST_COLUMNS, FIRST_ROWS = 3, 40, 64
"""Parts of a sum and columns that are looked at, at most; and the rows by which most sums are ruled out."""

EXACT = 1e-9
"""How far a sum may be from the whole, as a share of the largest number."""


def explain_one_class(
    filled: npt.NDArray[np.bool_], codes: Codes, has_value: npt.NDArray[np.bool_], target: str
) -> str:
    """What to say of a column that is filled in rows of one class only, such as the reason of a complaint; else empty.

    Args:
        filled: rows in which both have a value (n,).
        codes: class of each row, -1 where it has none (n,).
        has_value: rows that have one (n,).
        target: its name.
    """
    rows, empty = int(filled.sum()), int((has_value & ~filled).sum())
    if min(rows, empty) < FEWEST_FILLED or (codes[filled] != codes[filled][0]).any():
        return ""
    share = float((codes[has_value] == codes[filled][0]).mean())
    if share**rows > CHANCE:
        return ""
    return f"it is filled in rows of one {target} only, in {count(rows, 'row')}"


def is_copy_where_filled(column: Known, goal: Known) -> bool:
    """Whether a column of words is empty in most rows, and has the words of the target in all others."""
    if column.type != goal.type or column.type not in ("category", "text") or column.nulls < column.valued:
        return False
    same = pc.drop_null(pc.equal(column.values, goal.values))
    return len(same) >= FEWEST_COPIED and column.distinct > 1 and bool(pc.all(same).as_py())


def find_parts(columns: Sequence[Known], goal: Known) -> list[tuple[Known, str]]:
    """Columns that add up to the target in every row, with what to say of each.

    Args:
        columns: of numbers, which may be parts.
        goal: what is to be learned.
    """
    whole, known = as_floats(goal.values)
    able = [column for column in columns if not column.nulls and column.distinct > 2][:MOST_COLUMNS]
    if len(able) < 2 or known.sum() < FIRST_ROWS:
        return []
    whole = whole[known]
    parts = np.stack([as_floats(column.values)[0][known] for column in able])
    close = EXACT * max(1.0, float(np.abs(whole).max()))
    for size in range(2, MOST_PARTS + 1):
        for places in map(list, combinations(range(len(able)), size)):
            first = parts[places, :FIRST_ROWS].sum(axis=0) - whole[:FIRST_ROWS]
            if np.abs(first).max() <= close and np.abs(parts[places].sum(axis=0) - whole).max() <= close:
                names = list_words([able[place].shown for place in places])
                text = f"{names} add up to {goal.shown} in all {count(len(whole), 'row')}"
                return [(able[place], text) for place in places]
    return []
