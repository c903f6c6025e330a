"""Judging a classifier of three classes or more: figures beside the baseline, a picture, words."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from model.training.estimator.cross_validation import cross_validate
from model.training.estimator.metrics import judge_classes
from model.training.estimator.rows import Part
from model.training.estimator.segments import judge_segments
from model.training.estimator.task import Task, compare, compare_figures, tabulate, warn_if_useless
from model.training.plots.classification import draw_confusion
from model.training.result import Results
from relay.handoff.wording import show_share
from relay.registry.task import ModelTask
from relay.results.findings import Finding, Topic


def judge_multiclass_classifier(fitted: Pipeline, task: Task) -> Results:
    """What the test rows say of a fitted classifier.

    Raises:
        ModelError: the recipe's score is no metric of such a classifier.
    """
    train, test = task.split.train, task.split.test
    prior = DummyClassifier(strategy="prior").fit(train.inputs, train.target, train.weights)
    metrics = compare(
        task,
        ModelTask.MULTICLASS,
        "balanced_accuracy",
        _judge(fitted, test),
        _judge(prior, test),
    )
    predicted = fitted.predict(test.inputs)
    score = metrics["score"]["name"]
    parts = judge_segments(task, score, lambda rows: _judge(fitted, test.take(np.flatnonzero(rows))))
    folds = cross_validate(task, score, judge_fold)
    metrics |= {**folds.metrics, **parts.metrics}
    return Results(
        metrics=metrics,
        findings=(
            task.describe(),
            _say(metrics, len(fitted.classes_)),
            *warn_if_useless(metrics, "always naming the commonest class"),
            *folds.findings,
            *parts.findings,
        ),
        pictures=(
            draw_confusion(
                test.target.astype(str), predicted.astype(str), title="What is taken for what", target=task.target
            ),
        ),
        tables={"predictions": tabulate(task, _list_answers(fitted, test, predicted))},
        rows=task.split.train_rows + len(test),
    )


def judge_fold(_: Task, fitted: Pipeline, __: Part, held: Part) -> dict[str, float]:
    """The figures of one fold."""
    return _judge(fitted, held)


def _list_answers(fitted: Pipeline, test: Part, predicted: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """What is kept of each row: enough to compute every figure again on some of them."""
    answers: dict[str, npt.NDArray[Any]] = {"true": test.target, "predicted": predicted}
    if hasattr(fitted, "predict_proba"):
        indices = np.searchsorted(fitted.classes_, test.target)
        answers["probability_of_true"] = fitted.predict_proba(test.inputs)[np.arange(len(test)), indices]
    return answers


def _judge(fitted: Any, test: Part) -> dict[str, float]:
    probabilities = fitted.predict_proba(test.inputs) if hasattr(fitted, "predict_proba") else None
    return judge_classes(
        test.target,
        fitted.predict(test.inputs),
        probabilities=probabilities,
        classes=fitted.classes_,
        weights=test.weights,
    )


def _say(metrics: dict[str, Any], classes: int) -> Finding:
    figures, baseline = metrics["test"], metrics["baseline"]
    (right, always), (balanced, always_balanced) = (
        (show_share(figures[name]), show_share(baseline[name])) for name in ("accuracy", "balanced_accuracy")
    )
    return Finding(
        Topic.SCORE,
        f"Of the test rows it puts {right} into the right one of {classes} classes (always naming the commonest: "
        f"{always}); with every class counting alike, {balanced} ({always_balanced}).",
        {"classes": classes, **compare_figures(metrics, "accuracy", "balanced_accuracy")},
    )
