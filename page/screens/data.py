"""Data: what lies there, where it came from, and how it looks."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from page.data import lineage, rows
from page.data.rows import STAGE_OF, Layer
from page.results.own_code import find_dataset_code
from page.results.show_code import CODE, show_code
from page.shell.frame import chosen_recipe, entitle, told_in_words
from page.shell.markdown import plain, with_commands
from relay.handoff.errors import RelayError
from relay.handoff.receipt import Receipt
from relay.handoff.settings import Settings, read_settings
from relay.handoff.wording import list_words, show_bytes, show_moment
from relay.results.load import load_latest

LOOK_SECONDS = 2
"""How often the page looks whether a dataset was written anew."""

TRIES = 5

RAW_ROW, REGROUPED = "raw_row", "regrouped"
"""How a receipt names the way back to raw rows: a column whose name ends in the first, or the second for no way."""

TITLES: dict[Layer, str] = {"raw": "Raw", "processed": "Processed"}


def show() -> None:
    """The page."""
    settings = read_settings()
    _, recipe = chosen_recipe(settings)
    entitle(recipe)
    layers = [layer for layer in TITLES if STAGE_OF[layer] in recipe.sections]
    found = {layer: find(settings, recipe.name, layer) for layer in layers}
    others = {} if "raw" in found else {name: find(settings, name, "raw") for name in recipe.reads}
    st.header("Lineage", anchor=False)
    result = find_result(settings, recipe.name) if "model" in recipe.sections else None
    st.html(lineage.draw(lineage.trace(found.get("raw"), found.get("processed"), result, others)))
    if "raw" not in found:
        st.caption(
            plain(f"Its rows are ingested by other recipes: {list_words(recipe.reads)}. Choose one to see them.")
        )
    watched = [*((recipe.name, layer) for layer in found), *((name, "raw") for name in others)]
    st.fragment(watch, run_every=LOOK_SECONDS)(settings, watched, sign([*found.values(), *others.values()]))
    codes = find_dataset_code(recipe, [one for one in found.values() if isinstance(one, Receipt)])
    tabs = st.tabs([*(f"{TITLES[layer]} data" for layer in layers), *([CODE] if codes else [])])
    for tab, layer in zip(tabs, layers, strict=False):
        with tab, told_in_words(settings):
            show_dataset(settings, recipe.name, layer, found[layer])
    if codes:
        with tabs[-1], told_in_words(settings):
            show_code(codes)


def find(settings: Settings, recipe: str, layer: Layer) -> Receipt | RelayError:
    """The receipt of a dataset, or the error that says why there is none."""
    try:
        return rows.find_receipt(settings, recipe, layer)
    except RelayError as error:
        return error


def find_result(settings: Settings, recipe: str) -> Receipt | RelayError:
    """The receipt of the result in force, or the error that says why there is none."""
    try:
        return load_latest(settings, recipe).receipt
    except RelayError as error:
        return error


def sign(found: Sequence[Receipt | RelayError]) -> list[str]:
    """What was drawn: fingerprints, or messages."""
    return [one.fingerprint if isinstance(one, Receipt) else str(one) for one in found]


def watch(settings: Settings, watched: Sequence[tuple[str, Layer]], drawn: list[str]) -> None:
    """Draw the page again when a dataset is another one than the one shown."""
    with told_in_words(settings):
        if sign([find(settings, recipe, layer) for recipe, layer in watched]) != drawn:
            st.rerun()


def show_dataset(settings: Settings, recipe: str, layer: Layer, receipt: Receipt | RelayError) -> None:
    """Figures, columns, distributions, first rows, rejected rows and receipt of one dataset."""
    if isinstance(receipt, RelayError):
        st.warning(with_commands(str(receipt)), icon=":material/database:")
        return
    receipt, view = read_whole(settings, recipe, layer, receipt)
    with st.container(horizontal=True, gap="medium"):
        st.metric("Rows", f"{receipt.rows:,}", width="content")
        st.metric("Size", show_bytes(receipt.bytes), width="content")
        if receipt.parts is not None:
            st.metric("Parts", f"{len(receipt.parts.files):,}", width="content")
        st.metric("Rejected", f"{receipt.rejected.rows:,}", width="content")
        st.metric("Written", show_moment(receipt.started_at_utc), width="content")
    st.caption(f"Fingerprint: the SHA-256 of {say_hashed(receipt)}, as `sha256sum` prints it")
    st.code(receipt.fingerprint, language=None, wrap_lines=True)
    if receipt.way_back:
        st.caption(plain(say_way_back(receipt)))
    show_columns(receipt, layer)
    show_distributions(view, layer)
    st.header("First rows", anchor=f"{layer}-first-rows")
    st.dataframe(view.first_rows, hide_index=True, height=320, key=f"{layer}-rows", alt="First rows")
    first = "All" if view.first_rows.num_rows == receipt.rows else f"The first {view.first_rows.num_rows:,} of"
    st.caption(f"{first} {receipt.rows:,} rows; long texts are cut.")
    show_rejected(settings, recipe, layer, receipt)
    with st.expander("Receipt: everything that decided these bytes", icon=":material/receipt_long:"):
        st.json(receipt.model_dump(mode="json"), expanded=1)


def say_hashed(receipt: Receipt) -> str:
    """The file that the fingerprint of a dataset is of."""
    return (
        "the Parquet file" if receipt.parts is None else f"SHA256SUMS in the folder {receipt.parts.folder} of its parts"
    )


def say_way_back(receipt: Receipt) -> str:
    """Whether rows that a user's function gave lead back to raw rows."""
    given = f"{receipt.parameters.get('function')} gave {receipt.rows_read or 0:,} rows"
    if receipt.way_back == REGROUPED:
        return f"{given}, regrouped: they do not lead back to single rows of the raw data."
    if receipt.way_back == RAW_ROW:
        return f"{given}. The column {RAW_ROW} has the number of the raw row that each comes from."
    dataset = receipt.way_back.removesuffix(f"_{RAW_ROW}")
    return f"{given}. The column {receipt.way_back} has the number of the row of raw/{dataset} that each comes from."


def read_whole(settings: Settings, recipe: str, layer: Layer, receipt: Receipt) -> tuple[Receipt, rows.View]:
    """A receipt and the view of its own rows; when they were written anew meanwhile, of the new ones."""
    for _ in range(TRIES):
        try:
            return receipt, read_view(settings, recipe, layer, receipt.fingerprint)
        except rows.MovedOnError:
            receipt = rows.find_receipt(settings, recipe, layer)
    raise RelayError(f"{layer}/{recipe} was written anew {TRIES} times while it was read: load the page again")


@st.cache_data(max_entries=16, show_spinner="Reading a sample of the rows")
def read_view(_settings: Settings, recipe: str, layer: Layer, fingerprint: str) -> rows.View:
    """The view of a dataset; equal fingerprints mean equal bytes, so nothing kept here can be out of date."""
    return rows.read_view(_settings, recipe, layer, fingerprint)


def show_columns(receipt: Receipt, layer: Layer) -> None:
    """The schema with units and descriptions."""
    st.header("Columns", anchor=f"{layer}-columns")
    wanted = ("name", "type", "role", "unit", "description")
    used = [key for key in wanted if any(column.get(key) for column in receipt.columns)]
    table: list[dict[str, Any]] = [
        {key.capitalize(): plain(column.get(key, "")) for key in used} for column in receipt.columns
    ]
    st.table(table, border="horizontal", hide_index=True)


def show_distributions(view: rows.View, layer: Layer) -> None:
    """A small chart a column."""
    from page.results.charts import draw_distribution  # Altair: not before the first paint

    st.header("Distributions", anchor=f"{layer}-distributions")
    st.caption(f"Of {view.sampled_rows:,} rows, spread evenly over the dataset. Hover over a bar for its figures.")
    grid = st.columns(3, gap="medium")
    for number, shown in enumerate(view.distributions):
        with grid[number % 3]:
            st.markdown(f"**{plain(shown.column)}**{_say_more(shown)}")
            if shown.bars:
                st.altair_chart(
                    draw_distribution(shown), key=f"{layer}-{shown.column}", alt=f"Distribution of {shown.column}"
                )
            else:
                st.caption("no values")


def _say_more(shown: rows.Distribution) -> str:
    notes = [f"{shown.nulls:,} empty"] if shown.nulls else []
    notes += ["length of the text"] if shown.kind == "chars" else []
    notes += [f"{shown.distinct:,} values, {shown.others:,} rows with one not shown"] if shown.others else []
    return f" · {', '.join(notes)}" if notes else ""


def show_rejected(settings: Settings, recipe: str, layer: Layer, receipt: Receipt) -> None:
    """How many rows do not match the schema and why, what was left out on purpose, and the first of the former."""
    st.header("Rejected and left out", anchor=f"{layer}-rejected")
    if not receipt.rejected.rows and not receipt.dropped:
        st.caption("No row was rejected, and none was left out.")
    kinds = {"rejected": receipt.rejected.reasons, "left out, as the recipe asks": receipt.dropped}
    counts = [
        {"Why": plain(why), "Rows": f"{count:,}", "": kind}
        for kind, reasons in kinds.items()
        for why, count in reasons.items()
    ]
    if counts:
        st.table(counts, border="horizontal", hide_index=True)
    location = rows.locate_dataset(settings, recipe, layer)
    if receipt.rejected.fingerprint is not None:
        try:
            first = rows.read_rejected(settings, recipe, layer, receipt.rejected.fingerprint)
        except rows.MovedOnError:
            st.rerun()  # written anew this moment: the page is drawn with the new receipt
        st.dataframe(first, hide_index=True, key=f"{layer}-rejected", alt="First rejected rows")
        st.caption(f"The first {first.num_rows:,} rejected or left-out rows; all are in `{location.rejected}`.")
    if location.failed.exists():
        st.warning(plain(f"A later run rejected too many rows and wrote nothing; they are in {location.failed}."))


show()
