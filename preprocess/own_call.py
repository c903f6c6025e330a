"""A call of a user's function, as a machine can make it that sees the data folder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from preprocess.parameters import PreprocessSection
from preprocess.table import used_columns
from relay.handoff.location import DatasetLocation
from relay.handoff.own.apart import Work
from relay.handoff.own.arguments import hash_files, pack
from relay.handoff.own.frames import RAW_ROW
from relay.handoff.own.function import OwnFunction
from relay.handoff.run import InputChangedError, Run

TASK = "preprocess.own_rows:run"

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Calls for one part each run side by side on a cluster, and another number of threads may give other last bits."""


@dataclass(frozen=True)
class RawPart:
    """One part of a raw dataset."""

    address: str
    """Of the dataset."""
    index: int
    first_row: int
    """The number of its first row in the dataset, from 1."""


@dataclass(frozen=True)
class OwnCall:
    """What a function is called with. Small and picklable: a part of a task."""

    name: str
    """Of the run, for the log."""
    work: Work
    """As the machine that asks would do it."""
    files: Mapping[str, Any]
    """Parameter -> the file, or list of files, that it names: relative to the data folder, or absolute outside it."""
    sha256: Mapping[str, str]
    """Of each of these files, by its name in the key; the datasets are among them."""

    def place(self, data_dir: Path, folder: Path | None = None, part: RawPart | None = None) -> Work:
        """The work on this machine.

        Args:
            data_dir: the data folder.
            folder: with the user's files; None: where the recipe lies.
            part: that the function gets; None: all rows.
        """
        inputs = [
            {**one, "part": part.index, "first_row": part.first_row} if part and one["address"] == part.address else one
            for one in self.work.arguments["inputs"]
        ]
        values = {**self.work.arguments["values"], **pack(_locate(self.files, data_dir))}
        arguments = {**self.work.arguments, "data_dir": str(data_dir), "values": values, "inputs": inputs}
        return replace(self.work, arguments=arguments, folder=folder or self.work.folder)

    def require_same(self, data_dir: Path) -> None:
        """Return when the files that parameters name are still those of the key.

        Raises:
            InputChangedError: one was replaced, so that the function may have read another one.
        """
        for name, digest in hash_files(self.work.shown, _locate(self.files, data_dir)).items():
            if self.sha256.get(name) != digest:
                raise InputChangedError(name)

    def list_files(self, data_dir: Path) -> list[Path]:
        """The files that parameters name."""
        return [
            path
            for found in _locate(self.files, data_dir).values()
            for path in (found if isinstance(found, list) else [found])
        ]


def plan_call(
    run: Run[PreprocessSection],
    function: OwnFunction,
    inputs: list[DatasetLocation],
    *,
    per_part: bool = False,
) -> OwnCall:
    """The call of the function that a recipe names.

    Args:
        run: of the stage.
        function: that is called.
        inputs: the raw datasets that it gets.
        per_part: whether it gets one of them a part at a time.

    Raises:
        OwnCodeError: its module lies in the data folder.
    """
    data_dir = run.settings.data_dir
    asked: list[dict[str, Any]] = [
        {
            "address": location.address,
            "stage": location.stage,
            "fingerprint": run.key.inputs[location.address],
            "frame": argument.frame.value,
            "row_name": name_rows(location.recipe, len(inputs)),
            "part": None,
            "first_row": 1,
        }
        for location, argument in zip(inputs, function.signature.data, strict=True)
    ]
    columns = used_columns(run.recipe.columns)
    work = function.work(TASK, data_dir, inputs=asked, per_part=per_part, columns=columns)
    files = function.files(data_dir)
    return OwnCall(
        name=run.name,
        work=replace(work, environment={**work.environment, **(ONE_THREAD if per_part else {})}),
        files={name: _relate(found, data_dir) for name, found in files.items()},
        sha256={
            name: digest for name, digest in run.key.inputs.items() if name not in [one["address"] for one in asked]
        },
    )


def name_rows(recipe: str, datasets: int) -> str:
    """The name of the index that numbers the raw rows of a dataset."""
    return RAW_ROW if datasets == 1 else f"{recipe}_{RAW_ROW}"


def _relate(found: Any, data_dir: Path) -> Any:
    """A path, or each of a list, below the data folder where it lies there."""
    if isinstance(found, list):
        return [_relate(one, data_dir) for one in found]
    for path, within in ((found, data_dir.absolute()), (found.resolve(), data_dir.resolve())):
        if path.is_relative_to(within) and ".." not in path.parts:
            return str(path.relative_to(within))
    return str(found)


def _locate(files: Mapping[str, Any], data_dir: Path) -> dict[str, Any]:
    """Parameter -> file or files, where they lie on this machine."""
    return {
        name: [data_dir.absolute() / one for one in found] if isinstance(found, list) else data_dir.absolute() / found
        for name, found in files.items()
    }
