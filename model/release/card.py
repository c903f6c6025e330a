"""The model card of a version, from what the registry keeps of it and of its run."""

from typing import TYPE_CHECKING

from model.release.fetch import fetch_run
from relay.handoff.settings import Settings
from relay.registry.errors import RegistryEmptyError
from relay.registry.promotion import settle
from relay.registry.versions import CONTRACT_SHA256, Version, find_production, list_versions, read_version
from relay.results.blocks import Document
from relay.results.card import read_card

if TYPE_CHECKING:
    from mlflow import MlflowClient


def choose_version(client: "MlflowClient", name: str, number: int | None) -> Version:
    """The version of a number; without one that in production, or the newest where none is.

    Raises:
        RegistryEmptyError: there is none.
    """
    settle(client, name)
    if number is not None:
        return read_version(client, name, number)
    found = find_production(client, name) or next(iter(list_versions(client, name)), None)
    if found is None:
        raise RegistryEmptyError(f"no version of {name} yet", next_step="Train one first")
    return found


def make_card(client: "MlflowClient", version: Version, settings: Settings) -> Document:
    """The card of a version.

    Raises:
        RegistryEmptyError: it was not registered by Relay.
        ModelTamperedError, DatasetDamagedError: what the registry keeps is not what was registered.
    """
    if not version.run_id or CONTRACT_SHA256 not in version.tags:
        raise RegistryEmptyError(
            f"version {version.number} of {version.name} was not registered by Relay: nothing is known for a card"
        )
    return read_card(settings, version, fetch_run(client, version.run_id, settings.data_dir))
