"""A result on the screen: what was found in words, charts, figures beside their baseline, files to take away."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from page.data.rows import MovedOnError, read_points
from page.results.own_code import StageCode
from page.results.show_code import CODE, show_code
from page.shell.markdown import plain
from relay.handoff.errors import RelayError
from relay.handoff.receipt import Receipt
from relay.handoff.settings import Settings
from relay.handoff.wording import shorten, show, show_bytes, show_moment
from relay.registry.task import ModelTask
from relay.results.figures import Figure, list_figures
from relay.results.load import Result, pack_files
from relay.results.output import RECEIPT

if TYPE_CHECKING:
    import pandas as pd

ZOOM = "Drag to move, Shift and wheel to zoom, double-click to go back."
HINTS = {ModelTask.AUTHORSHIP: f"{ZOOM} A click on a label in the legend brings it out.", ModelTask.REGRESSION: ZOOM}
HOVER = "Hover over the chart for its figures."

FIRST_ROWS = 1_000
"""Of a table that a user's function gave."""

MOST_BUTTONS = 40
"""Files with a button of their own; all are in the zip."""


def show_result(settings: Settings, result: Result, codes: Sequence[StageCode], *, key_prefix: str) -> None:
    """Charts, figures, tables and files of one result; `key_prefix` keeps the controls of two of them apart."""
    show_charts(settings, result, codes, key_prefix=key_prefix)
    show_figures(result)
    if result.metrics["kind"] == ModelTask.OTHER:
        show_tables(result, key_prefix=key_prefix)
    show_files(result, key_prefix=key_prefix)


def show_origin(result: Result) -> None:
    """When it was made, from what, and with which changes."""
    receipt = result.receipt
    st.caption(
        f"Made {show_moment(receipt.started_at_utc)} from {receipt.rows:,} rows, fingerprint "
        f"`{shorten(receipt.fingerprint)}`{_say_changes(receipt)}"
    )


def _say_changes(receipt: Receipt) -> str:
    changes = ", ".join(f"`{key}={value}`" for key, value in receipt.overrides.items())
    return f", with {changes}" if changes else ", with the recipe's own parameters"


def show_charts(settings: Settings, result: Result, codes: Sequence[StageCode] = (), *, key_prefix: str) -> None:
    """The charts to hover over, then the pictures that lie in the folder, and the own code where there is some."""
    from page.results.charts import draw_line, draw_result  # Altair: not before the first paint

    charts = {}
    if "line" in result.metrics and (drawn := read_line(settings, result)) is not None:
        points, names = drawn
        charts["Fitted line"] = draw_line(points, result.metrics["line"], names)
    charts |= draw_result(result)
    others = {"Pictures": partial(show_pictures, result)} if result.findings.plots else {}
    others |= {CODE: partial(show_code, codes)} if codes else {}
    if not charts and not others:
        return
    tabs = dict(zip([*charts, *others], st.tabs([*charts, *others], key=f"{key_prefix}-tabs"), strict=True))
    for title, chart in charts.items():
        with tabs[title]:
            st.altair_chart(chart, key=f"{key_prefix}-{title}", alt=title)
            st.caption(HINTS.get(result.metrics["kind"], HOVER))
    for title, draw in others.items():
        with tabs[title]:
            draw()


def show_pictures(result: Result) -> None:
    """The plots as they lie in the folder."""
    for plot in result.findings.plots:
        # A picture of fixed width would be wider than a phone; a container of that width is not.
        with st.container(width=640):
            st.image((result.folder / plot.file).read_bytes(), f"{plot.file}: {plot.caption}", width="stretch")


def read_line(settings: Settings, result: Result) -> "tuple[pd.DataFrame, tuple[str, str]] | None":
    """The points behind a line and the names of its axes; None when the data that it was learned from is gone."""
    roles = {column.get("role"): column for column in result.receipt.columns}
    x, y = roles["input"], roles["target"]
    (fingerprint,) = result.receipt.key.inputs.values()
    try:
        points = read_points(settings, result.receipt.recipe, fingerprint, (x["name"], y["name"]))
    except (MovedOnError, RelayError):
        return None
    return points, (_name_axis(x), _name_axis(y))


def _name_axis(column: dict[str, str]) -> str:
    return column["name"] + (f" ({column['unit']})" if column.get("unit") else "")


def show_figures(result: Result) -> None:
    """The metrics as a table, the model beside its baseline; those of a user's function have none."""
    is_own = result.metrics["kind"] == ModelTask.OTHER
    figures = list_figures(result.metrics)
    if is_own:
        _show_metrics(figures)
        return
    st.header("Figures", anchor=False)
    if not figures:
        st.caption("None: nothing could be judged.")
        return
    st.table(
        [
            {
                "Figure": plain(figure.title),
                "Model": show(figure.value),
                "Baseline": plain(figure.baseline_words),
                "Better is": figure.better,
            }
            for figure in figures
        ],
        border="horizontal",
        hide_index=True,
    )


def _show_metrics(figures: Sequence[Figure]) -> None:
    if figures:
        st.header("Metrics", anchor=False)
        st.table(
            [{"Metric": plain(figure.title), "Value": show(figure.value)} for figure in figures],
            border="horizontal",
            hide_index=True,
        )


def show_tables(result: Result, *, key_prefix: str) -> None:
    """The tables that a user's function gave: the first rows of each."""
    names = [name for name in result.receipt.files if Path(name).suffix == ".parquet" and Path(name).parent == Path()]
    if not names:
        return
    from page.data.rows import read_start  # Arrow: not before the first paint

    st.header("Tables", anchor=False)
    for name, tab in zip(names, st.tabs([plain(Path(name).stem) for name in names]), strict=True):
        with tab:
            rows, total = read_start(result.folder / name, FIRST_ROWS)
            st.dataframe(rows, hide_index=True, key=f"{key_prefix}-{name}", alt=name)
            first = "All" if rows.num_rows == total else f"The first {rows.num_rows:,} of"
            st.caption(f"{first} {total:,} rows; `{name}` has them all.")


def show_files(result: Result, *, key_prefix: str) -> None:
    """A button for all files, and one for each."""
    names = [*result.receipt.files, RECEIPT]
    with st.expander(f"Download: {len(names)} files, {show_bytes(result.receipt.bytes)}", icon=":material/download:"):
        _offer("All files as a zip", result.zip_name, partial(pack_files, result), key_prefix=key_prefix, is_main=True)
        with st.container(horizontal=True, gap="small"):
            for name in names[:MOST_BUTTONS]:
                offer_file(result, name, key_prefix=key_prefix)
        more = f"{len(names) - MOST_BUTTONS:,} more are in the zip. " if len(names) > MOST_BUTTONS else ""
        st.caption(f"{more}They lie in `{result.folder}`.")
        if any(Path(name).suffix in (".csv", ".tsv") for name in names):
            st.caption(
                "Files are as they were made, by their SHA-256: a spreadsheet may run cells of a CSV file as formulas."
            )


def offer_file(result: Result, name: str, *, key_prefix: str) -> None:
    """A button that downloads one file of a result, under a name that tells the recipe."""
    _offer(
        name,
        f"{result.receipt.recipe}-{name.replace('/', '-')}",
        (result.folder / name).read_bytes,
        key_prefix=key_prefix,
    )


def _offer(label: str, file_name: str, read: Callable[[], bytes], *, key_prefix: str, is_main: bool = False) -> None:
    st.download_button(
        label,
        read,
        file_name,
        key=f"{key_prefix}-{file_name}",
        type="primary" if is_main else "secondary",
        on_click="ignore",
    )
