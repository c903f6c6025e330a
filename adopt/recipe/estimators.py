"""Which estimators a recipe offers: one that suits the number of rows, and two to compare it with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adopt.notes import Note
from relay.handoff.override import quote_toml
from relay.handoff.wording import count

SMALL = 500
"""Rows below which a linear model is tried first: boosted trees need some hundred."""

TINY_LEAF, LEAF = 5, 20
"""Fewest rows of a leaf."""

UNEVEN = 0.2
"""Share of the rarest class below which classes count alike in a linear model and a forest."""

MANY_CLASSES = 15
"""Classes above which a forest is tried first: boosted trees grow one tree per class and round."""

LARGE = 1_000_000
"""Rows from which on trees are fewer and their leaves larger."""


@dataclass(frozen=True)
class Estimators:
    """What `[model]` offers."""

    model: Mapping[str, Any]
    """The keys of `[model]`."""
    notes: Mapping[str, tuple[Note, ...]]
    """Dotted key below `model` -> evidence."""


def offer_estimators(kind: str, *, rows: int, rarest: float, classes: int) -> Estimators:
    """The estimators of a task.

    Args:
        kind: `binary`, `classes` or `regression`.
        rows: with a target.
        rarest: share of the rarest class.
        classes: their number.
    """
    offers = _offer_regressors(rows) if kind == "regression" else _offer_classifiers(rows, rarest)
    linear = "ridge" if kind == "regression" else "logistic"
    if rows < SMALL:
        use, why = linear, f"{count(rows, 'row')} are few for trees (below {SMALL}): a linear model first"
    elif kind == "classes" and classes > MANY_CLASSES:
        use, why = "forest", f"{classes} classes: boosted trees would grow {classes} trees per round"
    else:
        use, why = "boosted", f"{count(rows, 'row')}: boosted trees take missing values and scales as they are"
    others = [name for name in offers if name != use]
    ordered = {name: offers[name] for name in (use, *others)}
    model = {"kind": "estimator", "use": use, "estimators": ordered}
    notes = {"model.use": (Note(why, choices=tuple(map(quote_toml, others)), key="model.use"),)}
    if kind != "regression" and rarest < UNEVEN:
        weighed = Note(f"the rarest class has {100 * rarest:.1f}% of the rows: classes count alike while it learns")
        notes |= {f"model.estimators.{name}.options": (weighed,) for name in ("logistic", "forest")}
    return Estimators(model, notes)


def _offer_classifiers(rows: int, rarest: float) -> dict[str, Any]:
    weights = {"class_weight": "balanced"} if rarest < UNEVEN else {}
    return {
        "boosted": {
            "estimator": "sklearn.ensemble.HistGradientBoostingClassifier",
            "options": _boosting(rows),
        },
        "logistic": {"estimator": "sklearn.linear_model.LogisticRegression", "options": {**weights, "max_iter": 1000}},
        "forest": {"estimator": "sklearn.ensemble.RandomForestClassifier", "options": {**weights, **_forest(rows)}},
    }


def _offer_regressors(rows: int) -> dict[str, Any]:
    return {
        "boosted": {"estimator": "sklearn.ensemble.HistGradientBoostingRegressor", "options": _boosting(rows)},
        "ridge": {"estimator": "sklearn.linear_model.Ridge", "options": {"alpha": 1.0}},
        "forest": {"estimator": "sklearn.ensemble.RandomForestRegressor", "options": _forest(rows)},
    }


def _boosting(rows: int) -> dict[str, Any]:
    # Early stopping draws rows of each class, which fails where a class has one.
    leaf = TINY_LEAF if rows < SMALL else LEAF if rows < LARGE else 10 * LEAF
    return {"learning_rate": 0.1, "max_iter": 100, "min_samples_leaf": leaf, "early_stopping": False}


def _forest(rows: int) -> dict[str, Any]:
    few = {"n_estimators": 50, "min_samples_leaf": 100, "max_samples": 0.1}
    if rows >= LARGE:
        return few
    return {"n_estimators": 200, "min_samples_leaf": 2 if rows < SMALL else TINY_LEAF}
