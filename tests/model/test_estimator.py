"""Training by recipe: the known answer, the baseline beside it, and what is said when it cannot be."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from projects import LINEAR, MIXED, Project, linear_columns, mark_split, mixed_columns, texts, topics

from relay.registry.model_file import read_model
from relay.results.findings import Topic

MakeProject = Callable[..., Project]


def read_metrics(made: Project) -> Any:
    return json.loads((made.latest / "metrics.json").read_text())


def test_the_line_is_found(trained_line: Project) -> None:
    line = read_metrics(trained_line)["line"]
    # Standard errors with 80 points, noise 0.5 and x uniform in 0..20: 0.01 and 0.11.
    assert line["slope"] == pytest.approx(2, abs=0.04)
    assert line["intercept"] == pytest.approx(1, abs=0.4)


def test_every_figure_has_its_baseline(trained_line: Project) -> None:
    metrics = read_metrics(trained_line)
    assert metrics["test"].keys() == metrics["baseline"].keys() == {"mse", "rmse", "mae", "r2"}
    assert metrics["score"] == {
        "name": "r2",
        "value": metrics["test"]["r2"],
        "baseline": metrics["baseline"]["r2"],
        "lower_is_better": False,
    }


def test_the_baseline_of_a_regression_says_the_training_mean(trained_line: Project) -> None:
    table = linear_columns()
    is_test = np.asarray(table["split"]) == "test"
    misses = table["y"][is_test] - table["y"][~is_test].mean()
    assert read_metrics(trained_line)["baseline"]["mse"] == pytest.approx(np.square(misses).mean())


def test_the_coefficients_are_a_table_in_the_units_of_the_data(trained_line: Project) -> None:
    terms = pq.read_table(trained_line.latest / "coefficients.parquet").to_pylist()
    line = read_metrics(trained_line)["line"]
    assert [row["term"] for row in terms] == ["(intercept)", "x"]
    assert [row["coefficient"] for row in terms] == pytest.approx([line["intercept"], line["slope"]])


def test_the_model_file_predicts_what_the_table_of_predictions_says(trained_mixed: Project) -> None:
    rows = pq.read_table(trained_mixed.latest / "predictions.parquet").to_pylist()
    model = read_model(trained_mixed.latest / "model.skops", trained_mixed.receipt().files["model.skops"])
    assert [row["row"] for row in rows] == list(range(0, 300, 5))
    import pandas as pd

    table = {name: mixed_columns()[name] for name in ("age-in_years", "income", "is member?", "Town")}
    frame = pd.DataFrame(table).iloc[::5]
    assert [row["probability"] for row in rows] == model.predict_proba(frame)[:, 1].tolist()


def test_a_binary_model_gets_all_figures_and_a_tuned_threshold(trained_mixed: Project) -> None:
    metrics = read_metrics(trained_mixed)
    assert metrics["test"].keys() == {
        *("roc_auc", "pr_auc", "brier", "log_loss", "accuracy", "precision", "recall", "f1")
    }
    assert metrics["test"]["roc_auc"] > metrics["baseline"]["roc_auc"] == 0.5
    assert metrics["threshold"]["tuned_rows"] == 48  # a fifth of the 240 training rows
    assert metrics["classes"] == ["0", "1"]


def test_the_threshold_does_not_know_the_test_rows(project: MakeProject) -> None:
    columns = mixed_columns()
    # The test rows' answers turned round: figures fall, the threshold stays.
    turned = [
        1 - cell if side == "test" else cell for cell, side in zip(columns["bought"], columns["split"], strict=True)
    ]
    plain = project(MIXED, columns, "plain").train().metrics
    changed = project(MIXED, {**columns, "bought": turned}, "turned").train().metrics
    assert plain["threshold"] == changed["threshold"]
    assert plain["test"]["roc_auc"] > 0.8 > 0.2 > changed["test"]["roc_auc"]


def test_with_too_few_rows_of_a_class_the_threshold_is_not_tuned_and_the_findings_say_so(project: MakeProject) -> None:
    columns = mixed_columns(60)
    columns["bought"] = [int(row % 10 < 2) for row in range(60)]  # 6 of the 48 training rows
    results = project(MIXED, columns).train()
    assert results.metrics["threshold"] == {"tuned_rows": 0, "value": 0.5}
    assert any("not tuned, for a class has fewer than 10 training rows" in words for words in texts(results))


def test_a_classifier_without_probabilities_is_judged_by_its_scores(mixed: Project) -> None:
    results = mixed.train("model.estimator=sklearn.svm.LinearSVC", "model.options={}")
    assert results.metrics["test"].keys() == {"roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1"}
    assert [picture.name for picture in results.pictures] == ["roc", "precision_recall", "confusion"]


def test_several_classes_and_words_as_classes(project: MakeProject) -> None:
    recipe = MIXED.replace(
        'bought = { type = "int", role = "target", allowed = [0, 1] }',
        'bought = { type = "category", role = "target" }',
    )
    columns = mixed_columns()
    columns["bought"] = [["low", "mid", "high"][min(age // 35, 2)] for age in columns["age-in_years"]]
    metrics = project(recipe, columns).train().metrics
    assert metrics["test"].keys() == {"accuracy", "balanced_accuracy", "macro_f1", "log_loss"}
    assert metrics["score"]["name"] == "balanced_accuracy"
    assert metrics["test"]["accuracy"] > 0.9


def test_truth_values_as_classes(project: MakeProject) -> None:
    recipe = MIXED.replace('type = "int", role = "target", allowed = [0, 1]', 'type = "bool", role = "target"')
    columns = mixed_columns()
    columns["bought"] = [bool(cell) for cell in columns["bought"]]
    assert project(recipe, columns).train().metrics["classes"] == ["False", "True"]


def test_rows_without_a_target_stand_aside_and_are_counted(project: MakeProject) -> None:
    columns = linear_columns()
    y = [None if row in (1, 2, 5) else float(value) for row, value in enumerate(columns["y"])]
    results = project(LINEAR.replace('role = "target"', 'role = "target", null = true'), {**columns, "y": y}).train()
    assert results.metrics["rows"] == {"train": 78, "test": 19, "without_target": 3}
    assert (results.rows, results.dropped) == (97, {"without y": 3})
    assert texts(results)[0].endswith("3 rows without y stood aside.")


@pytest.mark.parametrize("kind", ["int", "float", "bool", "category"])
def test_an_only_input_without_a_value_leaves_the_mean_of_the_training_rows(project: MakeProject, kind: str) -> None:
    columns = linear_columns() | {"x": [None] * 100}
    recipe = LINEAR.replace('x = { type = "float", role = "input", min = 0, max = 20, unit = "m" }',
                            f'x = {{ type = "{kind}", role = "input", null = true }}')  # fmt: skip
    results = project(recipe, columns).train()
    sides = np.array(columns["split"])
    assert results.tables["predictions"]["predicted"].to_pylist() == pytest.approx(
        [columns["y"][sides == "train"].mean()] * int((sides == "test").sum())
    )
    assert Topic.COLUMNS in topics(results)


def test_a_model_that_learns_nothing_is_called_useless(linear: Project) -> None:
    useless = linear.train("model.estimator=sklearn.dummy.DummyRegressor")
    assert topics(useless) == [Topic.DATA, Topic.SCORE, Topic.BASELINE, Topic.ONNX, Topic.BATCH_TEST]
    assert texts(useless)[2].endswith("do not use it.")
    assert Topic.BASELINE not in topics(linear.train())


def test_what_scikit_learn_warns_of_stands_in_the_findings(mixed: Project) -> None:
    short = mixed.train("model.estimator=sklearn.linear_model.LogisticRegression", "model.options={max_iter=1}")
    assert texts(short)[-1].startswith("scikit-learn warns: lbfgs failed to converge")


def test_the_score_can_be_chosen(linear: Project) -> None:
    score = linear.train("model.score=mae").metrics["score"]
    assert (score["name"], score["lower_is_better"]) == ("mae", True)


MANY = mixed_columns()
LINE = linear_columns()


@pytest.mark.parametrize(
    ("recipe", "columns", "said"),
    [
        (LINEAR, {**LINE, "split": ["train"] * 100}, "no test row with a y among 100 rows"),
        (LINEAR, {**LINE, "split": ["test"] * 100}, "no train row"),
        (LINEAR, {**LINE, "split": ["train"] * 99 + ["test"]}, "one test row: the share of explained variance needs"),
        (
            MIXED.replace("ensemble.RandomForestClassifier", "neighbors.RadiusNeighborsClassifier").replace(
                "{ n_estimators = 10 }", "{ radius = 1e-9 }"
            ),
            MANY,
            "RadiusNeighborsClassifier could not be (judged on|fitted to)",
        ),
        (LINEAR, {name: LINE[name] for name in ("x", "y")}, "has no column split"),
        (LINEAR.replace('role = "target"', 'role = "ignore"'), LINE, 'no column with role = "target"'),
        (LINEAR.replace('role = "input"', 'role = "ignore"'), LINE, 'no column with role = "input"'),
        (
            LINEAR.replace("linear_model.LinearRegression", "linear_model.LogisticRegression"),
            LINE,
            "a classifier needs classes, found float without allowed values",
        ),
        (
            MIXED.replace("RandomForestClassifier", "RandomForestRegressor").replace(
                'type = "int", role = "target", allowed = [0, 1]', 'type = "bool", role = "target"'
            ),
            {**MANY, "bought": [True, False] * 150},
            "a regressor needs numbers, found bool",
        ),
        (MIXED, {**MANY, "bought": [0] * 300}, "all training rows have bought = 0"),
        (MIXED, {**MANY, "bought": [int(row % 5 == 1) for row in range(300)]}, "all test rows have bought = 0"),
        (
            MIXED.replace("[0, 1]", "[0, 1, 2]"),
            {**MANY, "bought": [2 if row == 5 else row % 2 for row in range(300)]},
            r"test rows have bought = \[2\], which no training row has",
        ),
        (MIXED.replace("{ n_estimators = 10 }", "{ n_estimators = -1 }"), MANY, "could not be fitted to 240 rows"),
        (MIXED.replace("n_estimators", "n_estimatrs"), MANY, 'did you mean "n_estimators"'),
        (LINEAR + 'score = "roc_auc"', LINE, "this model is judged by mse, rmse, mae, r2"),
        (
            LINEAR.replace(
                'x = { type = "float", role = "input", min = 0, max = 20', 'x = { type = "text", role = "input"'
            ),
            {**LINE, "x": ["a"] * 100},
            "an estimator takes int, float, bool, category and time, not text",
        ),
    ],
)
def test_what_cannot_be_trained_is_said(project: MakeProject, recipe: str, columns: Any, said: str) -> None:
    made = project(recipe, columns)
    assert made.run() == 1
    import re

    assert re.search(said, made.log())
    assert not made.latest.exists()


def test_check_needs_no_data_and_finds_the_wrong_name(linear: Project) -> None:
    assert linear.run("--check") == 0
    assert linear.run("--check", "--set", "model.estimator=sklearn.linear_model.Rigde") == 1
    assert 'did you mean "sklearn.linear_model.Ridge"' in linear.log()
    assert linear.run("--check", "--set", "model.options={alpha=1}") == 1
    assert 'takes no "alpha"' in linear.log()


def test_every_fifth_row_is_what_the_tests_take_for_a_test_row() -> None:
    assert mark_split(6) == ["test", "train", "train", "train", "train", "test"]
