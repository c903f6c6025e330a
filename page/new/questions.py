"""The uncertain guesses of a draft, as questions with choices."""

import streamlit as st

from page.new.answer import Draft, Note
from page.new.state import Work
from page.new.wishes import list_questions
from page.shell.markdown import plain
from relay.handoff.override import format_value, parse_override

CHOSEN_ABOVE = ("target", "model.use")
"""Questions that have a control of their own."""

KEEP = ""
"""The draft's own guess."""


def show_questions(work: Work, first: Draft) -> None:
    """A control for each question; an answer changes the draft."""
    questions = [note for note in list_questions(first) if note.key not in CHOSEN_ABOVE]
    if not questions:
        return
    open_ones = sum(note.key not in work.answers for note in questions)
    with st.expander(f"Guesses to check: {open_ones} of {len(questions)} open", icon=":material/help:", expanded=True):
        for number, note in enumerate(questions):
            _ask(work, note, number, find_value(first, note.key))


def find_value(draft: Draft, key: str) -> str:
    """What a draft says for a key such as `columns.zip.type`; empty where it says nothing."""
    section, *names = key.split(".")
    if section == "columns" and len(names) >= 2:
        *parts, last = names
        column = next((one for one in draft.columns if one.name == ".".join(parts)), None)
        value = None if column is None else {"type": column.type, "role": column.role, **column.keys}.get(last)
    else:
        value = {"ingest": draft.ingest, "model": draft.model}.get(section, {}).get(".".join(names))
    return "" if value is None else value if isinstance(value, str) else format_value(value)


def _ask(work: Work, note: Note, number: int, now: str) -> None:
    choices = [KEEP, *note.choices]
    key = work.key(f"question{number}")

    def answer() -> None:
        said = st.session_state[key]
        if said in note.choices:
            work.answers[note.key] = said
        else:
            work.answers.pop(note.key, None)

    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{plain(note.key.removeprefix('columns.'))}**: {plain(note.text)}")
    at = choices.index(work.answers[note.key]) if work.answers.get(note.key) in choices else 0
    right.selectbox(
        note.key,
        choices,
        at,
        key=key,
        on_change=answer,
        format_func=lambda choice: show_choice(choice) or (f"{now} (drafted)" if now else "as drafted"),
        label_visibility="collapsed",
    )


def show_choice(choice: str) -> str:
    """A choice for people: a text without its quotes."""
    return parse_override(f"x={choice}")[1] if choice[:1] in ("'", '"') else choice
