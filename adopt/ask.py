"""Ask a person about each uncertain guess, on a terminal."""

import sys

from adopt.draft_data import Examined, Wishes, draft_data
from adopt.notes import Note
from adopt.recipe.corrections import read_corrections
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
        answered = _ask(draft, note)
        if answered is None:
            return wishes
        wishes = wishes.with_values(answered)


def _ask(draft: Draft, note: Note) -> dict[str, object] | None:
    """Key -> the value that a person chose; None at the end of the input."""
    guess = find_value(draft, note.key)
    _say(f"\n{show(note.text)}\n  {note.key} = {'(none)' if guess is None else write_value(guess)}")
    for number, choice in enumerate(note.choices, 1):
        _say(f"  {number}  {show(choice)}")
    while True:
        _say(KEEP, end="")
        line = sys.stdin.readline()
        if not line:
            _say("")
            return None
        said = line.strip()
        if not said:
            return {} if guess is None else {note.key: guess}
        if said.isdecimal() and 1 <= int(said) <= len(note.choices):
            said = note.choices[int(said) - 1]
        try:
            return dict(read_corrections([f"{note.key}={_quote_mark(said)}"]).values)
        except UsageError as error:
            _say(str(error))


def _quote_mark(said: str) -> str:
    """A bare mark such as `,` as a text; everything else as it is."""
    return quote_toml(said) if len(said) == 1 and not said.isalnum() else said


def _say(text: str, end: str = "\n") -> None:
    """Print on standard error: standard output holds the answer."""
    sys.stderr.write(f"{text}{end}")
    sys.stderr.flush()
