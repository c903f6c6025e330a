"""The last predictions in the API's log, and the way of one of them back to the bytes of its source."""

import json
import time
from typing import Any

import streamlit as st

from page.data.lineage import SOURCES_SHOWN, Stop, draw
from page.predict.api import Api
from page.shell.markdown import plain, with_commands
from relay.handoff.errors import RelayError
from relay.handoff.wording import count, shorten, show_bytes, show_moment
from relay.registry.contract import Contract
from relay.registry.records import show_cell

SPANS = {"15 minutes": 900, "hour": 3_600, "day": 86_400, "week": 604_800}

SHOWN = 15

LONGEST_CELL = 120

ID_CHARS = 8
"""Of an id, the last ones: the first tell the time, so neighbours share them."""

NAMES = {"ingest": "raw data", "preprocess": "processed data", "model": "model result"}


def show_log(api: Api, contract: Contract, key: str) -> None:
    """A table of the last predictions, and the lineage of the chosen one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        span = st.selectbox("Of the last", list(SPANS), 1, key=f"{key}:span", width=200)
        st.button("Refresh", icon=":material/refresh:", key=f"{key}:refresh")
    found = api.list_logged(f"{time.time() - SPANS[span]:.0f}")
    if not found.rows:
        st.caption(f"No prediction in the last {span}.")
        return
    if found.has_more:
        st.caption(f"The last {span} holds more than {len(found.rows):,} predictions, of which these are the first.")
    shown = found.rows[:SHOWN]
    st.table([describe_row(row, contract) for row in shown], border="horizontal", hide_index=True)
    if len(found.rows) > SHOWN:
        st.caption(f"The last {SHOWN} of {len(found.rows):,}.")
    ids = [row["prediction_id"] for row in shown]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Prediction", ids, key=f"{key}:chosen", width=420)
        is_asked = st.button("Show its way back", icon=":material/account_tree:", key=f"{key}:trace")
    if is_asked:
        st.session_state[f"{key}:traced"] = chosen
    if chosen is not None and st.session_state.get(f"{key}:traced") == chosen:
        try:
            show_way(api.trace(chosen))
        except RelayError as error:
            st.warning(with_commands(str(error)), icon=":material/account_tree:")


def describe_row(row: dict[str, Any], contract: Contract) -> dict[str, str]:
    """A line of the table."""
    records, output = row["input"], row["output"]
    answers = output["predictions"]
    answer = _say_cell(answers[0] if len(answers) == 1 else answers)
    more = "" if len(records) == 1 else f"{len(records):,} records, the first: "
    return {
        "When": show_moment(row["timestamp"])[:16],
        "Version": plain(str(row["model_version"])),
        "Asked": plain(f"{more}{_cut(', '.join(_say_input(records[0], contract)))}"),
        "Answered": plain(_cut(answer)),
        "Id": f"…{row['prediction_id'][-ID_CHARS:]}",
    }


def _say_input(record: dict[str, Any], contract: Contract) -> list[str]:
    return [f"{name} {_say_cell(record.get(name))}" for name in contract.inputs]


def _say_cell(cell: Any) -> str:
    if isinstance(cell, list):
        return _say_cell(cell[0]) if len(cell) == 1 else ", ".join(map(_say_cell, cell))
    return f"{cell:.5g}" if isinstance(cell, float) else cell if isinstance(cell, str) else show_cell(cell)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def show_way(found: dict[str, Any]) -> None:
    """From source to prediction, and what turned out to be true."""
    lineage = found.get("lineage")
    if lineage is None:
        st.info(
            f"The API keeps no files of version {plain(str(found['model_version']))} any more, so its way back is not "
            "known there; the page Models has the card of that version.",
            icon=":material/account_tree:",
        )
    else:
        st.html(draw(trace(found, lineage)))
        rows = [
            {"Source": plain(one["where"]), "SHA-256": f"`{one['sha256']}`", "Bytes": f"{one['bytes']:,}"}
            for one in lineage.get("sources", [])
        ]
        if rows:
            st.table(rows, border="horizontal", hide_index=True)
    labels = found.get("labels") or []
    for label in labels:
        by = f", says {label['source']}" if label["source"] else ""
        moment = show_moment(label["timestamp"])
        st.caption(
            plain(f"Record {label['record'].rpartition('/')[2]} turned out to be {label['value']}{by} ({moment}).")
        )
    with st.expander("The whole record", icon=":material/data_object:"):
        st.code(json.dumps(found, indent=2, ensure_ascii=False), language="json", wrap_lines=True)


def trace(found: dict[str, Any], lineage: dict[str, Any]) -> list[Stop]:
    """The boxes of a prediction's way: source, datasets, result, version, prediction."""
    stops = [_trace_source(lineage)]
    for step in reversed(lineage.get("steps", [])):
        lines = (f"{step['rows']:,} rows, {show_bytes(step['bytes'])}", show_moment(step["started_at_utc"]))
        stops.append(Stop(NAMES.get(step["stage"], step["stage"]), lines, fingerprint=step["fingerprint"]))
    version = (f"{found['model']} {found['model_version']}", f"run {shorten(found['run_id'])}")
    asked = (count(len(found["input"]), "record"), show_moment(found["timestamp"]))
    return [*stops, Stop("version", version), Stop("prediction", (found["prediction_id"], *asked))]


def _trace_source(lineage: dict[str, Any]) -> Stop:
    sources = lineage.get("sources", [])
    if not sources:
        return Stop("source", ("made up by the recipe itself", f"seed {lineage.get('seed')}"))
    shown = [f"{one['where']} (SHA-256 {shorten(one['sha256'])})" for one in sources[:SOURCES_SHOWN]]
    more = len(sources) - SOURCES_SHOWN
    return Stop("source" if len(sources) == 1 else "sources", (*shown, *([f"and {more} more"] if more > 0 else [])))
