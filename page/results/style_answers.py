"""Tabs of an authorship result for what a recipe may ask beyond the map: who writes where along a text."""

from typing import TYPE_CHECKING

import streamlit as st

from page.results.style_parts import read_table, say, show_picture, tabulate
from relay.results.findings import Topic
from relay.results.load import Result

if TYPE_CHECKING:  # the first paint needs no Arrow
    import pandas as pd

ROLLING = (
    "Which known label each window of a long text is nearest to, and how probably. Neighbouring windows share words."
)


def show_rolling(result: Result, key_prefix: str) -> None:
    """Who writes where along one long text."""
    st.caption(ROLLING)
    say(result.findings.about({Topic.ROLLING}))
    show_picture(result, "rolling", key_prefix)
    tabulate(spread_windows(read_table(result, "rolling")), key=f"{key_prefix}-rolling", alt="Windows")


def spread_windows(rows: "pd.DataFrame") -> "pd.DataFrame":
    """A row a window: its words, the document where it begins, the nearest label, and each one's probability."""
    windows = rows.drop_duplicates("window").set_index("window")
    nearest = rows[rows["is_nearest"]].set_index("window")["label"]
    table = windows[["first_word", "last_word", "document"]].set_axis(["From word", "To word", "Begins in"], axis=1)
    table["Nearest"] = nearest.reindex(table.index)
    chances = rows.pivot(index="window", columns="label", values="probability")
    for label in chances.columns:
        table[f"{label} (%)"] = (100 * chances[label]).round().astype(int)
    return table.rename_axis("Window").reset_index()
