"""The uncertain guesses of a draft, as questions with choices."""

import streamlit as st

from page.new.answer import Draft
from page.new.state import Work
from page.new.wishes import Question, find_questions
from page.shell.markdown import plain
from relay.handoff.override import parse_override

CHOSEN_ABOVE = ("target", "model.use")
"""Questions that have a control of their own."""

KEEP = ""
"""The draft's own guess."""


def show_questions(work: Work, first: Draft, draft: Draft) -> int:
    """A control for each question; an answer changes the draft. Gives how many are open."""
    questions = list_asked(work, first, draft)
    if not questions:
        return 0
    open_ones = sum(question.key not in work.answers for question in questions)
    with st.expander(f"Guesses to check: {open_ones} of {len(questions)} open", icon=":material/help:", expanded=True):
        for question in questions:
            _ask(work, question)
    return open_ones


def list_asked(work: Work, first: Draft, draft: Draft) -> list[Question]:
    """The questions of the draft as it is now, and those that were answered: an answer can be taken back."""
    now = find_questions(first, draft)
    for key, question in now.items():
        if key not in work.answers:
            work.asked[key] = question
    return [
        question
        for key, question in work.asked.items()
        if key not in CHOSEN_ABOVE and (key in now or key in work.answers)
    ]


def _ask(work: Work, question: Question) -> None:
    choices = [KEEP, *question.choices]
    key = work.key(f"question-{question.key}")

    def answer() -> None:
        said = st.session_state[key]
        if said in question.choices:
            work.answers[question.key] = said
        else:
            work.answers.pop(question.key, None)

    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{plain(question.key.removeprefix('columns.'))}**: {plain(question.text)}")
    said = work.answers.get(question.key)
    right.selectbox(
        question.key,
        choices,
        choices.index(said) if said in choices else 0,
        key=key,
        on_change=answer,
        format_func=lambda choice: (
            show_choice(choice) or (f"{question.guess} (drafted)" if question.guess else "as drafted")
        ),
        label_visibility="collapsed",
    )


def show_choice(choice: str) -> str:
    """A choice for people: a text without its quotes."""
    return parse_override(f"x={choice}")[1] if choice[:1] in ("'", '"') else choice
