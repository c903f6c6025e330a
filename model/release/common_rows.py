"""The rows on which two versions are compared: the test rows of the dataset that the newer one was trained on."""

from collections.abc import Collection
from pathlib import Path

from model.training.estimator.rows import Part, read_split
from relay.handoff.dataset import open_dataset
from relay.handoff.errors import DatasetMissingError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.recipe import Recipe


def read_test(recipe: Recipe, data_dir: Path, inputs: Collection[str], *, as_classes: bool) -> Part:
    """The test rows of a recipe's processed dataset.

    Args:
        recipe: gives name and columns.
        data_dir: holds the dataset.
        inputs: fingerprints of what the result was trained on.
        as_classes: whether the target says which class a row belongs to.

    Raises:
        DatasetDamagedError, DatasetMissingError: it is not there any more.
    """
    location = DatasetLocation(data_dir, f"processed/{recipe.name}", "preprocess")
    dataset = open_dataset(
        location, Fingerprints(data_dir / ".state", data_dir), f"python -m preprocess {recipe.argument}"
    )
    if dataset.receipt.fingerprint not in inputs:
        raise DatasetMissingError(
            f"{location.parquet} has changed since {recipe.name} was trained, so there are no common test rows",
            next_step=f"Run `python -m model {recipe.argument}`",
        )
    return read_split(dataset.table(), recipe.columns, as_classes=as_classes).test
