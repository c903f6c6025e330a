"""Cross-validation of the training rows: how much a score depends on which rows a model happens to learn from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline

from model.training.estimator.pipeline import fit
from model.training.estimator.rows import Part
from model.training.estimator.task import Task
from relay.handoff.errors import ModelError
from relay.handoff.progress import show_progress
from relay.handoff.wording import show
from relay.results.findings import Finding, Topic

Judge = Callable[[Pipeline, Part, Part], dict[str, float]]
"""The figures of a fitted pipeline on the third argument, which it has not learned from; the second is what it has."""


@dataclass(frozen=True)
class CrossValidation:
    """What the folds say; empty when none is asked for."""

    metrics: dict[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def cross_validate(task: Task, score: str, judge: Judge) -> CrossValidation:
    """Mean and spread of the deciding score over the recipe's folds; test rows have no part in it.

    The rows are drawn by the recipe's seed; each fold has each class in the share that it has in all training rows.
    Rows of one group are in one fold.

    Raises:
        ModelError: there are fewer rows, groups, or rows of a class, than folds.
    """
    if not task.folds:
        return CrossValidation()
    train = task.split.train
    _check_rows(task)
    draw = _choose_folds(task)(task.folds, shuffle=True, random_state=task.seed)
    values = []
    with show_progress(f"{task.estimator_name}: cross-validation", task.folds, "fold") as advance:
        for learn, held in draw.split(train.inputs, train.target, train.groups):
            learned, judged = train.take(learn), train.take(held)
            _check_fold(task, learned, judged)
            values.append(judge(fit(task.pipeline, learned), learned, judged)[score])
            advance(1)
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    how = f"{'stratified ' if task.as_classes else ''}{'' if train.groups is None else 'grouped '}"
    text = (
        f"In {task.folds}-fold {how}cross-validation of the {len(train):,} training rows, its {score} is "
        f"{mean:.4g} on average, with a standard deviation of {show(deviation)} between the folds "
        f"({min(values):.4g} to {max(values):.4g})."
    )
    figures = {
        "score": score,
        "folds": task.folds,
        "rows": len(train),
        "mean": mean,
        "standard_deviation": deviation,
        "values": values,
    }
    return CrossValidation({"cross_validation": figures}, (Finding(Topic.CROSS_VALIDATION, text, figures),))


def _choose_folds(task: Task) -> Any:
    if task.split.train.groups is None:
        return StratifiedKFold if task.as_classes else KFold
    return StratifiedGroupKFold if task.as_classes else GroupKFold


def _check_fold(task: Task, learned: Part, judged: Part) -> None:
    """Make sure that both sides of a fold have each class: whole groups may leave one without.

    Raises:
        ModelError: one has not.
    """
    if task.as_classes and len(set(judged.target.tolist())) < len(set(task.split.train.target.tolist())):
        raise ModelError(
            f"[model] cv_folds = {task.folds}: with whole groups in each part, one has no row of some class; ask for "
            "fewer parts"
        )
    if task.as_classes and len(set(learned.target.tolist())) < len(set(task.split.train.target.tolist())):
        raise ModelError(
            f"[model] cv_folds = {task.folds}: all rows of some class are in one group; leave cv_folds out"
        )


def _check_rows(task: Task) -> None:
    """Make sure that every fold has something to judge.

    Raises:
        ModelError: it has not.
    """
    target = task.split.train.target
    fewest = int(np.unique(target, return_counts=True)[1].min()) if task.as_classes else len(target) // 2
    if fewest < task.folds:
        rows = f"a class has {fewest:,}" if task.as_classes else f"there are {len(target):,}"
        raise ModelError(
            f"[model] cv_folds = {task.folds}: {rows} training rows, too few for as many parts; ask for fewer"
        )
    groups = task.split.train.groups
    if groups is not None and (different := len(np.unique(groups))) < task.folds:
        raise ModelError(
            f"[model] cv_folds = {task.folds}: the training rows have {different:,} groups, too few for as many parts; "
            "ask for fewer"
        )
