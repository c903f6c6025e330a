"""Which column is to be learned, with the evidence; none is an answer too."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.target_words import CERTAIN, LIKELY, POSSIBLE, rate_name
from relay.handoff.wording import count, list_words

MOST_CLASSES = 30
"""Different values up to which words are taken for classes."""

MOST_INT_CLASSES = 10
"""Different whole numbers up to which they are taken for classes."""

FEWEST_ROWS = 10
"""Rows with a value below which nothing is learned."""


TargetKind = Literal["binary", "classes", "regression", "none"]


@dataclass(frozen=True)
class Target:
    """What is to be learned."""

    index: int
    """Of the column."""
    kind: TargetKind
    """`none`: a person names a target of which nothing can be learned."""
    notes: tuple[Note, ...] = ()


def find_target(
    columns: Sequence[Known], *, taken: Collection[int] = (), has_names: bool = True
) -> tuple[Target | None, tuple[Note, ...]]:
    """The target and its evidence, or None and the reason.

    Args:
        columns: of the table.
        taken: places of columns that are something else, such as ids.
        has_names: whether the source names its columns.
    """
    able = [column for column in columns if column.index not in taken and find_kind(column) is not None]
    rated = {column.index: rate_name(column.name) if has_names else 0 for column in able}
    ranked = sorted(able, key=lambda column: (-_rate(column, rated[column.index], columns, taken), column.index))
    best = ranked[0] if ranked else None
    if best is not None and rated[best.index] >= POSSIBLE:
        return _choose_named(best, ranked, rated)
    by_place = _find_by_place(columns, able, taken, has_names=has_names)
    if by_place is not None:
        return _choose_placed(by_place, ranked, has_names=has_names)
    return None, (_say_none(ranked),)


def choose_target(column: Known) -> Target:
    """The target that a person names: its kind by its cells, also where it seems nothing to learn."""
    kind = find_kind(column) or "none"
    note = Note(f"named as the target; {_say_kind(column, kind)}")
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


FEWEST_FREE = 3
"""Columns below which the last one is not taken for the target because of its place."""

MOST_WORDS = 6
"""Words of a class's name, on average."""


def _repeats(column: Known) -> bool:
    """Whether most classes have several rows: else they are numbers, a few of which are frequent."""
    rows = list(column.counts.values())
    return not rows or sum(1 for one in rows if one >= 3) * 2 > len(rows)


def _rate(column: Known, rated: int, columns: Sequence[Known], taken: Collection[int]) -> float:
    """The rating of the name, and for the place: the last column more, then the first."""
    if not rated:
        return 0
    places = [other.index for other in columns if other.index not in taken]
    bonus = 15 if column.index == places[-1] else 3 if column.index == places[0] else 0
    return rated + bonus


def _find_by_place(
    columns: Sequence[Known], able: Sequence[Known], taken: Collection[int], *, has_names: bool
) -> Known | None:
    """The last or first column, where it looks like the classes of the others, or the file names none."""
    free = [column for column in columns if column.index not in taken]
    if len(free) < FEWEST_FREE or sum(1 for column in free if column.type != "text") < FEWEST_FREE - 1:
        return None
    last, first = free[-1], free[0]
    if last in able and (find_kind(last) != "regression" or not has_names) and _stands_apart(last, free):
        return last
    if not has_names and first in able and find_kind(first) != "regression":
        return first
    return None


def _stands_apart(last: Known, free: Sequence[Known]) -> bool:
    """Whether most other columns differ from the last one in type or have more values."""
    others = [column for column in free if column is not last]
    alike = sum(1 for column in others if column.type == last.type and column.distinct <= last.distinct)
    return alike * 2 <= len(others)


def _choose_named(best: Known, ranked: Sequence[Known], rated: Mapping[int, int]) -> tuple[Target, tuple[Note, ...]]:
    kind = find_kind(best) or "none"
    others = [column for column in ranked[1:] if rated[column.index] >= LIKELY]
    is_clear = rated[best.index] == CERTAIN or (rated[best.index] >= LIKELY - 5 and not others)
    text = f"its name is one that targets have; {_say_kind(best, kind)}"
    if others:
        text += f"; {list_words([column.shown for column in others[:3]])} would be possible too"
    note = _ask(text, ranked[1:], is_question=not is_clear)
    return Target(best.index, kind, (note,)), (note,)


def _choose_placed(chosen: Known, ranked: Sequence[Known], *, has_names: bool) -> tuple[Target, tuple[Note, ...]]:
    kind = find_kind(chosen) or "none"
    where = "last" if chosen.index != 0 else "first"
    why = "no name says what is to be learned" if has_names else "the columns have no names"
    text = f"{why}, so this is the {where} column; {_say_kind(chosen, kind)}"
    others = [column for column in ranked if column is not chosen]
    note = _ask(text, others, is_question=True)
    return Target(chosen.index, kind, (note,)), (note,)


def _say_none(ranked: Sequence[Known]) -> Note:
    if not ranked:
        return Note("no target: no column holds numbers or classes that could be learned from the others")
    text = "no target: no name says what is to be learned; choose one with --target"
    return _ask(text, ranked, is_question=True, may_be_none=False)


def _ask(text: str, others: Sequence[Known], *, is_question: bool, may_be_none: bool = True) -> Note:
    choices = tuple(column.shown for column in others[:8])
    none = ("",) if may_be_none else ()
    return Note(text, is_question=is_question, choices=(*choices, *none), key=KEY)


KEY = "target"
"""Of a note whose choices are names of columns; the empty one means that nothing is to be learned."""


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
