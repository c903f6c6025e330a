"""The draft as a table in which a person can edit, and the first rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from page.new.answer import Draft, DraftColumn
from page.new.wishes import EMPTY, FORMAT, FORMAT_KEYS, NAME, ROLE, ROLES, RULE_KEYS, RULES, TYPE, TYPES, write_keys
from page.shell.markdown import plain

if TYPE_CHECKING:  # the first paint needs no Arrow
    import pyarrow as pa

KEPT, NULLS, VALUES, SPREAD, WHY = "Rows kept", "Nulls", "Most frequent", "Distribution", "Why"

NUMBERS = ("int", "float")

MOST_VALUES = 5
LONGEST_VALUE = 40
"""Characters of a value in the list of the most frequent ones."""

ROW_PIXELS, HEAD_PIXELS, MOST_PIXELS = 35, 38, 640
BAR_PIXELS = 18
"""Of the horizontal scrollbar, which would lie on the last row."""


def draw_table(draft: Draft, key: str) -> None:
    """The editable table of columns; its edits are in the session under the key."""
    st.data_editor(
        make_table(draft),
        key=key,
        height=measure_height(len(draft.columns)),
        hide_index=True,
        num_rows="fixed",
        disabled=[KEPT, NULLS, VALUES, SPREAD, WHY],
        column_config={
            NAME: st.column_config.TextColumn(pinned=True, help="Name in the recipe"),
            TYPE: st.column_config.SelectboxColumn(options=TYPES, required=True, width="small"),
            ROLE: st.column_config.SelectboxColumn(options=ROLES, required=True, width="small"),
            EMPTY: st.column_config.CheckboxColumn(width="small", help="Whether cells without a value are allowed"),
            KEPT: st.column_config.ProgressColumn(
                min_value=0,
                max_value=max(draft.rows_checked, 1),
                format="localized",
                width="small",
                help="Rows whose cell can be read in this type and keeps the rules",
            ),
            FORMAT: st.column_config.TextColumn(
                width=160, help='As in a recipe: time_format = "%d/%m/%Y", decimal = ","'
            ),
            RULES: st.column_config.TextColumn(
                width=160, help='As in a recipe: min = 0, max = 1, allowed = ["a", "b"]'
            ),
            NULLS: st.column_config.NumberColumn(format="localized", width="small", help="Cells without a value"),
            SPREAD: st.column_config.BarChartColumn(width=110, help="Histogram of the numbers"),
            VALUES: st.column_config.TextColumn(width="medium", help="With the number of their cells"),
            WHY: st.column_config.TextColumn(width="large", help="Evidence for the guesses"),
        },
        alt="The columns of the draft; name, type, role, format and rules can be edited",
    )


def measure_height(columns: int) -> int:
    """The height of the table in pixels, with its scrollbar below the last row."""
    return min(HEAD_PIXELS + ROW_PIXELS * columns + BAR_PIXELS, MOST_PIXELS)


def show_evidence(draft: Draft) -> None:
    """The evidence for each guess in full: a cell of the table shows the beginning."""
    told = [(column.name, join_notes(column)) for column in draft.columns if column.notes]
    if told:
        with st.expander(f"{WHY}: the evidence in full", icon=":material/fact_check:"):
            st.markdown("\n".join(f"- **{plain(name)}**: {plain(text)}" for name, text in told))


def make_table(draft: Draft) -> "pa.Table":
    """A row for each column; the types never change, because the edits belong to them."""
    import pyarrow as pa

    schema = pa.schema(
        [
            *((name, pa.string()) for name in (NAME, TYPE, ROLE)),
            (EMPTY, pa.bool_()),
            *((name, pa.string()) for name in (FORMAT, RULES)),
            (KEPT, pa.int64()),
            (NULLS, pa.int64()),
            (SPREAD, pa.list_(pa.int64())),
            *((name, pa.string()) for name in (VALUES, WHY)),
        ]
    )
    return pa.Table.from_pylist([_make_row(column) for column in draft.columns], schema)


def _make_row(column: DraftColumn) -> dict[str, Any]:
    profile = column.profile
    return {
        NAME: column.name,
        TYPE: column.type,
        ROLE: column.role,
        EMPTY: bool(column.keys.get("null", False)),
        KEPT: column.rows_kept,
        FORMAT: write_keys(column, FORMAT_KEYS),
        RULES: write_keys(column, RULE_KEYS),
        NULLS: profile.nulls,
        SPREAD: list(profile.histogram.counts) if profile.histogram and column.type in NUMBERS else [],
        VALUES: _list_values(column),
        WHY: join_notes(column),
    }


def join_notes(column: DraftColumn) -> str:
    """The evidence for the guesses of a column, in one line."""
    return "; ".join(f"check: {note.text}" if note.is_question else note.text for note in column.notes)


def _list_values(column: DraftColumn) -> str:
    profile = column.profile
    first = [f"{_cut(value)} ({number:,})" for value, number in profile.most_frequent[:MOST_VALUES]]
    about = "" if profile.is_distinct_exact else "about "
    more = f", … of {about}{profile.distinct:,}" if profile.distinct > len(first) else ""
    return ", ".join(first) + more


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"


def draw_first_rows(draft: Draft) -> None:
    """The first rows as they are written: every cell is a text, and nothing in it is run or rendered."""
    import pyarrow as pa

    cells = list(zip(*draft.head, strict=True)) if draft.head else [() for _ in draft.columns]
    names = [column.name for column in draft.columns]
    st.dataframe(
        pa.table([pa.array(column, pa.string()) for column in cells], names=names),
        hide_index=True,
        column_config={name: st.column_config.TextColumn(name) for name in names},
        alt="The first rows of the file",
    )


def read_edits(state: Any) -> dict[int, dict[str, Any]]:
    """Number of the column -> edited cells, from what the table left in the session."""
    edits: Mapping[Any, Any] = (state or {}).get("edited_rows", {})
    return {int(number): dict(cells) for number, cells in edits.items() if cells}
