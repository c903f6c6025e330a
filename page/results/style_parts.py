"""What the tabs of an authorship result are made of: its sentences, tables and pictures."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import streamlit as st

from page.results.show import offer_file
from page.shell.markdown import plain
from relay.results.findings import Finding
from relay.results.load import Result

if TYPE_CHECKING:  # the first paint needs no Arrow
    import pandas as pd


def read_table(result: Result, name: str) -> "pd.DataFrame":
    """A table of the result."""
    import pyarrow.parquet as pq

    frame: pd.DataFrame = pq.read_table(result.folder / f"{name}.parquet").to_pandas()
    return frame


def tabulate(table: "pd.DataFrame", *, key: str, alt: str) -> None:
    """Show a table."""
    # Numbers at three digits: the file in the folder keeps the rest.
    formats = {
        str(name): st.column_config.NumberColumn(format="%.3g")
        for name in table.columns
        if table[name].dtype.kind == "f"
    }
    st.dataframe(table, hide_index=True, column_config=formats, key=key, alt=alt)


def say(findings: Iterable[Finding]) -> None:
    """Show the sentences of findings."""
    for finding in findings:
        st.markdown(plain(finding.text))


def show_picture(result: Result, name: str, key_prefix: str) -> None:
    """A picture of the result with its caption, and its files."""
    file = f"{name}.png"
    caption = next((plot.caption for plot in result.findings.plots if plot.file == file), name)
    st.image((result.folder / file).read_bytes(), caption, width="stretch")
    offer_picture(result, name, key_prefix)


def offer_picture(result: Result, name: str, key_prefix: str) -> None:
    """The picture to take away: as vectors for print, as points for slides."""
    with st.container(horizontal=True, gap="small"):
        for ending in ("svg", "png"):
            offer_file(result, f"{name}.{ending}", key_prefix=f"{key_prefix}-{name}")
