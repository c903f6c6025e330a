"""Times that come after the moment of their row: what happened then may not be known when a model is asked."""

from collections.abc import Sequence

import pyarrow.compute as pc

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.leaks import FEWEST_ROWS, Leak
from adopt.recipe.words import list_words, split_name

NEARLY_ALL = 0.95
"""Share of the rows with both times in which the other one is later."""

AHEAD = list_words(
    "due deadline expiry expires expiration fällig faellig fälligkeit planned scheduled plan geplant soll target until "
    "bis valid gültig ablauf expected estimated eta booked arrival checkin checkout travel"
)
"""Words in the names of times that are known before they come."""


def find_later_times(moment: Known, columns: Sequence[Known]) -> tuple[Leak, ...]:
    """The times that lie after the row's moment in nearly all rows, as possible leaks.

    Args:
        moment: the column of the row's moment.
        columns: those that may be inputs.
    """
    found = []
    for column in columns:
        if column.type != "time" or AHEAD & set(split_name(column.name)):
            continue
        later = pc.drop_null(pc.greater(column.values, moment.values))
        share = (pc.sum(later).as_py() or 0) / max(1, len(later))
        if len(later) >= FEWEST_ROWS and share >= NEARLY_ALL:
            text = f"it lies after {moment.shown} in {100 * share:.3g}% of {len(later):,} rows"
            key = f"columns.{column.shown}.role"
            said = f"{text}: leave it out if it is not known before"
            found.append(Leak(column.index, text, False, Note(said, is_question=True, choices=('"ignore"',), key=key)))
    return tuple(found)
