"""The form of the screen Predict: a control for each input of the contract, filled with its first example row."""

from typing import Any

import streamlit as st

from page.shell.markdown import plain
from relay.handoff.column import Column
from relay.registry.cells import describe
from relay.registry.contract import Cell, Contract

IN_A_ROW = 3

LARGEST = 2**53 - 1
"""Whole numbers beyond are rounded by the browser, and Streamlit takes no such border."""

NOT_KNOWN = "(not known)"

TEXT_HEIGHT = 180


def draw_form(contract: Contract, key: str) -> dict[str, Cell] | None:
    """Draw the form; gives the record when Predict was pressed.

    What is filled in stays when the person looks at another page and comes back.
    """
    start = contract.example.records[0] if contract.example.records else {}
    record: dict[str, Cell] = {}
    with st.form(f"{key}:form", border=False):
        names = list(contract.inputs)
        for first in range(0, len(names), IN_A_ROW):
            row = names[first : first + IN_A_ROW]
            # A row of the form is a row of columns: on a phone the order stays.
            for column, name in zip(st.columns(IN_A_ROW if len(names) > 1 else 1), row, strict=False):
                with column:
                    record[name] = draw_input(name, contract.inputs[name], start.get(name), f"{key}:{name}")
        is_asked = st.form_submit_button("Predict", icon=":material/psychology:", type="primary")
    return record if is_asked else None


def draw_text(contract: Contract, key: str) -> dict[str, Cell] | None:
    """Draw a box for a text; gives the record when Predict was pressed."""
    (name,) = contract.inputs
    with st.form(f"{key}:form", border=False):
        placeholder = "Paste a text here, the longer the better."
        text = st.text_area("A text", key=f"{key}:text", height=TEXT_HEIGHT, placeholder=placeholder)
        is_asked = st.form_submit_button("Predict", icon=":material/search:", type="primary")
    return {name: text} if is_asked else None


def draw_input(name: str, column: Column, start: Cell, key: str) -> Cell:
    """The control of an input; gives its value, None where it is left empty and may be."""
    label = plain(f"{name} ({column.unit})" if column.unit else name)
    words = f"{column.description}: {describe(column)}" if column.description else describe(column)
    more = "; leave it empty if it is not known" if column.null else ""
    kept: dict[str, Any] = {"key": key, "help": plain(f"{words}{more}."), "persist_state": "session"}
    if column.allowed is not None or column.type == "bool":
        choices = list(column.allowed or (False, True))
        return _draw_choice(label, [*choices, None] if column.null else choices, start, kept)
    if column.type in ("int", "float"):
        return _draw_number(label, column, start, kept)
    st.session_state.setdefault(key, start or "")
    text: str = st.text_input(label, **kept)
    return None if text == "" and column.null else text


def _draw_choice(label: str, choices: list[Any], start: Cell, kept: dict[str, Any]) -> Cell:
    at = choices.index(start) if start in choices else 0
    chosen: Cell = st.selectbox(label, choices, at, format_func=_name_choice, **kept)
    return chosen


def _name_choice(choice: Any) -> str:
    return NOT_KNOWN if choice is None else str(choice).lower() if isinstance(choice, bool) else str(choice)


def _draw_number(label: str, column: Column, start: Cell, kept: dict[str, Any]) -> float | int | None:
    kind = int if column.type == "int" else float
    low, high = (None if limit is None or abs(limit) > LARGEST else kind(limit) for limit in (column.min, column.max))
    # Only a control without a value of its own can be emptied; the session gives it the first one.
    st.session_state.setdefault(kept["key"], None if start is None else kind(float(start)))
    is_share = column.unit == "share" or (column.max is not None and column.max <= 1)
    step, form = (1, "%d") if kind is int else (0.01 if is_share else 1.0, "%.10g")
    holder = NOT_KNOWN if column.null else "needed"
    number: float | int | None = st.number_input(
        label, low, high, None, step=step, format=form, placeholder=holder, **kept
    )
    return number
