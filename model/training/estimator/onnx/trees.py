"""The trees of a fitted estimator as arrays: the same thresholds and leaf values, in doubles.

skl2onnx cannot write trees that compare doubles, and it never returns for trees that were fitted to missing values, so
the trees are read here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

Link = Literal["identity", "exp", "sigmoid", "softmax", "complement"]
"""What turns the sums of leaf values into answers; `complement` adds the probability of the first of two classes."""

SINGLE = (DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor)
AVERAGED = (RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor)
BOOSTED = (GradientBoostingClassifier, GradientBoostingRegressor)
HISTOGRAM = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


@dataclass(frozen=True)
class Forest:
    """The nodes (nodes,) of all trees whose leaf values are added up to one figure."""

    features: Places
    """The prepared column that an inner node looks at."""
    thresholds: Floats
    """A row goes left when its value is at most this."""
    left: Places
    right: Places
    is_missing_left: Flags
    """Whether a row without a value goes left."""
    is_leaf: Flags
    values: Floats
    """What a leaf adds."""
    roots: Places
    """The first node of each tree (trees,)."""

    def find_splits(self) -> Places:
        """The nodes that are no leaves."""
        return np.flatnonzero(~self.is_leaf)


@dataclass(frozen=True)
class Ensemble:
    """How trees answer: link(sum / divisor + base), the sums of one forest for each figure."""

    forests: tuple[Forest, ...]
    link: Link
    base: Floats
    """(forests,)"""
    divisor: float
    in_float32: bool
    """Whether the estimator itself rounds its inputs to float32 before it compares them."""


def read_trees(estimator: Any) -> Ensemble | None:
    """The trees of a fitted estimator; None for one that does not consist of trees which compare numbers."""
    kind = type(estimator)
    if kind in HISTOGRAM:
        return _read_histogram(estimator)
    if kind in BOOSTED:
        return _read_boosted(estimator)
    if kind in SINGLE + AVERAGED:
        return _read_averaged(estimator, [estimator] if kind in SINGLE else estimator.estimators_)
    return None


def _read_histogram(model: Any) -> Ensemble | None:
    rounds = model._predictors
    if any(tree.nodes["is_categorical"].any() for trees in rounds for tree in trees):
        return None
    forests = tuple(_join([_read_nodes(trees[index].nodes) for trees in rounds]) for index in range(len(rounds[0])))
    base = np.broadcast_to(np.ravel(model._baseline_prediction), len(forests)).astype(np.float64)
    if type(model) is HistGradientBoostingClassifier:
        link: Link = "sigmoid" if len(forests) == 1 else "softmax"
    else:
        link = "exp" if model.loss in ("poisson", "gamma") else "identity"
    return Ensemble(forests, link, base, divisor=1.0, in_float32=False)


def _read_boosted(model: Any) -> Ensemble | None:
    if not (model.init_ == "zero" or isinstance(model.init_, DummyClassifier | DummyRegressor)):
        return None
    # The exponential loss knows half the log-odds.
    factor = 2.0 if getattr(model, "loss", "") == "exponential" else 1.0
    columns = [model.estimators_[:, index] for index in range(model.estimators_.shape[1])]
    forests = tuple(_join([_read_tree(tree, 0, factor * model.learning_rate) for tree in trees]) for trees in columns)
    base = factor * np.ravel(model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32)))
    if type(model) is GradientBoostingRegressor:
        link: Link = "identity"
    else:
        link = "sigmoid" if len(forests) == 1 else "softmax"
    return Ensemble(forests, link, base.astype(np.float64), divisor=1.0, in_float32=True)


def _read_averaged(model: Any, trees: Sequence[Any]) -> Ensemble:
    classes = len(getattr(model, "classes_", ()))
    # Of two classes the second one is enough. Of more, each needs a forest: a leaf adds to one figure only.
    kept = [0] if classes == 0 else [1] if classes == 2 else list(range(classes))
    forests = tuple(_join([_read_tree(tree, index, 1.0) for tree in trees]) for index in kept)
    link: Link = "complement" if classes == 2 else "identity"
    return Ensemble(forests, link, np.zeros(len(kept)), divisor=float(len(trees)), in_float32=True)


def _read_nodes(nodes: Any) -> Forest:
    return Forest(
        features=nodes["feature_idx"].astype(np.int64),
        thresholds=nodes["num_threshold"].astype(np.float64),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        is_missing_left=nodes["missing_go_to_left"].astype(bool),
        is_leaf=nodes["is_leaf"].astype(bool),
        values=nodes["value"].astype(np.float64),
        roots=np.zeros(1, np.int64),
    )


def _read_tree(model: Any, index: int, factor: float) -> Forest:
    tree = model.tree_
    return Forest(
        features=tree.feature.astype(np.int64),
        thresholds=tree.threshold.astype(np.float64),
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        is_missing_left=tree.missing_go_to_left.astype(bool),
        is_leaf=tree.children_left < 0,
        values=tree.value[:, 0, index] * factor,
        roots=np.zeros(1, np.int64),
    )


def _join(trees: Sequence[Forest]) -> Forest:
    """One forest of several trees: the nodes of each after those of the ones before it."""
    starts = np.cumsum([0, *(len(tree.values) for tree in trees)])[:-1]
    return Forest(
        features=np.concatenate([tree.features for tree in trees]),
        thresholds=np.concatenate([tree.thresholds for tree in trees]),
        left=np.concatenate([tree.left + start for tree, start in zip(trees, starts, strict=True)]),
        right=np.concatenate([tree.right + start for tree, start in zip(trees, starts, strict=True)]),
        is_missing_left=np.concatenate([tree.is_missing_left for tree in trees]),
        is_leaf=np.concatenate([tree.is_leaf for tree in trees]),
        values=np.concatenate([tree.values for tree in trees]),
        roots=starts.astype(np.int64),
    )
