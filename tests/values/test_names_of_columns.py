"""Columns of the data that are called as columns that Relay writes: nothing is lost, and both can be read."""

import io
import random
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from checkout import Project
from sklearn.linear_model import LinearRegression

from model.parameters import EstimatorParameters, parse_parameters
from model.training.authorship.documents import read_documents
from model.training.estimator.coefficients import read_coefficients
from model.training.estimator.memory.source import open_rows
from model.training.estimator.pipeline import build_pipeline
from model.training.estimator.task import tabulate
from model.training.estimator.train import set_task
from page.predict.table import list_answers
from relay.handoff.recipe import Column, load_recipe
from relay.registry.contract import Contract
from relay.registry.record_table import RowAnswer, read_table, write_table
from relay.registry.task import ModelTask

sys.path.append(str(Path(__file__).resolve().parents[1] / "model"))

from projects import make_project

RECIPE = """
title = "Names"
[columns]
"{name}" = {{ type = "category", role = "id" }}
x = {{ type = "float", role = "input" }}
y = {{ type = "float", role = "target" }}
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
segments = ["x"]
"""
DRAWN = random.Random(3)
NAMES = [
    *("true", "predicted", "row_key", "segment.x", "id", "id.true", "score", "probability", "x y", "é"),
    *("".join(DRAWN.choices("true.id_ ", k=6)) for _ in range(5)),
]
"""Names of the id column, the last ones drawn."""


@pytest.mark.parametrize("name", NAMES)
def test_each_column_of_the_predictions_has_a_name_of_its_own(name: str, tmp_path: Path) -> None:
    sides = ["train"] * 8 + ["test"] * 4
    ids = [f"row {row}" for row in range(12)]
    columns = {name: ids, "x": np.arange(12.0), "y": np.arange(12.0) * 2, "split": sides}
    made = make_project(tmp_path, RECIPE.format(name=name), columns, "names")
    recipe = load_recipe(str(made.recipe))
    parameters = parse_parameters(recipe)
    assert isinstance(parameters, EstimatorParameters)
    task = set_task(open_rows(made.open_processed(), recipe.columns, 0, recipe.seed), recipe, parameters)
    file = io.BytesIO()
    pq.write_table(tabulate(task, {"true": task.split.test.target, "predicted": np.arange(4.0)}), file)
    frame = pd.read_parquet(file)
    assert frame.columns.is_unique
    assert list(frame[f"id.{name}" if f"id.{name}" in frame else name]) == ids[8:]
    assert list(frame["true"]) == [16.0, 18.0, 20.0, 22.0]
    assert list(frame["segment.x"]) == [8.0, 9.0, 10.0, 11.0]


def test_a_term_called_as_the_term_of_a_category_is_kept_beside_it() -> None:
    columns = {
        "(intercept)": Column(type="float", role="input"),
        "home = own": Column(type="float", role="input"),
        "home": Column(type="category", role="input"),
    }
    drawing = np.random.default_rng(1)
    frame = pd.DataFrame({name: drawing.normal(size=30) for name in columns} | {"home": ["own", "rent", "own"] * 10})
    price = 3 * frame["(intercept)"] - 2 * frame["home = own"] + 5.0 * (frame["home"] == "own") + 1
    fitted = build_pipeline(columns, LinearRegression()).fit(frame, price)
    line = read_coefficients(fitted, frame)
    assert line is not None
    table = dict(zip(*line.tabulate().to_pydict().values(), strict=True))
    assert list(table) == ["(intercept)", "(intercept) (2)", "home = own", "home = own (2)", "home = rent"]
    assert table["(intercept) (2)"] == pytest.approx(3)
    assert table["home = own"] == pytest.approx(-2)
    assert table["home = own (2)"] - table["home = rent"] == pytest.approx(5)


def test_documents_may_have_an_id_called_as_the_row_number() -> None:
    columns = {
        "text": Column(type="text", role="input"),
        "#": Column(type="category", role="id"),
        "when": Column(type="time", role="time"),
    }
    times = pa.array([2, 1, 1], pa.timestamp("us", "UTC"))
    table = pa.table({"text": ["c", "a", "b"], "#": ["third", "first", "second"], "when": times})
    assert read_documents(table, columns, by_time=True).ids == ["first", "second", "third"]


@pytest.mark.parametrize("target", ["Line", "Probability", "Probability of yes", "price"])
def test_a_target_hides_no_other_column_of_the_answers_on_the_page(target: str) -> None:
    binary = target == "Probability of yes"
    contract = Contract.model_construct(
        target=target,
        task=ModelTask.BINARY if binary else ModelTask.MULTICLASS,
        classes=["no", "yes"] if binary else ["no", "yes", "both"],
    )
    (line,) = list_answers(contract, {0: RowAnswer("yes", 0.75, "1")})
    assert [cell.replace("\xa0", " ").replace(" %", "%") for cell in line.values()] == ["2", "yes", "75%"]


@pytest.mark.parametrize("name", ["prediction", "problem", "prediction_by_model", "model_version"])
def test_a_csv_file_keeps_a_column_called_as_an_answer(name: str) -> None:
    inputs = {"x": Column(type="float", role="input")}
    table = read_table(f"{name},x\nmine,1\n".encode(), inputs)
    frame = pd.read_csv(io.BytesIO(write_table(table, {0: RowAnswer("yes", 0.75, "1")})), header=None)
    assert frame.iloc[0].is_unique
    assert frame.iloc[1, 0] == "mine"


def test_the_advice_for_a_column_called_split_helps(project: Project) -> None:
    project.write("rows.csv", "split,x,y\n" + "".join(f"a,{number},{number}\n" for number in range(40)))
    text = RECIPE.format(name="split").replace('"rows.csv"', '"{folder}/rows.csv"\nformat = "csv"')
    advised = text.replace('"split" = {', 'my_split = { from = "split",')
    logs = []
    for content in (text, advised):
        recipe = project.recipe(content)
        assert project.run("ingest", recipe).exit_code == 0
        ran = project.run("preprocess", recipe)
        logs.append((ran.exit_code, ran.log))
    assert [exit_code for exit_code, _ in logs] == [1, 0], logs
    assert 'Rename yours, for example to my_split, and add from = "split" to it' in logs[0][1]
