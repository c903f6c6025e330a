"""The written recipe run as a whole: its three stages as they always run, and what its figures show."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adopt.notebooks.drawn import TASK
from adopt.notebooks.plan import NotebookError, Refusal, RefusalKind
from relay.handoff.journal import Entry, parse_entry
from relay.handoff.own.apart import Apart, locate_scratch
from relay.handoff.own.function import find_function
from relay.handoff.recipe import load_recipe
from relay.handoff.settings import ROOT

STAGES = ("ingest", "preprocess", "model")
STAGE_TIMEOUT = 3600
LONGEST_OUTPUT = 2000


@dataclass(frozen=True)
class DrawnFigure:
    """A figure of the recipe."""

    data: tuple[Mapping[str, Any], ...]
    """As `kernel.figures.describe_figure` says it."""
    image: bytes
    """PNG."""


@dataclass(frozen=True)
class PipelineRun:
    """What the stages gave."""

    datasets: Mapping[str, pa.Table]
    """Address, such as `raw/forum`, -> rows."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, DrawnFigure] = field(default_factory=dict)
    """In the order in which they were given."""


@dataclass(frozen=True)
class Workplace:
    """Folders of a run apart from everything else: recipes with their modules, and an empty data folder."""

    folder: Path

    @property
    def recipes(self) -> Path:
        """Where the recipes and modules lie."""
        return self.folder / "recipes"

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """The logs."""
        return self.folder / "logs"

    def write(self, texts: Mapping[str, str], files: Mapping[str, Path]) -> None:
        """Write recipes and modules, and copy the data that they read.

        Args:
            texts: path below `recipes/` -> text.
            files: path below `data/` -> the file to copy.
        """
        for name, text in texts.items():
            path = self.recipes / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.data.mkdir(parents=True, exist_ok=True)
        for name, source in files.items():
            path = self.data / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.read_bytes())


def run_pipeline(
    place: Workplace, name: str, hash_seed: int, on_stage: Callable[[str], None] = lambda _: None
) -> PipelineRun:
    """Run ingest, preprocess and model of a recipe, and read what they gave.

    Args:
        place: where the recipe, its module and its data are.
        name: of the recipe.
        hash_seed: `PYTHONHASHSEED` of all processes.
        on_stage: called with each stage's name before it runs.

    Raises:
        NotebookError: a stage failed.
    """
    path = place.recipes / f"{name}.toml"
    environment = _find_environment(place, hash_seed)
    for stage in STAGES:
        on_stage(stage)
        command = [sys.executable, "-m", stage, str(path), "--data-dir", str(place.data), "--log-dir", str(place.logs)]
        ran = subprocess.run(  # noqa: S603 - our own programs
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=STAGE_TIMEOUT, check=False
        )
        if ran.returncode != 0:
            raise _explain(stage, place, ran.stderr)
    on_stage("figures")
    return PipelineRun(
        datasets={
            file.relative_to(place.data).with_suffix("").as_posix(): pq.read_table(file)
            for part in ("raw", "processed")
            for file in sorted((place.data / part).glob("*.parquet"))
        },
        **run_train(place, name, environment),
    )


def run_train(place: Workplace, name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The metrics of a recipe's `train` function with all digits, and what its figures show."""
    recipe = load_recipe(str(place.recipes / f"{name}.toml"))
    section = recipe.sections["model"]
    function = find_function(recipe, "model", section["function"], section.get("arguments", {}), _count_data)
    folder = place.folder / "figures"
    folder.mkdir(exist_ok=True)
    work = function.work(
        TASK,
        place.data,
        table=str(place.data / "processed" / f"{name}.parquet"),
        columns=list(recipe.columns),
        frames=[argument.frame.value for argument in function.signature.data],
        folder=str(folder),
    )
    work = replace(work, environment={"PYTHONHASHSEED": environment["PYTHONHASHSEED"]})
    with Apart(work, locate_scratch(place.data, f"figures-{name}"), name) as apart:
        given = apart.finish()
    figures = {
        one: DrawnFigure(
            tuple(json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))),
            (folder / f"{number}.png").read_bytes(),
        )
        for number, one in enumerate(given["figures"])
    }
    return {"metrics": given["metrics"], "figures": figures}


def _count_data(names: list[str]) -> int:
    """How many arguments take rows: `train` and `test`, or the first one."""
    return 2 if names[:2] == ["train", "test"] else 1


def _find_environment(place: Workplace, hash_seed: int) -> dict[str, str]:
    """Nothing is registered, and no key of the project is made or used."""
    return {
        **os.environ,
        "PYTHONHASHSEED": str(hash_seed),
        "MLFLOW_TRACKING_URI": "off",
        "CODE_KEY_FILE": str(place.folder / "code_key"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LOG_LEVEL": "WARNING",
    }


def _explain(stage: str, place: Workplace, output: str) -> NotebookError:
    """Why the written recipe fails, by the journal, or by what was printed where the stage got no further."""
    entry = _find_last(place.logs / "runs.jsonl", stage)
    said = entry.error.message if entry is not None and entry.error is not None else output.strip()[-LONGEST_OUTPUT:]
    message = f"The stages that were written for the notebooks do not run: {stage}: {said}"
    step = "Nothing was written. Name other borders with `--split`, or change the cells that the message names."
    return NotebookError((Refusal(RefusalKind.OTHER, message, step),))


def _find_last(path: Path, stage: str) -> Entry | None:
    if not path.exists():
        return None
    entries = [parse_entry(line) for line in path.read_bytes().splitlines()]
    return next((entry for entry in reversed(entries) if entry.stage == stage), None)
