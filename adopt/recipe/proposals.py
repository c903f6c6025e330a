"""One question about a word that may mean "no value" in several columns, instead of one per column."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from adopt.data.profile import ColumnProfile
from adopt.notes import Note
from adopt.recipe.cells.subject import list_words
from adopt.recipe.type_guess import TypeGuess
from relay.handoff.wording import count
from relay.reading.spellings import MISSING_WORDS

FEWEST = 2
"""Columns with the same proposal from which on it is asked once for the file."""
TWO = 2
"""Different numbers of a column that is a flag where it has a value."""
WORDS = ("text", "category")
KEY = "ingest.missing"


def ask_once(types: Sequence[TypeGuess], columns: Sequence[ColumnProfile]) -> list[TypeGuess]:
    """The guesses with one question for the file where several columns propose the same words as "no value".

    Args:
        types: of all columns.
        columns: their profiles, in the same order.
    """
    places = defaultdict[str, list[int]](list)
    for place, guess in enumerate(types):
        if (note := _find_proposal(guess)) is not None:
            places[note.choices[0]].append(place)
    asked = list(types)
    _join_flags(asked, columns, places)
    types = list(asked)
    for choice, found in places.items():
        words = _join_words(json.loads(choice), types, columns)
        if len(found) >= FEWEST and words is not None:
            first, *others = sorted(found)
            asked[first] = _replace_note(types[first], _ask(types[first], words, len(others)))
            for place in others:
                said = Note(f"{_tell(types[place])}, as in {columns[first].name}")
                asked[place] = _replace_note(types[place], said)
    return asked


def _join_flags(asked: list[TypeGuess], columns: Sequence[ColumnProfile], places: Mapping[str, list[int]]) -> None:
    """Propose a number also in columns of two numbers, one of which is it: they have no spread to be far from."""
    for choice, found in places.items():
        words = json.loads(choice)
        if len(words) != 1 or not words[0].lstrip("-").isdigit() or _join_words(words, asked, columns) is None:
            continue
        for place, column in enumerate(columns):
            cells = dict(column.most_frequent).get(words[0], 0) if column.distinct == TWO else 0
            if cells and asked[place].type == "int" and _find_proposal(asked[place]) is None:
                said = (
                    f"{list_words({words[0]: cells}, column.rows)}, kept as numbers. If that means no value: {choice}"
                )
                note = Note(said, is_question=True, choices=(choice,), key=f"columns.{column.name}.missing")
                asked[place] = replace(asked[place], notes=(*asked[place].notes, note))
                found.append(place)


def _find_proposal(guess: TypeGuess) -> Note | None:
    """The question whether words mean "no value" in the column."""
    return next((note for note in guess.notes if note.is_question and note.key.endswith(".missing")), None)


def _join_words(
    proposed: Sequence[str], types: Sequence[TypeGuess], columns: Sequence[ColumnProfile]
) -> list[str] | None:
    """The words that the file would declare; None where one of them is a value in another column."""
    words = set(proposed)
    for guess, column in zip(types, columns, strict=True):
        if guess.type not in WORDS:
            words |= set(guess.keys.get("missing", column.missing_words.keys() & set(MISSING_WORDS)))
    for guess, column in zip(types, columns, strict=True):
        kept = column.missing_words.keys() - set(guess.keys.get("missing", ()))
        if guess.type in WORDS and kept & (words - set(proposed)):
            return None
    return sorted(words)


def _tell(guess: TypeGuess) -> str:
    """What was found, without the advice for the one column."""
    note = _find_proposal(guess)
    return "" if note is None else note.text.partition(". If that")[0]


def _ask(guess: TypeGuess, words: list[str], others: int) -> Note:
    choice = json.dumps(words, ensure_ascii=False)
    found = f"{_tell(guess)}, as in {count(others, 'other column')}"
    return Note(
        f"{found}. If that means no value: missing = {choice} in [ingest]",
        is_question=True,
        choices=(choice,),
        key=KEY,
    )


def _replace_note(guess: TypeGuess, note: Note) -> TypeGuess:
    proposal = _find_proposal(guess)
    return replace(guess, notes=tuple(note if one is proposal else one for one in guess.notes))
