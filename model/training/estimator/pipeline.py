"""One scikit-learn Pipeline from raw columns to predictions: what is learned from the data is learned on train only."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils import get_tags

from model.training.estimator.rows import Part
from model.training.estimator.weights import weigh_fit
from relay.handoff.errors import ModelError
from relay.handoff.recipe import Column
from relay.registry.calendar_parts import CalendarParts
from relay.registry.rounding import Float32Rounding
from relay.registry.trusted import TYPES

MISSING = "(missing)"
"""The category of cells that say nothing."""


COMPARES_DOUBLES = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
"""Estimators to which the scale of a column makes no difference.

scikit-learn's other trees do not belong here: they round their inputs to float32, which keeps more digits of a large
number once it is centred.
"""


def build_pipeline(
    columns: Mapping[str, Column], estimator: BaseEstimator, *, scale: bool = True, rounds: bool = False
) -> Pipeline:
    """Preparation by declared type and by what the estimator needs, then the estimator; not fitted yet.

    Numbers: mean 0 and variance 1, unless the estimator only compares them in doubles. Missing numbers become the
    training rows' median, and where a column may be null an indicator says which rows were missing; missing truth
    values become the more frequent one. An estimator that takes missing values gets them as they are. Truth values: 0
    and 1. Categories: a column each; one never seen in training is none of them.
    Times: parts of the calendar and days since the first training row, then as numbers.

    Args:
        columns: the recipe's schema.
        estimator: not fitted yet.
        scale: whether numbers are scaled at all, where the scale of a column makes a difference.
        rounds: whether numbers are rounded to float32 first.
    """
    inputs = {name: column for name, column in columns.items() if column.role == "input"}
    numbers = {name: column for name, column in inputs.items() if column.type in ("int", "float")}
    flags = [name for name, column in inputs.items() if column.type == "bool"]
    fills, scales = not get_tags(estimator).input_tags.allow_nan, scale and not isinstance(estimator, COMPARES_DOUBLES)
    groups = {
        "numbers": (
            _prepare_numbers(fill=fills, indicate=False, scale=scales),
            [name for name, column in numbers.items() if not column.null],
        ),
        "nullable": (
            _prepare_numbers(fill=fills, indicate=True, scale=scales),
            [name for name, column in numbers.items() if column.null],
        ),
        "flags": (_prepare_flags(len(flags), fill=fills), flags),
        "categories": (_prepare_categories(), [name for name, column in inputs.items() if column.type == "category"]),
    }
    for is_nullable, name in ((False, "times"), (True, "nullable_times")):
        times = [one for one, column in inputs.items() if column.type == "time" and column.null == is_nullable]
        groups[name] = (_prepare_times(fill=fills, indicate=fills and is_nullable, scale=scales), times)
    prepare = ColumnTransformer([(name, steps, names) for name, (steps, names) in groups.items() if names])
    rounding = [("round", Float32Rounding())] if rounds else []
    return Pipeline([*rounding, ("prepare", prepare), ("model", estimator)])


def as_pipeline(estimator: BaseEstimator) -> Pipeline:
    """A user's own estimator, which gets the inputs as they are, as a Pipeline."""
    return estimator if isinstance(estimator, Pipeline) else Pipeline([("model", estimator)])


def _prepare_numbers(*, fill: bool, indicate: bool, scale: bool) -> Pipeline:
    steps: list[tuple[str, BaseEstimator | str]] = []
    if fill:
        # A column that is empty in training stays, as zeros: the model's inputs follow the contract, not the draw.
        impute = SimpleImputer(strategy="median", add_indicator=indicate, keep_empty_features=True)
        steps.append(("impute", impute))
    if scale:
        steps.append(("scale", StandardScaler()))
    return Pipeline(steps or [("keep", "passthrough")])


def _prepare_times(*, fill: bool, indicate: bool, scale: bool) -> Pipeline:
    # The indicator is the calendar's own: an imputer would add one for each of its parts.
    numbers = _prepare_numbers(fill=fill, indicate=False, scale=scale)
    return Pipeline([("parts", CalendarParts(indicate=indicate)), *numbers.steps])


def _prepare_flags(columns: int, *, fill: bool) -> Pipeline:
    # The encoder turns True, 1 and 1.0 into one number, whichever the caller's table holds; imputers refuse bool.
    encode = OrdinalEncoder(
        categories=[[False, True]] * columns, handle_unknown="use_encoded_value", unknown_value=np.nan
    )
    impute = SimpleImputer(strategy="most_frequent", keep_empty_features=True)
    return Pipeline([("encode", encode), *([("impute", impute)] if fill else [])])


def _prepare_categories() -> Pipeline:
    # Two imputers: a caller may say "missing" as NaN or as None, and each imputer knows one of them.
    return Pipeline(
        [
            ("impute_nan", _fill_words(np.nan)),
            ("impute_none", _fill_words(None)),
            ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]
    )


def _fill_words(missing: float | None) -> SimpleImputer:
    # A column that is empty in training stays, as the one category MISSING.
    return SimpleImputer(strategy="constant", fill_value=MISSING, missing_values=missing, keep_empty_features=True)


def fit(pipeline: Pipeline, part: Part) -> Pipeline:
    """A copy of the pipeline, fitted on the rows of a part, each by its weight.

    Raises:
        ModelError: the data or the options are refused, or the estimator takes no weights.
    """
    fitted: Pipeline = clone(pipeline)
    with explain_refusal(type(pipeline[-1]).__name__, "fitted to", len(part)):
        return fitted.fit(part.inputs, part.target, **weigh_fit(fitted, part.weights))


@contextmanager
def explain_refusal(estimator: str, what: str, rows: int) -> Iterator[None]:
    """What the estimator refuses, in one line; LightGBM has errors of its own.

    Raises:
        ModelError: it refuses the data or the options.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        if not isinstance(error, ValueError) and type(error).__module__.partition(".")[0] not in TYPES:
            raise
        raise ModelError(
            f"{estimator} could not be {what} {rows:,} rows: {str(error).splitlines()[0]}; "
            "look at [model] options and at the columns; an estimator of your own gets the inputs as they are, so its "
            "Pipeline has to turn words into numbers"
        ) from error
