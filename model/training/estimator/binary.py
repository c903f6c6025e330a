"""Judging a classifier of two classes: figures beside the baseline, pictures, words."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from model.training.estimator.coefficients import Coefficients, read_coefficients
from model.training.estimator.cross_validation import cross_validate
from model.training.estimator.metrics import BinaryPrediction, judge_binary
from model.training.estimator.rows import Part, pick
from model.training.estimator.segments import judge_segments
from model.training.estimator.task import Task, compare, compare_figures, tabulate, warn_if_useless
from model.training.estimator.threshold import MIN_CLASS_ROWS, Threshold, score_rows, tune_stream, tune_threshold
from model.training.plots.classification import draw_calibration, draw_confusion, draw_precision_recall, draw_roc
from model.training.plots.style import Picture
from model.training.result import Results
from relay.handoff.wording import show, show_share
from relay.registry.task import ModelTask
from relay.results.findings import Finding, Topic

AT_THE_THRESHOLD = ("f1", "precision", "recall")
"""Figures of the rows that reach the threshold."""

UNEVEN = 0.2
"""Share of the rarer class up to which the findings say what is done about it."""


def judge_binary_classifier(fitted: Pipeline, task: Task) -> Results:
    """What the test rows say of a fitted classifier whose second class is the positive one.

    Raises:
        ModelError: its scores are not finite, or the recipe's score is no metric of such a classifier.
    """
    train, test = task.split.train, task.split.test
    threshold = _tune(task)
    classes = task.order_classes(fitted.classes_)
    true = test.target == classes[1]
    prediction = _predict(task, fitted, test.inputs, threshold.value)
    # The baseline scores every row alike, so the only threshold that finds anything calls every row positive.
    prior = DummyClassifier(strategy="prior").fit(train.inputs, train.target, train.weights)
    metrics = compare(
        task,
        ModelTask.BINARY,
        "roc_auc",
        judge_binary(true, prediction, test.weights),
        judge_binary(true, _predict(task, prior, test.inputs, 0.0), test.weights),
    )
    metrics |= {
        "classes": [str(name) for name in classes],
        "threshold": {"value": threshold.value, "tuned_rows": threshold.tuned_rows},
    }
    parts = judge_segments(
        task,
        metrics["score"]["name"],
        lambda rows: judge_binary(true[rows], prediction.take(rows), pick(test.weights, rows)),
    )
    folds = cross_validate(task, metrics["score"]["name"], judge_fold)
    metrics |= {**folds.metrics, **parts.metrics}
    score_name = "probability" if prediction.are_probabilities else "score"
    answers = {"true": test.target, score_name: prediction.scores, "positive": prediction.flagged}
    tables = {"predictions": tabulate(task, answers)}
    if (line := _read_line(fitted, task)) is not None:
        tables["coefficients"] = line.tabulate()
    return Results(
        metrics=metrics,
        findings=(*_say(task, metrics, threshold), *folds.findings, *parts.findings),
        pictures=_draw(task, metrics, true, prediction, threshold.value),
        tables=tables,
        rows=task.split.train_rows + len(test),
    )


def _tune(task: Task) -> Threshold:
    if task.stream is not None:
        return tune_stream(task.stream, positive_first=task.positive_first)
    return tune_threshold(task.pipeline, task.split.train, task.seed, positive_first=task.positive_first)


def _predict(task: Task, fitted: Any, inputs: pd.DataFrame, threshold: float) -> BinaryPrediction:
    scores, are_probabilities = score_rows(fitted, inputs, positive_first=task.positive_first)
    return BinaryPrediction(
        scores=scores,
        chosen=fitted.predict(inputs) == task.order_classes(fitted.classes_)[1],
        flagged=scores >= threshold,
        are_probabilities=are_probabilities,
    )


def _read_line(fitted: Pipeline, task: Task) -> Coefficients | None:
    """The coefficients of a linear model, for the positive class."""
    line = None if task.is_own else read_coefficients(fitted, task.split.train.inputs)
    return line.turn() if line is not None and task.positive_first else line


def judge_fold(task: Task, fitted: Pipeline, learned: Part, held: Part) -> dict[str, float]:
    """The figures of one fold, its threshold tuned inside the rows that it learned from when the score needs one."""
    threshold = 0.5
    if task.score in AT_THE_THRESHOLD:
        threshold = tune_threshold(task.pipeline, learned, task.seed, positive_first=task.positive_first).value
    true = held.target == task.order_classes(fitted.classes_)[1]
    return judge_binary(true, _predict(task, fitted, held.inputs, threshold), held.weights)


def _say_imbalance(task: Task, positive: str) -> tuple[Finding, ...]:
    """What is done about classes of very different size; none where they are not."""
    target = task.split.train.target
    share = float(np.mean(target == task.order_classes(np.unique(target))[1]))
    if min(share, 1 - share) > UNEVEN:
        return ()
    weights = task.pipeline[-1].get_params().get("class_weight")
    weighed = (
        f" It counts a row by its class while learning (class_weight = {weights}), so its probabilities put rows in "
        "order and are no shares."
        if weights is not None
        else ""
    )
    text = (
        f"{100 * share:.1f} % of the training rows have {positive}. No row was left out or copied to even this out; "
        f"what makes up for it is the threshold.{weighed}"
    )
    return (Finding(Topic.IMBALANCE, text, {"positive_share": share}),)


def _say(task: Task, metrics: dict[str, Any], threshold: Threshold) -> tuple[Finding, ...]:
    test, baseline = metrics["test"], metrics["baseline"]
    positive = f"{task.target} = {metrics['classes'][1]}"
    how = (
        f"tuned on {threshold.tuned_rows:,} of the training rows"
        if threshold.tuned_rows
        else f"not tuned, for a class has fewer than {MIN_CLASS_ROWS} training rows"
    )
    order = (
        f"Of a row with {positive} and one without, it ranks the first higher in {show_share(test['roc_auc'])} of "
        "cases (ROC AUC; guessing 50 %)."
    )
    alarms = (
        f"At the threshold {show(threshold.value)}, {how}, it finds {show_share(test['recall'])} of the rows with "
        f"{positive}, and {show_share(test['precision'])} of its alarms are right (F1 {show(test['f1'])}; calling "
        f"every row positive {show(baseline['f1'])})."
    )
    return (
        task.describe(),
        Finding(Topic.SCORE, order, {"roc_auc": {"value": test["roc_auc"], "baseline": 0.5}}),
        Finding(
            Topic.THRESHOLD, alarms, {**metrics["threshold"], **compare_figures(metrics, "precision", "recall", "f1")}
        ),
        *_say_calibration(metrics),
        *_say_imbalance(task, positive),
        *warn_if_useless(metrics, "giving every row the same score"),
    )


def _say_calibration(metrics: dict[str, Any]) -> tuple[Finding, ...]:
    test, baseline = metrics["test"], metrics["baseline"]
    if "brier" not in test or "brier" not in baseline:
        return ()
    text = (
        f"Its probabilities have a Brier score of {show(test['brier'])} (0 is perfect; always predicting the "
        f"share of the training rows gives {show(baseline['brier'])})."
    )
    return (Finding(Topic.CALIBRATION, text, compare_figures(metrics, "brier")),)


def _draw(
    task: Task, metrics: dict[str, Any], true: npt.NDArray[np.bool_], prediction: BinaryPrediction, threshold: float
) -> tuple[Picture, ...]:
    test, classes, weights = metrics["test"], metrics["classes"], task.split.test.weights
    positive = f"{task.target} = {classes[1]}"
    named = [np.where(rows, classes[1], classes[0]) for rows in (true, prediction.flagged)]
    pictures = [
        draw_roc(true, prediction.scores, threshold, area=test["roc_auc"], positive=positive, weights=weights),
        draw_precision_recall(
            true, prediction.scores, threshold, area=test["pr_auc"], positive=positive, weights=weights
        ),
        draw_confusion(*named, title=f"At the threshold {threshold:.3g}", target=task.target),
    ]
    if prediction.are_probabilities:
        pictures.insert(2, draw_calibration(true, prediction.scores, positive=positive))
    return tuple(pictures)
