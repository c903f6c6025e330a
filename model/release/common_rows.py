"""The rows that the gate looks at: those of the newer version's dataset, and those that a version kept."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drift.errors import DriftError
from drift.profile import Profile
from model.release.new_data import NewData
from model.training.estimator.memory.source import open_rows
from model.training.estimator.rows import Part, make_frame, read_split
from relay.handoff.dataset import open_dataset
from relay.handoff.errors import DatasetMissingError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.recipe import Recipe
from relay.reading.iso import read_iso
from relay.registry.contract import PROFILE_FILE, REFERENCE_FILE, Contract
from relay.registry.monitor_section import read_monitor
from relay.registry.watched import TARGET, WEIGHT, name_kept

MOST_ROWS = 500_000
"""Rows of both sides that the gate looks at, where the recipe's `[model] memory` is not normal."""


@dataclass(frozen=True)
class TrainedOn:
    """What a result was trained on."""

    inputs: Collection[str]
    """Fingerprints."""
    ingested_utc: str
    """When its raw rows were fetched; empty where that is not known."""


def read_new(recipe: Recipe, data_dir: Path, trained_on: TrainedOn, *, as_classes: bool) -> NewData:
    """The rows of both sides of a recipe's processed dataset.

    Args:
        recipe: gives name and columns.
        data_dir: holds the dataset.
        trained_on: what the result was trained on.
        as_classes: whether the target says which class a row belongs to.

    Raises:
        DatasetDamagedError, DatasetMissingError: it is not there any more.
    """
    location = DatasetLocation(data_dir, f"processed/{recipe.name}", "preprocess")
    dataset = open_dataset(
        location, Fingerprints(data_dir / ".state", data_dir), f"python -m preprocess {recipe.argument}"
    )
    if dataset.receipt.fingerprint not in trained_on.inputs:
        raise DatasetMissingError(
            f"{location.address} has changed since {recipe.name} was trained, so there are no common test rows",
            next_step=f"Run `python -m model {recipe.argument}`",
        )
    monitor = read_monitor(recipe)
    # The rows of a sample are the ones that the model was trained and judged on, so they are on the same sides.
    rows = open_rows(dataset, recipe.columns, _find_sample(recipe), recipe.seed)
    return NewData(
        split=read_split(rows.table(), recipe.columns, as_classes=as_classes),
        seed=recipe.seed,
        ingested=read_iso(trained_on.ingested_utc) if trained_on.ingested_utc else None,
        label_delay=monitor.label_delay if monitor.sets_label_delay else None,
    )


def _find_sample(recipe: Recipe) -> int:
    """Rows that the gate looks at; 0: all."""
    section = recipe.sections["model"]
    sample: int = section.get("sample_rows", 0)
    # A model that was trained without all rows in memory is not compared with all of them in memory.
    is_bounded = not sample and section.get("memory", "normal") != "normal"
    return MOST_ROWS if is_bounded else sample


def read_profile(folder: Path, contract: Contract) -> tuple[Profile | None, str]:
    """The profile in a folder of a version's checked files; None where it cannot be used, with the reason."""
    if PROFILE_FILE not in contract.monitored:
        return None, "has no profile of its test rows (an earlier release trained it, or the monitor cannot watch it)"
    try:
        return Profile.from_json(json.loads((folder / PROFILE_FILE).read_bytes())), ""
    except DriftError as error:
        return None, f"has a profile of another release ({error})"


def read_kept(folder: Path, contract: Contract) -> Part | None:
    """The test rows that a version kept; None where it kept none, or has no rows of inputs."""
    if REFERENCE_FILE not in contract.monitored:
        return None
    table = pq.read_table(folder / REFERENCE_FILE)
    names = name_kept(list(contract.inputs))
    if not {*names, TARGET} <= {*table.column_names}:
        return None  # of texts, only their lengths are kept
    return Part(
        inputs=make_frame(table.select(names).rename_columns(list(contract.inputs)), contract.inputs),
        target=np.asarray(table.column(TARGET).to_pylist()),
        ids=pa.table({}),
        weights=table.column(WEIGHT).to_numpy() if WEIGHT in table.column_names else None,
    )
