"""The ONNX file of a trained model: kept only if it gives the model's answer to every test row."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from model.training.estimator.rows import NUMERIC
from model.training.estimator.task import Task
from relay.handoff.errors import ModelError
from relay.handoff.wording import count
from relay.registry.contract import TOLERANCE
from relay.results.findings import Finding, Topic

if TYPE_CHECKING:  # see export_onnx
    from model.training.estimator.onnx.graph import Precision

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How near an ONNX file comes to its model on the test rows."""

    difference: float
    """The largest one, in a probability, or in a number as a share of the target's spread."""
    flipped: int
    """Rows that would get another class."""

    @property
    def is_close(self) -> bool:
        """Whether the ONNX file may answer for the model."""
        return self.difference < TOLERANCE and self.flipped == 0


@dataclass(frozen=True)
class OnnxExport:
    """The ONNX file, or the reason why there is no such file."""

    content: bytes | None = None
    finding: Finding | None = None
    """The reason; None where there is a file, and where the inputs rule one out."""


def export_onnx(fitted: Pipeline, task: Task, threshold: float | None) -> OnnxExport:
    """The ONNX file of a fitted pipeline, checked on every test row.

    Args:
        fitted: from `model.training.estimator.pipeline`.
        task: gives the test rows.
        threshold: of two classes.
    """
    inputs = task.split.test.inputs
    if task.is_own or any(task.columns[name].type not in NUMERIC for name in inputs.columns):
        return OnnxExport()  # one tensor of numbers cannot hold words
    if task.as_classes and not hasattr(fitted, "predict_proba"):
        return _explain(f"{task.estimator_name} gives no probabilities.")
    # Only now: onnx and ONNX Runtime are as slow to import as scikit-learn.
    from relay.registry.onnx_file import open_onnx

    expected = _answer(fitted, task)
    matrix = inputs.to_numpy(np.float32)
    found: list[Agreement] = []
    for content in _build_candidates(fitted, list(inputs.columns), outputs=expected.shape[1]):
        try:
            answers = open_onnx(content).predict(matrix)
        except ModelError:
            continue
        found.append(compare_answers(answers, expected, threshold=threshold, spread=task.spread))
        if found[-1].is_close:
            return OnnxExport(content)
    if not found:
        return _explain(f"skl2onnx cannot convert {task.estimator_name}.")
    best = min(found, key=lambda agreement: (agreement.difference, agreement.flipped))
    return _explain_difference(best, rows=len(matrix), as_classes=task.as_classes)


def _explain_difference(best: Agreement, *, rows: int, as_classes: bool) -> OnnxExport:
    by = f"on {count(rows, 'test row')} its answers would differ by up to {best.difference:.2g}"
    figures = {
        "test_rows": rows,
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


def _answer(fitted: Pipeline, task: Task) -> Floats:
    inputs = task.split.test.inputs
    answers = fitted.predict_proba(inputs) if task.as_classes else np.reshape(fitted.predict(inputs), (-1, 1))
    return np.asarray(answers, np.float64)


def _build_candidates(fitted: Pipeline, inputs: list[str], *, outputs: int) -> Iterator[bytes]:
    """ONNX files of that pipeline, the fastest first; no file where skl2onnx does not know the estimator."""
    from model.training.estimator.onnx.graph import build_graph, read_preparation

    preparation = read_preparation(fitted, inputs)
    for precision, estimator in _list_variants(fitted["model"], preparation.means, preparation.scales):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries that write for each other, not of the model
            try:
                content = build_graph(estimator, preparation, precision, outputs=outputs)
            except Exception:  # noqa: S112 - converters raise all kinds of errors; the only loss is this candidate
                continue
        yield content


def _list_variants(model: Any, means: Floats, scales: Floats) -> "Iterator[tuple[Precision, Any]]":
    if isinstance(model, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
        from model.training.estimator.onnx.raw_thresholds import unscale_trees

        yield "raw", unscale_trees(model, means, scales)
    yield "float", model
    yield "double", model
