"""Models whose answer to a row is not the row's own: the code of a recipe's module, and the same classes in a test."""

import random
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

CODE = '''
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


class Ranks(TransformerMixin, BaseEstimator):
    """The rank of x among the rows that are asked together."""

    def fit(self, frame, y=None):
        self.fitted_ = True
        return self

    def transform(self, frame):
        return frame[["x"]].rank(pct=True).to_numpy()


class Counting(LinearRegression):
    """Adds the number of times that it was asked."""

    def predict(self, rows):
        self.asked_ = getattr(self, "asked_", 0) + 1
        print("asked", self.asked_)
        return super().predict(rows) + self.asked_


class Noisy(LinearRegression):
    """Adds noise."""

    def predict(self, rows):
        return super().predict(rows) + np.random.normal(size=len(rows))


def rank():
    return make_pipeline(Ranks(), LinearRegression())


def count():
    return make_pipeline(Counting())


def noisy():
    return Noisy()


def nested():
    return BaggingRegressor(Noisy(), n_estimators=2, random_state=0)


def good():
    class_of_sklearn = LinearRegression()
    return make_pipeline(class_of_sklearn)


def train(train, test):
    return {"model": Noisy().fit(train[["x"]], train["y"]), "metrics": {"rmse": 1.0}}
'''


class Classes(ClassifierMixin, BaseEstimator):
    """Knows two or three classes by the column x in 0..1; `kind` says what else its answer depends on."""

    def __init__(self, kind: str, classes: tuple[Any, ...]) -> None:
        self.kind, self.classes = kind, classes
        self.classes_ = np.array(classes)
        self.asked_ = 0

    def predict_proba(self, frame: Any) -> Any:
        self.asked_ += 1
        x = frame["x"].to_numpy()
        if self.kind == "rank":
            x = frame["x"].rank(pct=True).to_numpy()
        if self.kind == "state":
            x = (x + self.asked_ / 7) % 1
        if self.kind == "random":
            x = np.random.random(len(x))
        if self.kind == "rounding":
            x = 0.5 + (1e-13 if len(x) > 1 else -1e-13) * np.ones(len(x))
        shares = np.linspace(0, 1, len(self.classes))
        near = 1 - np.abs(x[:, None] - shares)
        return near / near.sum(axis=1, keepdims=True)

    def predict(self, frame: Any) -> Any:
        return self.classes_[self.predict_proba(frame).argmax(axis=1)]


class Numbers(RegressorMixin, BaseEstimator):
    """Twice x, except for what `kind` does to it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.asked_ = 0

    def predict(self, frame: Any) -> Any:
        self.asked_ += 1
        doubled = 2 * frame["x"].to_numpy()
        if self.kind == "rank":
            return frame["x"].rank().to_numpy()
        if self.kind == "state":
            return doubled + self.asked_
        if self.kind == "random":
            return doubled + random.random()
        if self.kind == "needy" and len(frame) < 2:
            raise ValueError("too few rows\nto bin")
        if self.kind == "short":
            return doubled[:1]
        if self.kind == "nan" and len(frame) > 1:
            return np.full(len(frame), np.nan)
        return doubled * (1 + 1e-8) if len(frame) > 1 else doubled
