"""From a result back to the raw bytes: the chain of receipts, as it stands in `lineage.json`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loguru import logger

from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt
from relay.handoff.renamed_variables import rename_variables
from relay.handoff.settings import GIT_COMMIT, ROOT

STAGES = ("preprocess", "ingest")
"""Who wrote what a training read, and what that was made of."""


@dataclass(frozen=True)
class Lineage:
    """The receipts of a result and of what it was made of."""

    result: Receipt
    datasets: tuple[Receipt, ...]
    """The nearest first: processed, then raw. Shorter when one was written anew since."""
    revision: str
    """Commit or image of the code, empty when neither is known."""

    @property
    def split(self) -> dict[str, Any] | None:
        """What decided which row is a test row; None when preprocess marked none, or its receipt is gone."""
        receipt = self.datasets[0] if self.datasets else None
        processed = receipt.key.parameters if receipt is not None else {}
        if receipt is None or "test_share" not in processed:
            return None
        if receipt.split_by == "time":
            return {"kind": "time", "by": _find_role(processed, "time"), "first_test_utc": receipt.first_test_utc}
        if receipt.split_by == "function":
            return {"kind": "function", "data_sha256": receipt.fingerprint}
        groups = _find_role(processed, "group")
        return {
            "seed": processed.get("seed"),
            "test_share": processed["test_share"],
            "by": groups or _find_role(processed, "id") or sorted(processed.get("columns", [])),
        } | ({"kind": "group"} if groups else {})

    def describe(self) -> dict[str, Any]:
        """All of it as JSON: each step with its fingerprint, parameters and inputs, and the sources at its end."""
        steps = [self.result, *self.datasets]
        sources = [source.model_dump(mode="json") for source in self.result.sources]
        return {
            "recipe": self.result.recipe,
            "seed": self.result.seed,
            "revision": self.revision,
            "steps": [_describe(receipt) for receipt in steps],
            "sources": sources,
        }


def trace(data_dir: Path, result: Receipt, environment: Mapping[str, str] = os.environ) -> Lineage:
    """The lineage of a result in force: each receipt is the one whose fingerprint the next one names as its input."""
    found: list[Receipt] = []
    receipt = result
    for stage in STAGES:
        before = _find_input(data_dir, receipt, stage)
        if before is None:
            break  # written anew since: what lies there now is not what this result was made of
        found.append(before)
        receipt = before
    return Lineage(result, tuple(found), find_revision(environment))


def find_revision(environment: Mapping[str, str], root: Path = ROOT) -> str:
    """What GIT_COMMIT says (an image is given it when it is built), else the commit of the checkout, or nothing."""
    if named := GIT_COMMIT.of(rename_variables(environment, (GIT_COMMIT.name,), logger.warning)):
        return named
    try:
        head = (root / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = root / ".git" / name
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = (root / ".git" / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""  # a checkout without git, or an image that was not told


def _find_input(data_dir: Path, receipt: Receipt, stage: str) -> Receipt | None:
    for address, fingerprint in receipt.key.inputs.items():
        for candidate in DatasetLocation(data_dir, address, stage).receipts():
            if candidate.fingerprint == fingerprint:
                return candidate
    return None


def _find_role(parameters: Mapping[str, Any], role: str) -> list[str]:
    return sorted(
        key.removeprefix("columns.").removesuffix(".role")
        for key, value in parameters.items()
        if key.startswith("columns.") and key.endswith(".role") and value == role
    )


def _describe(receipt: Receipt) -> dict[str, Any]:
    return {
        "stage": receipt.stage,
        "fingerprint": receipt.fingerprint,
        "rows": receipt.rows,
        "bytes": receipt.bytes,
        "started_at_utc": receipt.started_at_utc,
        "seconds": receipt.seconds,
        "parameters": receipt.key.parameters,
        "inputs": receipt.key.inputs,
        "code_sha256": receipt.key.code,
        "packages": receipt.key.packages,
        "overrides": receipt.overrides,
        "rejected": receipt.rejected.model_dump(mode="json"),
        "dropped": receipt.dropped,
        "versions": receipt.versions,
    }
