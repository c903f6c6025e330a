"""What a training promises of its model to whoever serves it: `contract.json`, with rows and answers to check it by."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from model.parameters import EstimatorParameters
from model.task import Task
from relay.handoff.recipe import Column, Recipe
from relay.registry.answers import Predictions, ask_model, ask_onnx
from relay.registry.contract import MODEL_FILE, ONNX_FILE, Asking, Cell, Contract, Example, Score
from relay.registry.task import ModelTask

EXAMPLES = 5
"""Rows that a contract shows: enough to see a model that answers everything alike."""

DIGITS = 7
"""Significant digits of an example's answers: what a float32 has."""

NOTHING = Example(records=[], predictions=[], probabilities=None)


def describe_estimator(
    recipe: Recipe,
    parameters: EstimatorParameters,
    task: Task,
    *,
    fitted: BaseEstimator,
    metrics: Mapping[str, Any],
    files: Mapping[str, bytes],
) -> Contract:
    """The contract of a trained pipeline, its examples answered as a server would: by the ONNX file where there is one.

    Args:
        recipe: gives names and columns.
        parameters: its model section.
        task: gives rows and segments.
        fitted: the pipeline.
        metrics: of the training, as they go into metrics.json.
        files: name -> content of the model file and of the ONNX file, if any.
    """
    is_binary = metrics["kind"] == ModelTask.BINARY
    train, test = task.split.train, task.split.test
    contract = Contract(
        model=parameters.name or recipe.name,
        recipe=recipe.name,
        title=recipe.title,
        description=recipe.description,
        task=metrics["kind"],
        estimator=task.estimator_name,
        inputs={name: promise_column(recipe.columns[name]) for name in test.inputs.columns},
        target=task.target,
        target_column=promise_column(recipe.columns[task.target]),
        classes=fitted.classes_.tolist() if task.as_classes else [],
        gives_probabilities=task.as_classes and hasattr(fitted, "predict_proba"),
        threshold=metrics["threshold"]["value"] if is_binary else None,
        base_rate=float(np.mean(train.target == fitted.classes_[1])) if is_binary else None,
        spread=task.spread,
        score=Score(**metrics["score"]),
        segments=list(task.segments),
        example=NOTHING,
        files=hash_files(files),
    )
    records = list_records(test.take(_choose_rows(test.target)).inputs, recipe.columns)
    if ONNX_FILE not in files:
        return add_example(contract, records, ask_model(contract, fitted, records))
    from relay.registry.onnx_file import open_onnx

    return add_example(contract, records, ask_onnx(contract, open_onnx(files[ONNX_FILE]), records))


def describe_authorship(
    recipe: Recipe,
    classifier: Any,
    texts: Sequence[str],
    *,
    model: bytes,
    trust: Mapping[str, Any],
    chunk_chars: int,
) -> Contract:
    """The contract of a model of known labels.

    Args:
        recipe: gives names and columns.
        classifier: fitted.
        texts: some to show.
        model: its file.
        trust: the figures of leaving one document out, as they go into metrics.json.
        chunk_chars: characters of each chunk that it learned from; 0 if these were whole documents.
    """
    (text,) = (name for name, column in recipe.columns.items() if column.role == "input" and column.type == "text")
    (label,) = recipe.with_role("label")
    contract = Contract(
        model=recipe.name,
        recipe=recipe.name,
        title=recipe.title,
        description=recipe.description,
        task=ModelTask.AUTHORSHIP,
        estimator=type(classifier).__name__,
        inputs={text: promise_column(recipe.columns[text])},
        target=label,
        target_column=promise_column(recipe.columns[label]),
        classes=classifier.classes_.tolist(),
        gives_probabilities=True,
        threshold=None,
        base_rate=None,
        spread=None,
        score=_score_authorship(trust, labels=len(classifier.classes_)),
        segments=[],
        example=NOTHING,
        files=hash_files({MODEL_FILE: model}),
        asking=Asking(chunk_chars=chunk_chars, seed=recipe.seed),
    )
    # Spread over all, since those of one author follow each other.
    records: list[dict[str, Cell]] = [{text: shown} for shown in texts[:: max(len(texts) // EXAMPLES, 1)][:EXAMPLES]]
    return add_example(contract, records, ask_model(contract, classifier, records))


def _score_authorship(trust: Mapping[str, Any], labels: int) -> Score | None:
    """How often a chunk is nearest to its own label, each label counting alike; None when no chunk can be judged."""
    if "balanced_accuracy" not in trust:
        return None
    name = "balanced_accuracy"
    return Score(name=name, value=trust[name], baseline=1 / labels, lower_is_better=False)


def promise_column(column: Column) -> Column:
    """The column without what only ingest needs: what a file calls it, and in which unit it writes times."""
    return column.model_copy(update={"source": None, "epoch": "s"})


def add_example(contract: Contract, records: list[dict[str, Cell]], answers: Predictions) -> Contract:
    """The contract with records and what the model answered."""
    numbers = contract.task == ModelTask.REGRESSION
    example = Example(
        records=records,
        predictions=[_shorten(answer) if numbers else answer for answer in answers.predictions],
        probabilities=None if answers.probabilities is None else [_shorten(share) for share in answers.probabilities],
    )
    return contract.model_copy(update={"example": example})


def list_records(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[dict[str, Cell]]:
    """The rows of a frame as records, each cell in its column's type and None where it is missing."""
    kinds = {"int": int, "bool": bool, "float": float, "category": str}
    return [
        {name: None if pd.isna(cell) else kinds[columns[name].type](cell) for name, cell in cells}
        for row in frame.itertuples(index=False, name=None)
        for cells in [zip(frame.columns, row, strict=True)]
    ]


def hash_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """Name -> SHA-256."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def _choose_rows(target: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Rows from the smallest to the largest target, so that rare classes are among them, in the rows' own order."""
    ranked = np.argsort(target, kind="stable")
    return np.unique(ranked[np.linspace(0, len(target) - 1, min(EXAMPLES, len(target))).astype(np.int64)])


def _shorten(value: Any) -> float:
    return float(f"{value:.{DIGITS}g}")
