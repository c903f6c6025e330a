"""Which of the remaining columns a model can learn from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adopt.notes import Note
from adopt.recipe.cells.words import are_lists
from adopt.recipe.draft import ColumnType, Role
from adopt.recipe.known import Known
from adopt.recipe.personal import BIRTH_DATES, find_personal
from adopt.recipe.words import STRONG_ID, is_id_name, join_name, list_words, split_name
from relay.handoff.wording import count

MOST_CATEGORIES = 200
"""Values up to which a category becomes a column each for the model."""

COMPARED_FIRST = 3
"""Cells that are compared before all others are."""

LARGEST = 3.4e38
"""How far from zero a number of a model may lie. Source: IEEE 754, binary32."""


@dataclass(frozen=True)
class InputGuess:
    """Whether a column is an input, and as what."""

    role: Role
    type: ColumnType | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def judge_inputs(
    rest: Sequence[Known], columns: Sequence[Known], *, has_names: bool = True
) -> Iterator[tuple[int, InputGuess]]:
    """The place of each column, and its part in the model.

    Args:
        rest: the columns without a role.
        columns: all of them.
        has_names: whether the source names its columns.
    """
    persons = {one.index: one for one in find_personal(rest, has_names=has_names) if one.what != BIRTH_DATES}
    twins = _find_twins(columns)
    for column in rest:
        guess = _judge(column)
        if guess.role == "input" and column.index in persons:
            guess = _leave_out(f"{persons[column.index].what}: nothing that holds for other persons can be learned")
        if guess.role == "input" and column.index in twins:
            note = Note(f"every cell looked at equals that of {twins[column.index].shown}, so it is left out")
            guess = InputGuess("ignore", notes=(note,))
        yield column.index, guess


def _judge(column: Known) -> InputGuess:
    if column.valued == 0:
        return _leave_out("no cell has a value")
    if column.is_constant:
        return _leave_out("one value in all rows: nothing to learn from")
    if column.distinct == 1:
        return _judge_mark(column)
    if column.type == "text":
        return _judge_text(column)
    if column.type == "category":
        return _judge_category(column)
    if column.type == "int" and is_id_name(column.name, STRONG_ID):
        return _judge_number_of_thing(column)
    if column.type == "int" and SEEDS.intersection(split_name(column.name)) and _is_wide(column):
        return _leave_out("a number drawn at random, by its name: nothing to learn from")
    if column.type == "time" and STAMPS.intersection(_split_stamp(column.name)):
        return _leave_out("when the row was written, by its name, which says nothing of what it is about")
    if column.is_number and column.range is not None and max(map(abs, column.range)) > LARGEST:
        return _leave_out(f"it holds numbers beyond {LARGEST:g}, with which no model can compute")
    return InputGuess("input")


SEEDS = list_words("seed random rand rnd nonce randomseed zufallszahl")
"""Words in the names of numbers drawn at random."""

STAMPS = list_words(
    "submit submitted submitdate datestamp stamp recorded exported scraped inserted modified lastmodified synced "
    "crawled retrieved ingested loaded imported abgesendet exportiert geändert geaendert"
)
"""Words in the names of when a row was written."""


def _is_wide(column: Known) -> bool:
    """Whether whole numbers are many and large, as those drawn at random are."""
    return column.distinct > MANY_DRAWN and column.range is not None and column.range[1] >= LEAST_DRAWN


MANY_DRAWN, LEAST_DRAWN = 50, 10_000
"""Different numbers, and the largest of them, from which on they may be drawn at random."""


def _split_stamp(name: str) -> set[str]:
    return {*split_name(name), join_name(name)}


def _judge_mark(column: Known) -> InputGuess:
    """One value and cells without any: a mark such as `x` says something, one number or one text does not."""
    cell = next(iter(column.profile.most_frequent), ("", 0))[0].strip()
    said = f"one value in {count(column.valued, 'row')} and none in {count(column.nulls, 'row')}"
    if cell.casefold() not in MARKS or column.type not in ("category", "bool", "int", "text"):
        return _leave_out(f"{said}: nothing to learn from")
    note = Note(
        f'{said}: "{cell}" may be a mark, then it says yes and no value says no',
        is_question=True,
        choices=('"ignore"',),
        key=f"columns.{column.shown}.role",
    )
    return InputGuess("input", "category" if column.type == "text" else None, notes=(note,))


MARKS = frozenset(
    ("x", "✓", "✔", "*", "+", "1", "1.0", "y", "yes", "j", "ja", "t", "true", "wahr", "on", "ok", "checked")
)
"""Cells that are a mark, in small letters."""


def _leave_out(why: str) -> InputGuess:
    return InputGuess("ignore", notes=(Note(why),))


def _judge_text(column: Known) -> InputGuess:
    about = "" if column.is_exact else "about "
    return _leave_out(
        f"{about}{column.distinct:,} different texts in {count(column.valued, 'row')}: an estimator takes no texts"
    )


def _judge_category(column: Known) -> InputGuess:
    if are_lists(column.profile):
        return _leave_out("each different list would be a category of its own")
    if column.distinct > MOST_CATEGORIES:
        about = "" if column.is_exact else "about "
        return _leave_out(
            f"{about}{column.distinct:,} categories; the model would need a column for each (at most {MOST_CATEGORIES})"
        )
    return InputGuess("input")


def _judge_number_of_thing(column: Known) -> InputGuess:
    if column.distinct > MOST_CATEGORIES:
        return _leave_out(f"{column.distinct:,} different numbers that name something: their size means nothing")
    if column.range is not None and column.range[0] >= GIVEN_KEYS and column.distinct > MOST_KEYS:
        note = Note(
            f"{column.distinct:,} different keys that a program gave, so it is left out: new ones say nothing",
            is_question=True,
            choices=('"input"', '"group"'),
            key=f"columns.{column.shown}.role",
        )
        return InputGuess("ignore", notes=(note,))
    note = Note("numbers that name something: read as categories, since their size means nothing")
    return InputGuess("input", "category", notes=(note,))


GIVEN_KEYS, MOST_KEYS = 1_000_000, 10
"""Least key that a program gave, such as 360002100101, and different ones up to which they are categories."""


def _find_twins(columns: Sequence[Known]) -> dict[int, Known]:
    """Place -> the first column that has the same value in every row of the sample."""
    alike: dict[tuple[object, ...], list[Known]] = {}
    found = {}
    for column in columns:
        first = column.values.slice(0, COMPARED_FIRST).to_pylist()
        others = alike.setdefault((column.type, column.distinct, column.nulls, *first), [])
        twin = next((other for other in others if other.values.equals(column.values)), None)
        if twin is None:
            others.append(column)
        else:
            found[column.index] = twin
    return found
