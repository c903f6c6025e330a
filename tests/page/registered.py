"""Folders in which two trainings have been registered: one is in production, the gate refused the other."""

import shutil
import sys
from pathlib import Path

import commands
import pytest
from once import make_once
from page_folders import Folders

from relay.handoff.settings import ROOT

TRAIN = """
from importlib import import_module
from relay.handoff.program import main

def run(stage, *changes):
    assert main(import_module(f"{stage}.__main__").STAGE, ["linear", *changes]) == 0

run("ingest")
run("preprocess")
run("model", "--set", "model.cv_folds=3", "--set", "model.segments=['x']")
run("model", "--set", "model.estimator=sklearn.dummy.DummyRegressor")
"""


class Registered(Folders):
    """Folders with an embedded registry."""

    @property
    def environment(self) -> dict[str, str]:
        return {name: text for name, text in super().environment.items() if name != "MLFLOW_TRACKING_URI"}


def train(root: Path) -> None:
    environment = Registered(root).environment
    commands.run([sys.executable, "-c", TRAIN], cwd=ROOT, env=environment, check=True, capture_output=True)


def copy_registered(factory: pytest.TempPathFactory) -> Registered:
    """Folders of one's own; trained once per test run."""
    root = factory.mktemp("models") / "project"
    shutil.copytree(make_once(factory, "registered", train), root, symlinks=True)
    return Registered(root)
