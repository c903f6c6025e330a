"""Compare: two results side by side, of one recipe or of two."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from page.models.older_results import add_fetched, offer_older
from page.results.own_code import compare_code
from page.results.show import show_charts
from page.results.show_code import show_differences
from page.shell.frame import chosen_recipe
from page.shell.markdown import plain
from relay.handoff.receipt import Receipt
from relay.handoff.settings import Settings, read_settings
from relay.handoff.wording import list_words, shorten, show_moment
from relay.handoff.wording import show as show_figure
from relay.results.load import (
    Difference,
    Part,
    Result,
    compare_figures,
    compare_keys,
    compare_rest,
    list_results,
    load_result,
)
from relay.results.signs import find_changed, read_signs

MOST_NAMED = 5
"""Labels that the caption names."""

FIELDS = ("First result", "Second result")


def show() -> None:
    """The page."""
    settings = read_settings()
    source, recipe = chosen_recipe(settings)
    st.title("Compare two results", anchor=False)
    results = add_fetched(settings, list_results(settings))
    if len(results) < 2:
        st.info(
            f"There {'is one result' if results else 'are no results'} so far, two are needed: on the page Run, "
            "change a parameter and press Run. The last ten of each recipe are kept.",
            icon=":material/compare_arrows:",
        )
        offer_older(settings, source)
        return
    chosen = choose(results, recipe.name)
    offer_older(settings, source)
    first, second = (load_result(settings, folder) for folder in chosen)
    if first.folder == second.folder:
        st.caption("Both are the same result: choose another one.")
    show_parameters(first, second)
    if first.receipt.recipe == second.receipt.recipe == recipe.name:
        show_differences(compare_code(recipe, first, second))
    show_metrics(first, second)
    show_plots(settings, first, second)


def choose(results: dict[Path, Receipt], recipe: str) -> list[Path]:
    """Two fields; at first the two newest results of the recipe, or the newest of it and of another one."""
    folders = list(results)
    of_recipe = [folder for folder in folders if results[folder].recipe == recipe]
    first, second = [*of_recipe, *(folder for folder in folders if folder not in of_recipe)][:2]
    chosen = []
    for column, label, usual in zip(st.columns(2), FIELDS, (second, first), strict=True):
        with column:
            picked = st.selectbox(
                label,
                folders,
                folders.index(usual),
                format_func=lambda folder: _name(folder, results[folder]),
                key=f"{recipe}-{label}",
            )
            assert picked is not None  # noqa: S101 - a field with an index always has a choice
            chosen.append(picked)
    return chosen


def _name(folder: Path, receipt: Receipt) -> str:
    in_force = ["in force"] if (folder.parent / "latest").resolve() == folder.resolve() else []
    changes = [f"{key.removeprefix('model.')}={value}" for key, value in receipt.overrides.items()]
    return ", ".join([f"{receipt.recipe} {folder.name}", show_moment(receipt.started_at_utc), *in_force, *changes])


def show_parameters(first: Result, second: Result) -> None:
    """What decided the results and differs."""
    st.header("What differs", anchor=False)
    differences = compare_keys(first.receipt, second.receipt)
    if not differences:
        st.caption("Code, parameters and data are the same.")
        return
    code = [difference for difference in differences if difference.part is Part.CODE]
    shown = [difference for difference in differences if difference not in code]
    if shown:
        tabulate(shown)
    if code:
        st.caption(
            plain(
                f"Code that differs: {', '.join(one.name.removeprefix(Part.CODE) for one in code[:MOST_NAMED])}"
                + (f" and {len(code) - MOST_NAMED} more" if len(code) > MOST_NAMED else "")
            )
        )


def tabulate(differences: Sequence[Difference]) -> None:
    """Three columns of words."""
    st.table(
        [
            {"What": plain(one.name), FIELDS[0]: plain(_word(one.first)), FIELDS[1]: plain(_word(one.second))}
            for one in differences
        ],
        border="horizontal",
        hide_index=True,
    )


def _word(value: object) -> str:
    return "(none)" if value is None or value == "" else str(value)


def show_metrics(first: Result, second: Result) -> None:
    """What the results are judged by, and every other number, with the difference."""
    st.header("Figures", anchor=False)
    tabulate_numbers(compare_figures(first.metrics, second.metrics))
    with st.expander("Rows, baselines and other numbers", icon=":material/numbers:"):
        tabulate_numbers(compare_rest(first.metrics, second.metrics))


def tabulate_numbers(numbers: Sequence[Difference]) -> None:
    """Both numbers and the second minus the first, where both have one."""
    st.table(
        [
            {
                "Figure": plain(one.name),
                FIELDS[0]: "" if one.first is None else show_figure(one.first),
                FIELDS[1]: "" if one.second is None else show_figure(one.second),
                "Difference": "" if None in (one.first, one.second) else _signed(one.second - one.first),
            }
            for one in numbers
        ],
        border="horizontal",
        hide_index=True,
    )


def _signed(difference: float) -> str:
    return f"+{show_figure(difference)}" if difference > 0 else "0" if difference == 0 else show_figure(difference)


def show_plots(settings: Settings, first: Result, second: Result) -> None:
    """The charts beside each other."""
    st.header("Charts", anchor=False)
    if changed := find_changed(read_signs(first.metrics), read_signs(second.metrics)):
        more = [f"{len(changed) - MOST_NAMED} more"] if len(changed) > MOST_NAMED else []
        named = list_words([*changed[:MOST_NAMED], *more])
        st.caption(plain(f"Each result has colours and markers of its own: those of {named} differ."))
    for column, result, label in zip(st.columns(2, gap="large"), (first, second), FIELDS, strict=True):
        with column:
            st.markdown(f"**{label}**: {result.receipt.recipe} `{shorten(result.receipt.fingerprint)}`")
            for sentence in result.findings.sentences:
                st.caption(plain(sentence))
            show_charts(settings, result, key_prefix=label)


show()
