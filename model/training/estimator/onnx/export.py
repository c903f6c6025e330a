"""The ONNX file of a trained model: kept only if it gives the model's answer to every row, and at every split."""

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from model.training.estimator.rows import NUMERIC
from model.training.estimator.task import Task
from relay.handoff.recipe import Column
from relay.handoff.wording import count
from relay.registry.contract import TOLERANCE
from relay.results.findings import Finding, Topic

if TYPE_CHECKING:  # see export_onnx
    from model.training.estimator.onnx.graph import Precision
    from relay.registry.onnx_file import OnnxModel

Floats = npt.NDArray[np.float64]

MOST_PAIRS = 400_000_000
"""Of rows that a check may compare: some ten seconds; ONNX Runtime looks at each kept row for each answer."""

WHOLE_ROWS = 250_000
"""Rows that are checked at once; more are checked in blocks, so that a large table is not copied."""

BLOCK_ROWS = 1_024
"""Rows that an ONNX file is asked at once."""


@dataclass(frozen=True)
class Agreement:
    """How near an ONNX file comes to its model on the rows that are checked."""

    difference: float
    """The largest one, in a probability, or in a number as a share of the target's spread."""
    flipped: int
    """Rows that would get another class."""

    @property
    def is_close(self) -> bool:
        """Whether the ONNX file may answer for the model."""
        return self.difference < TOLERANCE and self.flipped == 0

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(max(self.difference, other.difference), self.flipped + other.flipped)


@dataclass(frozen=True)
class OnnxExport:
    """The ONNX file, or the reason why there is no such file."""

    content: bytes | None = None
    finding: Finding | None = None
    """The reason; None where there is a file, and where the inputs rule one out."""


def export_onnx(fitted: Pipeline, task: Task, threshold: float | None) -> OnnxExport:
    """The ONNX file of a fitted pipeline, checked on all rows and on both sides of each split of its trees.

    It takes and compares doubles. Where only float32 is to be had, there is a file if float32 holds every value that
    the inputs may have, and none otherwise.

    Args:
        fitted: from `model.training.estimator.pipeline`.
        task: gives the rows.
        threshold: of two classes.
    """
    inputs = {name: task.columns[name] for name in task.split.test.inputs.columns}
    if task.is_own or any(column.type not in NUMERIC for column in inputs.values()):
        return OnnxExport()  # one tensor of numbers cannot hold words and times
    if task.as_classes and not hasattr(fitted, "predict_proba"):
        return _explain(f"{task.estimator_name} gives no probabilities.")
    # Only now: onnx and ONNX Runtime are as slow to import as scikit-learn.
    from relay.registry.onnx_file import fits_float32

    if (pairs := _count_pairs(fitted["model"], task)) > MOST_PAIRS:
        return _explain(f"to check it, {pairs:,} pairs of rows would have to be compared (limit {MOST_PAIRS:,}).")
    is_exact = fits_float32(inputs)
    precisions: tuple[Precision, ...] = ("double", "float") if is_exact else ("double",)
    models = list(_build_candidates(fitted, inputs, precisions))
    if not models:
        return _explain(f"skl2onnx cannot convert {task.estimator_name}{'' if is_exact else ' in doubles'}.")
    found, checked = [], 0
    for content, model in models:
        agreement, checked = _check(fitted, model, task, threshold)
        found.append(agreement)
        if agreement.is_close:
            return OnnxExport(content)
    best = min(found, key=lambda agreement: (agreement.difference, agreement.flipped))
    return _explain_difference(best, rows=checked, as_classes=task.as_classes)


def _check(fitted: Pipeline, model: "OnnxModel", task: Task, threshold: float | None) -> tuple[Agreement, int]:
    """How near an ONNX file comes to its model, and on how many rows."""
    turned = slice(None, None, -1 if task.positive_first else None)  # the positive class comes last
    found, checked = Agreement(0.0, 0), 0
    for rows in _list_rows(fitted, task):
        expected, answers = _answer(fitted, rows)[:, turned], _ask(model, rows)[:, turned]
        found += compare_answers(answers, expected, threshold=threshold, spread=task.spread)
        checked += len(rows)
    return found, checked


def _count_pairs(estimator: Any, task: Task) -> int:
    """Pairs of a checked row and a row that the estimator keeps, as nearest neighbours and support vectors do."""
    kept = int(getattr(estimator, "n_samples_fit_", 0)) or len(getattr(estimator, "support_", ()))
    return kept * (len(task.split.train) + len(task.split.test))


def _explain_difference(best: Agreement, *, rows: int, as_classes: bool) -> OnnxExport:
    by = f"on {count(rows, 'checked row')} its answers would differ by up to {best.difference:.2g}"
    figures = {
        "checked_rows": rows,
        # JSON has no infinity: what is not finite has no figure.
        "difference": best.difference if math.isfinite(best.difference) else None,
        "allowed": TOLERANCE,
    }
    if not as_classes:
        return _explain(f"{by} of the target's spread (allowed {TOLERANCE:.0e}).", figures)
    return _explain(
        f"{by} (allowed {TOLERANCE:.0e}) and give {count(best.flipped, 'row')} another class.",
        {**figures, "flipped": best.flipped},
    )


def _explain(why: str, figures: dict[str, Any] | None = None) -> OnnxExport:
    return OnnxExport(finding=Finding(Topic.ONNX, f"No ONNX file: {why}", figures or {}))


def compare_answers(
    answers: npt.NDArray[Any], expected: Floats, *, threshold: float | None, spread: float | None
) -> Agreement:
    """How near answers come to the expected ones, both (rows, classes) or (rows, 1).

    Args:
        answers: the ONNX file's.
        expected: the model's.
        threshold: of two classes, from which on a row is of the second one.
        spread: standard deviation of the target, for numbers.
    """
    found = answers.astype(np.float64)
    largest = float(np.abs(found - expected).max(initial=0.0))
    difference = largest if np.isfinite(found).all() else float("inf")
    if spread is not None:
        return Agreement(difference / spread, flipped=0)
    called = [
        rows.argmax(axis=1) if threshold is None else (rows[:, 1] >= threshold).astype(np.int64)
        for rows in (found, expected)
    ]
    return Agreement(difference, flipped=int((called[0] != called[1]).sum()))


def _list_rows(fitted: Pipeline, task: Task) -> Iterator[pd.DataFrame]:
    """The test rows, the training rows and, for trees, rows on both sides of each split; in one frame or in blocks."""
    from model.training.estimator.onnx.borders import list_border_rows
    from model.training.estimator.onnx.graph import read_preparation
    from model.training.estimator.onnx.trees import read_trees

    if task.stream is not None:
        yield from task.stream.list_frames()
        return
    train, test = task.split.train.inputs, task.split.test.inputs
    parts, trees = [test, train], read_trees(fitted["model"])
    if trees is not None:
        flags = [name for name in train.columns if task.columns[name].type == "bool"]
        parts.append(list_border_rows(trees, read_preparation(fitted, list(train.columns)), train, flags))
    if sum(map(len, parts)) <= WHOLE_ROWS:
        yield pd.concat(parts, ignore_index=True)
        return
    for part in parts:
        for start in range(0, len(part), WHOLE_ROWS):
            yield part.iloc[start : start + WHOLE_ROWS]


def _answer(fitted: Pipeline, rows: pd.DataFrame) -> Floats:
    """Probabilities (rows, classes), or numbers (rows, 1)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the judge has heard them, and rows at the splits are no one's data
        if hasattr(fitted, "classes_"):
            return np.asarray(fitted.predict_proba(rows), np.float64)
        return np.asarray(np.reshape(fitted.predict(rows), (-1, 1)), np.float64)


def _ask(model: "OnnxModel", rows: pd.DataFrame) -> Floats:
    """The same by an ONNX file; in blocks, because some estimators hold a figure per row and training row."""
    matrix = rows.to_numpy(np.float64)
    blocks = [matrix[start : start + BLOCK_ROWS] for start in range(0, len(matrix), BLOCK_ROWS)]
    return np.concatenate([model.predict(block) for block in blocks])


def _build_candidates(
    fitted: Pipeline, inputs: Mapping[str, Column], precisions: "tuple[Precision, ...]"
) -> "Iterator[tuple[bytes, OnnxModel]]":
    """ONNX files of that pipeline and the models in them; no file in a precision that cannot be had."""
    from model.training.estimator.onnx.graph import build_graph, read_preparation
    from model.training.estimator.onnx.trees import read_trees
    from relay.registry.onnx_file import open_onnx

    estimator, preparation = fitted["model"], read_preparation(fitted, list(inputs))
    is_nullable = any(column.null for column in inputs.values())
    if is_nullable and preparation.fills_none and read_trees(estimator) is None:
        return  # skl2onnx never returns from trees that were fitted to missing values
    outputs = len(getattr(fitted, "classes_", ())) or 1
    for precision in precisions:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries that write for each other, not of the model
            try:
                content = build_graph(estimator, preparation, precision, outputs=outputs)
                model = open_onnx(content)
            except MemoryError:
                raise
            except Exception:  # noqa: S112 - converters raise all kinds of errors; the only loss is this candidate
                continue
        yield content, model
