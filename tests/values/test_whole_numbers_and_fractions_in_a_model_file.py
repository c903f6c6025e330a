"""The API answers every whole number and fraction as scikit-learn does, also where float32 has no such number."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from api import Api, serve
from checkout import Project

RECIPE = """
title = "Accounts"
seed = 3
[ingest]
source = "file"
path = "{folder}/accounts.csv"
[preprocess]
kind = "table"
test_share = 0.1
[columns]
row = { type = "int", role = "id" }
account = { type = "int", role = "input" }
share = { type = "float", role = "input" }
income = { type = "float", role = "input", null = true }
months = { type = "int", role = "input", min = 0, max = 24 }
score = { type = "float", role = "target" }
[model]
kind = "estimator"
threads = 1
estimator = "sklearn.ensemble.HistGradientBoostingRegressor"
options = { max_iter = 60, learning_rate = 0.3, min_samples_leaf = 5, early_stopping = false }
"""

INPUTS = ["account", "share", "income", "months"]

SMALL, LARGE = 2**24, 170_000_016
"""From the next whole number on, the score is another one; float32 holds neither of the next ones."""


def find_score(account: int) -> float:
    """The rule by which the rows were made."""
    if account > LARGE:
        return 97.88
    if account > LARGE - 10_000:
        return 2.12
    return 50.0 if account > SMALL else 5.0


def make_rows() -> pd.DataFrame:
    draw = np.random.default_rng(13)
    # Of the rows that float32 confuses, none is a test row by this seed: they are what an old training did not check.
    small = [SMALL + step for step in range(-160, 161, 8)]
    large = [LARGE + step for step in range(-1280, 1281, 64)]
    accounts = [*small * 4, *large * 4, *[LARGE + 1] * 10]
    share = draw.random(len(accounts))
    income = np.where(draw.random(len(accounts)) < 0.2, np.nan, draw.gamma(2.0, 1000.0, len(accounts)))
    extra = np.where(share > 0.3, 10.0, 0.0) + np.where(np.isnan(income), 3.0, income / 1e4)
    return pd.DataFrame(
        {
            "row": range(len(accounts)),
            "account": accounts,
            "share": share,
            "income": income,
            "months": draw.integers(0, 25, len(accounts)),
            "score": [find_score(account) for account in accounts] + extra,
        }
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Api]]:
    """The model, trained and served by the commands."""
    project = Project(tmp_path_factory.mktemp("accounts"))
    make_rows().to_csv(project.folder / "accounts.csv", index=False)
    recipe = project.recipe(RECIPE, "accounts")
    for program in ("ingest", "preprocess", "model"):
        ran = project.run(program, recipe, MLFLOW_TRACKING_URI="")
        assert ran.exit_code == 0, ran.log
    with serve(project, "accounts") as api:
        yield project, api


def load_pipeline(project: Project) -> Any:
    """The fitted scikit-learn pipeline."""
    path = project.folder / "data/output/accounts/latest/model.skops"
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def ask_both(served: tuple[Project, Api], rows: pd.DataFrame) -> tuple[Any, Any]:
    """The answers of the API and of scikit-learn."""
    project, api = served
    cells = rows[INPUTS].astype({"account": int, "months": int}).astype(object)
    records = cells.where(rows[INPUTS].notna(), None).to_dict("records")
    expected = load_pipeline(project).predict(rows[INPUTS].astype(float))
    return np.array(api.predict(records)), expected


def assert_same(served: tuple[Project, Api], rows: pd.DataFrame) -> None:
    found, expected = ask_both(served, rows)
    spread = float(make_rows()["score"].std())
    assert np.abs(found - expected).max() < 1e-5 * spread


@pytest.mark.parametrize("account", [SMALL - 1, SMALL, SMALL + 8, LARGE - 1, LARGE, LARGE + 1, LARGE + 2])
def test_a_whole_number_beyond_2_to_the_24_is_answered_as_itself(served: tuple[Project, Api], account: int) -> None:
    record = {"account": account, "share": 0.1, "income": None, "months": 3}
    assert served[1].predict([record])[0] == pytest.approx(find_score(account) + 3.0, abs=4.0)


def test_each_row_of_training_and_test_is_answered_as_by_scikit_learn(served: tuple[Project, Api]) -> None:
    assert_same(served, pd.DataFrame(served[0].rows("processed/accounts")))


def test_both_neighbours_of_each_split_are_answered_as_by_scikit_learn(served: tuple[Project, Api]) -> None:
    splits = find_splits(load_pipeline(served[0]))
    assert {name for name, _ in splits} >= {"account", "share", "income"}
    rows = []
    for number, (name, threshold) in enumerate(splits):
        row = make_rows().iloc[number % 300].to_dict()
        if name in ("account", "months"):
            around = [math.floor(threshold), math.ceil(threshold)]
        else:
            around = [np.nextafter(threshold, -np.inf), threshold, np.nextafter(threshold, np.inf)]
        rows += [{**row, name: float(value)} for value in around]
    assert_same(served, pd.DataFrame(rows))


def find_splits(pipeline: Any) -> list[tuple[str, float]]:
    """Column and raw threshold of each split; a pipeline that scales has its thresholds turned back."""
    columns = []
    for _, steps, names in pipeline["prepare"].transformers_:
        scale = getattr(steps, "named_steps", {}).get("scale")
        for index, name in enumerate(names):
            columns.append((name, scale.mean_[index], scale.scale_[index]) if scale is not None else (name, 0.0, 1.0))
    found = set()
    for (tree,) in pipeline["model"]._predictors:
        for node in tree.nodes:
            if not node["is_leaf"] and node["feature_idx"] < len(columns) and np.isfinite(node["num_threshold"]):
                name, mean, scale = columns[node["feature_idx"]]
                found.add((name, float(node["num_threshold"]) * scale + mean))
    return sorted(found)


def test_random_records_are_answered_as_by_scikit_learn(served: tuple[Project, Api]) -> None:
    draw, count = np.random.default_rng(), 2_000
    rows = pd.DataFrame(
        {
            "account": draw.choice([SMALL, LARGE], count) + draw.integers(-60, 61, count),
            "share": draw.choice([draw.random(count), np.full(count, 0.3), np.full(count, np.nextafter(0.3, 1))]),
            "income": np.where(draw.random(count) < 0.2, np.nan, draw.gamma(2.0, 1000.0, count)),
            "months": draw.integers(0, 25, count),
        }
    )
    assert_same(served, rows)


def test_such_a_model_is_served_by_its_onnx_file(served: tuple[Project, Api]) -> None:
    assert served[1].get("/model/info")["is_onnx"] is True
