"""Coefficients in the data's own units, whatever the pipeline did before the estimator."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor

from model.training.estimator.coefficients import read_coefficients
from model.training.estimator.pipeline import build_pipeline
from relay.handoff.recipe import Column

COLUMNS = {
    "kg": Column(type="float", role="input", null=True),
    "is_new": Column(type="bool", role="input"),
    "town": Column(type="category", role="input"),
}
FRAME = pd.DataFrame(
    {
        "kg": [1.0, 2.0, 4.0, np.nan, 8.0, 3.0, 5.0, np.nan],
        "is_new": [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0],
        "town": ["Ulm", "Bonn", "Ulm", "Bonn", "Ulm", "Ulm", "Bonn", "Ulm"],
    }
)


def test_the_coefficients_give_the_prediction_from_raw_cells() -> None:
    y = FRAME["kg"].fillna(0) * 3 + FRAME["is_new"] * 2 - (FRAME["town"] == "Ulm") * 5 + 1
    fitted = build_pipeline(COLUMNS, LinearRegression()).fit(FRAME, y)
    line = read_coefficients(fitted, FRAME)
    assert line is not None
    assert list(line.terms) == ["kg", "kg is missing", "is_new", "town = Bonn", "town = Ulm"]
    by_hand = line.intercept + 6.5 * line.terms["kg"] + line.terms["is_new"] + line.terms["town = Ulm"]
    row = pd.DataFrame({"kg": [6.5], "is_new": [1.0], "town": ["Ulm"]})
    assert by_hand == pytest.approx(fitted.predict(row)[0])
    assert line.terms["kg"] == pytest.approx(3)


def test_of_logistic_regression_they_are_log_odds() -> None:
    fitted = build_pipeline(COLUMNS, LogisticRegression()).fit(FRAME, [0, 0, 1, 0, 1, 0, 1, 0])
    line = read_coefficients(fitted, FRAME)
    assert line is not None
    log_odds = line.intercept + 4.0 * line.terms["kg"] + line.terms["is_new"] + line.terms["town = Ulm"]
    assert log_odds == pytest.approx(fitted.decision_function(FRAME.iloc[[2]])[0])


@pytest.mark.parametrize("model", [RandomForestRegressor(5, random_state=0), PoissonRegressor()])
def test_a_model_that_is_no_line_has_none(model: object) -> None:
    fitted = build_pipeline(COLUMNS, model).fit(FRAME, FRAME["is_new"] + 1.0)
    assert read_coefficients(fitted, FRAME) is None
