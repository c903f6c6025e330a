"""The graph of trees and of other estimators in doubles, and the rows at the splits that would show a wrong one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from projects import NUMBERS, Project, mixed_columns
from sklearn.base import is_classifier
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from test_onnx import set_up

from model.training.estimator.onnx.borders import list_border_rows
from model.training.estimator.onnx.graph import build_graph, read_preparation
from model.training.estimator.onnx.trees import read_trees
from model.training.estimator.pipeline import build_pipeline
from relay.handoff.recipe import Column
from relay.registry.onnx_file import open_onnx

MakeProject = Callable[..., Project]

TREES = [
    "ensemble.HistGradientBoostingClassifier",
    "ensemble.GradientBoostingClassifier",
    "ensemble.RandomForestClassifier",
    "tree.DecisionTreeClassifier",
]


@pytest.mark.parametrize("estimator", TREES)
def test_the_rows_at_the_splits_show_a_threshold_that_is_one_step_off(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch, estimator: str
) -> None:
    overrides = [f"model.estimators.boosted.estimator=sklearn.{estimator}", "model.estimators.boosted.options={}"]
    fitted, task = set_up(project(NUMBERS, mixed_columns()), *overrides)
    preparation = read_preparation(fitted, list(task.split.test.inputs.columns))
    trees = read_trees(fitted["model"])
    assert trees is not None
    rows = list_border_rows(trees, preparation, task.split.train.inputs, ["is member?"])

    def answer() -> Any:
        written = open_onnx(build_graph(fitted["model"], preparation, "double", outputs=2))
        return written.predict(rows.to_numpy(np.float64))

    expected = answer()
    assert np.abs(expected - fitted.predict_proba(rows)).max() < 1e-12
    kind = np.float32 if trees.in_float32 else np.float64
    forest = trees.forests[0]
    sources = preparation.order[forest.features]
    # Truth values and marks of missing ones are 0 or 1: no row lies near their thresholds. And above two other splits
    # both ways may end at equal leaves.
    splits = [
        node
        for node in forest.find_splits()
        if sources[node] < 2
        and np.isfinite(forest.thresholds[node])
        and forest.is_leaf[[forest.left[node], forest.right[node]]].all()
    ]
    for node in np.random.default_rng(0).choice(splits, 10):
        moved = forest.thresholds.copy()
        moved[node] = np.nextafter(kind(moved[node]), kind(np.inf))
        changed = replace(trees, forests=(replace(forest, thresholds=moved),))
        monkeypatch.setattr("model.training.estimator.onnx.graph.read_trees", lambda _, changed=changed: changed)
        assert not np.array_equal(answer(), expected)


COLUMNS = {
    "count": Column(type="int", role="input"),
    "share": Column(type="float", role="input"),
    "gap": Column(type="float", role="input", null=True),
    "flag": Column(type="bool", role="input", null=True),
}

IN_DOUBLES: dict[str, Any] = {
    "histogram": HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5),
    "histogram of numbers": HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5),
    "histogram of counts": HistGradientBoostingRegressor(max_iter=5, loss="poisson"),
    "histogram without a split": HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=200),
    "boosted": GradientBoostingClassifier(n_estimators=5),
    "boosted, exponential": GradientBoostingClassifier(n_estimators=5, loss="exponential"),
    "boosted numbers": GradientBoostingRegressor(n_estimators=5),
    "forest": RandomForestClassifier(5, max_depth=5),
    "forest of numbers": ExtraTreesRegressor(5, max_depth=5),
    "tree": DecisionTreeClassifier(max_depth=5),
    "line": LinearRegression(),
    "logistic": LogisticRegression(),
    "Bayes": GaussianNB(),
}


@pytest.mark.property
@settings(max_examples=3)
@pytest.mark.parametrize("name", IN_DOUBLES)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 4))
def test_whatever_the_rows_the_graph_is_the_pipeline(name: str, seed: int, classes: int) -> None:
    draw = np.random.default_rng(seed)
    offset = float(draw.choice([0, 2**24, 170_000_016, 2**50]))
    rows = pd.DataFrame(
        {
            "count": offset + draw.integers(-60, 60, 150),
            "share": draw.choice([0.1, 0.3, np.nextafter(0.3, 1), 0.7], 150),
            "gap": np.where(draw.random(150) < 0.2, np.nan, draw.lognormal(0, 5, 150)),
            "flag": draw.choice([0.0, 1.0, np.nan], 150),
        }
    )
    figure = (rows["count"] - offset) / 30 + rows["share"] + rows["gap"].fillna(9).clip(0, 9) / 9
    ranks = figure.rank(method="first").to_numpy() - 1
    parts = 2 if "exponential" in name else classes
    estimator = IN_DOUBLES[name]
    target = (ranks * parts // 150).astype(int) if is_classifier(estimator) else figure - figure.min()
    fitted = build_pipeline(COLUMNS, estimator).fit(rows, target)
    preparation, trees = read_preparation(fitted, list(rows.columns)), read_trees(fitted["model"])
    if trees is not None:
        rows = pd.concat([rows, list_border_rows(trees, preparation, rows, ["flag"])])
    expected = fitted.predict_proba(rows) if is_classifier(estimator) else fitted.predict(rows)[:, np.newaxis]
    model = open_onnx(build_graph(fitted["model"], preparation, "double", outputs=expected.shape[1]))
    assert model.is_double
    assert np.abs(model.predict(rows.to_numpy(np.float64)) - expected).max() < 1e-9
