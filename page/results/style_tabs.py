"""A result of an authorship recipe on the screen: a tab a question, each with its picture and its own words."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from page.results.own_code import StageCode
from page.results.show import ZOOM, show_figures, show_files
from page.results.show_code import CODE, show_code
from page.results.style_answers import show_consensus, show_imposters, show_markers, show_rolling
from page.results.style_parts import offer_picture, read_table, say, show_picture, tabulate
from page.shell.markdown import plain
from relay.results.distances import name_choice, name_distance
from relay.results.findings import Topic
from relay.results.load import Result

if TYPE_CHECKING:  # the first paint needs no Arrow
    import pandas as pd

ZOOM_MAP = f"{ZOOM} A click on a label in the legend brings it out."

TOPICS_OF_TABS: dict[str, frozenset[Topic]] = {
    "Map": frozenset({Topic.NEIGHBOURS, Topic.AXES}),
    "Time": frozenset({Topic.TIME_ORDER, Topic.BOUNDARY}),
    "Trust": frozenset(
        {
            Topic.NEIGHBOURS,
            Topic.BALANCED_ACCURACY,
            Topic.PERMUTATION_TEST,
            Topic.SILHOUETTE,
            Topic.TEXT_LENGTH,
            Topic.STABILITY,
            Topic.CLASSIFIERS,
            Topic.COVERAGE,
            Topic.TIME_ORDER,
        }
    ),
    "Markers": frozenset({Topic.OPPOSE}),
    "Consensus": frozenset({Topic.CONSENSUS}),
    "Rolling": frozenset({Topic.ROLLING}),
    "Unknown": frozenset(
        {
            Topic.ATTRIBUTION,
            Topic.CANDIDATES,
            Topic.IMPOSTERS,
            Topic.OTHER_DISTANCES,
            Topic.UNEQUAL,
            Topic.WORD_RANGE,
        }
    ),
}
"""Tab -> the topics of the findings that it shows; above the tabs stand the most important of all, and the rest."""

AXES = {
    "tsne": "t-SNE keeps neighbours together: only nearness means something, and its axes are made of nothing.",
    "pca": "A PCA of the distance matrix: its axes are made of distances, so no n-gram has a loading in them.",
    "pcoa": "Principal coordinates (PCoA): points lie as far apart as their distances say, as well as two axes can.",
}
"""Projection -> how to read it."""

HAS_LOADINGS = "With this distance it is a PCA of the features, and each axis is a weighted sum of n-grams."
NO_LOADINGS = 'Loadings of n-grams there are with distance = "euclidean" only, where this is a PCA of the features.'

PREFERENCES = {
    "label": "Label",
    "word": "Word",
    "z": "z",
    "per_10_000": "In 10,000 words",
    "per_10_000_of_rest": "In 10,000 of the others",
}
SETTINGS = {
    "chunk_chars": "Characters",
    "features": "Features",
    "distance": "Distance",
    "chunks": "Chunks",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced",
    "majority_share": "Largest label",
    "silhouette": "Silhouette",
}
CLASSIFIERS = {
    "classifier": "Classifier",
    "chunks": "Chunks",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced",
    "majority_share": "Largest label",
}
"""Column -> its heading, of the tables `words`, `stability` and `classifiers`."""

TREE = (
    "Ward (R: ward.D2): what is joined far to the right is alike. A branch has a colour if all below it share a label."
)
TIME = "How far each chunk is from the text before it; the bands are the periods of the labels."
WORDS = "What each label prefers to all the others together: z of the log-odds, above 2 more than scatter."
KNOWN = "Known: share of the known chunks that come out right, each label counting alike. Then how many documents."
UNKNOWN = "Documents of unknown label beside the known ones: the nearest has the smallest distance."


def show_styles(result: Result, codes: Sequence[StageCode] = (), *, key_prefix: str) -> None:
    """The tabs and the files of one result."""
    tabs = find_tabs(result)
    if codes:
        tabs[CODE] = lambda _, __: show_code(codes)
    for tab, draw in zip(st.tabs(list(tabs), key=f"{key_prefix}-tabs"), tabs.values(), strict=True):
        with tab:
            draw(result, key_prefix)
    show_files(result, key_prefix=key_prefix)


def find_tabs(result: Result) -> "dict[str, Callable[[Result, str], None]]":
    """Title -> what draws the tab; only those for which the result holds something."""
    files = result.receipt.files
    wanted: list[tuple[str, Callable[[Result, str], None], str]] = [
        ("Map", show_map, "chunks.parquet"),
        ("Tree", show_tree, "tree.png"),
        ("Time", show_time, "time.png"),
        ("Words", show_words, "words.png"),
        ("Trust", show_trust, "metrics.json"),
        ("Markers", show_markers, "oppose.png"),
        ("Consensus", show_consensus, "consensus.png"),
        ("Rolling", show_rolling, "rolling.png"),
        ("Unknown", show_unknown, "attributions.parquet"),
    ]
    return {title: draw for title, draw, file in wanted if file in files}


def show_map(result: Result, key_prefix: str) -> None:
    """The map to hover over, and beside it how far to trust it."""
    from page.results.charts import draw_result  # Altair: not before the first paint

    projection = result.metrics["projection"]["name"]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        for title, chart in draw_result(result).items():
            st.altair_chart(chart, key=f"{key_prefix}-{title}", alt=title)
        st.caption(ZOOM_MAP)
    with right:
        st.markdown("**How far to trust it**")
        say(result.findings.about(TOPICS_OF_TABS["Map"]))
        st.caption(plain(AXES[projection]))
        if projection == "pcoa":
            st.caption(plain(HAS_LOADINGS if "loadings.png" in result.receipt.files else NO_LOADINGS))
    offer_picture(result, "map", key_prefix)
    if "loadings.png" in result.receipt.files:
        show_picture(result, "loadings", key_prefix)


def show_tree(result: Result, key_prefix: str) -> None:
    """The tree of the chunks."""
    st.caption(TREE)
    show_picture(result, "tree", key_prefix)


def show_time(result: Result, key_prefix: str) -> None:
    """Style in the order of time."""
    st.caption(TIME)
    say(result.findings.about(TOPICS_OF_TABS["Time"]))
    show_picture(result, "time", key_prefix)


def show_words(result: Result, key_prefix: str) -> None:
    """The words that the labels prefer, as a picture and as a table."""
    st.caption(WORDS)
    show_picture(result, "words", key_prefix)
    preferences = read_table(result, "words")[list(PREFERENCES)].rename(columns=PREFERENCES)
    tabulate(preferences, key=f"{key_prefix}-words", alt="Words")


def show_trust(result: Result, key_prefix: str) -> None:
    """The figures with what they mean, label by label and with other choices, and all distances."""
    show_figures(result)
    say(result.findings.about(TOPICS_OF_TABS["Trust"]))
    if by_label := tabulate_labels(result):
        st.markdown("**Label by label**")
        st.table(by_label, border="horizontal", hide_index=True)
    if "stability.parquet" in result.receipt.files:
        st.markdown("**With other choices**")
        settings = read_table(result, "stability")[list(SETTINGS)].rename(columns=SETTINGS)
        settings["Distance"] = settings["Distance"].map(name_distance)
        tabulate(settings, key=f"{key_prefix}-stability", alt="Other settings")
    if "classifiers.parquet" in result.receipt.files:
        st.markdown("**Other classifiers**")
        classifiers = read_table(result, "classifiers").rename(columns=CLASSIFIERS)
        tabulate(classifiers, key=f"{key_prefix}-classifiers", alt="Other classifiers")
    st.markdown("**All distances**")
    st.caption("Dark where two chunks are near: squares along the diagonal are labels that stand apart.")
    show_picture(result, "neighbours", key_prefix)


def tabulate_labels(result: Result) -> list[dict[str, str]]:
    """A row a label: its chunks, and how much nearer they are to each other than to the next label."""
    widths = result.metrics["trust"].get("silhouette", {}).get("of_label", {})
    return [
        {
            "Label": plain(label),
            "Chunks": f"{chunks:,}",
            "Silhouette": f"{widths[label]:.2f}" if widths.get(label) is not None else "",
        }
        for label, chunks in result.metrics["chunks_of_label"].items()
    ]


def show_unknown(result: Result, key_prefix: str) -> None:
    """Whom documents of unknown label resemble, and whether that hangs on the distance."""
    st.caption(UNKNOWN)
    say(result.findings.about(TOPICS_OF_TABS["Unknown"]))
    rows = read_table(result, "attributions")
    tabulate(spread_attributions(rows), key=f"{key_prefix}-attributions", alt="Documents of unknown label")
    if "imposters.parquet" in result.receipt.files:
        show_imposters(result, key_prefix)
    if "word_range.png" in result.receipt.files:
        show_picture(result, "word_range", key_prefix)
    if "by_distance.parquet" in result.receipt.files:
        st.markdown("**By other distances**")
        st.caption(KNOWN)
        trials = spread_trials(read_table(result, "by_distance"))
        tabulate(trials, key=f"{key_prefix}-by-distance", alt="By other distances")
    if "classifier_answers.parquet" in result.receipt.files:
        st.markdown("**By other classifiers**")
        answers = spread_classifiers(read_table(result, "classifier_answers"))
        tabulate(answers, key=f"{key_prefix}-by-classifier", alt="By other classifiers")


def spread_classifiers(rows: "pd.DataFrame") -> "pd.DataFrame":
    """A row a document: its group, and the label that each classifier gives it."""
    rows = rows.rename(columns={"document": "Document", "group": "Group"})
    table = rows.pivot(index=["Document", "Group"], columns="classifier", values="label")
    return table.rename_axis(None, axis=1).reset_index()


def spread_attributions(rows: "pd.DataFrame") -> "pd.DataFrame":
    """A row a document: its group, the nearest label, and each label's probability in per cent."""
    documents = rows["document"].drop_duplicates()
    nearest = rows[rows["is_nearest"]].set_index("document")
    chances = rows.pivot(index="document", columns="label", values="probability").loc[documents]
    table = nearest.loc[documents, ["group", "label", "distance"]].set_axis(["Group", "Nearest", "Distance"], axis=1)
    for label in chances.columns:
        table[f"{label} (%)"] = (100 * chances[label]).round().astype(int)
    return table.rename_axis("Document").reset_index()


def spread_trials(rows: "pd.DataFrame") -> "pd.DataFrame":
    """A row a distance and group: how it does on known text, and how many of the group are nearest to each label."""
    chosen = zip(rows["distance"], rows["units"], rows["ngram"], strict=True)
    rows = rows.assign(
        Distance=[name_choice(*choice) for choice in chosen],
        Features=rows["features"],
        Known=rows["known_balanced_accuracy"],
        Group=rows["group"],
    )
    if "compare_with" in rows:  # results of earlier versions hold the nearest text alone
        rows["Nearest"] = rows["compare_with"]
    keys = [key for key in ("Distance", "Nearest", "Features", "Known", "Group") if key in rows]
    # A label may be called like a column.
    rows["label"] = [f"{label} (label)" if label in keys else label for label in rows["label"]]
    table = rows.pivot(index=keys, columns="label", values="documents").reset_index()
    return table.sort_values(["Group", "Known"], ascending=[True, False], ignore_index=True)
