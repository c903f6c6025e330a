"""Which column is to be learned, with the evidence; none is an answer too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.leak_arrays import tells
from adopt.recipe.side_names import find_marks, is_coordinate
from adopt.recipe.target_evidence import Evidence
from adopt.recipe.target_kind import TargetKind, find_kind
from adopt.recipe.target_notes import KEY, describe_table, say_kind, say_none, say_target
from adopt.recipe.target_table import FIRST, LAST_CLASS, LAST_NUMBER, Rated, Table, is_prose
from adopt.recipe.target_vocabulary import DESCRIBING, STATES
from adopt.recipe.target_weights import find_shares, weigh
from adopt.recipe.target_words import LIKELY, PLAIN, POSSIBLE, WEAK
from adopt.recipe.words import join_name, split_name


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
    table, rated = rate_columns(columns, taken=taken, has_names=has_names, title=title)
    if not rated or not has_names:
        return _find_by_place(table, rated)
    evidence = Evidence(table, columns, rated, taken)
    ranked, share = _rank(evidence)
    if not share or not _has_inputs(columns, table.free, ranked[0]):
        return None, (say_none(ranked, table),)
    note = say_target(ranked, has_names=True, share=share)
    return Target(ranked[0].column.index, ranked[0].kind, (note,)), (note,)


def _rank(evidence: Evidence) -> tuple[list[Rated], float]:
    """The columns by their weight, and the probability of the first one; 0 where no target is more likely."""
    scored = [(weigh(evidence.of(one)), one) for one in evidence.rated]
    scored.sort(key=lambda pair: (-pair[0], -pair[1].column.index))
    none, scores = weigh(evidence.of_none()), [score for score, _ in scored]
    share = 0.0 if none > scores[0] else find_shares([*scores, none])[0]
    return _prefer_flags([one for _, one in scored]), share


def rate_columns(
    columns: Sequence[Known], *, taken: Collection[int], has_names: bool, title: str
) -> tuple[Table, list[Rated]]:
    """The table, and its columns that could be learned from the others.

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
    return table, _doubt_describing(rated)


def _find_by_place(table: Table, rated: Sequence[Rated]) -> tuple[Target | None, tuple[Note, ...]]:
    """The target of a table without names, by the places and the cells of its columns alone."""
    ranked = sorted(rated, key=lambda one: (-one.total, one.column.index))
    is_weak = not ranked or ranked[0].total < LAST_NUMBER or (not ranked[0].name and describe_table(table))
    if is_weak or not _has_inputs(table.columns, table.free, ranked[0]):
        return None, (say_none(ranked, table),)
    ranked = _prefer_flags(ranked)
    note = say_target(ranked, has_names=table.has_names)
    return Target(ranked[0].column.index, ranked[0].kind, (note,)), (note,)


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


def choose_target(column: Known) -> Target:
    """The target that a person names: its kind by its cells, also where it seems nothing to learn."""
    kind = find_kind(column) or "none"
    text = f"{column.shown}: named as the target; {say_kind(column, kind)}"
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
