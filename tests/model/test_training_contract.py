"""What a training promises: `contract.json`, checked as whoever serves the model checks it."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pyarrow.parquet as pq
import pytest
from projects import LINEAR, MIXED, Project, mixed_columns, texts, topics

from relay.registry.contract import Contract
from relay.registry.model_file import read_model
from relay.registry.onnx_file import open_onnx
from relay.registry.predictions import find_difference, predict_with_model, predict_with_onnx
from relay.results.findings import Topic


def read_contract(made: Project) -> Contract:
    return Contract.from_json((made.latest / "contract.json").read_bytes())


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("line", ["model.onnx", "model.skops"]),
        ("mixed", ["model.skops"]),
        ("numbers", ["model.onnx", "model.skops"]),
        ("documents", ["model.skops"]),
    ],
)
def test_files_and_answers_are_as_promised(trained_once: Callable[[str], Project], name: str, files: list[str]) -> None:
    made = trained_once(name)
    contract = read_contract(made)
    contents = {file: (made.latest / file).read_bytes() for file in contract.files}
    assert contract.files == {file: sha256(content).hexdigest() for file, content in contents.items()}
    assert sorted(contract.files) == files
    records = contract.example.records
    assert len(records) == 5
    model = read_model(contents["model.skops"], contract.files["model.skops"])
    assert find_difference(contract, predict_with_model(contract, model, records)) == ""
    if contract.has_onnx:
        answers = predict_with_onnx(contract, open_onnx(contents["model.onnx"]), records)
        assert find_difference(contract, answers) == ""


def test_examples_are_test_rows_with_every_input_in_its_type(trained_mixed: Project) -> None:
    contract, table = read_contract(trained_mixed), mixed_columns()
    inputs = ["age-in_years", "income", "is member?", "Town"]
    rows = [dict(zip(inputs, cells, strict=True)) for cells in zip(*(table[name] for name in inputs), strict=True)]
    tests = [row for row, side in zip(rows, table["split"], strict=True) if side == "test"]
    assert [record for record in contract.example.records if record not in tests] == []
    assert {type(record["age-in_years"]) for record in contract.example.records} == {int}
    assert {type(record["is member?"]) for record in contract.example.records} <= {bool, type(None)}
    assert list(contract.inputs) == inputs
    assert set(contract.example.predictions) == {0, 1}


def test_two_classes_have_threshold_base_rate_and_the_deciding_score(trained_mixed: Project) -> None:
    contract, table = read_contract(trained_mixed), mixed_columns()
    bought = [cell for cell, side in zip(table["bought"], table["split"], strict=True) if side == "train"]
    assert (contract.task, contract.classes, contract.target) == ("binary", [0, 1], "bought")
    assert contract.base_rate == pytest.approx(sum(bought) / len(bought))
    assert contract.threshold is not None
    rows = pq.read_table(trained_mixed.latest / "predictions.parquet").to_pylist()
    assert [row["positive"] for row in rows] == [row["probability"] >= contract.threshold for row in rows]
    assert contract.score is not None
    assert contract.score.name == "roc_auc"


def test_a_regression_names_its_spread_and_no_classes(trained_line: Project) -> None:
    contract = read_contract(trained_line)
    assert (contract.task, contract.classes, contract.threshold) == ("regression", [], None)
    assert contract.example.probabilities is None
    assert contract.spread == pytest.approx(11.5, abs=2)  # of 2x + 1, x uniform in 0..20: 40 / sqrt(12)


def test_authors_are_classes_and_the_score_is_that_of_leaving_documents_out(trained_documents: Project) -> None:
    contract = read_contract(trained_documents)
    assert (contract.task, contract.target, list(contract.inputs)) == ("authorship", "author", ["text"])
    assert contract.classes == ["Ann", "Ben", "Cid"]
    assert contract.example.predictions == ["Ann", "Ann", "Ben", "Ben", "Cid"]
    assert contract.score is not None
    assert (contract.score.name, contract.score.baseline) == ("balanced_accuracy", pytest.approx(1 / 3))


def test_the_name_in_the_registry_can_be_chosen(linear: Project) -> None:
    named, unnamed = linear.train("model.name=straight").contract, linear.train().contract
    assert named is not None
    assert unnamed is not None
    assert (named.model, unnamed.model) == ("straight", "line")


@pytest.mark.parametrize(
    ("estimator", "gives"),
    [("sklearn.svm.LinearSVC", False), ("sklearn.linear_model.LogisticRegression", True)],
)
def test_several_classes_with_and_without_probabilities(project: Any, estimator: str, gives: bool) -> None:
    recipe = MIXED.replace('bought = { type = "int", role = "target", allowed = [0, 1] }',
                           'bought = { type = "category", role = "target" }')  # fmt: skip
    columns = mixed_columns()
    columns["bought"] = [["low", "mid", "high"][min(age // 35, 2)] for age in columns["age-in_years"]]
    results = project(recipe, columns).train(f"model.estimator={estimator}", "model.options={}")
    contract = results.contract
    assert contract is not None
    assert (contract.task, contract.classes) == ("multiclass", ["high", "low", "mid"])
    assert (contract.gives_probabilities, contract.example.probabilities is not None) == (gives, gives)
    expected = ["row_key", "row", "true", "predicted", *(["probability_of_true"] if gives else [])]
    assert results.tables["predictions"].column_names == expected
    assert set(contract.example.predictions) <= set(contract.classes)


def test_a_classifier_of_scores_keeps_its_threshold_on_the_scores(mixed: Project) -> None:
    contract = mixed.train("model.estimator=sklearn.svm.LinearSVC", "model.options={}").contract
    assert contract is not None
    assert not contract.gives_probabilities
    assert contract.threshold is not None
    assert contract.example.probabilities is None


def test_predictions_have_a_key_a_row_and_what_divides_segments(
    trained_numbers: Project, trained_line: Project
) -> None:
    names = pq.read_table(trained_numbers.latest / "predictions.parquet").column_names
    assert names == [
        *("row_key", "row", "true", "probability", "positive"),
        *("segment.age-in_years", "segment.is member?"),
    ]
    rows = pq.read_table(trained_line.latest / "predictions.parquet")
    assert rows.column_names == ["row_key", "true", "predicted"]
    assert len(set(rows.column("row_key").to_pylist())) == 20


def test_uneven_classes_are_evened_out_inside_training_and_the_findings_say_how(project: Any) -> None:
    columns = mixed_columns()
    columns["bought"] = [int(row % 9 == 0) for row in range(300)]
    for estimator, weighs in (("{}", False), ('{ class_weight = "balanced" }', True)):
        results = project(MIXED, columns, f"uneven_{weighs}".lower()).train(f"model.options={estimator}")
        (said,) = [words for words in texts(results) if "No row was left out or copied" in words]
        assert said.startswith("11.2 % of the training rows have bought = 1.")
        assert ("class_weight = balanced" in said) == weighs
        assert results.metrics["rows"] == {"train": 240, "test": 60, "without_target": 0}
    assert Topic.IMBALANCE not in topics(project(MIXED, mixed_columns(), "even").train())


def test_the_recipe_of_the_line_finds_it(desk: Any) -> None:
    assert [desk.run(stage, "linear") for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    import json

    line = json.loads((desk.data / "output/linear/latest/metrics.json").read_text())["line"]
    assert line["slope"] == pytest.approx(2, abs=0.05)
    assert line["intercept"] == pytest.approx(1, abs=0.5)
    assert "LinearRegression" in LINEAR


def test_a_rule_of_a_column_that_changes_is_promised_anew(trained_line: Project) -> None:
    trained_line.recipe.write_text(LINEAR.replace("max = 20", 'max = 25, from = "X"'))
    assert trained_line.run() == 0
    column = read_contract(trained_line).inputs["x"]
    assert (column.max, column.source) == (25.0, None)
