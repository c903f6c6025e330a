"""What tracking adds: a training that is sent to the embedded registry and gated, against one that is not."""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.process import measure
from relay.handoff.settings import OFF

RUNS, QUICK_RUNS = 7, 1


def run(quick: bool) -> list[dict[str, object]]:
    """Median seconds of whole processes, alternated: trained, trained and tracked, and unchanged with the registry."""
    runs = QUICK_RUNS if quick else RUNS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for stage in ("ingest", "preprocess"):
            measure(_command(stage, folder))
        training = _command("model", folder, "--force")
        ways = {
            "training, tracking off": (training, OFF),
            "training, tracked, compared and promoted": (training, ""),
            "unchanged, tracking off": (_command("model", folder), OFF),
            "unchanged, the registry asked": (_command("model", folder), ""),
        }
        measure(training, environment=_environment(""))  # makes the registry's database, once and for all
        seconds: dict[str, list[float]] = {what: [] for what in ways}
        for _ in range(runs):
            for what, (command, uri) in ways.items():
                seconds[what].append(measure(command, environment=_environment(uri))["seconds"])
    found = {what: median(times) for what, times in seconds.items()}
    rows = []
    for what, took in found.items():
        baseline = found[f"{what.split(',')[0]}, tracking off"]
        rows.append({"benchmark": "tracking", "what": what, "median_seconds": took, "ratio": took / baseline})
    return rows


def _command(stage: str, folder: Path, *more: str) -> list[str]:
    options = ["--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs"), *more]
    return [sys.executable, "-m", stage, "linear", *options]


def _environment(uri: str) -> dict[str, str]:
    return os.environ | {"MLFLOW_TRACKING_URI": uri}
