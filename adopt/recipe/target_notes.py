"""What a draft says of its target: the evidence, what else is possible, and why nothing is learned."""

from collections.abc import Sequence

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.target_table import FIRST, FIRST_CLASS, LAST_CLASS, LAST_NUMBER, PLACES, Rated, Table
from adopt.recipe.target_words import CERTAIN, MODEST, STATE
from relay.handoff.wording import count, list_words

CLEAR = 80
"""Name and place together from which on a target is not asked about, unless another column has as strong a claim."""

SURE = 0.6
"""The least probability of a target that is not asked about."""

KEY = "target"
"""Of a note whose choices are names of columns; "none" means that nothing is to be learned."""

MOST_CHOICES, NEXT = 8, 2
"""Other columns that a question lists, and those that its text names."""


def say_target(ranked: Sequence[Rated], *, has_names: bool, share: float = 1) -> Note:
    """The evidence of the target, which is the first of the columns.

    Args:
        ranked: the most likely column first.
        has_names: whether the source names its columns.
        share: the probability of the first column.
    """
    best, others = ranked[0], ranked[1:]
    text = f"{best.column.shown}: {_say_why(best, has_names=has_names)}; {say_kind(best.column, best.kind)}"
    is_clear = best.name >= MODEST and best.name != STATE and best.total >= CLEAR and not _rivals(best, others)
    is_clear = is_clear and share >= SURE
    if others and (not is_clear or any(one.name >= MODEST for one in others)):
        text += f"; {list_words([one.column.shown for one in others[:NEXT]])} would be possible too"
    codes = _find_codes(best)
    if codes:
        text += f"; {list_words(codes)} may mean that there is no value"
    return Note(text, is_question=not is_clear or bool(codes), choices=(*_list(others), "none"), key=KEY)


def _say_why(best: Rated, *, has_names: bool) -> str:
    where = PLACES.get(best.place, "")
    if best.name:
        return "its name is one that targets have" + (f", and it is {where}" if where == PLACES[LAST_CLASS] else "")
    said = "no name says what is to be learned" if has_names else "the columns have no names"
    return f"{said}, so this is {where or 'the most likely column by its name, place and values'}"


def say_none(ranked: Sequence[Rated], table: Table) -> Note:
    """Why there is no target; a question, where something could be learned.

    Args:
        ranked: what could be learned, the most likely column first.
        table: the table.
    """
    if not ranked:
        return Note("no target: no column holds numbers or classes that could be learned from the others")
    why = describe_table(table) or "neither a name nor a place says what is to be learned"
    text = f"no target: {why}; choose one with --target"
    return Note(text, is_question=True, choices=_list(ranked), key=KEY)


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


def describe_table(table: Table) -> str:
    """Why a table has no target by the places of its columns; empty where it may have one."""
    if table.years:
        return "an indicator over years has no column that the others tell"
    if table.is_journal:
        return "the rows are entries of a journal, such as payments or orders, and no name says what is to be foretold"
    if table.is_log:
        return "the rows are measurements in the order of time, and no name says which of them is to be learned"
    return "the columns are questions, and no name says which of them is to be learned" if table.is_survey else ""


def _list(others: Sequence[Rated]) -> tuple[str, ...]:
    return tuple(one.column.shown for one in others[:MOST_CHOICES])


def say_kind(column: Known, kind: str) -> str:
    """What the values of a column are, as a target of a kind."""
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
