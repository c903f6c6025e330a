"""What a stage costs that has nothing to do: against importing pandas, and with own code against built-in kinds."""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.process import measure

RUNS, QUICK_RUNS = 9, 3
STAGES = ("ingest", "preprocess", "model")
LIMIT_RATIO = 0.7
"""Of the time that importing pandas takes in the same run."""

OWN_LIMIT_RATIO = 1.1
"""Of the time that the same stage takes for the recipe `linear` in the same run."""


def run(quick: bool) -> list[dict[str, object]]:
    """Median seconds of whole processes, alternated, and their ratio to `python -c "import pandas"`."""
    runs = QUICK_RUNS if quick else RUNS
    with tempfile.TemporaryDirectory() as name:
        commands = {stage: _command(stage, Path(name)) for stage in STAGES}
        for stage in STAGES:
            measure(commands[stage])
        commands["import pandas"] = [sys.executable, "-c", "import pandas"]
        seconds: dict[str, list[float]] = {what: [] for what in commands}
        for _ in range(runs):
            for what, command in commands.items():
                seconds[what].append(measure(command)["seconds"])
    baseline = median(seconds["import pandas"])
    rows: list[dict[str, object]] = [
        {
            "benchmark": "unchanged",
            "what": what,
            "median_seconds": median(times),
            "largest_seconds": max(times),
            "ratio": median(times) / baseline,
            "limit": LIMIT_RATIO if what in STAGES else "",
        }
        for what, times in seconds.items()
    ]
    return [*rows, *_compare_own(runs)]


def _compare_own(runs: int) -> list[dict[str, object]]:
    """Wall and CPU seconds of the recipe `own`, each run next to one of `linear`; tracking is off for both."""
    environment = {**os.environ, "MLFLOW_TRACKING_URI": "off"}
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as name:
        for stage in STAGES:
            commands = {recipe: _command(stage, Path(name), recipe) for recipe in ("linear", "own")}
            for command in commands.values():
                measure(command, environment)
            pairs = [
                {recipe: measure(command, environment) for recipe, command in commands.items()} for _ in range(runs)
            ]
            middle = {
                (recipe, unit): median(pair[recipe][unit] for pair in pairs)
                for recipe in commands
                for unit in ("seconds", "cpu_seconds")
            }
            rows.append(
                {
                    "benchmark": "unchanged",
                    "what": f"{stage} of own",
                    "median_seconds": middle["own", "seconds"],
                    "largest_seconds": max(pair["own"]["seconds"] for pair in pairs),
                    "ratio": middle["own", "seconds"] / middle["linear", "seconds"],
                    "limit": OWN_LIMIT_RATIO,
                    "cpu_seconds": middle["own", "cpu_seconds"],
                    "cpu_ratio": middle["own", "cpu_seconds"] / middle["linear", "cpu_seconds"],
                }
            )
    return rows


def _command(stage: str, folder: Path, recipe: str = "linear") -> list[str]:
    options = ["--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
    return [sys.executable, "-m", stage, recipe, *options]
