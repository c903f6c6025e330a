"""A file that holds several tables, such as a workbook with several sheets: which one is meant."""

from typing import Any

import streamlit as st

from page.new.state import Work
from page.shell.command import CommandError
from page.shell.markdown import plain

LABELS = {"sheet": "Sheet", "member": "File in the archive", "records": "List of records"}
"""Option of `adopt` -> name of the control."""


def note_offer(work: Work, error: CommandError) -> bool:
    """Note what an error lets a person choose; False where it is no question, or one that was answered."""
    if error.key not in LABELS or error.key in work.offers or not error.choices:
        return False
    work.offers[error.key] = error.choices
    return True


def ask_part(work: Work) -> bool:
    """A control for each choice; gives whether all are made."""
    for key, choices in list(work.offers.items()):
        _ask(work, key, choices)
    return set(work.offers) == set(work.parts)


def _ask(work: Work, key: str, choices: tuple[str, ...]) -> None:
    control = f"new-part-{key}:{work.upload.name}"
    before: Any = work.parts.get(key)

    def choose() -> None:
        if (said := st.session_state[control]) in choices:
            work.choose(key, said)

    st.selectbox(
        LABELS[key],
        choices,
        None if before is None else choices.index(before),
        key=control,
        on_change=choose,
        placeholder=plain(f"Choose one of {len(choices):,}"),
        help="The file holds several tables; a recipe reads one of them. Changes below are forgotten with another one.",
    )
