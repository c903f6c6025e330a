"""Results whose folders were removed since, brought back from the registry: only the last ten of a recipe are kept."""

from pathlib import Path

import streamlit as st

from page.models.registry_view import ask_registry, describe_score, fetch_results
from page.shell.markdown import plain, with_commands
from relay.handoff.errors import DatasetDamagedError, RelayError
from relay.handoff.receipt import Receipt
from relay.handoff.settings import Settings
from relay.handoff.wording import show_unix
from relay.registry.connection import find_registry
from relay.results.load import RUN, find_runs
from relay.results.output import RECEIPT


def add_fetched(settings: Settings, kept: dict[Path, Receipt]) -> dict[Path, Receipt]:
    """The kept results, and after them those that were fetched and are not among them."""
    known = {(receipt.key_digest, receipt.started_at_utc) for receipt in kept.values()}
    found: dict[Path, Receipt] = {}
    for folder in sorted(find_runs(settings.data_dir).glob("*")):
        if RUN.fullmatch(folder.name):
            try:
                receipt = Receipt.read(folder / RECEIPT)
            except (DatasetDamagedError, FileNotFoundError):
                continue
            if (receipt.key_digest, receipt.started_at_utc) not in known:
                found[folder] = receipt
    return kept | found


def offer_older(settings: Settings, source: str) -> None:
    """A place to fetch the result behind a version of the chosen recipe; nothing is asked before it is opened."""
    if find_registry(settings.data_dir, settings.tracking_uri) is None:
        return
    with st.expander("An older result from the registry", icon=":material/history:"):
        st.caption("The last ten results of a recipe are kept; the registry has those of every version.")
        key = f"{source}:older"
        if st.button("Ask the registry", key=f"{key}-ask"):
            with st.spinner("Asking the registry"):
                st.session_state[key] = ask_registry(settings, source)
        version_list = st.session_state.get(key)
        if version_list is None:
            return
        versions = [version for version in version_list.versions if version.run_id]
        if not versions:
            st.caption(plain(version_list.away or "It knows no version of this recipe."))
            return
        version = st.selectbox(
            "Version",
            versions,
            format_func=lambda one: f"{one.number}, {describe_score(one)}, {show_unix(one.created_unix)}",
            key=f"{key}-version",
        )
        if st.button("Fetch it", key=f"{key}-fetch"):
            _fetch(settings, source, version.run_id)


def _fetch(settings: Settings, source: str, run_id: str) -> None:
    try:
        with st.spinner("Fetching the files of the run"):
            fetch_results(settings, source, run_id)
    except RelayError as error:
        st.warning(with_commands(str(error)))
    else:
        st.rerun()  # the fields above offer it now
