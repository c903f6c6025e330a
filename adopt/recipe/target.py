"""Which column is to be learned, with the evidence; none is an answer too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.leak_arrays import tells
from adopt.recipe.side_names import find_marks, is_coordinate
from adopt.recipe.target_kind import TargetKind, find_kind
from adopt.recipe.target_table import FIRST, FIRST_CLASS, LAST_CLASS, LAST_NUMBER, PLACES, Rated, Table, is_prose
from adopt.recipe.target_vocabulary import DESCRIBING, STATES
from adopt.recipe.target_words import CERTAIN, LIKELY, MODEST, PLAIN, POSSIBLE, STATE, WEAK, describes
from adopt.recipe.words import join_name, split_name
from relay.handoff.wording import count, list_words

CLEAR = 80
"""Name and place together from which on a target is not asked about, unless another column has as strong a claim."""

KEY = "target"
"""Of a note whose choices are names of columns; "none" means that nothing is to be learned."""


@dataclass(frozen=True)
class Target:
    """What is to be learned."""

    index: int
    """Of the column."""
    kind: TargetKind
    """`none`: a person names a target of which nothing can be learned."""
    notes: tuple[Note, ...] = ()


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
    marks = find_marks(columns) if has_names else frozenset()
    free = [column for column in columns if column.index not in marks.union(taken) and not _says_nothing(column)]
    if has_names:
        free = _leave_out_coordinates(free)
    table = Table(columns, free, has_names=has_names, title=title)
    rated = [table.rate(column, kind) for column in free if (kind := find_kind(column)) is not None]
    rated = _doubt_describing(rated)
    ranked = sorted(rated, key=lambda one: (-one.total, one.column.index))
    if not ranked or ranked[0].total < LAST_NUMBER or not _has_inputs(columns, free, ranked[0]):
        return None, (_say_none(ranked),)
    ranked = _prefer_flags(ranked)
    if not ranked[0].name and (why := _describe_table(table)):
        return None, (_say_none(ranked, why),)
    target = _choose(ranked, has_names=has_names)
    return target, target.notes


def _leave_out_coordinates(free: Sequence[Known]) -> list[Known]:
    """The columns without places on the earth, unless these are all numbers that there are."""
    rest = [column for column in free if not is_coordinate(column.name)]
    return rest if any(column.is_number for column in rest) or len(rest) > 1 else list(free)


def _doubt_describing(rated: Sequence[Rated]) -> list[Rated]:
    """What is called a class may tell a group apart beside a last column of classes, or where most rows have none.

    So it may beside a last column with the name of a target, and beside a flag that is one.
    """
    has_last = any(one.place == LAST_CLASS or (one.place == LAST_NUMBER and one.name >= PLAIN) for one in rated)
    has_last = has_last or any(one.name >= LIKELY and one.kind == "binary" and one.place > FIRST for one in rated)
    return [
        replace(one, name=POSSIBLE if one.place else WEAK)
        if join_name(one.column.name) in DESCRIBING
        and one.place <= FIRST
        and (has_last or one.column.nulls > MOST_EMPTY * one.column.profile.rows)
        else one
        for one in rated
    ]


MOST_EMPTY = 0.25
"""Share of empty cells up to which what is called a class is one."""


def _prefer_flags(ranked: Sequence[Rated]) -> list[Rated]:
    """A flag of two values before the state that tells it: `is_canceled` rather than `reservation_status`."""
    best, others = ranked[0], ranked[1:]
    if best.kind == "regression" or not STATES & set(split_name(best.column.name)):
        return list(ranked)
    flags = [
        one
        for one in others
        if one.kind == "binary" and one.name >= LIKELY and tells(best.column.values, one.column.values)
    ]
    return [*flags[:1], *(one for one in ranked if one not in flags[:1])]


def _order(rated: Rated) -> tuple[float, bool, int, int]:
    """The most likely target first: by name and place, then classes before numbers, and later columns first."""
    return -rated.total, describes(rated.column.name), ORDER.index(rated.kind), -rated.column.index


ORDER: tuple[TargetKind, ...] = ("binary", "classes", "regression", "none")


def choose_target(column: Known) -> Target:
    """The target that a person names: its kind by its cells, also where it seems nothing to learn."""
    kind = find_kind(column) or "none"
    text = f"{column.shown}: named as the target; {_say_kind(column, kind)}"
    note = Note(text, is_question=kind == "none", key=KEY if kind == "none" else "")
    return Target(column.index, kind, (note,))


def _says_nothing(column: Known) -> bool:
    """Whether a column takes no part in a place among others: prose, or one value."""
    return column.is_constant or (column.type == "text" and find_kind(column) is None)


def _has_inputs(columns: Sequence[Known], free: Sequence[Known], target: Rated) -> bool:
    """Whether something is left to learn from: a time that orders the rows too, and prose that has classes."""
    able = [*free, *(column for column in columns if column.type == "time")]
    if target.kind != "regression" and any(map(is_prose, columns)):
        return True
    return any(one is not target.column and one.type != "text" and not one.is_constant for one in able)


def _choose(ranked: Sequence[Rated], *, has_names: bool) -> Target:
    best, others = ranked[0], ranked[1:]
    where = PLACES.get(best.place, "")
    if best.name:
        why = "its name is one that targets have" + (f", and it is {where}" if where == PLACES[LAST_CLASS] else "")
    else:
        said = "no name says what is to be learned" if has_names else "the columns have no names"
        why = f"{said}, so this is {where}"
    near = [one for one in others if one.name >= POSSIBLE or (one.total >= LAST_NUMBER and one.total > best.total - 30)]
    is_clear = best.name >= MODEST and best.name != STATE and best.total >= CLEAR and not _rivals(best, others)
    text = f"{best.column.shown}: {why}; {_say_kind(best.column, best.kind)}"
    if near:
        names = list_words([one.column.shown for one in near[:3]])
        text += f"; {names} would be possible too"
    codes = _find_codes(best)
    if codes:
        text += f"; {list_words(codes)} may mean that there is no value"
    note = _ask(text, others, is_question=not is_clear or bool(codes))
    return Target(best.column.index, best.kind, (note,))


def _find_codes(best: Rated) -> list[str]:
    """Classes that are often written for "no value", such as 99."""
    if best.kind == "regression":
        return []
    return [word for word in best.column.profile.missing_words if word in map(str, best.column.counts)]


def _rivals(best: Rated, others: Sequence[Rated]) -> bool:
    """Whether another column has as strong a claim, or the name is one of classes that may as well be known before."""
    is_last = best.place in (LAST_CLASS, LAST_NUMBER)
    if best.name < CERTAIN and any(
        one.name >= best.name and one.total > best.total - LAST_NUMBER / 2 for one in others
    ):
        return True
    if is_last or best.place == FIRST_CLASS:
        return False
    named_last = any(one.place in (LAST_CLASS, LAST_NUMBER) and one.name for one in others)
    return best.kind == "classes" or (named_last and best.place != FIRST)


def _describe_table(table: Table) -> str:
    if table.years:
        return "an indicator over years has no column that the others tell"
    if table.is_journal:
        return "the rows are entries of a journal, such as payments or orders, and no name says what is to be foretold"
    if table.is_log:
        return "the rows are measurements in the order of time, and no name says which of them is to be learned"
    return "the columns are questions, and no name says which of them is to be learned" if table.is_survey else ""


def _say_none(ranked: Sequence[Rated], why: str = "neither a name nor a place says what is to be learned") -> Note:
    if not ranked:
        return Note("no target: no column holds numbers or classes that could be learned from the others")
    text = f"no target: {why}; choose one with --target"
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
