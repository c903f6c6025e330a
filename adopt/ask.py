"""Ask a person about each uncertain guess, on a terminal."""

import sys
from dataclasses import replace

from adopt.draft_data import NO_TARGET, Examined, Wishes, draft_data
from adopt.notes import Note
from adopt.recipe.corrections import TARGET, read_corrections
from adopt.recipe.draft import Draft
from adopt.recipe.look_up import find_value
from adopt.recipe.terminal import show
from adopt.recipe.toml_text import find_questions, write_value
from relay.handoff.errors import UsageError
from relay.handoff.override import quote_toml

KEEP = "Enter keeps it; a number, or another value: "


def ask_questions(examined: Examined, wishes: Wishes) -> Wishes:
    """The wishes with what a person answered; the end of the input keeps all guesses that are left.

    Each answer may change what is uncertain, so the recipe is drafted again after each.
    """
    asked = set[str]()
    while True:
        draft = draft_data(examined, wishes)
        note = next((one for one in find_questions(draft) if one.key and one.key not in asked), None)
        if note is None:
            return wishes
        asked.add(note.key)
        _say(_describe(draft, note))
        while True:
            said = _read_answer()
            if said is None:
                return wishes
            try:
                answered = _understand(said, note, draft, wishes)
                draft_data(examined, answered)
            except UsageError as error:
                _say(str(error))
            else:
                wishes = answered
                break


def _describe(draft: Draft, note: Note) -> str:
    guess = find_value(draft, note.key)
    lines = ["", show(note.text), f"  {note.key} = {'(none)' if guess is None else write_value(guess)}"]
    return "\n".join([*lines, *(f"  {number}  {show(choice)}" for number, choice in enumerate(note.choices, 1))])


def _read_answer() -> str | None:
    """What a person typed; None at the end of the input."""
    _say(KEEP, end="")
    line = sys.stdin.readline()
    if not line:
        _say("")
    return line.strip() if line else None


def _understand(said: str, note: Note, draft: Draft, wishes: Wishes) -> Wishes:
    """The wishes with what a person means; Enter confirms the guess, also that the key is not there.

    Raises:
        UsageError: the key takes no such value.
    """
    if not said:
        guess = find_value(draft, note.key)
        if guess is None and note.key != TARGET:
            corrections = wishes.corrections
            return replace(wishes, corrections=replace(corrections, removed=corrections.removed | {note.key}))
        return wishes.with_values({note.key: NO_TARGET if guess is None else guess})
    if said.isdecimal() and 1 <= int(said) <= len(note.choices):
        said = note.choices[int(said) - 1]
    return wishes.with_values(read_corrections([f"{note.key}={_quote_mark(said)}"]).values)


def _quote_mark(said: str) -> str:
    """A bare mark such as `,` as a text; everything else as it is."""
    return quote_toml(said) if len(said) == 1 and not said.isalnum() else said


def _say(text: str, end: str = "\n") -> None:
    """Print on standard error: standard output holds the answer."""
    sys.stderr.write(f"{text}{end}")
    sys.stderr.flush()
