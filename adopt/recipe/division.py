"""How rows are divided into those that train and those that test, tried on the rows before anything is drafted.

A split is a function of the rows and the seed, so a draft can know whether both sides will have what a model needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adopt.notes import Note
from adopt.recipe.draft import ColumnType, Role
from adopt.recipe.known import Known
from adopt.recipe.target import Target
from relay.handoff.errors import SchemaError
from relay.handoff.sides import TEST, find_border, mark_split
from relay.handoff.wording import count, list_words

SEED = 42
"""The seed of a recipe that names none."""

USUAL = 0.2
"""Share of the rows that test, where the recipe does not say."""

SHARES = (USUAL, 0.25, 0.3, 0.4, 0.5, 0.15, 0.1)

FEWEST_TEST = 3
"""Test rows of a regression."""

RARE = 5
"""Rows below which a class of a large table may be missing on one side: its rows are not all known here."""

MOST_LEFT_OUT = 0.05
"""Share of the rows that may belong to classes that are left out."""

MOST_REJECTED = 0.01
"""Share of the rows that preprocess may reject where the recipe does not say."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Division:
    """What `[preprocess]` says of the split."""

    keys: Mapping[str, Any]
    notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    """Key of `[preprocess]` -> evidence."""
    allowed: tuple[object, ...] = ()
    """Classes of the target, where some have too few rows for both sides."""
    left_out: Note | None = None
    """Which have."""
    problem: str = ""
    """Why no division suffices for a model."""


@dataclass(frozen=True)
class Rows:
    """The rows that will be divided."""

    columns: Sequence[Known]
    roles: Mapping[int, tuple[Role, ColumnType]]
    target: Target | None

    def find(self, role: Role) -> Known | None:
        """The first column of a role."""
        return next((column for column in self.columns if self.roles[column.index][0] == role), None)

    def read(self, column: Known) -> pa.Array:
        """The cells in the type that the role gives the column."""
        kind = self.roles[column.index][1]
        return column.values if kind == column.type else column.read_as(kind)

    @property
    def is_whole(self) -> bool:
        """Whether the sample is the whole table."""
        return len(self.columns[0].cells) == self.columns[0].profile.rows


def divide(rows: Rows) -> Division:
    """The split that suits the roles and gives both sides what a model needs.

    Args:
        rows: with their roles.
    """
    ways = list(_list_ways(rows))
    if rows.target is None or rows.target.kind == "none":
        split, note = ways[-1]
        return Division({"split": split}, {"split": (note,)})
    for split, note in ways:
        if (found := _try_shares(rows, split, note, frozenset())) is not None:
            return found
    split, note = ways[-1]
    rare = _find_rare(rows, split)
    if rare and (found := _try_shares(rows, split, note, rare)) is not None:
        return _leave_out(rows, found, rare)
    why = f"{_find_problem(rows, split, USUAL, frozenset())}, whatever share of the rows tests"
    return Division({"split": split}, {"split": (note,)}, problem=why)


def _list_ways(rows: Rows) -> Iterator[tuple[str, Note]]:
    """The ways of dividing, the best first; the last one always can be."""
    group, time = rows.find("group"), rows.find("time")
    if group is not None:
        yield "group", Note(f"rows of one {group.shown} stay on one side")
        return
    if time is not None and rows.target is not None:
        text = f"the rows with the latest {time.shown} test, since a model is asked about later rows"
        yield "time", Note(text, choices=('"hash"',), key="preprocess.split")
    yield "hash", Note("a seeded hash of each row draws its side")


def _try_shares(rows: Rows, split: str, note: Note, left_out: frozenset[object]) -> Division | None:
    problem = ""
    for share in SHARES:
        found = _find_problem(rows, split, share, left_out)
        if not found:
            keys: dict[str, Any] = {"split": split}
            notes = {"split": (note,)}
            if share != USUAL:
                keys["test_share"] = share
                notes["test_share"] = (Note(f"with {USUAL:g}, {problem}"),)
            return Division(keys, notes)
        problem = problem or found
    return None


def _find_problem(rows: Rows, split: str, share: float, left_out: frozenset[object]) -> str:
    """What one of the sides lacks; empty where both have what a model needs."""
    assert rows.target is not None  # noqa: S101 - without a target nothing is tried
    goal = rows.columns[rows.target.index]
    kept = _find_kept(rows, left_out)
    try:
        tests = _mark(rows, split, share, kept)
    except SchemaError:
        return "all rows have one time"
    values = rows.read(goal).filter(pa.array(kept))
    has_value = values.is_valid().to_numpy(zero_copy_only=False)
    sides = {name: values.filter(pa.array(side & has_value)) for name, side in (("test", tests), ("train", ~tests))}
    if rows.target.kind == "regression":
        return _check_numbers(sides)
    return _check_classes(sides, goal, left_out, is_whole=rows.is_whole or split != "hash")


def _check_numbers(sides: Mapping[str, pa.Array]) -> str:
    for name, values in sides.items():
        if len(values) < FEWEST_TEST:
            return f"only {count(len(values), f'{name} row')} would have a value"
    if pc.count_distinct(sides["train"]).as_py() < 2:
        return "all training rows would have one value"
    return ""


def _check_classes(sides: Mapping[str, pa.Array], goal: Known, left_out: frozenset[object], *, is_whole: bool) -> str:
    found = {name: set(values.unique().to_pylist()) for name, values in sides.items()}
    for name, classes in found.items():
        if len(classes) < 2:
            return f"the {name} rows would have {'one class' if classes else 'no class'}"
    if unseen := found["test"] - found["train"]:
        return f"no training row would have {goal.shown} = {min(map(str, unseen))}"
    if not is_whole and (rare := {one for one, rows in goal.counts.items() if rows < RARE} - left_out):
        return f"{goal.shown} = {min(map(str, rare))} has too few rows to be on both sides"
    return ""


def _find_rare(rows: Rows, split: str) -> frozenset[object]:
    """The classes without which a division is possible: the rarest ones, few of the rows."""
    assert rows.target is not None  # noqa: S101 - without a target nothing is tried
    goal = rows.columns[rows.target.index]
    if rows.target.kind != "classes":
        return frozenset()
    values = goal.counts
    left_out: set[object] = set()
    for value, number in reversed(values.items()):
        left_out.add(value)
        is_much = sum(values[one] for one in left_out) > MOST_LEFT_OUT * goal.valued
        if is_much or len(values) - len(left_out) < 2 or number >= 2 * RARE:
            return frozenset()
        if not _find_problem(rows, split, USUAL, frozenset(left_out)):
            return frozenset(left_out)
    return frozenset()


def _leave_out(rows: Rows, found: Division, rare: frozenset[object]) -> Division:
    """The division without the rows of some classes, which preprocess rejects."""
    assert rows.target is not None  # noqa: S101 - without a target nothing is tried
    goal = rows.columns[rows.target.index]
    kept = tuple(sorted((value for value in goal.counts if value not in rare), key=str))
    number = sum(rows_of for value, rows_of in goal.counts.items() if value in rare)
    share = number / goal.profile.rows
    named = list_words([str(one) for one in sorted(rare, key=str)])
    text = f"{count(number, 'row')} of {named} are left out: too few to train and to test with. Preprocess rejects them"
    keys, notes = dict(found.keys), dict(found.notes)
    if share > MOST_REJECTED / 2:
        keys["max_rejected_share"] = round(share + MOST_REJECTED, 2)
        notes["max_rejected_share"] = (Note(f"the rows of {named} are {100 * share:.1f}% of all"),)
    note = Note(text, is_question=True, key=f"columns.{goal.shown}.allowed")
    return Division(keys, notes, allowed=kept, left_out=note)


def _find_kept(rows: Rows, left_out: frozenset[object]) -> Flags:
    """The rows that ingest and preprocess keep (n,)."""
    kept = np.ones(len(rows.columns[0].cells), bool)
    for column in rows.columns:
        if not column.guess.keys.get("null"):
            kept &= rows.read(column).is_valid().to_numpy(zero_copy_only=False)
    if left_out and rows.target is not None:
        values = rows.read(rows.columns[rows.target.index])
        hit = pc.is_in(values, pa.array(sorted(left_out, key=str)).cast(values.type))
        kept &= ~hit.to_numpy(zero_copy_only=False)
    return kept


def _mark(rows: Rows, split: str, share: float, kept: Flags) -> Flags:
    """Which of the kept rows test (n,).

    Raises:
        SchemaError: by time, and all rows have one.
    """
    mask = pa.array(kept)
    if split == "time":
        time = rows.find("time")
        assert time is not None  # noqa: S101 - the split was chosen because of it
        moments = pa.chunked_array([rows.read(time).filter(mask)])
        border = find_border([moments], share)
        late = pc.fill_null(pc.greater_equal(moments, border), False)
        return np.asarray(late.to_numpy())
    key = rows.find("group") or rows.find("id")
    used = [key] if key else [one for one in rows.columns if rows.roles[one.index][0] != "ignore"]
    table = pa.table({str(one.index): rows.read(one).filter(mask) for one in used})
    marks = mark_split(table, table.column_names, share, SEED)
    return np.asarray(pc.equal(marks, TEST).to_numpy(zero_copy_only=False))
