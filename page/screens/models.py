"""Models: the versions of a recipe's model, which one is production, how that changed, and a card for each."""

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from page.models.registry_view import (
    Change,
    VersionList,
    ask_registry,
    carry_out,
    describe_score,
    fetch_results,
    plan_promotion,
    plan_rollback,
    plan_undo,
)
from page.shell.command import CommandError
from page.shell.frame import chosen_recipe, entitle, has_model, told_in_words
from page.shell.markdown import plain, with_commands
from relay.handoff.place import word_commands
from relay.handoff.recipe import Recipe
from relay.handoff.settings import OFF, Settings, read_settings
from relay.handoff.wording import shorten, show_moment, show_unix
from relay.registry.connection import find_registry
from relay.registry.contract import UNSERVED_NEXT
from relay.registry.promotion import HistoryEntry
from relay.registry.versions import CONTRACT_SHA256, Version
from relay.results.blocks import to_html, to_markdown
from relay.results.card import CHECK_NAMES, read_card, say_state, tabulate_check

KEPT_SECONDS = 30
"""How long an answer of the registry counts; the button asks at once."""

FIRST_VERSIONS = 10
"""Versions shown before one asks for all."""

NOTICE = "models:notice"
"""Key of what the last change came to, told once."""


def show() -> None:
    """The page."""
    settings = read_settings()
    source, recipe = chosen_recipe(settings)
    entitle(recipe)
    if not has_model(recipe):
        return
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None:
        st.info(
            f"Tracking is off (`MLFLOW_TRACKING_URI={OFF}`), so there are no versions. Start the page without it for "
            "the registry in `data/mlflow/`, or with the address of an MLflow server.",
            icon=":material/cloud_off:",
        )
        return
    show_notice()
    with st.container(horizontal=True, vertical_alignment="center"):
        is_asked = st.button("Refresh", icon=":material/refresh:")
        said = st.empty()
    version_list = ask(settings, source, anew=is_asked)
    where = "the registry in `data/mlflow/`" if address.is_embedded else f"the MLflow server `{address.uri}`"
    said.caption(f"As {where} said at {show_unix(version_list.asked_unix)[11:]}.", width="content")
    show_version_list(settings, source, recipe, version_list)


@st.cache_resource
def kept_answers() -> dict[tuple[object, ...], VersionList]:
    """What the registry said last, by recipe and place, for all who look: it takes some seconds to say it."""
    return {}


def ask(settings: Settings, source: str, *, anew: bool) -> VersionList:
    """The registry's answer, or its last one while that is fresh."""
    version_list = kept_answers().get(_name_answer(settings, source))
    if version_list is None or anew or time.time() - version_list.asked_unix > KEPT_SECONDS:
        with st.spinner("Asking the registry", show_time=True):
            version_list = keep(settings, source, ask_registry(settings, source, is_thorough=anew))
    return version_list


def keep(settings: Settings, source: str, version_list: VersionList) -> VersionList:
    """The answer itself, kept."""
    kept_answers()[_name_answer(settings, source)] = version_list
    return version_list


def _name_answer(settings: Settings, source: str) -> tuple[object, ...]:
    return source, settings.data_dir, settings.tracking_uri, settings.overrides


def show_notice() -> None:
    """What the last change came to."""
    found = st.session_state.pop(NOTICE, None)
    if found is not None:
        is_done, text = found
        (st.success if is_done else st.error)(
            with_commands(text), icon=":material/check:" if is_done else ":material/error:"
        )


def show_version_list(settings: Settings, source: str, recipe: Recipe, version_list: VersionList) -> None:
    """Production, versions, history and card, or why there are none."""
    if version_list.away:
        st.warning(
            with_commands(
                f"The registry cannot be asked: {version_list.away}. "
                "Then press Refresh; all other screens work without."
            ),
            icon=":material/cloud_off:",
        )
    elif not version_list.versions:
        st.info(
            plain(
                "No version yet: press Run on the page Run, and the model that comes of it is registered. A result "
                "that was made while tracking was off is sent by "
            )
            + word_commands(f"`python -m model track {recipe.argument}`."),
            icon=":material/deployed_code:",
        )
    else:
        show_production(settings, source, version_list)
        show_versions(settings, source, version_list)
        show_history(version_list)
        show_card(settings, source, version_list)


def show_production(settings: Settings, source: str, version_list: VersionList) -> None:
    """The version that is served, and what can be done about it."""
    st.header("In production", anchor=False)
    version, period = version_list.production, version_list.period
    if version is None or period is None:
        st.warning("No version is in production, so none is served: promote one below.", icon=":material/block:")
        return
    with st.container(horizontal=True, gap="medium"):
        st.metric("Version", version.number, width="content")
        if version.score is not None:
            st.metric(plain(f"Score, {version.score[0]}"), f"{version.score[1]:.4g}", width="content")
        st.metric("Since", show_moment(period.since), width="content")
    st.caption(plain(f"By {period.by}: {period.why}"))
    if version.unserved:
        st.error(with_commands(f"Not servable: {version.unserved}. {UNSERVED_NEXT}."), icon=":material/block:")
    with st.container(horizontal=True):
        back, undo = plan_rollback(version_list), plan_undo(version_list)
        if st.button("Roll back", icon=":material/undo:", disabled=back is None) and back is not None:
            confirm(settings, source, back)
        if undo is not None and st.button("Undo the rollback", icon=":material/redo:"):
            confirm(settings, source, undo)
    if back is None:
        st.caption("There is no earlier version to roll back to.")


def show_versions(settings: Settings, source: str, version_list: VersionList) -> None:
    """A box a version, the newest first."""
    st.header("Versions", anchor=False)
    shown = version_list.versions
    if len(shown) > FIRST_VERSIONS and not st.toggle(f"All {len(shown)} versions", key=f"{source}:all-versions"):
        shown = shown[:FIRST_VERSIONS]
    for version in shown:
        with st.container(border=True, key=f"version-{version.number}", gap="small"):
            show_version(settings, source, version_list, version)


def show_version(settings: Settings, source: str, version_list: VersionList, version: Version) -> None:
    """What one version is, and what the gate said of it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Version {version.number}**", width="content")
        if version.is_production:
            st.badge("In production", icon=":material/check:", color="green")
        elif version.periods:
            st.badge("Was in production", color="gray")
        if version.unserved:
            st.badge("Not servable", icon=":material/block:", color="red")
        st.space("stretch")
        if not version.is_production and st.button("Promote", key=f"promote-{version.number}"):
            confirm(settings, source, plan_promotion(version_list, version))
    facts = [f"**{plain(describe_score(version))}**", f"registered {show_unix(version.created_unix)}"]
    facts += [f"data `{shorten(version.data_sha256)}`"] if version.data_sha256 else []
    facts += [f"run `{shorten(version.run_id)}`"] if version.run_id else []
    st.markdown(" · ".join(facts))
    show_gate(version.gate)


def show_gate(gate: Mapping[str, Any] | None) -> None:
    """The gate's word, and the comparisons behind it to open."""
    if gate is None:
        st.caption("The gate was not asked.")
        return
    verdict = ":green[**Gate: passed**]" if gate.get("passes") else ":orange[**Gate: refused**]"
    st.markdown(f"{verdict}, {with_commands(str(gate.get('why', '')))}")
    checks = gate.get("checks")
    if checks:
        with st.expander(f"What was compared: {len(checks)}", icon=":material/balance:"):
            if gate.get("champion") is not None:
                st.caption(plain(f"With version {gate['champion']}, which was in production then."))
            rows = [dict(zip(CHECK_NAMES, map(plain, tabulate_check(check)), strict=True)) for check in checks]
            st.table(rows, border="horizontal", hide_index=True)


def show_history(version_list: VersionList) -> None:
    """Who was in production when."""
    st.header("History of production", anchor=False)
    rows = [
        {
            "Version": str(one.version.number),
            "From": show_moment(one.period.since),
            "Until": _say_end(one),
            "By whom and why": plain(f"{one.period.by}: {one.period.why}"),
            "Score and data": f"{plain(describe_score(one.version))}, `{shorten(one.version.data_sha256)}`",
        }
        for one in version_list.history
    ]
    if not rows:
        st.caption("No version was in production yet.")
        return
    st.table(rows, border="horizontal", hide_index=True)


def _say_end(entry: HistoryEntry) -> str:
    """The end of a line of the history; one that was ended outside Relay is closed when the registry is asked again."""
    if entry.period.until is not None:
        return show_moment(entry.period.until)
    return "now" if entry.version.is_production else "a moment ago"


def confirm(settings: Settings, source: str, change: Change) -> None:
    """Ask once more, saying what will change; then do it and draw the page anew."""

    def ask_once_more() -> None:
        for sentence in change.sentences:
            st.markdown(plain(sentence))
        why = ""
        if "--undo" not in change.verb:
            why = st.text_input("Why? It is kept in the history.", placeholder="by hand", max_chars=300)
        with st.container(horizontal=True):
            if st.button(change.button, type="primary"):
                with st.spinner("Telling the registry", show_time=True):
                    st.session_state[NOTICE] = do(settings, source, change, why)
                st.rerun()
            if st.button("Cancel"):
                st.rerun()

    st.dialog(change.title)(ask_once_more)()


def do(settings: Settings, source: str, change: Change, why: str) -> tuple[bool, str]:
    """Whether a change was made, and what to say of it."""
    try:
        keep(settings, source, carry_out(settings, source, change, why))
    except CommandError as error:
        kept_answers().pop(_name_answer(settings, source), None)  # it may have been overtaken: look again
        return False, f"Nothing was changed: {error}."
    return True, change.done


def show_card(settings: Settings, source: str, version_list: VersionList) -> None:
    """The model card of one version: made when asked for, to read here and to take away."""
    st.header("Model card", anchor=False)
    ours = [version for version in version_list.versions if version.run_id and CONTRACT_SHA256 in version.tags]
    if not ours:
        st.caption("No version here was registered by Relay: nothing is known for a card.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        version = st.selectbox(
            "Version",
            ours,
            ours.index(version_list.production) if version_list.production in ours else 0,
            format_func=lambda one: f"{one.number}, {say_state(one)}",
            key=f"{source}:card",
            width=420,
        )
        is_asked = st.button("Make the card", icon=":material/description:")
    wanted, key = (version.name, version.number, version.is_production), f"{source}:card-shown"
    if is_asked:
        st.session_state[key] = wanted
    if st.session_state.get(key) == wanted:
        with told_in_words(settings):
            offer_card(settings, source, version)


def offer_card(settings: Settings, source: str, version: Version) -> None:
    """The card, with buttons for both of its forms."""
    from page.models.show_document import show_document

    with st.spinner("Fetching the files of the run"):
        card = read_card(settings, version, fetch_results(settings, source, version.run_id))
    name = f"{version.name}-{version.number}"
    with st.container(horizontal=True):
        st.download_button("Download as HTML", to_html(card), f"{name}.html", "text/html", on_click="ignore")
        st.download_button("Download as Markdown", to_markdown(card), f"{name}.md", "text/markdown", on_click="ignore")
    show_document(card)


show()
