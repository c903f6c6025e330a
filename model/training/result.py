"""What a training gives back: values only; `render_files` alone knows how they lie in a folder."""

import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from model.training.plots.fonts import choose_fonts
from model.training.plots.style import Picture, render
from relay.handoff.errors import ModelError
from relay.handoff.receipt import ColumnWarning
from relay.registry.contract import CODE_FOLDER, CONTRACT_FILE, MODEL_FILE, ONNX_FILE, Contract
from relay.results.findings import FILE, RENDERED, Finding, Findings, Plot, Topic, format_findings, render_findings

DIGITS = 10
"""Significant digits of a figure that are kept: more than anyone reads, fewer than processors agree on."""


@dataclass(frozen=True)
class Results:
    """Figures, tables, pictures and words of one training."""

    metrics: dict[str, Any]
    findings: tuple[Finding, ...]
    pictures: tuple[Picture, ...]
    """The one to look at first comes first."""
    tables: dict[str, pa.Table]
    rows: int
    """Rows or documents that the result rests on."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason -> rows or documents left out."""
    model: bytes | None = None
    """The model file, where there is a model to use again."""
    onnx: bytes | None = None
    """The same model for ONNX Runtime, where it answers alike."""
    contract: Contract | None = None
    """What is promised of the model."""
    code: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> content of each file of own code that the model file needs, such as recipes/churn.py."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> content of files for other programs."""
    monitored: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> content of profile.json and reference.parquet, those there are."""


def add_warnings(results: Results, warnings: Iterable[ColumnWarning]) -> Results:
    """The results with what ingest warned of among the findings."""
    added = (Finding(Topic.INGEST_WARNING, warning.text, {"column": warning.column}) for warning in warnings)
    return replace(results, findings=(*results.findings, *added))


def render_files(results: Results) -> dict[str, bytes]:
    """The results as files, name -> content; no clock and no path is in any of them.

    Raises:
        ModelError: a figure is not finite.
    """
    said = (*results.findings, *choose_fonts(results.pictures))
    findings = Findings(
        findings=tuple(replace(one, figures=round_figures(dict(one.figures))) for one in said),
        plots=tuple(Plot(f"{picture.name}.png", picture.shows) for picture in results.pictures),
    )
    files = {
        "metrics.json": (json.dumps(round_figures(results.metrics), indent=2, sort_keys=True) + "\n").encode(),
        FILE: format_findings(findings).encode(),
        RENDERED: render_findings(findings).encode(),
    }
    for name, table in results.tables.items():
        files[f"{name}.parquet"] = write_table(table)
    for picture in results.pictures:
        files |= render(picture)
    if results.model is not None:
        files[MODEL_FILE] = results.model
    if results.onnx is not None:
        files[ONNX_FILE] = results.onnx
    if results.contract is not None:
        files[CONTRACT_FILE] = results.contract.to_json()
    files |= results.monitored
    files |= results.files
    files |= {f"{CODE_FOLDER}/{name}": content for name, content in results.code.items()}
    return files


def round_figures(value: Any) -> Any:
    """The value with every float in it finite and at `DIGITS` significant digits.

    Raises:
        ModelError: a figure is infinite or not a number.
    """
    if isinstance(value, dict):
        return {name: round_figures(item) for name, item in value.items()}
    if isinstance(value, list):
        return [round_figures(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ModelError(
                f"a metric came out as {value}: the predictions are not finite; scale the data or regularise"
            )
        return float(f"{value:.{DIGITS}g}")
    return value


def write_table(table: pa.Table) -> bytes:
    """The Parquet file of a table."""
    buffer = io.BytesIO()
    # combine_chunks: the bytes then depend on the rows alone, not on how they came.
    pq.write_table(table.combine_chunks(), buffer, compression="zstd")
    return buffer.getvalue()
