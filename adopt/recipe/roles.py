"""What each column is for: the role, and what else it needs to be that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adopt.data.layout import Shape
from adopt.data.profile import TableProfile
from adopt.notes import Note
from adopt.recipe.division import Division, Rows, divide
from adopt.recipe.documents import Documents, find_documents
from adopt.recipe.draft import ColumnType, Role
from adopt.recipe.identity import (
    MOST_CATEGORIES,
    Mark,
    find_group,
    find_ids,
    find_lost_ids,
    find_restarting,
    find_weight,
)
from adopt.recipe.inputs import judge_inputs
from adopt.recipe.known import Known, look_at
from adopt.recipe.later_times import find_later_times
from adopt.recipe.leaks import Leak, find_leaks
from adopt.recipe.target import Target, choose_target, find_target
from adopt.recipe.times import find_time
from adopt.recipe.types import TypeGuess

UNIQUE = frozenset(("target", "id", "time", "label", "group", "weight"))
"""Roles that one column can have."""


@dataclass(frozen=True)
class RoleGuess:
    """What a column is for."""

    role: Role
    type: ColumnType
    """The guessed type, or the one that the role needs: a number that names something is a category."""
    keys: Mapping[str, Any] = field(default_factory=dict)
    """What the role adds to the keys of the type, such as `allowed` of a target."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Roles:
    """The roles of all columns."""

    columns: tuple[RoleGuess, ...]
    target: Target | None
    notes: tuple[Note, ...] = ()
    """Why this target, or why none."""
    leaks: tuple[Leak, ...] = ()
    """Columns that tell the target."""
    documents: Documents | None = None
    """Which columns are documents, where the rows are."""
    division: Division = field(default_factory=lambda: Division({}))
    """How the rows are divided into those that train and those that test."""

    def with_role(self, role: Role) -> list[int]:
        """The places of the columns of a role."""
        return [index for index, one in enumerate(self.columns) if one.role == role]


@dataclass(frozen=True)
class Decided:
    """What a person decides instead of a guess."""

    target: int | None = None
    """The place of the column to be learned."""
    has_no_target: bool = False
    """Whether nothing is to be learned."""
    roles: Mapping[int, Role] = field(default_factory=dict)
    """Place -> role of a column."""

    @property
    def place(self) -> int | None:
        """The place of the target that a person names, as target or as a role."""
        if self.target is not None:
            return self.target
        return next((place for place, role in self.roles.items() if role == "target"), None)


def guess_roles(
    profile: TableProfile,
    types: Sequence[TypeGuess],
    *,
    names: Sequence[str] | None = None,
    decided: Decided | None = None,
    has_names: bool = True,
    shape: Shape = Shape.TABLE,
    title: str = "",
) -> Roles:
    """The role of each column, with its evidence.

    Args:
        profile: of the table.
        types: the guess of each column.
        names: the recipe's names; default: the source's.
        decided: what a person says about target and roles.
        has_names: whether the source names its columns.
        shape: what the rows are.
        title: of the data, which may name the target.
    """
    decided = decided or Decided()
    columns = look_at(profile, types, names)
    found = _mark(columns, decided, duplicates=profile.duplicate_rows, has_names=has_names)
    chosen, notes = _choose(columns, decided, found, has_names=has_names, title=title)
    usable = [one.index for one in columns if one.index not in found and one.type != "text" and not one.is_constant]
    documents = find_documents(
        columns, chosen, usable, is_given=shape is Shape.DOCUMENTS, is_decided=decided.place is not None
    )
    if documents is not None and not decided.has_no_target:
        return _make_documents(documents, columns, found, decided)
    if chosen is not None:
        found[chosen.index] = _guess_target(columns[chosen.index], chosen)
    rest = [one.index for one in columns if one.index not in found]
    leaks = find_leaks(columns, chosen, rest)
    moment = next((columns[at] for at, one in found.items() if one.role == "time"), None)
    if chosen is not None and moment is not None:
        known = {leak.index for leak in leaks}
        leaks += find_later_times(moment, [columns[place] for place in rest if place not in known])
    _fill_inputs(found, columns, leaks, has_names=has_names)
    _give_back_time(found, columns, chosen)
    division = _divide(columns, found, chosen)
    group = next((at for at, one in found.items() if one.role == "group" and at not in decided.roles), None)
    if division.problem and group is not None:
        found[group] = _give_back_group(columns[group], division.problem)
        division = _divide(columns, found, chosen)
    if chosen is not None and division.left_out is not None:
        one = found[chosen.index]
        keys = {**one.keys, "allowed": list(division.allowed)}
        found[chosen.index] = replace(one, keys=keys, notes=(*one.notes, division.left_out))
    return Roles(tuple(found[index] for index in range(len(columns))), chosen, notes, leaks, division=division)


def _mark(columns: Sequence[Known], decided: Decided, *, duplicates: int, has_names: bool) -> dict[int, RoleGuess]:
    """The roles that a person decided, and those that no target changes."""
    found = {place: RoleGuess(role, columns[place].type) for place, role in decided.roles.items() if role != "target"}
    free = [column for column in columns if column.index not in found and column.index != decided.place]
    for place, role, note in _find_marks(free, duplicates, has_names=has_names):
        is_taken = role in UNIQUE and any(one.role == role for one in found.values())
        if place not in found and not is_taken:
            found[place] = RoleGuess(role, columns[place].type, notes=(note,))
    return found


def _fill_inputs(
    found: dict[int, RoleGuess], columns: Sequence[Known], leaks: Sequence[Leak], *, has_names: bool
) -> None:
    """Add the roles of all other columns: inputs, and what is left out."""
    for leak in leaks:
        if leak.is_certain:
            found[leak.index] = RoleGuess("ignore", columns[leak.index].type, notes=(leak.note,))
    rest = [column for column in columns if column.index not in found]
    for place, guess in judge_inputs(rest, columns, has_names=has_names):
        found[place] = RoleGuess(guess.role, guess.type or columns[place].type, guess.keys, guess.notes)
    for leak in leaks:
        if not leak.is_certain:
            one = found[leak.index]
            found[leak.index] = replace(one, notes=(*one.notes, leak.note))


def _make_documents(
    documents: Documents, columns: Sequence[Known], found: Mapping[int, RoleGuess], decided: Decided
) -> Roles:
    """The roles of documents: a text, perhaps a label, an id and a time; a map of styles needs no more."""
    guesses = []
    has_id = any(one.role == "id" for one in found.values())
    for column in columns:
        one = found.get(column.index)
        if column.index in decided.roles and one is not None:
            guesses.append(one)
        elif column.index == documents.text:
            guesses.append(RoleGuess("input", "text", notes=(documents.notes[column.index],)))
        elif column.index == documents.label:
            guesses.append(RoleGuess("label", "category", notes=(documents.notes[column.index],)))
        elif one is not None and one.role in ("id", "time"):
            guesses.append(one)
        elif not has_id and column.is_unique and column.type in ("text", "category"):
            guesses.append(RoleGuess("id", "text", notes=(Note("it names each text"),)))
            has_id = True
        else:
            guesses.append(RoleGuess("ignore", column.type, notes=(Note("a map of styles looks at the texts alone"),)))
    return Roles(tuple(guesses), None, documents=documents)


def _divide(columns: Sequence[Known], found: Mapping[int, RoleGuess], target: Target | None) -> Division:
    return divide(Rows(columns, {place: (one.role, one.type) for place, one in found.items()}, target))


def _give_back_group(column: Known, problem: str) -> RoleGuess:
    """What a column is by which no rows can be divided."""
    text = f"it repeats, but {problem} if rows of one value stay on one side"
    kind: ColumnType = "category" if column.type == "int" else column.type
    is_input = kind == "category" and column.distinct <= MOST_CATEGORIES
    note = Note(text, is_question=True, choices=('"group"',), key=f"columns.{column.shown}.role")
    return RoleGuess("input" if is_input else "ignore", kind if is_input else column.type, notes=(note,))


def _give_back_time(found: dict[int, RoleGuess], columns: Sequence[Known], target: Target | None) -> None:
    """Make the time that orders the rows an input, where a target would have no other."""
    if target is None or any(one.role == "input" for one in found.values()):
        return
    for place, one in found.items():
        if one.role == "time" and one.notes:
            text = f"the only column from which {columns[target.index].shown} can be learned, so it orders no rows"
            found[place] = replace(one, role="input", notes=(Note(text),))


def _find_marks(columns: Sequence[Known], duplicates: int, *, has_names: bool) -> list[Mark]:
    """The columns that are no inputs whatever is learned: ids, weight, group, time."""
    marks = list(find_ids(columns, duplicates=duplicates, has_names=has_names))
    marks += (*find_lost_ids(columns), *find_restarting(columns)) if has_names else ()
    marks += find_weight(columns) if has_names else ()
    taken = {place for place, _, _ in marks}
    free = [column for column in columns if column.index not in taken]
    marks += find_group(free) if has_names else ()
    marks += find_time(free)
    return marks


def _choose(
    columns: Sequence[Known], decided: Decided, found: Mapping[int, RoleGuess], *, has_names: bool, title: str
) -> tuple[Target | None, tuple[Note, ...]]:
    if decided.place is not None:
        chosen = choose_target(columns[decided.place])
        return chosen, chosen.notes
    if decided.has_no_target:
        return None, (Note("no target: none is wanted"),)
    return find_target(columns, taken=found, has_names=has_names, title=title)


def _guess_target(column: Known, target: Target) -> RoleGuess:
    """What a classifier or regressor needs of its target: classes are words, truth values or listed numbers."""
    if target.kind in ("binary", "classes") and column.is_number:
        allowed = sorted(column.counts)  # type: ignore[type-var]
        return RoleGuess("target", column.type, {"allowed": allowed}, target.notes)
    kind: ColumnType = "category" if column.type == "text" else column.type
    return RoleGuess("target", kind, notes=target.notes)
