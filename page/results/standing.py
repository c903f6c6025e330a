"""What became of a result in the registry: asked without MLflow's client, so that no first paint waits for it."""

import time
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from relay.handoff.recipe import Recipe
from relay.handoff.settings import Settings
from relay.registry.connection import Address, find_registry
from relay.registry.errors import RegistryAwayError, RegistryMissingError
from relay.registry.quick import find_version
from relay.registry.versions import Version, identify_result
from relay.results.load import Result

KEPT_SECONDS = 30
"""How long the answer of a server counts; a page is drawn several times a second while someone types."""

Colour = Literal["gray", "green", "orange", "red"]


@dataclass(frozen=True)
class Standing:
    """A line for the verdict."""

    title: str
    why: str
    colour: Colour
    icon: str


OFF = Standing("No version", "Tracking is off (`MLFLOW_TRACKING_URI=off`).", "gray", ":material/cloud_off:")


def find_standing(settings: Settings, recipe: Recipe, result: Result) -> Standing:
    """Which version a result became, whether it is in production, and why or why not."""
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None:
        return OFF
    sought = identify_result(result.receipt)
    if address.is_embedded:
        return _ask(address, recipe, sought)
    known, key = _kept_answers(), (address.uri, recipe.name, sought)
    if key not in known or time.monotonic() - known[key][0] > KEPT_SECONDS:
        known[key] = time.monotonic(), _ask(address, recipe, sought)
    return known[key][1]


def _ask(address: Address, recipe: Recipe, sought: str) -> Standing:
    try:
        return describe_standing(find_version(address, recipe.name, sought), recipe.argument)
    except RegistryMissingError:
        return describe_standing(None, recipe.argument)
    except RegistryAwayError as error:
        return Standing("Version not known", f"{error}", "gray", ":material/cloud_off:")


@st.cache_resource
def _kept_answers() -> dict[tuple[str, str, str], tuple[float, Standing]]:
    return {}


def describe_standing(version: Version | None, recipe: str) -> Standing:
    """The line for a version.

    Args:
        version: that the result became; None where it became none.
        recipe: as one types it.
    """
    if version is None:
        why = f"The registry has no version of this result: `python -m model track {recipe}` sends it."
        return Standing("No version", why, "gray", ":material/deployed_code:")
    gate, name = version.gate, f"Version {version.number}"
    said = str(gate.get("why", "")) if gate else ""
    if version.is_production:
        unserved = f" Not servable: {version.unserved}." if version.unserved else ""
        return Standing(f"{name}, in production", _end(said) + unserved, "green", ":material/check:")
    if gate is None:
        return Standing(f"{name}, not judged yet", "The gate has not decided.", "gray", ":material/hourglass:")
    if not gate.get("passes"):
        return Standing(f"{name}, not promoted", _end(said), "orange", ":material/block:")
    if version.periods:
        return Standing(f"{name}, was in production", "Another version is now.", "gray", ":material/history:")
    return Standing(f"{name}, passed the gate", "It is not in production.", "gray", ":material/balance:")


def _end(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}." if sentence else ""
