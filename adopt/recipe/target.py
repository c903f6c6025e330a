"""Which column is to be learned, with the evidence; none is an answer too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.target_words import CERTAIN, DESCRIBING, NEVER, POSSIBLE, WEAK, rate_name
from adopt.recipe.words import join_name, split_name
from relay.handoff.wording import count, list_words

MOST_CLASSES = 30
"""Different values up to which words are taken for classes."""

MOST_INT_CLASSES = 10
"""Different whole numbers up to which they are taken for classes."""

FEWEST_ROWS = 10
"""Rows with a value below which nothing is learned."""

FEWEST_FREE = 3
"""Columns below which none is the target because of its place."""

MOST_WORDS = 6
"""Words of a class's name, on average."""

LAST_CLASS, LAST_NUMBER, FIRST_CLASS, FIRST = 50, 35, 40, 3
"""What the place of a column is worth: targets are often last, in files without names sometimes first."""

BESIDE_NAME = 0.6
"""The part of that for a column whose name says so too."""

CLEAR = 80
"""Name and place together from which on a target is not asked about, unless another column has as strong a claim."""

KEY = "target"
"""Of a note whose choices are names of columns; "none" means that nothing is to be learned."""

TargetKind = Literal["binary", "classes", "regression", "none"]


@dataclass(frozen=True)
class Target:
    """What is to be learned."""

    index: int
    """Of the column."""
    kind: TargetKind
    """`none`: a person names a target of which nothing can be learned."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Rated:
    """A column that could be learned."""

    column: Known
    kind: TargetKind
    name: int
    """How strongly its name says so."""
    place: int
    """How strongly its place does."""

    @property
    def total(self) -> float:
        """Both."""
        return self.name + BESIDE_NAME * self.place if self.name else self.place


def find_target(
    columns: Sequence[Known], *, taken: Collection[int] = (), has_names: bool = True, title: str = ""
) -> tuple[Target | None, tuple[Note, ...]]:
    """The target and its evidence, or None and the reason.

    Args:
        columns: of the table.
        taken: places of columns that are something else, such as ids.
        has_names: whether the source names its columns.
        title: of the data.
    """
    free = [column for column in columns if column.index not in taken and not _says_nothing(column)]
    rated = [
        Rated(
            column, kind, rate_name(column.name, title) if has_names else 0, _rate_place(column, kind, free, has_names)
        )
        for column in free
        if (kind := find_kind(column)) is not None
    ]
    rated = _doubt_describing(rated)
    ranked = sorted(rated, key=lambda one: (-one.total, one.column.index))
    if not ranked or ranked[0].total < LAST_NUMBER or not _has_inputs(columns, free, ranked[0].column):
        return None, (_say_none(ranked),)
    target = _choose(ranked, has_names=has_names)
    return target, target.notes


def _doubt_describing(rated: Sequence[Rated]) -> list[Rated]:
    """What is called a class may tell a group apart beside a last column of classes, or where most rows have none."""
    has_last = any(one.place == LAST_CLASS for one in rated)
    return [
        replace(one, name=POSSIBLE if one.place else WEAK)
        if join_name(one.column.name) in DESCRIBING
        and one.place <= FIRST
        and (has_last or one.column.nulls > one.column.valued)
        else one
        for one in rated
    ]


def _order(rated: Rated) -> tuple[float, bool, int, int]:
    """The most likely target first: by name and place, then classes before numbers, and later columns first."""
    is_never = bool(set(split_name(rated.column.name)) & NEVER)
    return -rated.total, is_never, ORDER.index(rated.kind), -rated.column.index


ORDER: tuple[TargetKind, ...] = ("binary", "classes", "regression", "none")


def choose_target(column: Known) -> Target:
    """The target that a person names: its kind by its cells, also where it seems nothing to learn."""
    kind = find_kind(column) or "none"
    text = f"{column.shown}: named as the target; {_say_kind(column, kind)}"
    note = Note(text, is_question=kind == "none", key=KEY if kind == "none" else "")
    return Target(column.index, kind, (note,))


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


def _rate_place(column: Known, kind: TargetKind, free: Sequence[Known], has_names: bool) -> int:
    """What the place of a column among those that are nothing else is worth."""
    if len(free) < FEWEST_FREE or set(split_name(column.name)) & NEVER:
        return 0
    if column is free[-1]:
        if kind == "regression":
            return LAST_NUMBER
        return LAST_CLASS if _differs(column, free) else LAST_NUMBER
    if column is free[0]:
        # Files without names are often sorted by a class in their first column.
        is_class = not has_names and kind == "classes" and column.profile.is_sorted
        return FIRST_CLASS if is_class or (not has_names and kind == "binary") else FIRST if has_names else 0
    return 0


def _says_nothing(column: Known) -> bool:
    """Whether a column takes no part in a place among others: prose, or one value."""
    return column.is_constant or (column.type == "text" and find_kind(column) is None)


def _differs(column: Known, free: Sequence[Known]) -> bool:
    """Whether most other columns have another type or more values."""
    others = [other for other in free if other is not column]
    alike = sum(1 for other in others if other.type == column.type and other.distinct <= column.distinct)
    return alike * 2 <= len(others)


def _has_inputs(columns: Sequence[Known], free: Sequence[Known], target: Known) -> bool:
    """Whether something is left to learn from; the time that orders the rows can be an input too."""
    able = [*free, *(column for column in columns if column.type == "time")]
    return any(column is not target and column.type != "text" and not column.is_constant for column in able)


def _choose(ranked: Sequence[Rated], *, has_names: bool) -> Target:
    best, others = ranked[0], ranked[1:]
    where = "last" if best.place in (LAST_CLASS, LAST_NUMBER) else "first"
    if best.name:
        why = "its name is one that targets have" + (f", and it is the {where} column" if where == "last" else "")
    else:
        said = "no name says what is to be learned" if has_names else "the columns have no names"
        why = f"{said}, so this is the {where} column"
    near = [one for one in others if one.name >= POSSIBLE or (one.total >= LAST_NUMBER and one.total > best.total - 30)]
    is_clear = best.name == CERTAIN or (best.name >= POSSIBLE and best.total >= CLEAR and not _rivals(best, others))
    text = f"{best.column.shown}: {why}; {_say_kind(best.column, best.kind)}"
    if near:
        names = list_words([one.column.shown for one in near[:3]])
        text += f"; {names} would be possible too"
    note = _ask(text, others, is_question=not is_clear)
    return Target(best.column.index, best.kind, (note,))


def _rivals(best: Rated, others: Sequence[Rated]) -> bool:
    """Whether another column has as strong a claim."""
    return any(one.name >= best.name and one.total > best.total - LAST_NUMBER / 2 for one in others)


def _say_none(ranked: Sequence[Rated]) -> Note:
    if not ranked:
        return Note("no target: no column holds numbers or classes that could be learned from the others")
    text = "no target: neither a name nor a place says what is to be learned; choose one with --target"
    return Note(text, is_question=True, choices=_list(ranked), key=KEY)


def _ask(text: str, others: Sequence[Rated], *, is_question: bool) -> Note:
    return Note(text, is_question=is_question, choices=(*_list(others), "none"), key=KEY)


def _list(others: Sequence[Rated]) -> tuple[str, ...]:
    return tuple(one.column.shown for one in sorted(others, key=_order)[:8])


def _say_kind(column: Known, kind: str) -> str:
    about = "" if column.is_exact else "about "
    if kind == "regression":
        return f"{about}{column.distinct:,} different numbers"
    if kind == "none":
        return f"nothing can be learned of it: {count(column.valued, 'value')}, {column.distinct:,} different"
    shown = ", ".join(f"{_show(value)} ({rows:,})" for value, rows in list(column.counts.items())[:5])
    more = ", …" if len(column.counts) > 5 else ""
    return f"{column.distinct} classes: {shown}{more}" if shown else f"{column.distinct} classes"


def _show(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
