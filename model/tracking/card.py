"""The model card of a version, from what the registry keeps of it and of its run."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from handoff.settings import Settings
from model.page.blocks import Document
from model.page.card import describe_version
from model.page.kept import load_result
from model.tracking.fetch import fetch_run
from registry.contract import CONTRACT_FILE, LINEAGE_FILE, Contract
from registry.errors import RegistryEmptyError
from registry.model_file import check_digest
from registry.promotion import settle
from registry.versions import CONTRACT_SHA256, Version, find_production, list_versions, read_version

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
        raise RegistryEmptyError(f"no version of {name} yet: train one first")
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


def read_card(settings: Settings, version: Version, folder: Path) -> Document:
    """The card of a version whose run's results lie in a folder.

    Raises:
        ModelTamperedError, DatasetDamagedError: a file is not the one that was registered.
    """
    result = load_result(settings, folder)
    content = (folder / CONTRACT_FILE).read_bytes()
    check_digest(content, version.tags[CONTRACT_SHA256], str(folder / CONTRACT_FILE))
    lineage = json.loads((folder / LINEAGE_FILE).read_bytes())
    return describe_version(version, result, Contract.from_json(content), lineage)
