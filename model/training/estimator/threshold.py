"""The score from which on a row is called positive: tuned inside the training rows, never on a test row."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, train_test_split
from sklearn.pipeline import Pipeline

from model.training.estimator.memory.stream import LOOKED_AT, Stream
from model.training.estimator.metrics import best_threshold
from model.training.estimator.pipeline import fit
from model.training.estimator.rows import Part
from model.training.estimator.task import require_finite
from relay.handoff.errors import ModelError

VALIDATION_SHARE = 0.2
"""Of the training rows, drawn by the seed; the threshold is tuned on them. The final model learns from all."""

MIN_CLASS_ROWS = 10
"""Training rows that the rarer class needs, so that two or more are left to tune the threshold on."""

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Threshold:
    """From which score on a row is called positive, and on how many rows that was tuned (0: not tuned)."""

    value: float
    tuned_rows: int


def score_rows(fitted: Any, inputs: pd.DataFrame, *, positive_first: bool = False) -> tuple[Floats, bool]:
    """Score (rows,) of the positive class, and whether the scores are probabilities.

    Args:
        fitted: a classifier of two classes.
        inputs: (rows, columns).
        positive_first: whether the positive class is the first one, not the second.

    Raises:
        ModelError: the classifier gives neither probabilities nor decision values, or they are not finite.
    """
    if hasattr(fitted, "predict_proba"):
        shares = fitted.predict_proba(inputs)[:, 0 if positive_first else 1]
        return require_finite(shares, "the probabilities of the test rows"), True
    if hasattr(fitted, "decision_function"):
        scores = require_finite(fitted.decision_function(inputs), "the scores of the test rows")
        return -scores if positive_first else scores, False
    last = fitted.steps[-1][1] if hasattr(fitted, "steps") else fitted
    raise ModelError(
        f"{type(last).__name__} only names classes: expected probabilities or scores to judge by",
        next_step="Choose an estimator with predict_proba or decision_function; give one of your own either of them",
    )


def tune_threshold(pipeline: Pipeline, train: Part, seed: int, *, positive_first: bool = False) -> Threshold:
    """The threshold with the largest F1 on a seeded fifth of the training rows, scored by a model of the others.

    Rows of one group stay on one side. With too few rows of a class to spare any, the classifier's own border
    (probability 0.5, or score 0).
    """
    classes, rows = np.unique(train.target, return_counts=True)
    sides = None if rows.min() < MIN_CLASS_ROWS else _divide(train, seed)
    if sides is None:
        return choose_default(pipeline)
    learn, tune = sides
    learned, held = fit(pipeline, train.take(learn)), train.take(tune)
    scores, _ = score_rows(learned, held.inputs, positive_first=positive_first)
    best = best_threshold(held.target == classes[0 if positive_first else 1], scores, held.weights)
    return Threshold(settle_between(best, scores), tuned_rows=len(tune))


def tune_stream(stream: Stream, *, positive_first: bool) -> Threshold:
    """The threshold with the largest F1 on training rows that are held, a fifth at most, by a model of the others."""
    share = min(VALIDATION_SHARE, LOOKED_AT / stream.counts.sides["train"])
    held, classes = stream.pick_held(share), stream.classes
    if classes is None or stream.rarest < MIN_CLASS_ROWS or len(np.unique(held.target)) < len(classes):
        return choose_default(stream.pipeline)
    scores, _ = score_rows(stream.learn(left_out=share), held.inputs, positive_first=positive_first)
    best = best_threshold(held.target == classes[0 if positive_first else 1], scores, held.weights)
    return Threshold(settle_between(best, scores), tuned_rows=len(held))


def choose_default(pipeline: Pipeline) -> Threshold:
    """The classifier's own border: probability 0.5, or score 0."""
    return Threshold(0.5 if hasattr(pipeline, "predict_proba") else 0.0, tuned_rows=0)


def _divide(train: Part, seed: int) -> tuple[Rows, Rows] | None:
    """Rows to learn from and rows to tune on; None where whole groups leave a side with one class."""
    if train.groups is None:
        learn, tune = train_test_split(
            np.arange(len(train)), test_size=VALIDATION_SHARE, random_state=seed, stratify=train.target
        )
        return learn, tune
    parts = round(1 / VALIDATION_SHARE)
    if len(np.unique(train.groups)) < parts:
        return None
    draw = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    learn, tune = next(draw.split(train.inputs, train.target, train.groups))
    has_both = all(len(np.unique(train.target[side])) == 2 for side in (learn, tune))
    return (learn, tune) if has_both else None


def settle_between(threshold: float, scores: Floats) -> float:
    """Half way down to the next lower score, which calls the same rows.

    A score itself would be a bad threshold: a forest gives few different ones, and to whom such a row belongs would
    hang on the last bit, which no two processors nor the ONNX file agree on.
    """
    below = scores[scores < threshold]
    return (threshold + float(below.max())) / 2 if len(below) else threshold
