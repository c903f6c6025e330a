"""`kind = "estimator"`: one scikit-learn Pipeline, fitted on train, judged on test, kept as skops."""

import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from model.parameters import EstimatorParameters, find_own
from model.training.batch_independence import say_batch_test
from model.training.contract import hash_files
from model.training.estimator.classification import check_classes, find_positive, judge_classifier
from model.training.estimator.contract import describe_estimator
from model.training.estimator.folds import FarFolds
from model.training.estimator.leaks import find_leaks, say_leaks
from model.training.estimator.limits import check_numbers
from model.training.estimator.memory.choice import require_memory
from model.training.estimator.memory.fill import fill_split
from model.training.estimator.memory.fitting import require_room
from model.training.estimator.memory.say import say_rows
from model.training.estimator.memory.source import Rows, open_rows
from model.training.estimator.memory.stream import Stream, open_stream
from model.training.estimator.onnx.export import export_onnx
from model.training.estimator.pipeline import as_pipeline, build_pipeline, explain_refusal, fit
from model.training.estimator.regression import judge_regressor
from model.training.estimator.resolve import build_estimator
from model.training.estimator.rows import Split, check_target, find_columns, find_role, read_split
from model.training.estimator.segments import check_segments, find_segments
from model.training.estimator.task import Task
from model.training.estimator.unusual import find_lookalikes, find_rounded_target, find_unusual
from model.training.estimator.weights import require_weights
from model.training.monitor.answers import choose_answer
from model.training.monitor.build import Answer, Drawing, Side, Watch, watch_rows
from model.training.result import Results
from model.training.skops_file import write_model
from relay.handoff.recipe import Recipe
from relay.registry.contract import MODEL_FILE, ONNX_FILE, Contract
from relay.registry.monitor_section import read_monitor
from relay.results.findings import Finding, Topic

if TYPE_CHECKING:
    from model.training.own_calls import Own
    from relay.handoff.dataset import Dataset


def train_estimator(
    dataset: "Dataset",
    recipe: Recipe,
    parameters: EstimatorParameters,
    own: "Own | None" = None,
    far: FarFolds | None = None,
) -> Results:
    """The estimator of a recipe, trained and judged.

    Args:
        dataset: processed rows with the recipe's columns and `split`.
        recipe: gives columns and seed.
        parameters: its model section.
        own: the user's function that builds the estimator, where the section names one.
        far: the workers that judge the folds; None: this machine.

    Raises:
        ComputeError: the cluster cannot be used, or was lost.
        RecipeError: no such estimator, or it takes no such option.
        ModelError: these data and this estimator do not go together.
    """
    rows = open_rows(dataset, recipe.columns, parameters.sample_rows, recipe.seed)
    with require_room(rows, recipe.columns, parameters):
        return _train(replace(set_task(rows, recipe, parameters, own), far=far), recipe, parameters, own)


def _train(task: Task, recipe: Recipe, parameters: EstimatorParameters, own: "Own | None") -> Results:
    with threadpool_limits(parameters.threads), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted, results = _fit_and_judge(task, own)
        # Its own threads do not count here, and it warns of nothing that concerns the model.
        attempt = export_onnx(fitted, task, results.metrics.get("threshold", {}).get("value"))
    leaks = find_leaks(task.split, as_classes=task.as_classes)
    model = write_model(fitted, is_own=task.is_own)
    code = own.read_code(model) if own else {}
    files = {MODEL_FILE: model} | ({ONNX_FILE: attempt.content} if attempt.content is not None else {})
    contract = describe_estimator(
        recipe, parameters, task, fitted=fitted, metrics=results.metrics, files=files, leaks=leaks
    )
    with threadpool_limits(parameters.threads):
        watched = _watch(contract, task, choose_answer(contract, fitted, files), recipe)
    return replace(
        results,
        metrics=results.metrics | {"threads": parameters.threads},
        findings=(
            *results.findings,
            *say_rows(task),
            *say_leaks(leaks, task.target),
            *_say_columns(task),
            *([attempt.finding] if attempt.finding else []),
            *say_batch_test(contract),
            *watched.findings,
            *_say_warnings(caught),
        ),
        dropped=_count_left_out(task),
        model=model,
        onnx=attempt.content,
        contract=contract.model_copy(update={"code": hash_files(code), "monitored": hash_files(watched.files)}),
        monitored=watched.files,
        code=code,
    )


def _fit_and_judge(task: Task, own: "Own | None") -> tuple[Pipeline, Results]:
    with own.watch() if own else nullcontext():
        fitted = fit(task.pipeline, task.split.train) if task.stream is None else task.stream.learn()
        with explain_refusal(task.estimator_name, "judged on", len(task.split.test)):
            return fitted, (judge_classifier if task.as_classes else judge_regressor)(fitted, task)


def _watch(contract: Contract, task: Task, answer: Answer, recipe: Recipe) -> Watch:
    """What monitor and gate get of the rows of both sides."""
    train, test = (Side(one.inputs, one.target, one.weights) for one in (task.split.train, task.split.test))
    drawing = Drawing(recipe.seed, keeps_rows=read_monitor(recipe).keep_rows, is_own=task.is_own)
    return watch_rows(contract, (train, test), answer, drawing)


def _say_columns(task: Task) -> Iterator[Finding]:
    """What a person should look at in the columns."""
    yield from find_unusual(task.split, task.columns)
    yield from find_lookalikes(task.split, task.target, task.columns)
    yield from find_rounded_target(task.split, task.target, task.columns[task.target])


def _count_left_out(task: Task) -> dict[str, int]:
    """Reason -> rows that count nowhere."""
    left_out = {
        f"without {task.target}": task.split.without_target,
        f"with {find_role(task.columns, 'weight')} = 0": task.split.without_weight,
    }
    return {reason: rows for reason, rows in left_out.items() if rows}


def set_task(rows: Rows, recipe: Recipe, parameters: EstimatorParameters, own: "Own | None" = None) -> Task:
    """What there is to learn and from which rows.

    Raises:
        RecipeError, ModelError: estimator, options, columns or rows do not go together.
    """
    target, _ = find_columns(recipe.columns)
    estimator = own.build() if own else _build(recipe, parameters, target)
    require_memory(parameters.memory, estimator)
    check_segments(parameters.segments, recipe.columns)
    read = _read_rows(rows, recipe, parameters, estimator, is_own=own is not None)
    split, pipeline = read.split, read.pipeline
    if split.train.weights is not None:
        require_weights(pipeline)
    task = Task(
        pipeline=pipeline,
        is_own=own is not None,
        split=split,
        columns=recipe.columns,
        target=target,
        seed=recipe.seed,
        score=parameters.score,
        as_classes=is_classifier(estimator),
        positive_first=find_positive(parameters.positive, split.train.target, target) == 0,
        folds=parameters.cv_folds,
        segments=tuple(find_segments(parameters.segments, split.train)),
        sample=rows.sample,
        rounded=read.rounded,
        stream=read.stream,
    )
    if task.as_classes:
        check_classes(task)
    return task


@dataclass(frozen=True)
class _Read:
    """The rows of both sides, what prepares them for an estimator, and how they are held."""

    split: Split
    pipeline: Pipeline
    rounded: tuple[str, ...] | None = None
    stream: Stream | None = None


def _read_rows(
    rows: Rows, recipe: Recipe, parameters: EstimatorParameters, estimator: BaseEstimator, *, is_own: bool
) -> _Read:
    columns, as_classes = recipe.columns, is_classifier(estimator)
    if parameters.memory == "stream":
        split, stream = open_stream(
            rows, columns, estimator, epochs=parameters.epochs, seed=recipe.seed, as_classes=as_classes
        )
        return _Read(split, stream.pipeline, stream=stream)
    if parameters.memory == "float32":
        split, rounded = fill_split(rows, columns, as_classes=as_classes)
        # No digits are left that centring would keep.
        pipeline = build_pipeline(columns, estimator, scale=False, rounds=bool(rounded))
        return _Read(split, pipeline, rounded=tuple(rounded))
    table = rows.table()
    check_numbers(table, columns, "the processed table" if rows.sample is None else "the sample")
    pipeline = as_pipeline(estimator) if is_own else build_pipeline(columns, estimator)
    return _Read(read_split(table, columns, as_classes=as_classes), pipeline)


def _say_warnings(caught: list[warnings.WarningMessage]) -> list[Finding]:
    """What scikit-learn warned of, each once: that a fit did not converge belongs into the findings."""
    lines = dict.fromkeys(str(warning.message).splitlines()[0] for warning in caught)
    return [Finding(Topic.FIT_WARNING, f"scikit-learn warns: {line}") for line in lines]


def check_estimator(recipe: Recipe, parameters: EstimatorParameters) -> None:
    """Make sure that estimator, options and columns of a recipe go together, without data.

    Raises:
        RecipeError, ModelError: they do not.
    """
    target, _ = find_columns(recipe.columns)
    check_segments(parameters.segments, recipe.columns)
    if find_own(parameters, recipe) is not None:
        return  # what it builds is known once it runs
    estimator = _build(recipe, parameters, target)
    check_target(target, recipe.columns[target], as_classes=is_classifier(estimator))
    require_memory(parameters.memory, estimator)
    if recipe.with_role("weight"):
        require_weights(estimator)


def _build(recipe: Recipe, parameters: EstimatorParameters, target: str) -> BaseEstimator:
    return build_estimator(parameters.estimator, parameters.options, recipe.seed, recipe.columns[target])
