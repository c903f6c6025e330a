"""What is watched: the version in production, with the files that its training left, and what the recipe says of it."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drift.columns import Column, Columns, Floats
from drift.errors import DriftError
from drift.profile import Profile
from relay.handoff.errors import UsageError
from relay.handoff.recipe import Recipe
from relay.handoff.settings import OFF, Settings
from relay.registry.artifacts import check_files, fetch_version
from relay.registry.connection import explain_mlflow, find_registry, open_registry
from relay.registry.contract import LINEAGE_FILE, PROFILE_FILE, REFERENCE_FILE, Contract
from relay.registry.errors import RegistryEmptyError
from relay.registry.model_file import ModelTamperedError
from relay.registry.monitor_section import MonitorSection, read_monitor
from relay.registry.versions import Version, find_production, name_model, read_version
from relay.registry.watched import SCORE, name_kept, name_watched, watch_inputs

if TYPE_CHECKING:
    from mlflow import MlflowClient

CACHE = "monitor/.versions"
"""Below the data folder: verified copies of the versions' files."""


@dataclass(frozen=True)
class Subject:
    """A version under watch."""

    recipe: str
    section: MonitorSection
    contract: Contract
    version: str
    folder: Path
    """Of the version's files."""
    promoted_unix: float | None = None
    before: int | None = None
    """The version that a rollback brings back."""

    @property
    def model(self) -> str:
        """Its name in the registry."""
        return self.contract.model

    @cached_property
    def profile(self) -> Profile:
        """Counts of the test rows.

        Raises:
            RegistryEmptyError: the version has none.
        """
        if PROFILE_FILE not in self.contract.monitored:
            raise RegistryEmptyError(
                f"version {self.version} of {self.model} has no profile of its test rows: it was trained by an earlier "
                f"release, or has too few test rows. Train it again: `python -m model {self.recipe} --force`"
            )
        try:
            return Profile.from_json(json.loads((self.folder / PROFILE_FILE).read_bytes()))
        except DriftError as error:
            raise RegistryEmptyError(
                f"the profile of version {self.version} of {self.model} is of another release: {error}",
                next_step=f"Train it again: `python -m model {self.recipe} --force`",
            ) from error

    @cached_property
    def reference(self) -> "Reference | None":
        """The test rows that were kept; None where the recipe keeps none."""
        if REFERENCE_FILE not in self.contract.monitored:
            return None
        return read_reference(self.folder / REFERENCE_FILE, self.contract)

    @cached_property
    def trained_rows(self) -> int | None:
        """Rows of the dataset that it was trained on; None where its lineage does not say."""
        path = self.folder / LINEAGE_FILE
        said = json.loads(path.read_bytes()) if path.is_file() else {}
        found = said.get("rows") if isinstance(said, dict) else None
        return found if isinstance(found, int) else None


@dataclass(frozen=True)
class Reference:
    """Rows of the reference."""

    columns: Columns
    score: Floats | None


def read_reference(path: Path, contract: Contract) -> Reference:
    """The kept test rows in the form of `drift`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    kept = dict(zip(contract.inputs, name_kept(list(contract.inputs)), strict=True))
    found = {name: column for name, column in contract.inputs.items() if kept[name] in table.column_names}
    inputs = table.select([kept[name] for name in found]).rename_columns(list(found))
    frame = inputs.to_pandas(types_mapper=lambda kind: None if not pa.types.is_string(kind) else _string())
    watched = watch_inputs(frame, contract.inputs, contract.asking)
    columns = [Column(*one) for one in watched]
    # A model of styles keeps the lengths of its texts, and no text.
    lengths = set(name_watched(contract.inputs)) & {*table.column_names} - {one.name for one in columns}
    columns += [Column(name, "number", table.column(name).to_numpy().astype(np.float64)) for name in sorted(lengths)]
    score = None
    if SCORE in table.column_names:
        score = np.asarray(table.column(SCORE).to_numpy(), np.float64)
    return Reference(columns, score)


def _string() -> object:
    import pandas as pd

    return pd.StringDtype(na_value=np.nan)


def find_subject(recipe: Recipe, settings: Settings, number: int | None = None) -> Subject:
    """The version in production, or the one of a number.

    Raises:
        UsageError: tracking is off, or the recipe has no model.
        RegistryEmptyError: no version is in production.
        RelayError: the registry is away, or a file is not the one that was registered.
    """
    if "model" not in recipe.sections:
        raise UsageError(f"recipe {recipe.name} has no [model]: there is nothing to watch")
    address = find_registry(settings.data_dir, settings.tracking_uri)
    name = name_model(recipe)
    if address is None:
        raise UsageError(
            f"MLFLOW_TRACKING_URI={OFF}: without a registry no version is in production",
            next_step="Unset it, or set it to the address of a server",
        )
    if not address.is_made:
        raise RegistryEmptyError(f"{name} has no version yet. Train one: `make run RECIPE={recipe.argument}`")
    with explain_mlflow(address):
        client = open_registry(address)
        version = find_production(client, name) if number is None else read_version(client, name, number)
        if version is None:
            raise RegistryEmptyError(
                f"no version of {name} is in production. `python -m model list {recipe.argument}` lists its versions"
            )
        folder = settings.data_dir / CACHE / name / str(version.number)
        contract = _fetch(client, version, folder)
    periods = version.periods
    since = datetime.fromisoformat(periods[-1].since).timestamp() if periods else None
    before = periods[-1].before if periods else None
    return Subject(recipe.name, read_monitor(recipe), contract, str(version.number), folder, since, before)


def _fetch(client: "MlflowClient", version: Version, folder: Path) -> Contract:
    """The contract of a version whose files lie in the folder, fetched where they are missing or damaged."""
    if folder.is_dir():
        try:
            return check_files(folder, version)
        except (ModelTamperedError, OSError, KeyError):
            pass  # a copy that a full disk or a person damaged: the registry has the file
    return fetch_version(client, version, folder)
