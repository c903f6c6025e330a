"""The form of the screen Predict: a control for each input of the contract, filled with its first example row.

A number is typed as text: a control for numbers keeps its last valid value while it shows another one, and the answer
would be for a value that the person does not see.
"""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from page.shell.markdown import plain
from relay.handoff.column import Column
from relay.reading.marks import find_marks
from relay.registry.cells import describe, parse_cell
from relay.registry.contract import Cell, Contract
from relay.registry.records import check_record

IN_A_ROW = 3

NOT_KNOWN = "(not known)"

TEXT_HEIGHT = 180


LARGEST_PLAIN = 2**53
"""Floats of whole numbers below are written without a decimal point."""


@dataclass(frozen=True)
class Filled:
    """What the form holds now."""

    record: dict[str, Cell]
    """What is in the fields; a value that the contract refuses is among them as it was typed."""
    is_asked: bool
    """Whether Predict was pressed and every field keeps the contract."""


def draw_form(contract: Contract, key: str) -> Filled:
    """Draw the fields and the button, which is off, with the reasons, while a field breaks the contract.

    What is filled in stays when the person looks at another page and comes back.
    """
    start = contract.example.records[0] if contract.example.records else {}
    cells: dict[str, Cell] = {}
    names = list(contract.inputs)
    for first in range(0, len(names), IN_A_ROW):
        row = names[first : first + IN_A_ROW]
        # A row of the form is a row of columns: on a phone the order stays.
        for column, name in zip(st.columns(IN_A_ROW if len(names) > 1 else 1), row, strict=False):
            with column:
                cells[name] = draw_input(name, contract.inputs[name], start.get(name), f"{key}:{name}")
    record, flaws = check_record(cells, contract.inputs, contract.limits)
    is_pressed = st.button(
        "Predict", f"{key}:predict", icon=":material/psychology:", type="primary", disabled=bool(flaws)
    )
    if flaws:
        # Below the button, which must not move while a person is about to press it.
        st.warning(plain("; ".join(flaw.say() for flaw in flaws)), icon=":material/rule:")
    # A click that was on its way when the button went off arrives all the same.
    return Filled(record, is_pressed and not flaws)


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
    holder = "2024-05-31 or 2024-05-31T12:30:00Z" if column.type == "time" else None
    text: str = st.text_input(label, placeholder=holder, **kept)
    return None if text == "" and column.null else text


def _draw_choice(label: str, choices: list[Any], start: Cell, kept: dict[str, Any]) -> Cell:
    at = choices.index(start) if start in choices else 0
    chosen: Cell = st.selectbox(label, choices, at, format_func=_name_choice, **kept)
    return chosen


def _name_choice(choice: Any) -> str:
    return NOT_KNOWN if choice is None else str(choice).lower() if isinstance(choice, bool) else str(choice)


def _draw_number(label: str, column: Column, start: Cell, kept: dict[str, Any]) -> Cell:
    st.session_state.setdefault(kept["key"], write_number(start, column))
    # Sent while it is typed: the button is then on or off before a person reaches it.
    text = st.text_input(label, placeholder=NOT_KNOWN if column.null else "required", live=True, **kept)
    return parse_cell((text or "").strip(), column)


def write_number(number: Cell, column: Column) -> str:
    """A number as one types it, with every digit that counts: `40`, `0.1`, `1e+300`; empty for None.

    Its decimal mark is the column's.
    """
    if number is None:
        return ""
    is_plain = isinstance(number, float) and number.is_integer() and abs(number) < LARGEST_PLAIN
    marks = find_marks(column)
    return str(int(number) if is_plain else number).replace(".", marks.decimal if marks else ".")
