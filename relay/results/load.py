"""The results that a training left, read whole: every file is held against the receipt first."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from relay.handoff.errors import DatasetDamagedError, DatasetMissingError
from relay.handoff.files import Fingerprints
from relay.handoff.receipt import Receipt, flatten
from relay.handoff.settings import Settings
from relay.registry.task import ModelTask
from relay.results.figures import list_figures
from relay.results.findings import Findings, read_findings
from relay.results.output import NAME, RECEIPT, ResultLocation, check_folder

PYTHON = "python"
"""The kind of model whose metrics are a user's own."""

RUN = re.compile(r"[0-9a-f]{32}")
"""What MLflow calls a run: it becomes the name of a folder."""


@dataclass(frozen=True)
class Result:
    """One folder of results."""

    folder: Path
    receipt: Receipt
    metrics: dict[str, Any]
    findings: Findings

    @property
    def name(self) -> str:
        """The folder's name, the first digits of the key."""
        return self.folder.name

    @property
    def zip_name(self) -> str:
        """What the files are called together."""
        return f"{self.receipt.recipe}-{self.name}.zip"


def load_latest(settings: Settings, recipe: str) -> Result:
    """The result in force.

    Raises:
        DatasetMissingError: nothing was trained yet.
        DatasetDamagedError: a file was changed, cut or taken away.
    """
    latest = ResultLocation(settings.data_dir, recipe).latest
    if not latest.exists():
        raise DatasetMissingError("nothing was trained yet", next_step=f"Run `python -m model {recipe}`, or press Run")
    # The folder that the link names now: a training that ends meanwhile moves the link, never the folder's files.
    return load_result(settings, latest.resolve())


def load_result(settings: Settings, folder: Path) -> Result:
    """A folder of results, each file checked.

    Raises:
        DatasetDamagedError: a file was changed, cut or taken away.
    """
    receipt = check_folder(folder, Fingerprints(settings.data_dir / ".state", settings.data_dir).of)
    try:
        metrics = json.loads((folder / "metrics.json").read_bytes())
        if receipt.parameters.get("kind") == PYTHON:
            metrics = arrange_own(metrics, receipt.parameters)
        metrics["kind"] = ModelTask(metrics["kind"])  # reads the names of release 0.1 as well
        findings = read_findings(folder)
    except FileNotFoundError as error:
        raise DatasetDamagedError(
            f"{error.filename} is gone: an old result was removed", next_step="Choose another"
        ) from None
    return Result(folder, receipt, metrics, findings)


def arrange_own(metrics: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics of a user's function, which stand in `metrics.json` under its own names, as other results have them.

    Args:
        metrics: name -> number.
        parameters: of the receipt: they name the metric that decides, if one does.
    """
    arranged: dict[str, Any] = {"kind": ModelTask.OTHER, "test": dict(metrics), "baseline": {}}
    if (name := str(parameters.get("score") or "")) in metrics:
        lower = bool(parameters.get("lower_is_better"))
        arranged["score"] = {"name": name, "value": metrics[name], "baseline": None, "lower_is_better": lower}
    return arranged


def list_results(settings: Settings) -> dict[Path, Receipt]:
    """Every kept folder of every recipe with its receipt: by recipe, the newest first; damaged ones are left out."""
    found: list[tuple[Path, Receipt]] = []
    for folder in (settings.data_dir / "output").glob("*/*"):
        if NAME.fullmatch(folder.name) and not folder.is_symlink():
            try:
                found.append((folder, Receipt.read(folder / RECEIPT)))
            except (DatasetDamagedError, FileNotFoundError):
                continue
    found.sort(key=lambda pair: pair[1].started_at_utc, reverse=True)
    return dict(sorted(found, key=lambda pair: pair[1].recipe))


def find_runs(data_dir: Path) -> Path:
    """Where fetched runs lie."""
    return data_dir / ".state" / "runs"


def pack_files(result: Result) -> bytes:
    """All files of a result and its receipt as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (*result.receipt.files, RECEIPT):
            archive.write(result.folder / name, f"{result.receipt.recipe}-{result.name}/{name}")
    return buffer.getvalue()


class Part(StrEnum):
    """What a difference of two results lies in. Its value begins the name, but not the name of a figure."""

    PARAMETER = ""
    INPUT = "input "
    PACKAGE = "package "
    CODE = "code "
    FIGURE = "figure "


@dataclass(frozen=True)
class Difference:
    """One thing that two results do not share."""

    name: str
    first: Any
    second: Any
    part: Part = Part.FIGURE


def compare_keys(first: Receipt, second: Receipt) -> list[Difference]:
    """Parameters, inputs, packages and code in which two results differ; code by file, fingerprints shortened."""
    pairs: list[Difference] = []
    # A receipt of version 0.1 names no packages: they are unknown, and its lock is one of its files of code.
    are_packages_known = first.key.packages and second.key.packages
    for old, new, part in (
        (first.parameters, second.parameters, Part.PARAMETER),
        (first.key.inputs, second.key.inputs, Part.INPUT),
        *([(first.key.packages, second.key.packages, Part.PACKAGE)] if are_packages_known else []),
        (first.key.code, second.key.code, Part.CODE),
    ):
        names = sorted({*old, *new}, key=lambda name: (name.startswith("columns."), name))
        pairs += [
            Difference(part + name, _shorten(old.get(name), part), _shorten(new.get(name), part), part)
            for name in names
            if old.get(name) != new.get(name)
        ]
    return pairs


def compare_figures(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """What both are judged by, in words; then what only one of them is."""
    left, right = ({figure.name: figure.value for figure in list_figures(metrics)} for metrics in (first, second))
    return [Difference(name, left.get(name), right.get(name)) for name in {**left, **right}]


def compare_rest(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Every other number: rows, chunks, baselines, coefficients of a line."""
    left, right = _numbers(first), _numbers(second)
    return [Difference(name, left.get(name), right.get(name)) for name in {**left, **right}]


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    told = {"score", "test"} if metrics["kind"] != ModelTask.AUTHORSHIP else {"trust"}
    flat = flatten({name: value for name, value in metrics.items() if name not in told})
    return {
        name.replace(".", " ").replace("_", " "): value
        for name, value in flat.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _shorten(value: Any, part: Part) -> Any:
    return value[:12] if part in (Part.INPUT, Part.CODE) and isinstance(value, str) else value
