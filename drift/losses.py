"""Losses of labelled rows, each from 0 to 1, and what the test rows say of their mean."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from drift.columns import Booleans, Floats
from drift.errors import DriftError
from drift.exact import exact_log

LossKind: TypeAlias = Literal["brier", "log", "squared", "error"]

LEAST_PROBABILITY = 0.001
"""A log loss is that of this probability at most."""
LOG_SCALE = -math.log(LEAST_PROBABILITY)
MOST_RMSE = 4.0
"""A residual counts as so many root mean squared errors of the test rows at most."""
BOUND = 2.5758293035489004
"""Normal quantile of 99.5%."""


@dataclass(frozen=True)
class LossProfile:
    """Loss of the test rows, on the scale of `measure_losses`.

    Attributes:
        kind: Which loss.
        mean: Mean of the test rows' losses, from 0 to 1.
        bound: Upper 99.5% bound of their mean: what a watch tests against.
        rows: Test rows.
        scale: What a loss of 1 is, in the unit of the loss: multiply by it to show one.
        gap_spread: Standard deviation of realised minus expected loss among the test rows; None without a map.
    """

    kind: LossKind
    mean: float
    bound: float
    rows: int
    scale: float = 1.0
    gap_spread: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "LossProfile":
        """What `to_json` gave.

        Raises:
            DriftError: A field is missing or unknown.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise DriftError(f"the profile of the losses has other fields than expected: {error}") from None


def measure_losses(kind: LossKind, predicted: npt.ArrayLike, truth: npt.ArrayLike, *, scale: float = 1.0) -> Floats:
    """Losses from 0 to 1 (n,).

    Args:
        kind: "brier": squared difference of probability and label. "log": minus the log of the probability of the true
            class, which counts as at least 0.001, over that of 0.001. "squared": squared residual over `scale`, cut off
            at 1. "error": 1 if predicted and true label differ.
        predicted: Probability of label 1; probability of the true class (0 for a class that the model does not know);
            predicted number; predicted label (n,).
        truth: Label, 0 or 1; anything, such as the true class; true number; true label (n,).
        scale: Of the profile: what a loss of 1 is.
    """
    if kind == "error":
        is_wrong: Booleans = np.asarray(predicted, object) != np.asarray(truth, object)
        return is_wrong.astype(np.float64)
    numbers = np.asarray(predicted, np.float64)
    if kind == "log":
        losses: Floats = -exact_log(np.clip(numbers, LEAST_PROBABILITY, 1.0)) / LOG_SCALE
        return losses
    squares: Floats = (numbers - np.asarray(truth, np.float64)) ** 2
    return squares if kind == "brier" else np.minimum(squares / scale, 1.0)


def choose_scale(kind: LossKind, predicted: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """What a loss of 1 is: of squared residuals 16 times their mean among the test rows, as 4 RMSE is the most.

    Args:
        kind: Which loss.
        predicted: As in `measure_losses`, of the test rows (n,).
        truth: As in `measure_losses` (n,).
    """
    if kind == "log":
        return LOG_SCALE
    if kind != "squared":
        return 1.0
    squares = (np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)) ** 2
    return MOST_RMSE**2 * float(np.mean(squares)) or 1.0


def build_loss_profile(
    kind: LossKind, predicted: npt.ArrayLike, truth: npt.ArrayLike, *, gap_spread: float | None = None
) -> LossProfile:
    """The profile of the test rows' losses.

    Args:
        kind: Which loss.
        predicted: As in `measure_losses`, of the test rows (n,), n at least 2.
        truth: As in `measure_losses` (n,).
        gap_spread: Standard deviation of realised minus expected loss among them, where there is a map.

    Raises:
        DriftError: There are fewer than two rows.
    """
    scale = choose_scale(kind, predicted, truth)
    losses = measure_losses(kind, predicted, truth, scale=scale)
    if len(losses) < 2:
        raise DriftError(f"found {len(losses)} test rows, expected at least 2 to bound their mean loss")
    return LossProfile(
        kind, float(np.mean(losses)), bound_mean(losses), len(losses), scale=scale, gap_spread=gap_spread
    )


def bound_mean(losses: Floats) -> float:
    """Upper 99.5% bound of the mean of losses from 0 to 1: normal, with Johnson's correction for skewness.

    Never below 1 - 0.005 ** (1 / n), the exact bound where each loss is 0.

    Args:
        losses: Of the test rows (n,), n at least 2.

    Source: Johnson 1978, Journal of the American Statistical Association 73(363), pp. 536-544.
    """
    rows, mean = len(losses), float(np.mean(losses))
    variance = float(np.var(losses, ddof=1))
    skew = float(np.mean((losses - mean) ** 3)) / variance if variance else 0.0
    normal = mean + BOUND * math.sqrt(variance / rows) + max(skew, 0.0) * (1 + 2 * BOUND**2) / (6 * rows)
    return min(max(normal, 1 - math.pow(0.005, 1 / rows)), 1.0)
