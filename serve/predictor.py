"""What a model answers to records: by its ONNX file where there is one, by scikit-learn otherwise.

A two-class answer is the positive class from the contract's threshold on. `answer_plainly` gives what the estimator's
own predict() gives, whose border is 0.5: so do MLflow's scoring servers.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from relay.handoff.errors import RelayError
from relay.handoff.own.failure import say_failure
from relay.registry.contract import Cell, Contract
from relay.registry.onnx_file import OnnxModel
from relay.registry.predictions import Predictions, make_frame, order_outputs, predict_with_model, read_outputs
from relay.registry.records import explain_infinite, find_infinite
from relay.registry.task import ModelTask
from serve.errors import NoAnswerError
from serve.schema import Record, make_matrix, name_flaw

Answered = TypeVar("Answered")


class Predictor(Protocol):
    """A loaded model."""

    @property
    def is_quick(self) -> bool:
        """Whether a few records cost less than a change of threads."""

    @property
    def takes_batches(self) -> bool:
        """Whether records of several requests may be answered together."""

    def answer(self, records: Sequence[Record]) -> Predictions:
        """The answers to some records."""

    def answer_plainly(self, records: Sequence[Record]) -> list[Cell]:
        """What the estimator's own predict() answers."""


class OnnxPredictor:
    """A model of numbers, in ONNX."""

    is_quick = True
    takes_batches = False  # a row costs less than the way into a batch

    def __init__(self, contract: Contract, onnx: OnnxModel) -> None:
        self._contract, self._onnx = contract, onnx

    def answer(self, records: Sequence[Record]) -> Predictions:
        """The answers to some records."""
        return require_finite(read_outputs(self._contract, self._compute(records)), self._contract, records)

    def answer_plainly(self, records: Sequence[Record]) -> list[Cell]:
        """The number, or the most probable class, the first of level ones."""
        outputs, classes = self._compute(records), self._contract.classes
        if self._contract.task == ModelTask.REGRESSION:
            return require_finite(read_outputs(self._contract, outputs), self._contract, records).predictions
        return [classes[index] for index in order_outputs(self._contract, outputs).argmax(axis=1).tolist()]

    def _compute(self, records: Sequence[Record]) -> npt.NDArray[np.float64]:
        return self._onnx.predict(make_matrix(records, len(self._contract.inputs)))


class PipelinePredictor:
    """A scikit-learn pipeline: for categories, and where the ONNX file was not exact."""

    is_quick = False

    def __init__(self, contract: Contract, pipeline: Any) -> None:
        self._contract, self._pipeline = contract, pipeline
        self.takes_batches = contract.takes_batches

    def answer(self, records: Sequence[Record]) -> Predictions:
        """The answers to some records."""
        found = predict_with_model(self._contract, self._pipeline, self._name_cells(records))
        return require_finite(found, self._contract, records)

    def answer_plainly(self, records: Sequence[Record]) -> list[Cell]:
        """What the estimator's own predict() answers."""
        frame = make_frame(self._contract.inputs, self._name_cells(records))
        found: list[Cell] = np.ravel(self._pipeline.predict(frame)).tolist()
        return found

    def _name_cells(self, records: Sequence[Record]) -> list[dict[str, Cell]]:
        names = tuple(self._contract.inputs)
        return [dict(zip(names, msgspec.structs.astuple(record), strict=True)) for record in records]


def require_finite(found: Predictions, contract: Contract, records: Sequence[Record]) -> Predictions:
    """The predictions themselves, when JSON can say them.

    Raises:
        NoAnswerError: a number is not finite.
    """
    index = find_infinite(found.predictions, found.probabilities)
    if index is not None:
        flaw = explain_infinite(msgspec.structs.astuple(records[index]), contract.inputs)
        named = name_flaw(flaw, "" if len(records) == 1 else f"[{index}].")
        raise NoAnswerError(named.message, (named,))
    return found


class OwnPredictor:
    """A model that needs own code: whatever that raises is the answer of its request, never the end of the service.

    Args:
        predictor: of the model.
        folder: of the user's files, for what is said of an error.
    """

    is_quick = False

    def __init__(self, predictor: Predictor, folder: Path) -> None:
        self._predictor, self._folder = predictor, folder
        self.takes_batches = predictor.takes_batches

    def answer(self, records: Sequence[Record]) -> Predictions:
        """The answers to some records."""
        return self._try(self._predictor.answer, records)

    def answer_plainly(self, records: Sequence[Record]) -> list[Cell]:
        """What the estimator's own predict() answers."""
        return self._try(self._predictor.answer_plainly, records)

    def _try(self, work: Callable[[Sequence[Record]], Answered], records: Sequence[Record]) -> Answered:
        try:
            return work(records)
        except RelayError:
            raise
        except BaseException as error:  # SystemExit too
            raise NoAnswerError(say_failure(error, self._folder)) from error
