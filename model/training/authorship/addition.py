"""What each question adds to the results of a map of styles."""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from model.training.plots.style import Picture
from relay.registry.contract import Contract
from relay.results.findings import Finding


@dataclass(frozen=True)
class Addition:
    """What one question adds to the results."""

    findings: tuple[Finding, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    model: bytes | None = None
    contract: Contract | None = None
    monitored: dict[str, bytes] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    """Name -> content of files that other programs read."""


def merge(*additions: Addition) -> Addition:
    """All additions as one; at most one of them has a model."""
    return Addition(
        findings=tuple(finding for addition in additions for finding in addition.findings),
        metrics={name: figure for addition in additions for name, figure in addition.metrics.items()},
        tables={name: found for addition in additions for name, found in addition.tables.items()},
        model=next((addition.model for addition in additions if addition.model is not None), None),
        contract=next((addition.contract for addition in additions if addition.contract is not None), None),
        monitored={name: content for addition in additions for name, content in addition.monitored.items()},
        pictures=tuple(picture for addition in additions for picture in addition.pictures),
        files={name: content for addition in additions for name, content in addition.files.items()},
    )
