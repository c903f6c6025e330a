"""Rows that count by a weight, and rows that belong together: training, metrics, threshold, folds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from projects import Project, linear_columns
from sklearn import metrics
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from model.training.estimator.metrics import BinaryPrediction, best_threshold, judge_binary, judge_classes
from model.training.estimator.weights import name_weights
from relay.handoff.errors import ModelError

WEIGHED = """
title = "Rows that count by a weight"
[columns]
x = { type = "float", role = "input" }
y = { type = "float", role = "target" }
w = { type = "float", role = "weight" }
[ingest]
source = "synthetic"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

CLASSES = """
title = "Classes, weights and groups"
[columns]
x = { type = "float", role = "input" }
person = { type = "category", role = "group" }
w = { type = "float", role = "weight" }
good = { type = "category", role = "target" }
[ingest]
source = "synthetic"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
cv_folds = 4
segments = ["x"]
"""

Make = Callable[..., Project]


def weighed_columns(rows: int = 100) -> dict[str, Any]:
    """The line, each row weighed; every seventh row counts nothing and would bend the line."""
    columns = linear_columns(rows)
    weights = np.random.default_rng(1).uniform(0.5, 3, rows)
    wild = np.arange(rows) % 7 == 0
    return {**columns, "y": np.where(wild, 1e6, columns["y"]), "w": np.where(wild, 0.0, weights)}


def class_columns(rows: int = 240) -> dict[str, Any]:
    """Sixty people with four rows each; whole people train or test."""
    draw = np.random.default_rng(2)
    person = np.arange(rows) // 4
    x = draw.normal(0, 1, rows)
    good = np.where(x + draw.normal(0, 0.7, rows) > 0.3, "yes", "no")
    return {
        "x": x,
        "person": [f"p{number}" for number in person],
        "w": draw.uniform(0.2, 4, rows),
        "good": good.tolist(),
        "split": ["test" if number % 4 == 0 else "train" for number in person],
    }


def keep(columns: dict[str, Any], rows: Any) -> dict[str, Any]:
    return {name: np.asarray(cells)[rows].tolist() for name, cells in columns.items()}


def test_a_weight_of_zero_equals_leaving_the_row_out_bit_for_bit(project: Make) -> None:
    columns = weighed_columns()
    all_rows = project(WEIGHED, columns, "all").train()
    fewer = project(WEIGHED, keep(columns, columns["w"] > 0), "fewer").train()
    assert all_rows.model == fewer.model
    assert all_rows.metrics == fewer.metrics
    assert all_rows.tables["predictions"] == fewer.tables["predictions"]
    assert all_rows.dropped == {"with w = 0": 15}
    assert fewer.dropped == {}


def test_weights_reach_the_fit_and_each_metric_as_in_scikit_learn(project: Make) -> None:
    columns = weighed_columns()
    found = project(WEIGHED, columns).train().metrics
    is_test = np.array(columns["split"]) == "test"
    train, test = (keep(columns, rows & (columns["w"] > 0)) for rows in (~is_test, is_test))
    model = make_pipeline(StandardScaler(), LinearRegression())
    model.fit(np.c_[train["x"]], train["y"], linearregression__sample_weight=train["w"])
    predicted, weights = model.predict(np.c_[test["x"]]), test["w"]
    assert found["test"] == pytest.approx(
        {
            "mse": metrics.mean_squared_error(test["y"], predicted, sample_weight=weights),
            "rmse": metrics.root_mean_squared_error(test["y"], predicted, sample_weight=weights),
            "mae": metrics.mean_absolute_error(test["y"], predicted, sample_weight=weights),
            "r2": metrics.r2_score(test["y"], predicted, sample_weight=weights),
        }
    )
    mean = np.average(train["y"], weights=train["w"])
    expected = metrics.mean_squared_error(test["y"], np.full(len(weights), mean), sample_weight=weights)
    assert found["baseline"]["mse"] == pytest.approx(expected)


def test_classes_are_weighed_in_metrics_baseline_folds_segments_and_threshold(project: Make) -> None:
    weighed = project(CLASSES, class_columns(), "weighed").train()
    plain = project(CLASSES, {**class_columns(), "w": [1.0] * 240}, "plain").train()
    table = weighed.tables["predictions"].to_pandas()
    true, weights = table["true"] == "yes", table["weight"]
    found = weighed.metrics["test"]
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(true, table["probability"], sample_weight=weights))
    assert found["f1"] == pytest.approx(metrics.f1_score(true, table["positive"], sample_weight=weights))
    for part in ("baseline", "cross_validation", "segments", "threshold"):
        assert weighed.metrics[part] != plain.metrics[part], part


def test_weights_of_one_give_what_no_weights_give(project: Make) -> None:
    plain = CLASSES.replace('role = "weight"', 'role = "ignore"')
    columns = {**class_columns(), "w": [1.0] * 240}
    with_ones, without = project(CLASSES, columns, "ones").train(), project(plain, columns, "none").train()
    assert with_ones.metrics["test"] == pytest.approx(without.metrics["test"], rel=1e-6)
    assert with_ones.metrics["threshold"] == pytest.approx(without.metrics["threshold"], rel=1e-4)


def test_binary_and_class_figures_equal_scikit_learns_with_weights() -> None:
    draw = np.random.default_rng(3)
    true, scores, weights = draw.random(80) > 0.4, draw.random(80), draw.uniform(0, 2, 80)
    found = judge_binary(true, BinaryPrediction(scores, scores > 0.5, scores >= 0.3), weights)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(true, scores, sample_weight=weights))
    assert found["precision"] == pytest.approx(metrics.precision_score(true, scores >= 0.3, sample_weight=weights))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(true, scores > 0.5, sample_weight=weights))
    named = np.array(["a", "b", "c"])
    classes, said = named[draw.integers(0, 3, 80)], named[draw.integers(0, 3, 80)]
    found = judge_classes(classes, said, probabilities=None, classes=named, weights=weights)
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(classes, said, average="macro", sample_weight=weights))
    balanced = metrics.balanced_accuracy_score(classes, said, sample_weight=weights)
    assert found["balanced_accuracy"] == pytest.approx(balanced)


def test_the_best_threshold_counts_rows_by_their_weight() -> None:
    true, scores = np.array([True, False, True]), np.array([0.2, 0.5, 0.8])
    assert best_threshold(true, scores, np.array([1.0, 10.0, 1.0])) == 0.8
    assert best_threshold(true, scores, np.array([1.0, 0.1, 1.0])) == 0.2


def test_rows_of_one_group_are_in_one_fold(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from model.training.estimator import cross_validation

    seen: list[tuple[set[int], set[int]]] = []
    original = cross_validation._check_fold

    def watch(task: Any, learned: Any, judged: Any) -> None:
        seen.append((set(learned.groups.tolist()), set(judged.groups.tolist())))
        original(task, learned, judged)

    monkeypatch.setattr(cross_validation, "_check_fold", watch)
    results = project(CLASSES, class_columns()).train()
    assert len(seen) == 4
    assert all(not learned & judged for learned, judged in seen)
    assert "4-fold stratified grouped cross-validation" in " ".join(finding.text for finding in results.findings)


def test_more_folds_than_groups_are_refused(project: Make) -> None:
    columns = {**class_columns(), "person": ["a", "b", "c"] * 80}
    with pytest.raises(ModelError, match="the training rows have 3 groups, too few"):
        project(CLASSES, columns).train()


def test_an_estimator_without_weights_is_refused_by_name(project: Make) -> None:
    with pytest.raises(ModelError, match=r"KNeighborsRegressor.fit takes no sample_weight"):
        project(WEIGHED, weighed_columns()).train("model.estimator=sklearn.neighbors.KNeighborsRegressor")


def test_weights_find_their_way_through_what_wraps_an_estimator() -> None:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.model_selection import GridSearchCV

    inner = Pipeline([("scale", StandardScaler()), ("learn", LogisticRegression())])
    assert name_weights(Pipeline([("first", "passthrough"), ("last", inner)])) == "last__learn__sample_weight"
    assert name_weights(GridSearchCV(inner, {"learn__C": [1, 2]})) == "learn__sample_weight"
    assert name_weights(CalibratedClassifierCV(LogisticRegression())) == "sample_weight"
    assert name_weights(TransformedTargetRegressor(LinearRegression())) == "sample_weight"
    assert name_weights(GridSearchCV(KNeighborsRegressor(), {})) is None


def test_the_gate_weighs_rows_as_training_does() -> None:
    from model.release.compare import METRICS, ScoredRows

    draw = np.random.default_rng(4)
    true, scores, weights = draw.random(60) > 0.5, draw.random(60), draw.uniform(0.1, 2, 60)
    rows = np.arange(60)
    of = ScoredRows(true, scores, scores > 0.5, scores > 0.4, [0, 1], are_probabilities=True, weights=weights)
    expected = judge_binary(true, BinaryPrediction(scores, scores > 0.5, scores > 0.4), weights)
    assert {name: METRICS[name](of, rows) for name in expected} == pytest.approx(expected)


def test_a_table_with_a_bad_weight_is_not_learned_from(project: Make) -> None:
    with pytest.raises(ModelError, match="w: a weight is missing or negative"):
        project(WEIGHED, {**weighed_columns(), "w": [-1.0] * 100}).train()


def test_weights_and_groups_are_no_inputs(project: Make) -> None:
    contract = project(CLASSES, class_columns()).train().contract
    assert contract is not None
    assert list(contract.inputs) == ["x"]
