"""Figures that say how good predictions are; each is computed for the model and for its baseline alike."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from relay.handoff.errors import ModelError

Floats = npt.NDArray[np.float64]
Weights = Floats | None
"""How much each row counts (rows,); None: all alike."""

LOWER_IS_BETTER = frozenset({"mse", "rmse", "mae", "brier", "log_loss"})


def judge_regression(true: Floats, predicted: Floats, weights: Weights = None) -> dict[str, float]:
    """Mean squared error and its root, mean absolute error (in the target's unit), and R²."""
    mse = float(metrics.mean_squared_error(true, predicted, sample_weight=weights))
    return {
        "mse": mse,
        "rmse": math.sqrt(mse),
        "mae": float(metrics.mean_absolute_error(true, predicted, sample_weight=weights)),
        "r2": float(metrics.r2_score(true, predicted, sample_weight=weights)),
    }


def measure_auc(true: npt.NDArray[np.bool_], scores: Floats) -> float:
    """Area under the ROC curve by ranks, equal to scikit-learn's and ten times as fast; NaN with one class only.

    Source: Hanley & McNeil, Radiology 143, 1982: the Mann-Whitney statistic.
    """
    positive = int(true.sum())
    negative = len(true) - positive
    if not positive or not negative:
        return float("nan")
    _, indices, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[indices][true].sum() - positive * (positive + 1) / 2) / (positive * negative))


@dataclass(frozen=True)
class BinaryPrediction:
    """What a binary classifier says of (rows,)."""

    scores: Floats
    """The higher, the likelier positive: probabilities where the classifier gives them."""
    chosen: npt.NDArray[np.bool_]
    """Whether positive is the class that the classifier itself names."""
    flagged: npt.NDArray[np.bool_]
    """Whether the score reaches the threshold."""
    are_probabilities: bool = True

    def take(self, rows: npt.NDArray[Any]) -> "BinaryPrediction":
        """The same of some rows, by indices or by truth values."""
        return BinaryPrediction(self.scores[rows], self.chosen[rows], self.flagged[rows], self.are_probabilities)


def judge_binary(
    true: npt.NDArray[np.bool_], prediction: BinaryPrediction, weights: Weights = None
) -> dict[str, float]:
    """Figures of a binary classifier.

    ROC AUC and PR AUC (average precision) judge the order of the scores, Brier and log loss the probabilities,
    accuracy the class that the classifier names, precision, recall and F1 the rows that reach the threshold.
    """
    scores = prediction.scores
    figures = {
        "roc_auc": metrics.roc_auc_score(true, scores, sample_weight=weights),
        "pr_auc": metrics.average_precision_score(true, scores, sample_weight=weights),
        "accuracy": metrics.accuracy_score(true, prediction.chosen, sample_weight=weights),
        "precision": metrics.precision_score(true, prediction.flagged, zero_division=0, sample_weight=weights),
        "recall": metrics.recall_score(true, prediction.flagged, sample_weight=weights),
        "f1": metrics.f1_score(true, prediction.flagged, sample_weight=weights),
    }
    if prediction.are_probabilities:
        figures["brier"] = metrics.brier_score_loss(true, scores, sample_weight=weights)
        figures["log_loss"] = metrics.log_loss(true, scores, labels=[False, True], sample_weight=weights)
    return {name: float(value) for name, value in figures.items()}


def judge_classes(
    true: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
    *,
    probabilities: Floats | None,
    classes: npt.NDArray[Any],
    weights: Weights = None,
) -> dict[str, float]:
    """Figures of a classifier of several classes; `probabilities` has the shape (rows, classes)."""
    figures = {
        "accuracy": metrics.accuracy_score(true, predicted, sample_weight=weights),
        "balanced_accuracy": metrics.recall_score(
            true, predicted, average="macro", labels=np.unique(true), sample_weight=weights
        ),
        "macro_f1": metrics.f1_score(
            true,
            predicted,
            average="macro",
            labels=np.union1d(true, predicted),
            zero_division=0,
            sample_weight=weights,
        ),
    }
    if probabilities is not None:
        figures["log_loss"] = metrics.log_loss(true, probabilities, labels=classes, sample_weight=weights)
    return {name: float(value) for name, value in figures.items()}


def best_threshold(true: npt.NDArray[np.bool_], scores: Floats, weights: Weights = None) -> float:
    """The score from which on rows are called positive so that F1 is largest; the lowest such score on a tie."""
    thresholds, indices = np.unique(scores, return_inverse=True)
    size = len(thresholds)
    called = np.bincount(indices, weights, minlength=size)
    found = np.bincount(indices[true], None if weights is None else weights[true], minlength=size)
    positive = true.sum() if weights is None else weights[true].sum()
    # From each threshold on: how many rows are called positive, and how many of these are. Whole numbers where no row
    # is weighed, so that thresholds that are as good as each other come out equal: F1 = 2 true / (called + positive).
    called, found = called[::-1].cumsum()[::-1], found[::-1].cumsum()[::-1]
    return float(thresholds[np.argmax(2 * found / (called + positive))])


def choose_score(wanted: str | None, default: str, figures: Mapping[str, float]) -> str:
    """The metric that decides between two versions of a model.

    Raises:
        ModelError: the recipe names one that this model does not have.
    """
    name = wanted or (default if default in figures else next(iter(figures)))
    if name not in figures:
        raise ModelError(f'[model] score = "{name}": this model is judged by {", ".join(figures)}; choose one of them')
    return name


def is_better(name: str, value: float, other: float) -> bool:
    """Whether a value of a metric is strictly better than another."""
    return value < other if name in LOWER_IS_BETTER else value > other
