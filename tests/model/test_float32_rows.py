"""`[model] memory = "float32"`: the same model where float32 holds every number, and a named rounding elsewhere."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from projects import NUMBERS, Project, make_project, mixed_columns, texts

from relay.handoff.errors import ModelError, RecipeError, UsageError
from relay.registry.contract import Contract
from relay.registry.model_file import read_model
from relay.registry.onnx_file import open_onnx
from relay.registry.predictions import predict_with_model, predict_with_onnx
from relay.results.findings import Topic

MakeProject = Callable[..., Project]

FLOAT32 = "model.memory=float32"


def exact_columns(rows: int = 1_000) -> dict[str, Any]:
    """Incomes in quarters, which float32 holds."""
    columns = mixed_columns(rows)
    income = [None if value is None else round(value * 4) / 4 for value in columns["income"]]
    return {**columns, "income": income}


NAMES = ("age-in_years", "income", "is member?")
"""Inputs in the order of the prepared columns."""

NUMBERS_ONLY = (
    NUMBERS.partition("[model]")[0]
    + """[model]
kind = "estimator"
estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
options = { max_iter = 20 }
segments = ["income"]
"""
)


def test_where_float32_holds_every_number_boosted_trees_are_the_same_byte_for_byte(project: MakeProject) -> None:
    recipe = "\n".join(line for line in NUMBERS_ONLY.splitlines() if "is member?" not in line)
    normal, small = (project(recipe, exact_columns(), name) for name in ("normal", "small"))
    one, other = normal.train(), small.train(FLOAT32)
    assert (one.metrics, one.model, one.onnx) == (other.metrics, other.model, other.onnx)
    assert one.monitored == other.monitored
    assert one.tables["predictions"].equals(other.tables["predictions"])
    (said,) = [finding for finding in other.findings if finding.topic == Topic.MEMORY]
    assert said.figures == {"memory": "float32", "rounded": []}
    assert "holds all of them exactly" in said.text


@pytest.fixture(scope="module")
def rounded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Trained on incomes that float32 does not hold."""
    made = make_project(tmp_path_factory.mktemp("rounded"), NUMBERS_ONLY, mixed_columns(1_000), "rounded")
    assert made.run("--set", FLOAT32) == 0
    return made


def test_the_findings_name_the_inputs_that_were_rounded(rounded: Project) -> None:
    found = json.loads((rounded.latest / "findings.json").read_text())["findings"]
    (said,) = [one for one in found if one["topic"] == Topic.MEMORY]
    assert said["figures"] == {"memory": "float32", "rounded": ["income"]}
    assert "rounds income to about 7 digits" in said["text"]


def test_model_and_onnx_file_round_a_double_as_training_did(rounded: Project) -> None:
    files = rounded.receipt().files
    contract = Contract.from_json((rounded.latest / "contract.json").read_bytes())
    model = read_model(rounded.latest / "model.skops", files["model.skops"])
    onnx = open_onnx((rounded.latest / "model.onnx").read_bytes())
    rows = pq.read_table(rounded.data_dir / "processed" / "rounded.parquet").select(list(contract.inputs)).to_pylist()
    narrow = [{**row, "income": None if row["income"] is None else float(np.float32(row["income"]))} for row in rows]
    assert narrow != rows
    answers = predict_with_model(contract, model, rows)
    assert answers == predict_with_model(contract, model, narrow)
    by_onnx = predict_with_onnx(contract, onnx, rows)
    assert by_onnx == predict_with_onnx(contract, onnx, narrow)
    assert by_onnx.predictions == answers.predictions
    assert by_onnx.probabilities == pytest.approx(answers.probabilities, abs=1e-6)


def test_a_double_beside_a_border_goes_where_its_float32_goes(rounded: Project) -> None:
    model = read_model(rounded.latest / "model.skops", rounded.receipt().files["model.skops"])
    onnx = open_onnx((rounded.latest / "model.onnx").read_bytes())
    nodes = np.concatenate([tree.nodes for trees in model["model"]._predictors for tree in trees])
    place = NAMES.index("income")
    borders = nodes["num_threshold"][(nodes["is_leaf"] == 0) & (nodes["feature_idx"] == place)]
    cells = np.concatenate([borders, np.nextafter(borders, -np.inf), np.nextafter(borders, np.inf)])
    frame = pd.DataFrame({"age-in_years": 50.0, "income": cells, "is member?": 1.0})
    expected = model.predict_proba(frame)
    assert np.abs(onnx.predict(frame.to_numpy()) - expected).max() < 1e-9


def test_a_result_of_rounded_numbers_is_reproduced(rounded: Project) -> None:
    assert rounded.run("--set", FLOAT32, "--reproduce") == 0


@pytest.mark.parametrize("name", ["RandomForestClassifier", "GradientBoostingClassifier", "ExtraTreesClassifier"])
def test_other_trees_learn_from_float32_and_get_an_onnx_file(project: MakeProject, name: str) -> None:
    made = project(NUMBERS_ONLY, mixed_columns(400))
    results = made.train(f"model.estimator=sklearn.ensemble.{name}", "model.options={n_estimators = 5}", FLOAT32)
    assert results.onnx is not None, texts(results)
    assert results.metrics["test"]["roc_auc"] > 0.7


def test_what_computes_with_its_inputs_is_refused_with_a_list_of_what_does_not(project: MakeProject) -> None:
    made = project(NUMBERS_ONLY, mixed_columns(100))
    linear = ("model.estimator=sklearn.linear_model.LogisticRegression", "model.options={}", FLOAT32)
    with pytest.raises(ModelError, match=r"LogisticRegression computes.*HistGradientBoostingClassifier.*sample_rows"):
        made.train(*linear)
    assert made.run("--check", *(part for one in linear for part in ("--set", one))) == 1


def test_an_own_function_cannot_ask_for_it(project: MakeProject) -> None:
    made = project(NUMBERS_ONLY.replace("sklearn.ensemble.HistGradientBoostingClassifier", "build"), mixed_columns(100))
    with pytest.raises((RecipeError, UsageError), match="needs a class of scikit-learn"):
        made.train(FLOAT32, "model.options={}")


def test_weights_groups_times_and_words_are_read_as_before(project: MakeProject) -> None:
    recipe = NUMBERS_ONLY.replace(
        "[ingest]",
        'w = { type = "float", role = "weight" }\nwho = { type = "text", role = "group" }\n'
        'at = { type = "time", role = "input", null = true }\ntown = { type = "category", role = "input" }\n[ingest]',
    )
    rows = 600
    columns = exact_columns(rows) | {
        "w": [row % 4 for row in range(rows)],
        "who": [f"person {row % 50}" for row in range(rows)],
        "at": [
            pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(hours=row) if row % 9 else None for row in range(rows)
        ],
        "town": [["Ulm", "Köln"][row % 2] for row in range(rows)],
    }
    made = project(recipe, columns)
    one, other = (made.train("model.cv_folds=3", memory) for memory in ("model.memory=normal", FLOAT32))
    assert one.metrics == other.metrics
    assert one.monitored == other.monitored
    assert one.tables["predictions"].equals(other.tables["predictions"])
