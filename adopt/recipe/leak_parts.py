"""Leaks that show in a part of the rows, or together: filled for one class, a copy where filled, parts of it."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from adopt.recipe.known import Known
from adopt.recipe.leak_arrays import Codes, Floats, as_codes, as_floats
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


def find_together(columns: Sequence[Known], goal: Known, kind: str) -> list[tuple[Known, str]]:
    """Columns that tell the target together, with what to say of each: parts of a sum, kinds of a failure, two scores.

    Args:
        columns: that do not tell it alone.
        goal: what is to be learned.
        kind: of it: `binary`, `classes` or `regression`.
    """
    numbers = [column for column in columns if column.is_number]
    if kind == "regression":
        return find_parts(numbers, goal)
    causes = find_causes([column for column in columns if column.is_number or column.type == "bool"], goal)
    return causes or find_difference(numbers, goal)


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
    return _find_many_parts(able, parts, goal, whole)


def _find_many_parts(able: Sequence[Known], parts: Floats, goal: Known, whole: Floats) -> list[tuple[Known, str]]:
    """As `find_parts`, for any number of parts, which may be rounded: those that a line gives the weight 1."""
    if len(whole) <= 2 * len(able) or not (np.isfinite(parts).all() and np.isfinite(whole).all()):
        return []
    with_one = np.vstack([parts, np.ones(len(whole))]).T
    weights = np.linalg.lstsq(with_one, whole, rcond=None)[0][:-1]
    places = [place for place, weight in enumerate(weights) if abs(weight - 1) <= NEAR_ONE]
    unit = _find_unit(np.concatenate([whole, *parts[places]]))
    if len(places) < 2 or np.abs(parts[places].sum(axis=0) - whole).max() > unit * (len(places) + 1) / 2 + EXACT:
        return []
    if whole.std() <= LEAST_SPREAD * unit:
        return []
    names = list_words([able[place].shown for place in places])
    about = " but for rounding" if unit else ""
    text = f"{names} add up to {goal.shown} in all {count(len(whole), 'row')}{about}"
    return [(able[place], text) for place in places]


NEAR_ONE, LEAST_SPREAD = 0.05, 10
"""How far the weight of a part may be from 1, and how many units of rounding the whole spreads at least."""


def _find_unit(numbers: Floats) -> float:
    """What numbers are rounded to, at most by four decimals; 0 for whole numbers, and where they are not rounded."""
    scales = [0, 1, 2, 3, 4]
    decimals = next((one for one in scales if np.allclose(numbers, np.round(numbers, one), rtol=0, atol=EXACT)), 0)
    return 10.0**-decimals if decimals else 0.0


def find_causes(columns: Sequence[Known], goal: Known) -> list[tuple[Known, str]]:
    """Flags of which each goes with the target: the kinds of a failure, whatever they are called.

    Args:
        columns: of 0 and 1, which may be kinds of the target.
        goal: what is to be learned, also of 0 and 1.
    """
    if goal.distinct != 2 or not (goal.is_number or goal.type == "bool"):
        return []
    whole, known = as_floats(goal.values)
    if set(whole[known]) != {0, 1} or whole[known].mean() > MOST_FREQUENT:
        return []
    found, told = [], np.zeros(len(whole), np.bool_)
    for column in columns:
        values, has_value = as_floats(column.values)
        rows = known & has_value & (values == 1)
        is_flag = column.distinct == 2 and set(values[has_value]) == {0, 1}
        if is_flag and rows.sum() >= FEWEST_COPIED and whole[rows].mean() >= NEARLY_ALL:
            found.append((column, f"{goal.shown} is 1 in {_share(whole[rows])} rows in which it is 1"))
            told |= rows
    positive = known & (whole == 1)
    return found if len(found) >= 2 and told[positive].mean() >= MOST_OF else []


def _share(values: npt.NDArray[np.float64]) -> str:
    ones, rows = int(values.sum()), len(values)
    return f"all {rows:,}" if ones == rows else f"{ones:,} of {rows:,}"


MOST_FREQUENT, NEARLY_ALL, MOST_OF = 0.5, 0.95, 0.8
"""Share of rows with the target at most, share of a flag's rows that have it, and share of its rows that flags tell."""


def find_difference(columns: Sequence[Known], goal: Known) -> list[tuple[Known, str]]:
    """Two numbers of which the larger one tells the class, such as the goals of two teams and who won.

    Args:
        columns: of whole numbers.
        goal: of two or three classes.
    """
    codes = as_codes(goal.values)
    able = [column for column in columns if column.type == "int" and not column.nulls and column.distinct > 2]
    if not 2 <= goal.distinct <= MOST_OUTCOMES or len(codes) < FIRST_ROWS:
        return []
    numbers = [as_floats(column.values)[0] for column in able[:MOST_COLUMNS]]
    for first, second in combinations(range(len(numbers)), 2):
        signs = np.sign(numbers[first] - numbers[second])
        pairs = {(float(sign), int(code)) for sign, code in zip(signs, codes, strict=True) if code >= 0}
        if len(pairs) == len({sign for sign, _ in pairs}) == len({code for _, code in pairs}) == goal.distinct:
            text = f"which of {able[first].shown} and {able[second].shown} is larger tells {goal.shown} in all rows"
            return [(able[first], text), (able[second], text)]
    return []


MOST_OUTCOMES = 3
"""Of two numbers: the first is larger, the second is, or neither."""
