"""What a stage costs that has nothing to do, against importing pandas."""

import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.process import measure

RUNS, QUICK_RUNS = 9, 3
STAGES = ("ingest", "preprocess", "model")
LIMIT_RATIO = 0.7
"""Of the time that importing pandas takes in the same run."""


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
    return [
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


def _command(stage: str, folder: Path) -> list[str]:
    options = ["--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
    return [sys.executable, "-m", stage, "linear", *options]
