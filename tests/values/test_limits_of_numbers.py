"""Numbers that a model cannot compute with: up to the limit in the contract each answer is finite."""

import random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVR

from model.training.estimator.limits import check_numbers, find_limits, round_down
from model.training.estimator.pipeline import build_pipeline
from relay.handoff.errors import ModelError
from relay.handoff.recipe import Column
from relay.registry.contract import LARGEST_FLOAT, Contract
from relay.registry.predictions import Predictions
from serve.errors import NoAnswerError
from serve.predictor import require_finite
from serve.schema import make_schema

COLUMNS = {
    "a": Column(type="float", role="input"),
    "b": Column(type="float", role="input", null=True),
    "n": Column(type="int", role="input"),
}
ESTIMATORS = [
    LinearRegression(),
    RandomForestRegressor(3, random_state=0),
    HistGradientBoostingRegressor(max_iter=3),
    KNeighborsRegressor(3),
    SVR(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_up_to_its_limit_every_number_has_a_finite_answer(estimator: BaseEstimator) -> None:
    drawing = random.Random(5)
    for _ in range(6):
        # From columns that hardly vary to columns of the largest numbers.
        scales = [10.0 ** drawing.uniform(-140, 37) for _ in range(2)]
        cells = {
            name: [drawing.gauss(0, 1) * scale for _ in range(30)] for name, scale in zip("ab", scales, strict=True)
        }
        frame = pd.DataFrame(cells | {"n": [float(drawing.randint(0, 9)) for _ in range(30)]})
        frame.loc[3, "b"] = np.nan
        fitted = build_pipeline(COLUMNS, estimator).fit(frame, frame["n"])
        found = find_limits(fitted, COLUMNS, [frame])
        rows = frame.iloc[[0] * 6].reset_index(drop=True)
        for index, name in enumerate("ab"):
            limit = found.get(name, LARGEST_FLOAT)
            rows.loc[2 * index : 2 * index + 1, name] = [limit, -limit]
            assert frame[name].abs().max() <= limit <= LARGEST_FLOAT  # never less than it has learned from
        assert np.isfinite(fitted.predict(rows)).all(), (scales, found)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_a_forest_refuses_what_lies_beyond_the_limit() -> None:
    # So the limit is needed: 1e30 is a number of 32 bits, but not once it is divided by 1e-15.
    frame = pd.DataFrame({name: np.arange(9) * 1e-15 for name in COLUMNS})
    fitted = build_pipeline(COLUMNS, RandomForestRegressor(3, random_state=0)).fit(frame, range(9))
    assert 1e3 < find_limits(fitted, COLUMNS, [frame])["a"] < 1e5
    with pytest.raises(ValueError, match="too large for dtype"):
        fitted.predict(frame.assign(a=1e30))


@pytest.mark.parametrize(
    ("values", "row"),
    [([1.0, 1e200], 2), ([-1e39, 1.0], 1), ([None, 3.5e38], 2), ([1e300, 1e301], 1), ([1.0, 3.3e38], None)],
)
def test_a_row_with_a_number_that_no_model_takes_is_named(values: list[float | None], row: int | None) -> None:
    table = pa.table({"a": pa.array(values, pa.float64()), "b": [0.5, None], "n": [1, 2]})
    if row is None:
        check_numbers(table, COLUMNS)
        return
    with pytest.raises(ModelError, match=rf"^a is .* in row {row} of the processed table .* within 3\.4e\+38 of zero"):
        check_numbers(table, COLUMNS)


@pytest.mark.parametrize(("number", "rounded"), [(4.19e19, 4.1e19), (1.0, 1.0), (9.99e-7, 9.9e-7), (-3.0, -3.0)])
def test_a_limit_is_rounded_towards_zero(number: float, rounded: float) -> None:
    assert round_down(number) == rounded


@pytest.mark.parametrize(
    ("predictions", "probabilities", "said"),
    [
        ([1.0, float("inf")], None, r"^\[1\]\.b is -5, and the model's answer is not a finite number"),
        ([float("nan"), 1.0], None, r"^\[0\]\.n is 7, and"),
        ([0, 1], [0.5, float("nan")], r"^\[1\]\.b is -5, and"),
    ],
)
def test_an_answer_that_is_not_finite_names_the_largest_number_of_its_record(
    predictions: list[Any], probabilities: list[float] | None, said: str
) -> None:
    records = make_schema(COLUMNS).read_values([{"a": 1, "b": None, "n": 7}, {"a": 1, "b": -5, "n": 2}])
    contract = Contract.model_construct(inputs=COLUMNS)
    with pytest.raises(NoAnswerError, match=said):
        require_finite(Predictions(predictions, probabilities), contract, records)
    answered = Predictions([1.0, 2.0], [0.5, 0.5])
    assert require_finite(answered, contract, records) is answered
