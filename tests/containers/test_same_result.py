"""A laptop and the containers give the same bytes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from engine import ROOT, STAGES, Docker

REAL_DATA = os.environ.get("RELAY_REAL_DATA")
RECIPES = ["docstrings", "linear", "own", *(["credit"] if REAL_DATA else [])]
DATASETS = [f"{folder}/{recipe}" for folder in ("raw", "processed") for recipe in RECIPES]


def flatten(value: object, name: str = "") -> dict[str, object]:
    """Nested metrics as one level."""
    if isinstance(value, dict):
        return {key: leaf for part, below in value.items() for key, leaf in flatten(below, f"{name}.{part}").items()}
    if isinstance(value, list):
        return flatten(dict(enumerate(value)), name)
    return {name: value}


@pytest.fixture
def both(run_image: Docker, folder: Path) -> tuple[Path, Path]:
    """The data folders of a native run and of a run in containers."""
    native = folder / "native"
    for data in (native / "data", folder / "data"):
        data.mkdir(parents=True, exist_ok=True)
        if REAL_DATA:
            shutil.copy(Path(REAL_DATA) / "cs-training.csv", data)
    for stage in STAGES:
        options = ["--data-dir", str(native / "data"), "--log-dir", str(native / "logs")]
        subprocess.run([sys.executable, "-m", stage, *RECIPES, *options], cwd=ROOT, check=True, capture_output=True)
        done = run_image(stage, *RECIPES)
        assert done.returncode == 0, done.stderr
    return native / "data", folder / "data"


def test_datasets_are_equal_to_the_byte_and_metrics_to_nine_digits(both: tuple[Path, Path]) -> None:
    native, contained = both
    for name in DATASETS:
        assert (native / f"{name}.parquet").read_bytes() == (contained / f"{name}.parquet").read_bytes(), name
    for recipe in RECIPES:
        here, there = (
            flatten(json.loads((data / "output" / recipe / "latest" / "metrics.json").read_text())) for data in both
        )
        assert here == {name: pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value
                        for name, value in there.items()}  # fmt: skip


def test_one_image_gives_one_model_file(run_image: Docker, folder: Path) -> None:
    found = []
    for stage in ("ingest", "preprocess", "model"):
        run_image(stage, "linear")
    for _ in range(2):
        done = run_image("model", "linear", "--force")
        assert done.returncode == 0, done.stderr
        found.append((folder / "data" / "output" / "linear" / "latest" / "model.skops").read_bytes())
    assert found[0] == found[1]
