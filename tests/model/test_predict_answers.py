"""The answers to a table of rows are those to its records, of any model of a table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from asked_files import load_result
from own_recipes import BUILD_POWERS, BUILT, mine
from projects import Project, mark_split, mixed_columns
from sklearn.linear_model import LinearRegression

from model.ask.files.layout import plan_layout
from model.ask.files.source import Piece
from model.ask.files.work import Answered, Loaded, answer_table
from model.release.production import OpenModel
from relay.registry.records import check_record
from serve.predictor import OnnxPredictor, PipelinePredictor
from serve.schema import make_schema

THREE = """
title = "Three kinds"
[columns]
at = { type = "time", role = "input", null = true }
size = { type = "float", role = "input" }
town = { type = "category", role = "input" }
kind = { type = "category", role = "target" }
[ingest]
source = "file"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""


def three_columns(rows: int = 150) -> dict[str, Any]:
    """Three kinds by size; each hundredth moment is missing."""
    draw = np.random.default_rng(3)
    size = draw.normal(0, 1, rows)
    moments = np.datetime64("2024-01-01", "us") + draw.integers(0, 10**14, rows)
    return {
        "at": [None if row % 100 == 0 else moment for row, moment in enumerate(moments.tolist())],
        "size": size,
        "town": ["Ulm" if one > 0 else "Köln" for one in draw.normal(0, 1, rows)],
        "kind": [["low", "mid", "high"][int(np.digitize(one, [-0.5, 0.5]))] for one in size],
        "split": mark_split(rows),
    }


def answer(loaded: Loaded, table: pa.Table, **more: Any) -> Answered:
    layout = plan_layout(loaded.contract, table.schema, ())
    return answer_table(loaded, table, layout, Piece(Path("rows"), (), 0, 0, table.num_rows), **more)


def require_equal_answers(loaded: Loaded, table: pa.Table) -> None:
    """The answers to a table are those of the command line and of the API to its rows."""
    contract = loaded.contract
    inputs = table.select(list(contract.inputs))
    values = [
        {name: cell.isoformat() if hasattr(cell, "isoformat") else cell for name, cell in row.items()}
        for row in inputs.to_pylist()
    ]
    records = [check_record(row, contract.inputs, contract.limits)[0] for row in values]
    by_records = loaded.opened.answer(records)
    onnx = loaded.opened.onnx
    api = OnnxPredictor(contract, onnx) if onnx is not None else PipelinePredictor(contract, loaded.opened.model)
    by_api = api.answer(make_schema(contract.inputs, contract.limits).read_values(values))
    found = answer(loaded, table).table
    predictions = found.column("prediction").to_pylist()
    for expected in (by_records, by_api):
        if contract.classes:
            assert predictions == expected.predictions
        else:
            assert predictions == pytest.approx(expected.predictions, rel=1e-12)
        if expected.probabilities is None:
            assert found.column_names == ["prediction"]
            continue
        shares = np.array([found.column(name) for name in found.column_names[1:]])
        named = (
            np.ones(len(predictions), int) if contract.threshold else [contract.classes.index(p) for p in predictions]
        )
        assert shares[named, np.arange(len(predictions))] == pytest.approx(np.array(expected.probabilities), rel=1e-12)
        assert shares.sum(axis=0) == pytest.approx(np.ones(len(predictions)))


def test_a_number_is_predicted_as_for_records(trained_line: Project) -> None:
    loaded = load_result(trained_line)
    require_equal_answers(loaded, pa.table({"x": np.linspace(0, 20, 1000)}))


def test_two_classes_by_onnx_are_predicted_as_for_records(trained_numbers: Project) -> None:
    loaded = load_result(trained_numbers)
    assert loaded.opened.onnx is not None
    require_equal_answers(loaded, pa.table(mixed_columns()))


def test_two_classes_by_a_pipeline_are_predicted_as_for_records(trained_mixed: Project) -> None:
    loaded = load_result(trained_mixed)
    assert loaded.opened.onnx is None
    require_equal_answers(loaded, pa.table(mixed_columns()))


@pytest.mark.slow
def test_several_classes_and_times_are_predicted_as_for_records(project: Callable[..., Project]) -> None:
    three = project(THREE, three_columns())
    assert three.run() == 0
    loaded = load_result(three)
    names = answer(loaded, pa.table(three_columns())).table.column_names
    assert names == ["prediction", *(f"probability_{label}" for label in loaded.contract.classes)]
    require_equal_answers(loaded, pa.table(three_columns()))


@pytest.mark.slow
def test_an_estimator_of_own_code_predicts_as_for_records(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text(
        "from sklearn.base import BaseEstimator, TransformerMixin\n"
        "import numpy as np\n"
        "class Powers(TransformerMixin, BaseEstimator):\n"
        "    def __init__(self, degree=1):\n"
        "        self.degree = degree\n"
        "    def fit(self, X, y=None):\n"
        "        self.n_features_in_ = X.shape[1]\n"
        "        return self\n"
        "    def transform(self, X):\n"
        "        return np.hstack([np.asarray(X) ** power for power in range(1, self.degree + 1)])\n"
    )
    own = mine(tmp_path, BUILD_POWERS, BUILT)
    assert own.run() == 0, own.log()
    loaded = load_result(own)
    assert loaded.contract.code != {}
    require_equal_answers(loaded, pa.table({"x": np.linspace(0, 20, 100)}))


def test_a_refused_row_has_a_null_for_an_answer_and_the_others_keep_theirs(trained_mixed: Project) -> None:
    loaded = load_result(trained_mixed)
    table = pa.table(mixed_columns(5)).drop_columns(["split", "bought"])
    whole = answer(loaded, table).table
    at = table.column_names.index("age-in_years")
    holed = table.set_column(at, "age-in_years", pa.array([20, None, 30, None, 40]))
    found = answer(loaded, holed)
    assert found.rejected.column("row").to_pylist() == [2, 4]
    assert (
        found.rejected.column("reason").to_pylist() == ["age-in_years is required, expected a whole number (years)"] * 2
    )
    assert found.reasons == {"age-in_years: expected a whole number (years), not null": 2}
    assert [one is None for one in found.table.column("prediction").to_pylist()] == [False, True, False, True, False]
    assert found.table.schema == whole.schema


def test_categories_that_no_training_row_had_are_counted(trained_mixed: Project) -> None:
    loaded = load_result(trained_mixed)
    table = pa.table(mixed_columns(6))
    towns = pa.array(["Ulm", "Oslo", None, " Oslo ", "Köln", "Rom"])
    found = answer(loaded, table.set_column(table.column_names.index("Town"), "Town", towns))
    assert (found.unseen, found.rejected.num_rows) == ({"Town": 3}, 0)


def test_rows_that_are_only_checked_are_refused_alike_and_get_no_answers(trained_line: Project) -> None:
    loaded = load_result(trained_line)
    found = answer(loaded, pa.table({"x": [1.0, 21.0]}), is_check=True)
    assert (found.rows, found.table.num_rows, found.rejected.column("row").to_pylist()) == (2, 0, [2])


def test_a_row_whose_answer_is_not_finite_is_refused(trained_line: Project) -> None:
    loaded = load_result(trained_line)
    steep = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    steep.coef_ = np.array([1e308])
    found = answer(Loaded(OpenModel(loaded.contract, None, steep), {}), pa.table({"x": [0.5, 20.0, None, 1.0]}))
    assert found.rejected.column("row").to_pylist() == [2, 3]
    assert "x is 20, and the model's answer is not a finite number" in found.rejected.column("reason")[0].as_py()
    assert [one is None for one in found.table.column("prediction").to_pylist()] == [False, True, True, False]
