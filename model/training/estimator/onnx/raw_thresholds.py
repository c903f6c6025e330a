"""Trees that compare raw inputs instead of scaled ones, for the ONNX file.

A histogram gradient boosting compares float64. Scaled to float32, a column whose values reach from 0 to 100,000 is
told apart in steps of 0.003 only, and rows near a threshold would take the other branch. Raw values keep all the digits
that a float32 has, so each threshold is turned back to the raw value at which the scaled one is passed.
"""

from copy import deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.int64]

SIGN = np.int64(np.iinfo(np.int64).min)


def unscale_trees(model: Any, means: Floats, scales: Floats) -> Any:
    """A copy of a histogram gradient boosting that takes raw inputs.

    Args:
        model: fitted to (raw - mean) / scale.
        means: of each prepared column (columns,).
        scales: of each prepared column, above 0 (columns,).
    """
    raw = deepcopy(model)
    for predictor in (predictor for round_ in raw._predictors for predictor in round_):
        nodes = predictor.nodes
        inner = nodes["is_leaf"] == 0
        columns = nodes["feature_idx"][inner].astype(np.int64)
        found = find_raw_thresholds(nodes["num_threshold"][inner], means[columns], scales[columns])
        # To the nearest float32, as the ONNX file's inputs are: what is not above the threshold stays so after both.
        with np.errstate(over="ignore"):  # beyond float32 no input of the ONNX file can be: infinity says so
            nodes["num_threshold"][inner] = found.astype(np.float32).astype(np.float64)
    return raw


def find_raw_thresholds(thresholds: Floats, means: Floats, scales: Floats) -> Floats:
    """The largest raw values (n,) that are scaled to at most the thresholds (n,), to the last bit of a float64.

    By bisection over all float64, in their order: inverting the formula would miss by a rounding error, and a threshold
    is often a value that many rows have.
    """
    low, high = (np.full(len(thresholds), _order(np.array([end]))[0]) for end in (-np.finfo(float).max, np.inf))
    with np.errstate(over="ignore"):
        for _ in range(64):
            # Half of each first: the sum of two would not fit.
            middle = (low >> 1) + (high >> 1) + (low & high & 1)
            passes = (_number(middle) - means) / scales <= thresholds
            low, high = np.where(passes, middle, low), np.where(passes, high, middle)
    return _number(low)


def _order(numbers: Floats) -> Bits:
    """Whole numbers in the order of the float64."""
    bits = numbers.view(np.int64)
    return np.where(bits < 0, SIGN - bits, bits)


def _number(order: Bits) -> Floats:
    """The float64 at each place of that order."""
    return np.where(order < 0, SIGN - order, order).view(np.float64)
