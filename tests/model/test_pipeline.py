"""What the pipeline does to raw columns, and that it learns from training rows only."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from projects import MIXED, Project, mixed_columns
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from model.training.estimator.pipeline import build_pipeline
from relay.handoff.recipe import Column, load_recipe


def column(type_: str, **more: Any) -> Column:
    return Column(type=type_, role="input", **more)  # type: ignore[arg-type]


def prepare(columns: dict[str, Column], frame: pd.DataFrame) -> Any:
    return build_pipeline(columns, LogisticRegression())["prepare"].fit(frame)


def test_numbers_are_centred_and_scaled_by_the_rows_fitted_on() -> None:
    fitted = prepare({"x": column("float")}, pd.DataFrame({"x": [0.0, 2.0, 4.0]}))
    assert fitted.transform(pd.DataFrame({"x": [2.0, 2 + np.sqrt(8 / 3)]})).ravel() == pytest.approx([0, 1])


def test_a_missing_number_becomes_the_median_and_is_marked_where_it_may_be_missing() -> None:
    frame = pd.DataFrame({"x": [0.0, 1.0, 5.0, np.nan]})
    marked = prepare({"x": column("float", null=True)}, frame).transform(frame)
    assert marked.shape == (4, 2)
    assert marked[3, 0] == marked[1, 0]
    assert marked[3, 1] > marked[0, 1]


def test_a_column_that_is_empty_in_training_stays_a_column() -> None:
    frame = pd.DataFrame({"x": [np.nan, np.nan]})
    assert prepare({"x": column("float")}, frame).transform(pd.DataFrame({"x": [3.0]})).shape == (1, 1)


@pytest.mark.parametrize("cells", [[True, False], [1, 0], [1.0, 0.0], np.array([True, False], dtype=object)])
def test_truth_values_mean_the_same_in_whatever_type_they_come(cells: Any) -> None:
    fitted = prepare({"b": column("bool")}, pd.DataFrame({"b": [1.0, 1.0, 0.0, np.nan]}))
    assert fitted.transform(pd.DataFrame({"b": cells})).ravel().tolist() == [1.0, 0.0]


def test_a_missing_truth_value_becomes_the_commoner_one() -> None:
    frame = pd.DataFrame({"b": [1.0, 1.0, 0.0, np.nan]})
    assert prepare({"b": column("bool")}, frame).transform(frame).ravel().tolist() == [1.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_missing_category_is_a_category_of_its_own_however_it_is_said(missing: Any) -> None:
    fitted = prepare({"c": column("category")}, pd.DataFrame({"c": pd.Series(["x", None, "y"], dtype="str")}))
    cells = pd.DataFrame({"c": pd.Series(["x", missing], dtype="object")})
    assert fitted.transform(cells).tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]


def test_a_category_never_seen_is_none_of_the_known() -> None:
    fitted = prepare({"c": column("category")}, pd.DataFrame({"c": ["x", "y"]}))
    assert fitted.transform(pd.DataFrame({"c": ["z"]})).tolist() == [[0.0, 0.0]]


GAPS = pd.DataFrame({"x": [0.0, 2e9, np.nan, 4.0, 5.0], "b": [1.0, 0.0, 1.0, np.nan, 1.0]})
GAPPED = {"x": column("float", null=True), "b": column("bool", null=True)}


def test_histogram_trees_get_numbers_and_gaps_as_they_are() -> None:
    fitted = build_pipeline(GAPPED, HistGradientBoostingRegressor(min_samples_leaf=1)).fit(GAPS, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(fitted["prepare"].transform(GAPS), GAPS.to_numpy())
    bare = HistGradientBoostingRegressor(min_samples_leaf=1).fit(GAPS.to_numpy(), [1, 2, 3, 4, 5])
    assert fitted.predict(GAPS).tolist() == bare.predict(GAPS.to_numpy()).tolist()


def test_trees_that_compare_float32_get_scaled_numbers_with_their_gaps() -> None:
    prepared = build_pipeline(GAPPED, RandomForestRegressor())["prepare"].fit_transform(GAPS)
    assert np.isnan(prepared).tolist() == GAPS.isna().to_numpy().tolist()
    assert np.nanmean(prepared[:, 0]) == pytest.approx(0)


@pytest.mark.parametrize("estimator", [Ridge(), GradientBoostingRegressor()])
def test_an_estimator_that_refuses_missing_values_gets_none(estimator: Any) -> None:
    prepared = build_pipeline(GAPPED, estimator)["prepare"].fit_transform(GAPS)
    assert prepared.shape == (5, 3)
    assert not np.isnan(prepared).any()


def test_only_columns_with_the_role_input_are_used(mixed: Project) -> None:
    recipe = load_recipe(str(mixed.recipe))
    groups = build_pipeline(recipe.columns, LogisticRegression())["prepare"].transformers
    used = sorted(name for _, _, names in groups for name in names)
    assert used == sorted(["age-in_years", "income", "is member?", "Town"])


def test_test_rows_teach_nothing(project: Any) -> None:
    columns = mixed_columns()
    changed = dict(columns)
    side = columns["split"]
    changed["income"] = [1e9 if at == "test" else cell for at, cell in zip(side, columns["income"], strict=True)]
    changed["Town"] = ["Rom" if at == "test" else cell for at, cell in zip(side, columns["Town"], strict=True)]
    models = [project(MIXED, table, name).train().model for name, table in (("one", columns), ("other", changed))]
    assert models[0] == models[1] is not None
