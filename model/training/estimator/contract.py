"""The contract of a model that learned a target column from input columns."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from model.parameters import EstimatorParameters
from model.training.batch_independence import add_answers, choose_test_rows, count_rows
from model.training.contract import (
    EXAMPLES,
    NOTHING,
    add_example,
    hash_files,
    promise_column,
    promise_key,
    promise_target,
)
from model.training.estimator.limits import find_limits
from model.training.estimator.rows import Part, widen
from model.training.estimator.task import Task
from relay.handoff.column import LARGEST_INT, fill_served_keys
from relay.handoff.recipe import Column, Recipe
from relay.reading.iso import write_moment
from relay.registry.contract import MODEL_FILE, ONNX_FILE, Cell, Contract, Leak, Score
from relay.registry.predictions import predict_with_onnx
from relay.registry.task import ModelTask


def describe_estimator(
    recipe: Recipe,
    parameters: EstimatorParameters,
    task: Task,
    *,
    fitted: BaseEstimator,
    metrics: Mapping[str, Any],
    files: Mapping[str, bytes],
    leaks: list[Leak],
) -> Contract:
    """The contract of a trained pipeline, its examples answered as a server would: by the ONNX file where there is one.

    Without one, it holds the batch test of the pipeline too.

    Args:
        recipe: gives names and columns.
        parameters: its model section.
        task: gives rows and segments.
        fitted: the pipeline.
        metrics: of the training, as they go into metrics.json.
        files: name -> content of the model file and of the ONNX file, if any.
        leaks: inputs that may give the target away.
    """
    is_binary = metrics["kind"] == ModelTask.BINARY
    train, test = task.split.train, task.split.test
    filled = fill_served_keys(recipe.columns, recipe.sections.get("ingest", {}))
    contract = Contract(
        model=parameters.name or recipe.name,
        recipe=recipe.name,
        title=recipe.title,
        description=recipe.description,
        task=metrics["kind"],
        estimator=task.estimator_name,
        inputs={name: promise_column(filled[name]) for name in test.inputs.columns},
        target=task.target,
        record_key=promise_key(recipe),
        target_column=promise_target(recipe.columns[task.target]),
        classes=task.order_classes(fitted.classes_) if task.as_classes else [],
        positive_first=task.positive_first,
        gives_probabilities=task.as_classes and hasattr(fitted, "predict_proba"),
        threshold=metrics["threshold"]["value"] if is_binary else None,
        base_rate=_find_base_rate(train, task.order_classes(fitted.classes_)[1]) if is_binary else None,
        spread=task.spread,
        score=Score(**metrics["score"]),
        segments=list(task.segments),
        example=NOTHING,
        files=hash_files(files),
        leaks=leaks,
        usual=find_usual(train.inputs, recipe.columns),
        limits={} if task.is_own else find_limits(fitted, recipe.columns, [train.inputs, test.inputs]),
    )
    with threadpool_limits(parameters.threads):
        return _add_answers(contract, task, fitted, files)


def _add_answers(contract: Contract, task: Task, fitted: BaseEstimator, files: Mapping[str, bytes]) -> Contract:
    """The contract with records and their answers, by the ONNX file where there is one."""
    test = task.split.test
    example = list_records(test.take(choose_rows(test.target)).inputs, task.columns)
    if ONNX_FILE in files:
        from relay.registry.onnx_file import open_onnx

        return add_example(contract, example, predict_with_onnx(contract, open_onnx(files[ONNX_FILE]), example))
    is_known = not task.is_own and type(task.pipeline[-1]).__module__.startswith("sklearn.")
    rows = choose_test_rows(test.inputs, task.columns, task.seed, count_rows(files[MODEL_FILE], is_known=is_known))
    records = list_records(test.inputs.iloc[rows], task.columns)
    return add_answers(contract, fitted, example, records, task.seed)


def find_usual(frame: pd.DataFrame, columns: Mapping[str, Column]) -> dict[str, Cell]:
    """Input -> its usual value in the rows of a frame; None where no row has one.

    Numbers and times: the median, rounded down for whole numbers. All else, and numbers of which the schema lists the
    allowed ones: the most frequent value, the smallest of level ones.
    """
    usual = {}
    for name, held in frame.items():
        column, cells = columns[str(name)], widen(held)
        if column.type in ("int", "float", "time") and column.allowed is None:
            found = cells.median()
            usual[name] = math.floor(found) if column.type == "int" and not pd.isna(found) else found
        else:
            usual[name] = next(iter(cells.mode()), np.nan)
    (record,) = list_records(pd.DataFrame([usual], dtype=object), columns)
    return record


def list_records(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[dict[str, Cell]]:
    """The rows of a frame as records, each cell in its column's type and None where it is missing."""
    kinds: dict[str, Callable[[Any], Cell]] = {
        "int": _read_int,
        "bool": bool,
        "float": float,
        "category": str,
        "text": str,
        "time": _write_time,
    }
    return [
        {name: None if pd.isna(cell) else kinds[columns[name].type](cell) for name, cell in cells}
        for row in frame.itertuples(index=False, name=None)
        for cells in [zip(frame.columns, row, strict=True)]
    ]


def _write_time(cell: pd.Timestamp) -> str:
    return write_moment(cell.to_pydatetime(warn=False))


def _find_base_rate(train: Part, positive: Any) -> float:
    return float(np.average(train.target == positive, weights=train.weights))


def _read_int(cell: float) -> int:
    # The nearest double of the largest whole number is one too large for it.
    return max(-LARGEST_INT, min(LARGEST_INT, int(cell)))


def choose_rows(target: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Rows from the smallest to the largest target, so that rare classes are among them, in the rows' own order."""
    ranked = np.argsort(target, kind="stable")
    return np.unique(ranked[np.linspace(0, len(target) - 1, min(EXAMPLES, len(target))).astype(np.int64)])
