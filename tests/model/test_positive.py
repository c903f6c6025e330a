"""The class that is looked for, weights of classes, and estimators inside estimators."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from projects import Project, mark_split
from sklearn.metrics import precision_score, roc_auc_score

from model.training.estimator.names import find_packages
from model.training.estimator.resolve import build_estimator
from relay.handoff.column import Column
from relay.handoff.errors import ModelError, RecipeError
from relay.registry.contract import MODEL_FILE, ONNX_FILE, Contract
from relay.registry.model_file import read_model
from relay.registry.onnx_file import open_onnx
from relay.registry.predictions import predict_with_model, predict_with_onnx

LOANS = """
title = "Loans"
[columns]
income = { type = "float", role = "input" }
age = { type = "float", role = "input" }
loan = { type = "category", role = "target" }
[ingest]
source = "synthetic"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""

Make = Callable[..., Project]
FOREST = "sklearn.ensemble.RandomForestClassifier"


def loan_columns(rows: int = 300) -> dict[str, Any]:
    """The poorer, the likelier a bad loan; one in four is."""
    draw = np.random.default_rng(6)
    income, age = draw.normal(0, 1, rows), draw.normal(40, 9, rows)
    is_bad = income + draw.normal(0, 0.6, rows) < -0.8
    return {
        "income": income,
        "age": age,
        "loan": np.where(is_bad, "bad", "good").tolist(),
        "split": mark_split(rows),
    }


def test_the_positive_class_is_the_one_that_the_recipe_names(project: Make) -> None:
    here = project(LOANS, loan_columns())
    bad, good = here.train("model.positive=bad"), here.train()
    assert (bad.metrics["classes"], good.metrics["classes"]) == (["good", "bad"], ["bad", "good"])
    table = bad.tables["predictions"].to_pandas()
    true = table["true"] == "bad"
    assert bad.metrics["test"]["precision"] == precision_score(true, table["positive"])
    assert bad.metrics["test"]["roc_auc"] == pytest.approx(roc_auc_score(true, table["probability"]))
    assert bad.metrics["test"]["brier"] == pytest.approx(good.metrics["test"]["brier"])
    assert "Of a row with loan = bad" in " ".join(finding.text for finding in bad.findings)
    slopes = [dict(zip(*one.tables["coefficients"].to_pydict().values(), strict=True)) for one in (bad, good)]
    assert slopes[0]["income"] == -slopes[1]["income"] < 0


@pytest.mark.parametrize("estimator", ["sklearn.linear_model.LogisticRegression", FOREST, "sklearn.svm.LinearSVC"])
def test_whoever_asks_gets_the_positive_class_last(project: Make, estimator: str) -> None:
    results = project(LOANS, loan_columns()).train("model.positive=bad", f"model.estimator={estimator}")
    assert results.contract is not None
    assert results.model is not None
    contract = Contract.from_json(results.contract.to_json())
    assert (contract.classes, contract.positive_first) == (["good", "bad"], True)
    assert contract.base_rate == pytest.approx(0.25, abs=0.1)
    model = read_model(results.model, contract.files[MODEL_FILE])
    records = [{"income": -4.0, "age": 40.0}, {"income": 4.0, "age": 40.0}]
    found = predict_with_model(contract, model, records)
    assert found.predictions == ["bad", "good"]
    if found.probabilities is not None:
        assert found.probabilities[0] > 0.5 > found.probabilities[1]
    if ONNX_FILE in contract.files:
        assert results.onnx is not None
        assert predict_with_onnx(contract, open_onnx(results.onnx), records).predictions == ["bad", "good"]


def test_the_logistic_model_with_a_positive_class_has_an_onnx_file(project: Make) -> None:
    assert project(LOANS, loan_columns()).train("model.positive=bad").onnx is not None


def test_a_class_that_is_none_and_a_target_of_three_are_refused(project: Make) -> None:
    with pytest.raises(ModelError, match='positive = "worse": loan has no such class; expected "bad" or "good"'):
        project(LOANS, loan_columns(), "two").train("model.positive=worse")
    three = {**loan_columns(), "loan": ["bad", "good", "ugly"] * 100}
    with pytest.raises(ModelError, match="loan has 3 classes"):
        project(LOANS, three, "three").train("model.positive=bad")


@pytest.mark.parametrize(
    ("target", "given", "expected"),
    [
        (Column(type="int", role="target", allowed=[0, 1]), {"0": 1, "1": 5}, {0: 1, 1: 5}),
        (Column(type="bool", role="target"), {"false": 1, "true": 5}, {False: 1, True: 5}),
        (Column(type="category", role="target"), {"0": 1, "1": 5}, {"0": 1, "1": 5}),
    ],
)
def test_class_weights_are_for_the_targets_own_classes(target: Column, given: Any, expected: Any) -> None:
    assert build_estimator(FOREST, {"class_weight": given}, 7, target).get_params()["class_weight"] == expected
    inner = {"estimator": {"estimator": FOREST, "options": {"class_weight": given}}}
    outer = build_estimator("sklearn.calibration.CalibratedClassifierCV", inner, 7, target)
    assert outer.get_params()["estimator__class_weight"] == expected


def test_a_class_weight_for_no_class_is_refused() -> None:
    target = Column(type="int", role="target", allowed=[0, 1])
    with pytest.raises(RecipeError, match=r'class_weight has the class "2"; expected one of \[0, 1\]'):
        build_estimator(FOREST, {"class_weight": {"2": 1}}, 7, target)
    with pytest.raises(RecipeError, match='class "good"'):
        build_estimator(FOREST, {"class_weight": {"good": 1}}, 7, target)


def test_integer_classes_are_weighed_in_a_training(project: Make) -> None:
    recipe = LOANS.replace('loan = { type = "category"', 'loan = { type = "int", allowed = [0, 1]')
    columns = {**loan_columns(), "loan": [int(name == "bad") for name in loan_columns()["loan"]]}
    here = project(recipe, columns)
    flat = here.train()
    heavy = here.train('model.options={ class_weight = { "0" = 1, "1" = 9 } }')
    found = [one.tables["predictions"].column("probability").to_numpy().mean() for one in (flat, heavy)]
    assert found[1] > found[0] + 0.1


def test_estimators_stand_inside_options_however_deep() -> None:
    options = {
        "estimators": [
            ["trees", {"estimator": FOREST, "options": {"n_estimators": 5}}],
            ["line", {"estimator": "sklearn.linear_model.LogisticRegression"}],
        ],
        "final_estimator": {
            "estimator": "sklearn.ensemble.BaggingClassifier",
            "options": {"estimator": {"estimator": "sklearn.tree.DecisionTreeClassifier", "options": {"max_depth": 2}}},
        },
    }
    found = build_estimator("sklearn.ensemble.StackingClassifier", options, seed=7).get_params()
    assert (found["trees__n_estimators"], found["trees__random_state"]) == (5, 7)
    assert found["final_estimator__estimator__max_depth"] == 2


def test_an_estimator_inside_is_trained_and_kept(project: Make) -> None:
    text = "{ estimator = { estimator = 'sklearn.tree.DecisionTreeClassifier', options = { max_depth = 2 } } }"
    results = project(LOANS, loan_columns()).train(
        "model.estimator=sklearn.ensemble.BaggingClassifier", f"model.options={text}"
    )
    assert results.model is not None
    assert results.metrics["test"]["roc_auc"] > 0.8


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ({"estimator": "subprocess.Popen", "options": {"args": "ls"}}, "is part of Python"),
        ({"estimator": "sklearn._config.X"}, 'the part "_config"'),
        ({"estimator": "sklearn.utils.Bunch"}, "has no fit"),
        ({"estimator": FOREST, "option": {}}, 'stands beside "option"'),
        ({"estimator": FOREST, "options": {"n_trees": 3}}, 'takes no "n_trees"'),
    ],
)
def test_what_stands_inside_is_held_to_the_same_rules(inner: Any, why: str) -> None:
    with pytest.raises(RecipeError, match=why):
        build_estimator("sklearn.calibration.CalibratedClassifierCV", {"estimator": inner}, seed=7)


def test_the_packages_of_estimators_are_in_the_key(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("lightgbm==4.7.0\n    # via -r model/requirements.in\n", encoding="utf-8")
    options = {"estimator": {"estimator": "lightgbm.LGBMClassifier"}}
    assert find_packages("sklearn.ensemble.BaggingClassifier", {}, lock) == ()
    assert find_packages("sklearn.ensemble.BaggingClassifier", options, lock) == ("lightgbm",)
    with pytest.raises(RecipeError, match="comes from the package xgboost"):
        find_packages("xgboost.XGBClassifier", {}, lock)
