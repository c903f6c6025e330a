"""A training with own code: it runs in a process apart, and its finished files are taken over."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from model.parameters import ModelParameters
from relay.handoff.location import DatasetLocation
from relay.handoff.override import format_value
from relay.handoff.own.apart import Apart, locate_scratch
from relay.handoff.own.function import OwnFunction
from relay.handoff.own.module import OwnCodeError
from relay.handoff.receipt import flatten
from relay.handoff.run import InputChangedError, Run
from relay.results.output import KEPT_FILES

TASK = "model.training.apart_task:run"

LARGEST_KEPT = 100_000_000
"""Bytes of all files together that own code may leave in its working folder, to be kept with the result."""


@dataclass(frozen=True)
class Trained:
    """What the process of a training left."""

    files: dict[str, bytes]
    rows: int
    dropped: dict[str, int]


def train_apart(run: Run[ModelParameters], function: OwnFunction, dataset: DatasetLocation) -> Trained:
    """The files of a result that own code takes part in.

    Args:
        run: with its key.
        function: an own function that builds an estimator, or trains.
        dataset: the processed rows.

    Raises:
        OwnCodeError: own code failed.
        ModelError, RecipeError: data, recipe and what own code gave do not go together.
        InputChangedError: dataset or recipe are other ones by now.
    """
    scratch = locate_scratch(run.settings.data_dir, f"{run.stage}-{run.recipe.name}")
    results = scratch.with_name(f"{scratch.name}-files")
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    work = function.work(
        TASK,
        run.settings.data_dir,
        recipe=str(run.recipe.path),
        overrides=[f"{key}={format_value(value)}" for key, value in run.recipe.overrides.items()],
        parameters=flatten(run.parameters.model_dump(mode="json")),
        dataset={"address": dataset.address, "stage": dataset.stage, "fingerprint": run.key.inputs[dataset.address]},
        results=str(results),
    )
    try:
        with Apart(work, scratch, run.name) as apart:
            told = apart.finish()
            if "changed" in told:
                raise InputChangedError(told["changed"])
            function.require_same(run.settings.data_dir, run.key.inputs)
            paths = [path for path in sorted(results.rglob("*")) if path.is_file()]
            files = {path.relative_to(results).as_posix(): path.read_bytes() for path in paths}
            return Trained({**files, **read_kept(scratch)}, told["rows"], told["dropped"])
    finally:
        shutil.rmtree(results, ignore_errors=True)


def read_kept(folder: Path) -> dict[str, bytes]:
    """The files below a working folder, as files/<path>.

    Raises:
        OwnCodeError: they are too large together.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    if (size := sum(path.stat().st_size for path in paths)) > LARGEST_KEPT:
        raise OwnCodeError(
            f"own code left {size / 1e6:,.0f} MB of files in its working folder; at most {LARGEST_KEPT / 1e6:g} MB "
            "are kept with a result",
            next_step="Write large files elsewhere, or give them back as tables.",
        )
    return {f"{KEPT_FILES}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}
