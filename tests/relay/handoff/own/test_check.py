"""Which packages of own code are not pinned, and for which stages."""

import shutil
from pathlib import Path

import pytest

from relay.handoff.own.check import find_unpinned
from relay.handoff.recipe import load_recipe
from relay.handoff.settings import ROOT

RECIPE = """
title = "Mine"
[columns]
x = { type = "float", role = "input" }
y = { type = "float", role = "target" }
[ingest]
source = "file"
path = "x.csv"
[preprocess]
kind = "python"
function = "clean"
[model]
kind = "python"
function = "train"
"""


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (("preprocess", "model"), "preprocess/requirements.in and model/requirements.in"),
        (("preprocess",), "preprocess/requirements.in"),
        ((), ""),
    ],
)
def test_only_the_locks_that_an_image_holds_are_looked_at(
    stages: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(RECIPE)
    (tmp_path / "mine.py").write_text(
        "import geopandas\nimport pandas\ndef clean(frame):\n    return frame\ndef train(frame):\n    return {}\n"
    )
    for stage in stages:
        (tmp_path / stage).mkdir()
        shutil.copy(ROOT / stage / "requirements.txt", tmp_path / stage)
    found = list(find_unpinned(load_recipe(str(tmp_path / "mine.toml")), tmp_path))
    assert found == ([f"  geopandas: add it to {expected}"] if expected else [])
