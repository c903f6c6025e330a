"""Two versions on the same rows: what each answers, any score of any of them, and the interval of the difference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import metrics

from drift.profile import Profile
from model.training.estimator.metrics import measure_auc
from model.training.estimator.rows import Part
from model.training.estimator.threshold import score_rows
from relay.registry.contract import Contract
from relay.registry.task import ModelTask

Floats = npt.NDArray[np.float64]
RowIndices = npt.NDArray[np.int64]

RESAMPLES = 400
"""Enough for a 95 % interval: its ends then stand for ten resamples each. Source: Efron & Tibshirani, An Introduction
to the Bootstrap, 1993, chapter 13, on 1,000 for fine work."""


@dataclass(frozen=True)
class Candidate:
    """A version under comparison."""

    number: int
    contract: Contract
    model: Any
    """Fitted, read from a checked file."""
    split: Mapping[str, Any] | None
    """Seed, share and columns that decided which rows it was not trained on; None when nobody knows."""
    data_sha256: str
    """Fingerprint of the dataset that it was trained on."""
    profile: Profile | None = None
    """Of its test rows; None where `no_profile` says why."""
    kept: Part | None = None
    """Test rows that it kept, with their target; None where it kept none."""
    accepted: str = ""
    """Who accepted, when and why, that its data have shifted; empty where that was not done."""
    no_profile: str = ""
    """What is wrong with its profile, such as `has no profile`; empty where it has one."""


@dataclass(frozen=True)
class ScoredRows:
    """What one version says of rows, in the forms that metrics take."""

    true: npt.NDArray[Any]
    """(rows,): truth values for two classes, else the target."""
    scores: Floats | None
    """(rows,) of the positive class for two classes; numbers for a regression; (rows, classes) for several."""
    chosen: npt.NDArray[Any]
    flagged: npt.NDArray[Any]
    classes: list[Any]
    are_probabilities: bool
    weights: Floats | None = None
    """How much each row counts (rows,); None: all alike."""


def answer(
    contract: Contract,
    model: Any,
    inputs: pd.DataFrame,
    target: npt.NDArray[Any],
    weights: Floats | None = None,
) -> ScoredRows:
    """What a version says of rows whose outcome is known.

    Args:
        contract: of the version.
        model: fitted, read from a checked file.
        inputs: the rows (n,), with the contract's input columns.
        target: their outcome (n,).
        weights: how much each counts (n,); None: all alike.

    Raises:
        ModelError: it gives no scores, or they are not finite.
    """
    inputs = inputs[list(contract.inputs)]
    if contract.task == ModelTask.REGRESSION:
        predicted = np.asarray(model.predict(inputs), dtype=np.float64)
        return ScoredRows(target, predicted, predicted, predicted, [], are_probabilities=False, weights=weights)
    classes = list(contract.classes)
    if contract.task == ModelTask.BINARY:
        scores, are_probabilities = score_rows(model, inputs, positive_first=contract.positive_first)
        chosen = np.asarray(model.predict(inputs)) == classes[1]
        threshold = contract.threshold if contract.threshold is not None else 0.5
        flagged = scores >= threshold
        return ScoredRows(target == classes[1], scores, chosen, flagged, classes, are_probabilities, weights)
    chosen = np.asarray(model.predict(inputs))
    has_shares = hasattr(model, "predict_proba")
    shares = np.asarray(model.predict_proba(inputs)) if has_shares else None
    return ScoredRows(target, shares, chosen, chosen, classes, has_shares, weights)


Metric = Callable[[ScoredRows, RowIndices], float]

METRICS: dict[str, Metric] = {
    "r2": lambda of, rows: metrics.r2_score(of.true[rows], of.chosen[rows], sample_weight=_weigh(of, rows)),
    "mse": lambda of, rows: metrics.mean_squared_error(of.true[rows], of.chosen[rows], sample_weight=_weigh(of, rows)),
    "rmse": lambda of, rows: metrics.root_mean_squared_error(
        of.true[rows], of.chosen[rows], sample_weight=_weigh(of, rows)
    ),
    "mae": lambda of, rows: metrics.mean_absolute_error(of.true[rows], of.chosen[rows], sample_weight=_weigh(of, rows)),
    "roc_auc": lambda of, rows: _measure_auc(of, rows),
    "pr_auc": lambda of, rows: metrics.average_precision_score(
        of.true[rows], _pick(of, rows), sample_weight=_weigh(of, rows)
    ),
    "brier": lambda of, rows: float(np.average(np.square(_pick(of, rows) - of.true[rows]), weights=_weigh(of, rows))),
    "log_loss": lambda of, rows: metrics.log_loss(
        of.true[rows],
        _pick(of, rows),
        labels=[False, True] if len(of.classes) == 2 else of.classes,
        sample_weight=_weigh(of, rows),
    ),
    "f1": lambda of, rows: metrics.f1_score(
        of.true[rows], of.flagged[rows], zero_division=0, sample_weight=_weigh(of, rows)
    ),
    "precision": lambda of, rows: metrics.precision_score(
        of.true[rows], of.flagged[rows], zero_division=0, sample_weight=_weigh(of, rows)
    ),
    "recall": lambda of, rows: metrics.recall_score(
        of.true[rows], of.flagged[rows], zero_division=0, sample_weight=_weigh(of, rows)
    ),
    "accuracy": lambda of, rows: float(np.average(of.true[rows] == of.chosen[rows], weights=_weigh(of, rows))),
    "balanced_accuracy": lambda of, rows: metrics.recall_score(
        of.true[rows],
        of.chosen[rows],
        average="macro",
        labels=np.unique(of.true[rows]),
        zero_division=0,
        sample_weight=_weigh(of, rows),
    ),
    "macro_f1": lambda of, rows: metrics.f1_score(
        of.true[rows], of.chosen[rows], average="macro", zero_division=0, sample_weight=_weigh(of, rows)
    ),
}
"""Score of a recipe -> how it is computed on some of the rows."""


def _weigh(of: ScoredRows, rows: RowIndices) -> Floats | None:
    return None if of.weights is None else of.weights[rows]


def _measure_auc(of: ScoredRows, rows: RowIndices) -> float:
    if of.weights is None:
        return measure_auc(of.true[rows], _pick(of, rows))  # ten times as fast, and drawn hundreds of times
    return float(metrics.roc_auc_score(of.true[rows], _pick(of, rows), sample_weight=_weigh(of, rows)))


def _pick(of: ScoredRows, rows: RowIndices) -> Floats:
    assert of.scores is not None  # noqa: S101 - such a score was computed at training time
    picked: Floats = of.scores[rows]
    return picked


def bootstrap_gain(
    metric: Metric, both: tuple[ScoredRows, ScoredRows], rows: RowIndices, seed: int
) -> tuple[float, float]:
    """The 95 % interval of the difference: the same rows are drawn for both, so what they share cancels out."""
    chance = np.random.default_rng(seed)
    gains = []
    for _ in range(RESAMPLES):
        drawn = chance.choice(rows, len(rows))
        if len(np.unique(both[0].true[drawn])) > 1:  # with one class only most metrics are not defined
            gains.append(metric(both[0], drawn) - metric(both[1], drawn))
    if not gains:
        return float("-inf"), float("inf")
    low, high = np.quantile(gains, (0.025, 0.975))
    return float(low), float(high)
