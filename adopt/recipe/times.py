"""Which time is the moment that a row is about, and which are attributes of it."""

import re
from collections.abc import Iterator, Sequence

from adopt.notes import Note
from adopt.recipe.identity import Mark
from adopt.recipe.known import Known
from adopt.recipe.words import ATTRIBUTE_TIME, EVENTS, OWN_TIME, list_words, split_name
from relay.handoff.wording import count

MOST_NULLS = 0.05
"""Share of rows without a time up to which the others are ordered by it."""


def find_time(columns: Sequence[Known]) -> Iterator[Mark]:
    """The time that orders the rows: by its name, or because the rows are in its order.

    Args:
        columns: those that are nothing else yet.
    """
    able = [column for column in columns if column.type == "time" and column.distinct > 1]
    rated = sorted(((_rate(column), -column.index, column) for column in able), key=lambda one: one[:2])
    if rated and rated[-1][0] <= 0:
        rated = [(CLEAR if one.profile.is_sorted else 1, at, one) for _, at, one in rated if _bounds_log(one, columns)]
        rated.sort(key=lambda one: one[:2])
    if not rated or rated[-1][0] <= 0:
        return
    rate, _, best = rated[-1]
    unsure = rate < CLEAR
    named = "by its name the moment" if not unsure else "a time whose name does not say of what, taken for the moment"
    why = "the rows are in its order" if best.profile.is_sorted else f"{named} that a row is about"
    others = [column.shown for _, _, column in rated[:-1]]
    text = why + (f"; {count(len(others), 'other time')} may be inputs" if others else "")
    yield best.index, "time", Note(text, is_question=unsure, choices=('"input"',), key=f"columns.{best.shown}.role")


def _bounds_log(column: Known, columns: Sequence[Known]) -> bool:
    """Whether a time is the start or the end of what a row tells, such as a ride or a song that was played."""
    if column.nulls > MOST_NULLS * column.profile.rows or not set(split_name(column.name)) <= BOUNDS:
        return False
    return column.profile.is_sorted or any(LASTING & set(split_name(other.name)) for other in columns)


BOUNDS = list_words("start end begin stop started ended beginn ende von bis time date datetime zeit datum at utc ts")
"""Words of the names of such times."""

LASTING = list_words("duration dauer played elapsed hours stunden")
"""Words in the names of how long it took."""

CLEAR = 2
"""Rating from which on it is no question."""

ENDING = re.compile("(datum|date|zeit|time)$")


def _rate(column: Known) -> int:
    words = set(split_name(column.name))
    if column.nulls > MOST_NULLS * column.profile.rows or words & ATTRIBUTE_TIME:
        return 0
    stems = {ENDING.sub("", word) for word in words}
    rate = 2 * bool(words & OWN_TIME) + 2 * bool((words | stems) & EVENTS) + 3 * column.profile.is_sorted
    return rate or 1
