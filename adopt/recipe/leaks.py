"""Columns that tell the target: because they are the target in another form, or alone predict it.

Source: Kaufman, Rosset & Perlich, "Leakage in Data Mining: Formulation, Detection, and Avoidance", KDD 2011.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.leak_arrays import Codes, Floats, as_codes, as_floats, to_mask
from adopt.recipe.leak_parts import explain_one_class, find_together, is_copy_where_filled
from adopt.recipe.target import Target
from relay.handoff.wording import count, show

FEWEST_ROWS = 20
"""Rows in which both have a value below which nothing is said."""

FEWEST_INPUTS = 2
"""Columns below which telling the target is what the only one is for."""

FEWEST_PER_VALUE = 5
"""Mean number of rows per value of a column of words from which on it can tell the target other than by chance."""

MANY_PER_VALUE = 20
"""The same, for a column of words that tells the target of all rows: then it is another form of it."""

EXACT = 1e-6
"""Largest residual of a line through the target, as a share of its standard deviation: sums are rounded."""

LEAST_R2 = 0.999
LEAST_ACCURACY = 0.99


@dataclass(frozen=True)
class Leak:
    """A column that tells the target."""

    index: int
    text: str
    """What was found."""
    is_certain: bool
    """Whether it is the target in another form: then it is left out, else it stays until a person decides."""
    note: Note


def find_leaks(columns: Sequence[Known], target: Target | None, places: Sequence[int]) -> tuple[Leak, ...]:
    """The columns that tell the target.

    Args:
        columns: of the table.
        target: what is to be learned.
        places: of the columns that might be inputs.
    """
    if target is None or target.kind == "none" or len(places) < FEWEST_INPUTS:
        return ()
    goal = columns[target.index]
    judge = _Numbers(goal) if target.kind == "regression" else _Classes(goal)
    if len(judge) < FEWEST_ROWS:
        return ()
    found = []
    for place in places:
        column = columns[place]
        if column.is_constant:
            continue
        if (said := judge.look(column, goal.shown)) is not None:
            found.append(_make(column, *said))
    told = {leak.index for leak in found}
    rest = [columns[place] for place in places if place not in told]
    return (*found, *(_make(column, text, True) for column, text in find_together(rest, goal, target.kind)))


def _make(column: Known, text: str, is_certain: bool) -> Leak:
    key = f"columns.{column.shown}.role"
    if is_certain:
        note = Note(f"{text}, so it is left out", is_question=True, choices=('"input"',), key=key)
    else:
        note = Note(f"{text}: leave it out if it is not known before", is_question=True, choices=('"ignore"',), key=key)
    return Leak(column.index, text, is_certain, note)


Said = tuple[str, bool]


class _Numbers:
    """Numbers to be learned."""

    def __init__(self, goal: Known) -> None:
        self.values, self.has_value = as_floats(goal.values)

    def __len__(self) -> int:
        return int(self.has_value.sum())

    def look(self, column: Known, target: str) -> Said | None:
        """What a column tells, and whether it is the target in another form."""
        if (said := _look_at_gaps(column, self.has_value, target)) is not None:
            return said
        if column.distinct == 2 and (said := _compare_with_bound(column, self.values, self.has_value, target)):
            return said
        if column.type in ("int", "float", "time", "bool"):
            values, known = as_floats(column.values)
            both = known & self.has_value
            if both.sum() < FEWEST_ROWS or np.ptp(values[both]) == 0 or np.ptp(self.values[both]) == 0:
                return None
            return _compare_numbers(values[both], self.values[both], target)
        return self._look_at_words(column, target)

    def _look_at_words(self, column: Known, target: str) -> Said | None:
        codes = as_codes(column.values)
        both = (codes >= 0) & self.has_value
        if both.sum() < FEWEST_ROWS or both.sum() < FEWEST_PER_VALUE * column.distinct:
            return None
        explained = _explain(codes[both], self.values[both])
        if explained < LEAST_R2:
            return None
        return f"each of its {column.distinct} values has a {target} of its own (R² {explained:.4f})", False


class _Classes:
    """Classes to be learned."""

    def __init__(self, goal: Known) -> None:
        self.goal, self.codes = goal, as_codes(goal.values)
        self.has_value = self.codes >= 0
        self.labels = int(self.codes.max(initial=-1)) + 1

    def __len__(self) -> int:
        return int(self.has_value.sum())

    def look(self, column: Known, target: str) -> Said | None:
        """What a column tells, and whether it is the target in another form."""
        said = _look_at_gaps(column, self.has_value, target)
        if said is None:
            said = self._look_at_gaps_by_class(column, target) or self._look_where_filled(column, target)
        if said is not None:
            return said
        codes = as_codes(column.values)
        both = (codes >= 0) & self.has_value
        rows, different = int(both.sum()), len(np.unique(codes[both]))
        if rows < FEWEST_ROWS or len(np.unique(self.codes[both])) < 2 or different < 2:
            return None
        right = _tell(codes[both], self.codes[both])
        if different == 2 < self.labels and _is_comparison(codes[both], self.codes[both]):
            return (
                f"it says which {target} a row has, of {self.labels}, in all {count(rows, 'row')}: a comparison",
                True,
            )
        if different <= self.labels and right == 1.0:
            return f"each value goes with one {target} in all {count(rows, 'row')}: {target} in another form", True
        if column.type in ("int", "float", "time"):
            values, known = as_floats(column.values)
            both &= known
            return _divide(values[both], self.codes[both], target)
        if right == 1.0 and rows >= MANY_PER_VALUE * different:
            return f"each of its {different} values goes with one {target} in all {count(rows, 'row')}", True
        if rows >= FEWEST_PER_VALUE * different and right >= max(LEAST_ACCURACY, _beat(self.codes[both])):
            return (
                f"by its {different} values alone, {target} is known in {100 * right:.1f}% of {count(rows, 'row')}",
                False,
            )
        return None

    def _look_at_gaps_by_class(self, column: Known, target: str) -> Said | None:
        """Whether the column is filled in rows of some classes only."""
        filled = ~to_mask(column.values.is_null())[self.has_value]
        mine = self.codes[self.has_value]
        if filled.all() or filled.sum() < FEWEST_FILLED or (~filled).sum() < FEWEST_FILLED:
            return None
        right = _tell(filled.astype(np.int64), mine)
        if right < max(LEAST_ACCURACY, _beat(mine)):
            return None
        return f"whether it is filled tells {target} in {100 * right:.1f}% of {count(len(mine), 'row')}", True

    def _look_where_filled(self, column: Known, target: str) -> Said | None:
        """Whether the column is filled for one class alone, or a copy in the few rows where it is."""
        filled = ~to_mask(column.values.is_null()) & self.has_value
        if text := explain_one_class(filled, self.codes, self.has_value, target):
            return text, True
        if is_copy_where_filled(column, self.goal):
            return f"it equals {target} in all {count(int(filled.sum()), 'row')} where it is filled", True
        return None


FEWEST_FILLED = 5


def _is_comparison(codes: Codes, goal: Codes) -> bool:
    """Whether one of two values goes with one class, and the other with all others, as `approved` with a code."""
    first = np.unique(goal[codes == codes[0]])
    second = np.unique(goal[codes != codes[0]])
    if min((codes == codes[0]).sum(), (codes != codes[0]).sum()) < FEWEST_FILLED:
        return False
    return min(len(first), len(second)) == 1 and not np.intersect1d(first, second).size


def _compare_with_bound(column: Known, goal: Floats, has_value: npt.NDArray[np.bool_], target: str) -> Said | None:
    """Whether one of two values goes with all numbers up to a bound, and the other with all above it."""
    codes = as_codes(column.values)
    both = (codes >= 0) & has_value
    first, second = goal[both & (codes == 0)], goal[both & (codes > 0)]
    if both.sum() < FEWEST_ROWS or min(len(first), len(second)) < FEWEST_FILLED:
        return None
    low, high = sorted((first, second), key=lambda values: float(values.min()))
    if low.max() >= high.min():
        return None
    bound = f"from {show(float(high.min()))} on, in all {count(int(both.sum()), 'row')}"
    return f"it says whether {target} is {bound}: a comparison", True


def _beat(codes: Codes) -> float:
    """A share of right rows that the commonest class alone does not reach: half the way from it to all."""
    share = float(np.bincount(codes).max() / len(codes))
    return share + (1 - share) * 0.9


def _look_at_gaps(column: Known, has_target: npt.NDArray[np.bool_], target: str) -> Said | None:
    """Whether the column is filled exactly where the target is."""
    filled = ~to_mask(column.values.is_null())
    if has_target.all() or filled.all() or not np.array_equal(filled, has_target):
        return None
    return f"it is filled exactly where {target} is, in {count(int(filled.sum()), 'row')}", True


def _compare_numbers(values: Floats, goal: Floats, target: str) -> Said | None:
    if np.array_equal(values, goal):
        return f"it equals {target} in all {count(len(goal), 'row')}", True
    scale = float(np.abs(values).max()) or 1.0
    slope, intercept = np.polyfit(values / scale, goal, 1)
    slope /= scale
    residual = float(np.abs(goal - (slope * values + intercept)).max() / goal.std())
    if residual < EXACT:
        plus = "" if abs(intercept) < EXACT * goal.std() else f" {'-' if intercept < 0 else '+'} {show(abs(intercept))}"
        return f"{target} is {show(slope)} × it{plus} in all {count(len(goal), 'row')}", True
    ranks = _rank_correlation(values, goal)
    if ranks >= LEAST_R2:
        return f"it alone puts {target} in order (R² of the ranks {ranks:.4f})", False
    return None


def _rank_correlation(values: Floats, goal: Floats) -> float:
    first, second = (np.unique(one, return_inverse=True) for one in (values, goal))
    ranks = []
    for different, places in (first, second):
        counts = np.bincount(places, minlength=len(different))
        ranks.append((np.cumsum(counts) - (counts - 1) / 2)[places])
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1] ** 2)


def _divide(values: Floats, codes: Codes, target: str) -> Said | None:
    """Whether ranges of a number hold one class each, not more ranges than twice the classes."""
    order = np.argsort(values, kind="stable")
    sorted_values, sorted_codes = values[order], codes[order]
    labels = len(np.unique(codes))
    if len(np.unique(values)) <= 2 * labels:
        right = _tell(np.unique(values, return_inverse=True)[1].astype(np.int64), codes)
    else:
        right = _tell_by_ranges(sorted_values, sorted_codes, labels)
    if right < max(LEAST_ACCURACY, _beat(codes)):
        return None
    return f"by its size alone, {target} is known in {100 * right:.1f}% of {count(len(codes), 'row')}", False


def _tell_by_ranges(values: Floats, codes: Codes, labels: int) -> float:
    """Share of rows in the right one of as many ranges as there are classes, these in the order of their medians."""
    present = np.unique(codes)
    medians = {int(code): float(np.median(values[codes == code])) for code in present}
    ordered = sorted(medians, key=lambda code: medians[code])
    right, start = 0, 0
    for place, code in enumerate(ordered):
        later = np.isin(codes[start:], ordered[place + 1 :])
        mine = codes[start:] == code
        gains = np.concatenate([[0], np.cumsum(mine)]) + np.concatenate([[0], np.cumsum(later[::-1])])[::-1]
        cut = len(mine) if place == labels - 1 else int(np.argmax(gains))
        right += int(mine[:cut].sum())
        start += cut
    return right / len(codes)


def _tell(codes: Codes, goal: Codes) -> float:
    """Share of rows that have the commonest class of their value."""
    table = np.zeros((int(codes.max()) + 1, int(goal.max()) + 1), np.int64)
    np.add.at(table, (codes, goal), 1)
    return float(table.max(axis=1).sum() / len(goal))


def _explain(codes: Codes, goal: Floats) -> float:
    """R² of the mean of each value."""
    sums = np.bincount(codes, goal)
    counts = np.maximum(np.bincount(codes), 1)
    residual = goal - (sums / counts)[codes]
    spread = float(((goal - goal.mean()) ** 2).sum())
    return 1 - float((residual**2).sum()) / spread if spread else 0.0
