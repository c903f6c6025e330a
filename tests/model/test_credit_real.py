"""Real borrowers through the real stages: the quality of the credit recipe, and the same answers by its ONNX file."""

import json
from pathlib import Path
from typing import Any

import pytest

from relay.registry.contract import Contract

ROOT = Path(__file__).resolve().parents[2]


def write_recipe(desk: Any, data: Path) -> str:
    text = (ROOT / "recipes/credit.toml").read_text(encoding="utf-8")
    path: str = desk.recipe(text.replace("data/cs-training.csv", f"{data}/cs-training.csv"), "borrowers")
    return path


@pytest.mark.real
def test_boosted_trees_rank_borrowers_and_their_onnx_file_answers_alike(desk: Any, real_data: Path) -> None:
    recipe = write_recipe(desk, real_data)
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    latest = desk.data / "output/borrowers/latest"
    metrics = json.loads((latest / "metrics.json").read_text())
    found = metrics["cross_validation"]
    # The mean of 5-fold stratified cross-validation of the training rows; the seed is 42 and not chosen.
    assert (found["score"], found["folds"], found["rows"]) == ("roc_auc", 5, metrics["rows"]["train"])
    assert found["mean"] >= 0.85
    assert found["standard_deviation"] < 0.02
    assert set(metrics["segments"]["age"]) == {"age < 41", "41 <= age < 52", "52 <= age < 63", "age >= 63"}
    contract = Contract.from_json((latest / "contract.json").read_bytes())
    assert contract.has_onnx
    assert set(contract.example.predictions) == {0, 1}


@pytest.mark.real
def test_a_logistic_regression_is_offered_beside_them(desk: Any, real_data: Path) -> None:
    recipe = write_recipe(desk, real_data)
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]
    assert desk.run("model", recipe, "--set", "model.use=logistic", "--set", "model.cv_folds=0") == 0
    metrics = json.loads((desk.data / "output/borrowers/latest/metrics.json").read_text())
    assert metrics["estimator"] == "LogisticRegression"
    assert metrics["test"]["roc_auc"] > 0.75
    assert (desk.data / "output/borrowers/latest/model.onnx").is_file()
