"""The coefficients of a linear model in the data's own units, undoing what the pipeline's preparation did."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.pipeline import Pipeline

Floats = npt.NDArray[np.float64]

INTERCEPT = "(intercept)"
"""The name of the first row, which no term has."""


@dataclass(frozen=True)
class Coefficients:
    """The score of a row is intercept + sum of coefficient x term; a term is an input, or 0 or 1 for a condition."""

    intercept: float
    terms: dict[str, float]

    def turn(self) -> "Coefficients":
        """The same line for the other one of two classes."""
        return Coefficients(-self.intercept, {term: -slope for term, slope in self.terms.items()})

    def tabulate(self) -> pa.Table:
        """A row a term, the intercept first."""
        named = {INTERCEPT: self.intercept, **self.terms}
        return pa.table({"term": list(named), "coefficient": list(named.values())})


def read_coefficients(fitted: Pipeline, inputs: pd.DataFrame) -> Coefficients | None:
    """The coefficients of a pipeline that `estimator.pipeline` fitted; None when its score is no linear function.

    Args:
        fitted: a regressor, whose score is its prediction, or a classifier, whose score is its decision function (for
            logistic regression the log-odds of the positive class).
        inputs: (rows, columns) on which the linear formula is held against the model itself.
    """
    prepare, model = fitted["prepare"], fitted["model"]
    if not hasattr(model, "coef_"):
        return None
    prepared = np.asarray(prepare.transform(inputs), dtype=np.float64)
    slopes = np.ravel(getattr(model, "coef_", ()))
    if slopes.shape != (prepared.shape[1],):
        return None
    intercept = float(np.ravel(model.intercept_)[0])
    # Some models pass the linear formula on through another function, such as exp: theirs are not slopes.
    scores = model.decision_function(prepared) if hasattr(model, "decision_function") else model.predict(prepared)
    if not np.allclose(prepared @ slopes + intercept, scores):
        return None
    terms, means, scales = _read_preparation(prepare)
    slopes = slopes / scales
    return Coefficients(intercept - float(slopes @ means), dict(zip(terms, slopes.tolist(), strict=True)))


def _read_preparation(prepare: Any) -> tuple[list[str], Floats, Floats]:
    """For each prepared column its term, and the mean and the scale that it was centred and divided by."""
    terms: list[str] = []
    means, scales = [], []
    for group, steps, columns in prepare.transformers_:
        names = _name_terms(group, steps, columns)
        terms += names
        scaled = "scale" in steps.named_steps
        means.append(steps["scale"].mean_ if scaled else np.zeros(len(names)))
        scales.append(steps["scale"].scale_ if scaled else np.ones(len(names)))
    return tell_apart(terms), np.concatenate(means), np.concatenate(scales)


def tell_apart(terms: list[str]) -> list[str]:
    """The terms, numbered where two have one name: a column may be called `home = rent`, as a category's term is."""
    taken = {INTERCEPT}
    found = []
    for term in terms:
        name, number = term, 2
        while name in taken:
            name, number = f"{term} ({number})", number + 1
        taken.add(name)
        found.append(name)
    return found


def _name_terms(group: str, steps: Any, columns: list[str]) -> list[str]:
    if group == "categories":
        known = zip(columns, steps["encode"].categories_, strict=True)
        return [f"{column} = {category}" for column, categories in known for category in categories]
    if "parts" in steps.named_steps:
        return list(steps["parts"].name_terms(columns))
    indicator = getattr(steps.named_steps.get("impute"), "indicator_", None)
    missing = [] if indicator is None else [f"{columns[index]} is missing" for index in indicator.features_]
    return [*columns, *missing]
