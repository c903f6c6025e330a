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

CONSENSUS = (
    "Groups of texts that most trees over a range of features and cullings have; at each branch the share of the trees "
    "in %. `consensus.nwk` has the tree in Newick format for other programs."
)


MARKERS = (
    "Words that stand in more chunks of one label than of another (Zeta), and which of each chunk's different words "
    "they are. The chunks of both labels chose these words and stand apart by that alone; look at the other chunks."
)
ZETA = {
    "word": "Word",
    "craig_zeta": "Craig's Zeta",
    "eder_zeta": "Eder's Zeta",
    "share_of_primary": "Chunks of the first (%)",
    "share_of_secondary": "Chunks of the second (%)",
}


def show_markers(result: Result, key_prefix: str) -> None:
    """What one label is opposed to another by."""
    st.caption(MARKERS)
    say(result.findings.about({Topic.OPPOSE}))
    show_picture(result, "oppose", key_prefix)
    words = read_table(result, "zeta")
    words[["share_of_primary", "share_of_secondary"]] *= 100
    tabulate(words[list(ZETA)].rename(columns=ZETA), key=f"{key_prefix}-zeta", alt="Zeta")


def show_imposters(result: Result, key_prefix: str) -> None:
    """What the imposters say of each unknown document and label."""
    st.markdown("**By the General Imposters**")
    verdicts = spread_verdicts(read_table(result, "imposters"))
    tabulate(verdicts, key=f"{key_prefix}-imposters", alt="Imposters")


def spread_verdicts(rows: "pd.DataFrame") -> "pd.DataFrame":
    """A row a document: its group, and for each label, as a question, the verdict with its score."""
    documents = rows["document"].drop_duplicates()
    said = rows.assign(said=rows["verdict"] + " (" + rows["score"].map("{:.2f}".format) + ")")
    table = said.pivot(index="document", columns="label", values="said").loc[documents].add_suffix("?")
    table.insert(0, "Group", rows.drop_duplicates("document").set_index("document")["group"])
    return table.rename_axis("Document").rename_axis(columns=None).reset_index()


def show_consensus(result: Result, key_prefix: str) -> None:
    """What most feature numbers and cullings agree on."""
    st.caption(CONSENSUS)
    say(result.findings.about({Topic.CONSENSUS}))
    show_picture(result, "consensus", key_prefix)
    if "by_features.parquet" in result.receipt.files:
        st.markdown("**Documents of unknown label over the range**")
        answers = spread_answers(read_table(result, "by_features"))
        tabulate(answers, key=f"{key_prefix}-by-features", alt="Unknown documents over the range")


def spread_answers(rows: "pd.DataFrame") -> "pd.DataFrame":
    """A row a document: its group, and the share of the settings in which each label is the nearest, in per cent."""
    shares = (
        rows.groupby(["document", "group"], sort=False)["nearest"].value_counts(normalize=True).unstack(fill_value=0)
    )
    table = (100 * shares).round().astype(int).sort_index(axis=1).add_suffix(" (%)")
    return table.rename_axis(["Document", "Group"]).rename_axis(columns=None).reset_index()


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
