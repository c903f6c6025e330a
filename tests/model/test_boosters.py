"""Models of xgboost and lightgbm, alone and behind an own transformer: gate, answers over HTTP, rollback.

Both are in an environment of their own, and a copy of the project has their pins in the locks of `model` and `serve`.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest
from patience import HANG_SECONDS, wait_for
from variables import VARIABLES

sys.path.append(str(Path(__file__).resolve().parents[1] / "serve"))
from serving import Server

ROOT = Path(__file__).resolve().parents[2]
PINS = Path(__file__).with_name("boosters.txt")
RECIPE = """
title = "Who comes back"
[columns]
late = {{ type = "int", role = "target", allowed = [0, 1] }}
kind = {{ type = "category", role = "input", allowed = ["a", "b", "c"] }}
visits = {{ type = "float", role = "input", min = -9, max = 19 }}
[ingest]
source = "synthetic"
rows = 400
[ingest.formula]
visits = {{ slope = 1.0, of = "late", intercept = 3.0, noise_sd = 1.0 }}
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "{estimator}"
"""
MODULE = """
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

class Visits(TransformerMixin, BaseEstimator):
    def fit(self, frame, y=None):
        self.most_ = float(frame["visits"].max())
        return self

    def transform(self, frame):
        columns = {name: (frame["kind"] == name).astype(float) for name in "abc"}
        return pd.DataFrame({"share": frame["visits"] / self.most_, **columns})

def build_model(trees: int = 5, of: str = "xgboost"):
    from sklearn.pipeline import make_pipeline
    if of == "xgboost":
        from xgboost import XGBClassifier
        return make_pipeline(Visits(), XGBClassifier(n_estimators=trees, n_jobs=1))
    from lightgbm import LGBMClassifier
    return make_pipeline(Visits(), LGBMClassifier(n_estimators=trees, n_jobs=1, verbose=-1))
"""


class Copy:
    """A copy of the project whose locks pin the two packages."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder, self.python = folder, str(python)
        for name in ("relay", "stylometry", "drift", "ingest", "preprocess", "model", "page", "serve"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "recipes").mkdir()
        for stage in ("model", "serve"):
            with (folder / stage / "requirements.txt").open("a") as lock:
                lock.write(PINS.read_text())
        inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        self.environment = {**inherited, "MPLBACKEND": "agg"}

    def run(self, *arguments: str) -> str:
        """What a command says; it must succeed."""
        done = subprocess.run(
            [self.python, "-m", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS * 3,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, name: str, estimator: str, module: str = "") -> None:
        """A recipe, its data, and the module beside it."""
        (self.folder / "recipes" / f"{name}.toml").write_text(RECIPE.format(estimator=estimator))
        if module:
            (self.folder / "recipes" / f"{name}.py").write_text(module)
        self.run("ingest", name)
        self.run("preprocess", name)

    def gates(self, name: str) -> list[Any]:
        """What the gate said of each version, the newest first."""
        return [version["gate"] for version in json.loads(self.run("model", "list", name, "--json"))]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("boosters")
    venv.create(folder)
    python = folder / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "project.pth").write_text(sysconfig.get_path("purelib") + "\n")  # what the project itself needs
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    done = subprocess.run(
        [*command, "--python", str(python), "-r", str(PINS)],
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS * 3,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"xgboost and lightgbm cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return Copy(tmp_path_factory.mktemp("copy"), python)


@pytest.mark.slow
def test_boosters_behind_own_code_are_judged_served_and_rolled_back(copy: Copy) -> None:
    copy.write("mine", "build_model", MODULE)
    copy.run("model", "mine", "--set", "model.arguments.trees=1")
    copy.run("model", "mine", "--set", "model.arguments.trees=30", "--set", 'model.arguments.of="lightgbm"')
    latest, first = copy.gates("mine")
    assert (first["passes"], first["why"]) == (True, "the first version")
    assert latest["champion"] == 1  # compared, whatever came of it
    if not latest["passes"]:
        copy.run("model", "promote", "mine", "2")
    compare_with_service(copy, "mine", {"kind": "a", "visits": 7.5})


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["xgboost.XGBClassifier", "lightgbm.LGBMClassifier"])
def test_a_booster_by_its_name_is_served_and_rolled_back(copy: Copy, estimator: str) -> None:
    name = estimator.partition(".")[0]
    copy.write(name, estimator)
    for trees in (1, 30):
        options = f"model.options={{n_estimators = {trees}, n_jobs = 1}}"
        copy.run("model", name, "--promote", "always", "--set", options)
    compare_with_service(copy, name, {"kind": "b", "visits": 1.5})


def compare_with_service(copy: Copy, name: str, record: dict[str, Any]) -> None:
    """Version 2, and after a rollback version 1, answer over HTTP what `predict` says."""
    own = {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.3"}
    key = str(copy.folder / "secrets" / "code_key")
    server = Server(
        copy.folder / "data", (name,), {**own, "CODE_KEY_FILE": key}, root=copy.folder, python=copy.python
    ).start()
    try:
        for version in ("2", "1"):
            wait_for(lambda: server.get("/health").json["models"][name].get("version") == version, version)  # noqa: B023
            answer = server.post("/predict", record).json
            told = subprocess.run(
                [copy.python, "-m", "model", "predict", name, "--json"],
                cwd=copy.folder,
                env=copy.environment,
                input=json.dumps(record),
                capture_output=True,
                text=True,
                timeout=HANG_SECONDS,
                check=True,
            )
            ours = json.loads(told.stdout)
            assert answer["model_version"] == str(ours["model_version"]) == version
            assert answer["probability"] == pytest.approx(ours["probabilities"][0], abs=1e-6)
            if version == "2":
                copy.run("model", "rollback", name)
    finally:
        server.stop()
