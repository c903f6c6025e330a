"""From the profile of a column to its type and the keys of its cells."""

from collections.abc import Sequence
from dataclasses import replace

from adopt.data.profile import ColumnProfile
from adopt.recipe.cells.last_days import ask_last_days
from adopt.recipe.cells.nominal import name_kinds
from adopt.recipe.cells.numbers import guess_number
from adopt.recipe.cells.subject import Subject
from adopt.recipe.cells.times import guess_time
from adopt.recipe.cells.typed import guess_typed
from adopt.recipe.cells.united import guess_united
from adopt.recipe.cells.words import guess_words
from adopt.recipe.lifted_keys import Lifted, lift_keys
from adopt.recipe.type_guess import TypeGuess

__all__ = ["Lifted", "TypeGuess", "guess_type", "lift_keys"]


def guess_type(
    column: ColumnProfile,
    others: Sequence[ColumnProfile],
    *,
    name: str = "",
    missing: Sequence[str] | None = None,
) -> TypeGuess:
    """The type and keys by which ingest reads every cell of the column, with the evidence.

    Args:
        column: its profile.
        others: all columns of the file, which may show how numbers and dates are written in it.
        name: the recipe's name for the column, for the keys of notes; the source's where it is empty.
        missing: the words that a person declares as "no value" in it. None: nothing is declared.
    """
    subject = Subject(column, tuple(others), name or column.name, None if missing is None else tuple(missing))
    found = guess_typed(subject) or guess_number(subject) or guess_time(subject)
    if found is None and (united := guess_united(subject)) is not None:
        subject, found = united
    found = found or guess_words(subject)
    found = name_kinds(subject, found)
    if found.type == "time":
        found = replace(found, notes=(*found.notes, *ask_last_days(subject)))
    keys, notes = subject.find_nothing(found.type)
    return replace(found, keys={**found.keys, **keys}, notes=(*found.notes, *notes))
