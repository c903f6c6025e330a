"""The ONNX file: the same answers as the model on every test row, or no file and a sentence that says why."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from projects import LINEAR, MIXED, NUMBERS, Project, linear_columns, mark_split, mixed_columns, texts, topics

from model.parameters import EstimatorParameters, parse_parameters
from model.training.estimator.memory.source import open_rows
from model.training.estimator.onnx import export
from model.training.estimator.onnx.export import Agreement, compare_answers, export_onnx
from model.training.estimator.onnx.graph import build_graph, read_preparation
from model.training.estimator.pipeline import fit
from model.training.estimator.train import set_task
from relay.handoff.recipe import load_recipe
from relay.registry.contract import TOLERANCE
from relay.registry.onnx_file import open_onnx
from relay.results.findings import Topic

MakeProject = Callable[..., Project]


def set_up(made: Project, *overrides: str) -> Any:
    """A fitted pipeline and its task."""
    recipe = load_recipe(str(made.recipe), overrides)
    parameters = parse_parameters(recipe)
    assert isinstance(parameters, EstimatorParameters)
    task = set_task(open_rows(made.open_processed(), recipe.columns, 0, recipe.seed), recipe, parameters)
    return fit(task.pipeline, task.split.train), task


ESTIMATORS = [
    "sklearn.ensemble.HistGradientBoostingClassifier",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.linear_model.LogisticRegression",
    "sklearn.neighbors.KNeighborsClassifier",
    "sklearn.naive_bayes.GaussianNB",
]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_row_gets_the_model_s_answer(project: MakeProject, estimator: str) -> None:
    made = project(NUMBERS, mixed_columns())
    fitted, task = set_up(
        made, f"model.estimators.boosted.estimator={estimator}", "model.estimators.boosted.options={}"
    )
    inputs = task.split.test.inputs
    assert inputs.isna().any(axis=None)
    attempt = export_onnx(fitted, task, threshold=0.45)
    assert attempt.content is not None, attempt.finding
    answers = open_onnx(attempt.content).predict(inputs.to_numpy(np.float64))
    assert (answers.shape, answers.dtype) == ((60, 2), np.float64)
    assert np.abs(answers - fitted.predict_proba(inputs)).max() < TOLERANCE


@pytest.mark.parametrize("kind", ["linear_model.LinearRegression", "ensemble.HistGradientBoostingRegressor"])
def test_a_regressor_s_onnx_file_answers_a_number_per_row(project: MakeProject, kind: str) -> None:
    made = project(LINEAR, linear_columns())
    fitted, task = set_up(made, f"model.estimator=sklearn.{kind}")
    content = export_onnx(fitted, task, None).content
    assert content is not None
    answers = open_onnx(content).predict(task.split.test.inputs.to_numpy(np.float64))
    assert answers.shape == (20, 1)
    assert answers.ravel() == pytest.approx(fitted.predict(task.split.test.inputs), rel=1e-5)


def test_the_onnx_file_takes_one_tensor_and_gives_one_and_names_no_class(trained_numbers: Project) -> None:
    graph = onnx.load(trained_numbers.latest / "model.onnx").graph
    assert [place.name for place in (*graph.input, *graph.output)] == ["inputs", "outputs"]
    assert {node.op_type for node in graph.node}.isdisjoint({"ZipMap", "ArrayFeatureExtractor"})


def test_no_rows_get_no_answers(trained_numbers: Project) -> None:
    exported = open_onnx((trained_numbers.latest / "model.onnx").read_bytes())
    assert exported.predict(np.zeros((0, 3), np.float64)).shape == (0, 2)


@pytest.mark.parametrize("matrix", [np.zeros((1, 4)), np.zeros((1, 3), np.float32), np.zeros(3)])
def test_a_matrix_of_another_form_is_refused(trained_numbers: Project, matrix: Any) -> None:
    exported = open_onnx((trained_numbers.latest / "model.onnx").read_bytes())
    with pytest.raises(ValueError, match=r"expected float64 \(n, 3\)"):
        exported.predict(matrix)


def test_columns_that_stand_apart_in_memory_are_read_right(trained_numbers: Project) -> None:
    exported = open_onnx((trained_numbers.latest / "model.onnx").read_bytes())
    matrix = np.array([[30, 1000, 1], [60, np.nan, 0], [80, 5000, np.nan]])
    assert np.array_equal(exported.predict(np.asfortranarray(matrix)), exported.predict(matrix))


def test_a_model_of_words_has_no_onnx_file_and_nothing_is_said(project: MakeProject) -> None:
    results = project(MIXED, mixed_columns()).train()
    assert results.onnx is None
    assert Topic.ONNX not in topics(results)


@pytest.mark.parametrize(("limit", "has_file"), [(240 * 300, True), (240 * 300 - 1, False)])
def test_a_model_that_keeps_rows_is_checked_up_to_a_number_of_pairs(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch, limit: int, has_file: bool
) -> None:
    monkeypatch.setattr(export, "MOST_PAIRS", limit)
    estimator = "model.estimators.boosted.estimator=sklearn.neighbors.KNeighborsClassifier"
    fitted, task = set_up(project(NUMBERS, mixed_columns()), estimator, "model.estimators.boosted.options={}")
    assert (len(task.split.train), len(task.split.test)) == (240, 60)
    attempt = export_onnx(fitted, task, threshold=0.45)
    assert (attempt.content is not None, "72,000 pairs" in str(attempt.finding)) == (has_file, not has_file)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ("sklearn.svm.LinearSVC", "No ONNX file: LinearSVC gives no probabilities."),
        ("sklearn.dummy.DummyClassifier", "No ONNX file: skl2onnx cannot convert DummyClassifier in doubles."),
    ],
)
def test_why_a_model_has_no_onnx_file_is_said(project: MakeProject, estimator: str, said: str) -> None:
    overrides = [f"model.estimators.boosted.estimator={estimator}", "model.estimators.boosted.options={}"]
    results = project(NUMBERS, mixed_columns()).train(*overrides)
    assert results.onnx is None
    assert said in texts(results)
    assert results.contract is not None
    assert not results.contract.has_onnx


def test_whole_numbers_that_float32_cannot_tell_apart_have_an_onnx_file_that_can(project: MakeProject) -> None:
    recipe = LINEAR.replace('type = "float", role = "input", min = 0, max = 20', 'type = "int", role = "input"')
    recipe = recipe.replace("linear_model.LinearRegression", "tree.DecisionTreeRegressor")
    numbers = [2**28 + row for row in range(100)]
    columns = {"x": numbers, "y": [float(row % 2) for row in range(100)], "split": mark_split(100)}
    results = project(recipe, columns).train()
    assert results.onnx is not None
    model = open_onnx(results.onnx)
    trained = [row for row, side in zip(range(100), columns["split"], strict=True) if side == "train"]
    answers = model.predict(np.array([[2.0**28 + row] for row in trained]))
    assert answers.ravel().tolist() == [row % 2 for row in trained]


@pytest.mark.parametrize(
    ("x", "has_file"),
    [
        ('type = "float", role = "input", min = 0, max = 20', False),
        ('type = "int", role = "input", min = 0, max = 16777216', True),
        ('type = "int", role = "input", min = 0, max = 16777217', False),
        ('type = "int", role = "input", min = 0', False),
        ('type = "int", role = "input", allowed = [0, 1, 2, 3, 4, 5, 6, 7]', True),
    ],
)
def test_an_estimator_that_is_converted_to_float32_has_a_file_where_float32_holds_every_input(
    project: MakeProject, x: str, has_file: bool
) -> None:
    recipe = LINEAR.replace('type = "float", role = "input", min = 0, max = 20', x)
    recipe = recipe.replace("linear_model.LinearRegression", "ensemble.AdaBoostRegressor")
    columns = linear_columns()
    whole = columns["x"].astype(int) % 8
    results = project(recipe, {**columns, "x": whole if "int" in x else whole.astype(float)}).train()
    assert (results.onnx is not None) is has_file
    if results.onnx is not None:
        assert not open_onnx(results.onnx).is_double
    else:
        assert "No ONNX file: skl2onnx cannot convert AdaBoostRegressor in doubles." in texts(results)


def test_trees_that_skl2onnx_would_never_finish_have_no_file(project: MakeProject) -> None:
    overrides = ["model.estimators.boosted.estimator=sklearn.ensemble.BaggingClassifier"]
    results = project(NUMBERS, mixed_columns()).train(*overrides, "model.estimators.boosted.options={}")
    assert "No ONNX file: skl2onnx cannot convert BaggingClassifier in doubles." in texts(results)


def test_a_row_on_the_other_side_of_the_threshold_is_counted_however_near_it_is() -> None:
    expected = np.array([[0.7, 0.3], [0.4, 0.6]])
    answers = (expected + np.array([[1e-7, -1e-7], [0, 0]])).astype(np.float32)
    agreement = compare_answers(answers, expected, threshold=0.3, spread=None)
    assert (agreement.flipped, agreement.is_close) == (1, False)
    assert compare_answers(answers, expected, threshold=0.5, spread=None).is_close


def test_numbers_are_held_against_their_spread() -> None:
    answers = np.array([[1000.5]])
    assert compare_answers(answers, np.array([[1000.0]]), threshold=None, spread=100.0) == Agreement(0.005, 0)


def test_an_answer_that_is_no_number_is_never_close() -> None:
    assert not compare_answers(np.array([[np.nan]]), np.array([[1.0]]), threshold=None, spread=1.0).is_close


def test_the_model_itself_keeps_its_thresholds(project: MakeProject) -> None:
    fitted, task = set_up(project(NUMBERS, mixed_columns()))
    before = fitted.predict_proba(task.split.test.inputs)
    preparation = read_preparation(fitted, list(task.split.test.inputs.columns))
    build_graph(fitted["model"], preparation, "double", outputs=2)
    assert np.array_equal(fitted.predict_proba(task.split.test.inputs), before)
