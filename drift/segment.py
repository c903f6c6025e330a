"""A segment of rows whose share has changed: grown by a shallow tree on half of the rows, judged on the other half."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special

from drift.columns import Column, Columns, Floats, read_values
from drift.encode import pair_columns, rank_categories
from drift.homogeneity import Comparison, compare_shares

Relation: TypeAlias = Literal["<=", ">", "is", "is not", "is missing", "is present"]
Flags: TypeAlias = npt.NDArray[np.bool_]

LEAST_ROWS = 100
MOST_ROWS = 10_000
"""Rows of the block that are used; a sample of more. Of the reference four times as many."""
MOST_CATEGORIES = 20
ALPHA = 0.005
"""Chance of naming a segment though nothing has moved, over all parts of the tree."""


@dataclass(frozen=True)
class Condition:
    """One condition of a segment.

    Attributes:
        column: Name of the column.
        relation: How its values lie to the border; "is missing" and "is present" have none.
        border: A number for "<=" and ">", a category for "is" and "is not".
        or_missing: Rows without a value are in the segment as well.
    """

    column: str
    relation: Relation
    border: float | str | None = None
    or_missing: bool = False

    @property
    def text(self) -> str:
        """In words: "age <= 29"."""
        border = f"{self.border:.15g}" if isinstance(self.border, float) else self.border
        words = f"{self.column} {self.relation}" if border is None else f"{self.column} {self.relation} {border}"
        return f"({words} or missing)" if self.or_missing else words

    def holds(self, values: npt.ArrayLike) -> Flags:
        """For which values of the column it holds (rows,)."""
        kind = "number" if self.relation in ("<=", ">") else "category"
        read = read_values("number" if kind == "number" else "category", values)
        if self.relation == "<=" or self.relation == ">":
            is_inside = read <= self.border if self.relation == "<=" else read > self.border
            return np.asarray(is_inside | (np.isnan(read) & self.or_missing), np.bool_)
        is_missing = np.array([value is None for value in read], np.bool_)
        if self.relation in ("is missing", "is present"):
            return is_missing if self.relation == "is missing" else ~is_missing
        is_it = np.array([value == self.border for value in read], np.bool_)
        return is_it if self.relation == "is" else ~is_it


@dataclass(frozen=True)
class Segment:
    """Rows whose share has changed.

    Attributes:
        conditions: One or two, of which all hold.
        text: In words: "age <= 29 and MonthlyIncome > 4000".
        before: Share of the reference rows that were held out.
        now: Share of the rows of the block that were held out.
        low: Lower end of the 95 % interval of `now`.
        high: Upper end.
        before_low: Lower end of the 95 % interval of `before`.
        before_high: Upper end.
        p: Of the two shares, times the number of parts that were looked at.
    """

    conditions: tuple[Condition, ...]
    text: str
    before: float
    now: float
    low: float
    high: float
    before_low: float
    before_high: float
    p: float


@dataclass(frozen=True)
class _Question:
    """A column of the table that the tree splits: a number itself, or whether a category is a certain one."""

    column: str
    category: str | None
    is_whole: bool
    has_missing: bool
    is_category: bool


def find_segment(reference: Columns, block: Columns, seed: int) -> Segment | None:
    """The segment whose share has changed most, or None: a tree of depth two on half of the rows, judged on the rest.

    Args:
        reference: Reference rows.
        block: Rows of the block, the same columns.
        seed: Of samples and halves: the same seed gives the same segment.

    Raises:
        DriftError: The columns differ.
    """
    from sklearn.tree import DecisionTreeClassifier  # takes a second, and few runs get here

    pairs = pair_columns(reference, block)
    if not pairs or min(len(pairs[0][0].values), len(pairs[0][1].values)) < LEAST_ROWS:
        return None
    pairs = _sample(pairs, np.random.default_rng([seed, 3]))
    questions, ours, theirs = _ask(pairs)
    half_ours, half_theirs = len(ours) // 2, len(theirs) // 2
    grown = np.concatenate([ours[:half_ours], theirs[:half_theirs]])
    is_block = np.arange(len(grown)) >= half_ours
    tree = DecisionTreeClassifier(
        max_depth=2, min_weight_fraction_leaf=0.02, class_weight="balanced", random_state=seed % 2**32
    )
    tree.fit(grown, is_block)
    ours, theirs = ours[half_ours:], theirs[half_theirs:]
    paths = tree.decision_path(ours), tree.decision_path(theirs)
    hits = [np.asarray(path.sum(axis=0)).ravel()[1:].astype(int).tolist() for path in paths]
    if not hits[0]:
        return None
    tests = [
        compare_shares((before, len(ours)), (now, len(theirs))) for before, now in zip(hits[0], hits[1], strict=True)
    ]
    best = min(range(len(tests)), key=lambda place: _rank(tests[place]))
    p = min(1.0, tests[best].p * len(tests))
    if p > ALPHA:
        return None
    conditions = _simplify(_read_path(tree.tree_, best + 1, questions, grown))
    before = _count_inside(conditions, [own for own, _ in pairs], half_ours)
    return _describe(conditions, before, _count_inside(conditions, [other for _, other in pairs], half_theirs), p)


def _rank(test: Comparison) -> tuple[float, float, float]:
    """Strongest evidence first; of a part and its complement, which have the same, the one that has grown."""
    return float(f"{test.p:.6g}"), -round(abs(test.statistic), 6), -test.statistic


def _sample(pairs: list[tuple[Column, Column]], random: np.random.Generator) -> list[tuple[Column, Column]]:
    """Rows in a drawn order, no more than are used."""
    now = random.permutation(len(pairs[0][1].values))[:MOST_ROWS]
    before = random.permutation(len(pairs[0][0].values))[: 4 * len(now)]
    return [
        (
            Column(ours.name, ours.kind, read_values(ours.kind, ours.values)[before]),
            Column(theirs.name, theirs.kind, read_values(theirs.kind, theirs.values)[now]),
        )
        for ours, theirs in pairs
    ]


def _ask(pairs: list[tuple[Column, Column]]) -> tuple[list[_Question], Floats, Floats]:
    """The questions, and their answers for either side (rows, questions); NaN for missing numbers."""
    questions, ours, theirs = list[_Question](), list[Floats](), list[Floats]()
    for before, now in pairs:
        if before.kind == "number":
            both = np.concatenate([before.values, now.values])
            present = both[np.isfinite(both)]
            if len(present):
                is_whole = bool((present == np.round(present)).all())
                questions.append(_Question(before.name, None, is_whole, bool(np.isnan(both).any()), is_category=False))
                ours.append(np.clip(before.values, -1e38, 1e38))
                theirs.append(np.clip(now.values, -1e38, 1e38))
            continue
        ranks = rank_categories(before.values.tolist(), now.values.tolist())
        for category in [None, *list(ranks)[:MOST_CATEGORIES]]:
            questions.append(_Question(before.name, category, True, False, is_category=True))
            ours.append(np.array([value == category for value in before.values], np.float64))
            theirs.append(np.array([value == category for value in now.values], np.float64))
    if not questions:
        return [], np.zeros((len(pairs[0][0].values), 1)), np.zeros((len(pairs[0][1].values), 1))
    return questions, np.column_stack(ours), np.column_stack(theirs)


def _read_path(tree: Any, node: int, questions: list[_Question], grown: Floats) -> list[Condition]:
    """The conditions from the root to a node."""
    path = list[Condition]()
    while node:
        is_left = node in tree.children_left
        parent = int(np.flatnonzero((tree.children_left if is_left else tree.children_right) == node)[0])
        question = questions[tree.feature[parent]]
        takes_missing = question.has_missing and bool(tree.missing_go_to_left[parent]) == is_left
        values = grown[:, tree.feature[parent]]
        path.insert(0, _word(question, float(tree.threshold[parent]), values, is_left=is_left, missing=takes_missing))
        node = parent
    return path


def _word(question: _Question, threshold: float, values: Floats, *, is_left: bool, missing: bool) -> Condition:
    if question.is_category:
        if question.category is None:
            return Condition(question.column, "is present" if is_left else "is missing")
        return Condition(question.column, "is not" if is_left else "is", question.category)
    if np.isinf(threshold):  # the tree has parted missing values from all others
        return Condition(question.column, "is present" if is_left else "is missing")
    border = float(np.floor(threshold)) if question.is_whole else shorten_border(threshold, values)
    return Condition(question.column, "<=" if is_left else ">", border, or_missing=missing)


def shorten_border(threshold: float, values: Floats) -> float:
    """The number of fewest digits that parts the values as the threshold does."""
    below, above = values[values <= threshold], values[values > threshold]
    if len(below) and len(above):
        low, high = float(below.max()), float(above.min())
        for digits in range(1, 17):
            border = float(f"{threshold:.{digits}g}")
            if low <= border < high:
                return border
    return threshold


def _simplify(conditions: list[Condition]) -> tuple[Condition, ...]:
    """Without a condition that a later one on the same column includes."""
    return tuple(
        condition
        for place, condition in enumerate(conditions)
        if not any(
            (later.column, later.relation) == (condition.column, condition.relation)
            and condition.relation in ("<=", ">")
            and later.or_missing <= condition.or_missing
            for later in conditions[place + 1 :]
        )
    )


def _count_inside(conditions: tuple[Condition, ...], columns: list[Column], start: int) -> tuple[int, int]:
    """Held-out rows in the segment, by its conditions as they are worded, and all held-out rows."""
    values = {column.name: column.values[start:] for column in columns}
    inside = np.logical_and.reduce([condition.holds(values[condition.column]) for condition in conditions])
    return int(inside.sum()), len(inside)


def _describe(conditions: tuple[Condition, ...], before: tuple[int, int], now: tuple[int, int], p: float) -> Segment:
    before_low, before_high = find_interval(*before)
    low, high = find_interval(*now)
    return Segment(
        conditions,
        " and ".join(condition.text for condition in conditions),
        before=before[0] / before[1],
        now=now[0] / now[1],
        low=low,
        high=high,
        before_low=before_low,
        before_high=before_high,
        p=p,
    )


def find_interval(hits: int, rows: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share by the score test. Source: Wilson 1927, JASA 22, p. 209."""
    z = float(special.ndtri((1 + level) / 2))
    middle, reach = (hits + z * z / 2) / (rows + z * z), z / (rows + z * z)
    half = reach * float(np.sqrt(hits * (rows - hits) / rows + z * z / 4))
    return max(0.0, middle - half), min(1.0, middle + half)
