"""Cross-validation of the training rows: how much a score depends on which rows a model happens to learn from."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from loguru import logger
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline

from model.training.estimator.folds import FarFolds, describe_arithmetic
from model.training.estimator.pipeline import fit
from model.training.estimator.rows import Part
from model.training.estimator.task import Task
from relay.handoff.errors import ModelError
from relay.handoff.progress import show_progress
from relay.handoff.wording import show
from relay.results.findings import Finding, Topic

Judge = Callable[[Task, Pipeline, Part, Part], dict[str, float]]
"""The figures of a fitted pipeline on the last argument, which it has not learned from; the one before is what it has.

A function at the top of its module: workers of a cluster find it by its name.
"""

Indices = npt.NDArray[np.int64]


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
    with show_progress(f"{task.estimator_name}: cross-validation", task.folds, "fold") as advance:
        values = None if task.far is None else _judge_far(task, task.far, score, judge, advance)
        if values is None:
            values = []
            for learn, held in draw_folds(task):
                values.append(judge_fold(task, score, judge, learn, held))
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


def draw_folds(task: Task) -> Iterator[tuple[Indices, Indices]]:
    """The indices of the training rows that are learned from in each fold, and of those that judge it."""
    train = task.split.train
    draw = _choose_folds(task)(task.folds, shuffle=True, random_state=task.seed)
    yield from draw.split(train.inputs, train.target, train.groups)


def judge_fold(task: Task, score: str, judge: Judge, learn: Indices, held: Indices) -> float:
    """The score of one fold.

    Raises:
        ModelError: a side lacks a class, or the estimator refuses the rows.
    """
    train = task.split.train
    learned, judged = train.take(learn), train.take(held)
    _check_fold(task, learned, judged)
    return judge(task, fit(task.pipeline, learned), learned, judged)[score]


def _judge_far(
    task: Task, far: FarFolds, score: str, judge: Judge, advance: Callable[[int], object]
) -> list[float] | None:
    """The scores as workers give them, except where their arithmetic is another one; None where they cannot."""
    found = far.judge(score, judge.__module__, advance)
    if found is None:
        return None
    here, values = describe_arithmetic(far.parameters), []
    for (learn, held), one in zip(draw_folds(task), found, strict=True):
        if one.arithmetic != here:
            logger.warning(
                "a worker calculates otherwise, so its fold is judged on this machine again; there: {}; here: {}",
                one.arithmetic,
                here,
            )
            values.append(judge_fold(task, score, judge, learn, held))
            continue
        for text in one.warnings:  # they belong to the findings, as if the fold had been judged here
            warnings.warn(text, stacklevel=1)
        values.append(one.value)
    return values


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
