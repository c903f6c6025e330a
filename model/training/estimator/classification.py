"""Judging a model of classes: first whether there is anything to judge, then by the number of classes."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from model.training.estimator.binary import judge_binary_classifier
from model.training.estimator.multiclass import judge_multiclass_classifier
from model.training.estimator.task import Task
from model.training.result import Results
from relay.handoff.errors import ModelError


def judge_classifier(fitted: Pipeline, task: Task) -> Results:
    """What the test rows say of a fitted classifier.

    Raises:
        ModelError: its scores are not finite, or the recipe's score is no metric of this classifier.
    """
    judge = judge_binary_classifier if len(fitted.classes_) == 2 else judge_multiclass_classifier
    return judge(fitted, task)


def find_positive(wanted: Any, target: npt.NDArray[Any], name: str) -> int | None:
    """The index of the class that is looked for among the sorted classes; None where the recipe names none.

    Args:
        wanted: `[model] positive`.
        target: of the training rows (n,).
        name: of the target.

    Raises:
        ModelError: there are not two classes, or it differs from both.
    """
    if wanted is None:
        return None
    classes = np.unique(target).tolist()
    if len(classes) != 2:
        raise ModelError(
            f"[model] positive = {json.dumps(wanted)}: {name} has {len(classes)} classes in the training rows; "
            "only one of two classes can be positive. Leave it out"
        )
    if wanted not in classes:
        known = " or ".join(json.dumps(label) for label in classes)
        raise ModelError(f"[model] positive = {json.dumps(wanted)}: {name} has no such class; expected {known}")
    return int(classes.index(wanted))


def check_classes(task: Task) -> None:
    """Make sure that there is something to tell apart, on both sides.

    Raises:
        ModelError: training rows of one class only, test rows of a class never seen, or test rows of one class only.
    """
    train, test = (set(np.unique(part.target).tolist()) for part in (task.split.train, task.split.test))
    if len(train) < 2:
        raise ModelError(f"all training rows have {task.target} = {train.pop()}: expected two classes or more")
    if unseen := sorted(test - train):
        raise ModelError(f"test rows have {task.target} = {unseen}, which no training row has: more rows are needed")
    if len(test) < 2:
        raise ModelError(f"all test rows have {task.target} = {test.pop()}: nothing to judge by; more rows are needed")
