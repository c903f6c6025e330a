"""From records to a model's inputs, and from its outputs to predictions: the same code in training and serving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from relay.handoff.column import Column
from relay.registry.asking import ask_model
from relay.registry.contract import TOLERANCE, Cell, Contract
from relay.registry.moments import make_moments
from relay.registry.task import ModelTask

if TYPE_CHECKING:  # a third of a second to import, and an ONNX model needs none of it
    import pandas as pd

    from relay.registry.onnx_file import OnnxModel

Record = Mapping[str, Cell]

NUMERIC = ("int", "float", "bool")


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's predictions for some records."""

    predictions: list[Cell]
    """A class, a number or the nearest label for each."""
    probabilities: list[float] | None
    """Of the positive class, for two classes; else of the predicted class; None where the model has none."""
    details: list[Any] | None = None
    """What else the API says of each record; authorship models only."""


def make_matrix(inputs: Mapping[str, Column], records: Sequence[Record]) -> npt.NDArray[np.float64]:
    """The records as an ONNX model takes them (n, inputs): in the contract's order, a missing value as NaN."""
    rows = [[record.get(name) for name in inputs] for record in records]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(inputs))


def make_frame(inputs: Mapping[str, Column], records: Sequence[Record]) -> "pd.DataFrame":
    """The records as a scikit-learn pipeline takes them, in the types of training.

    Numbers and truth values as float64, words as text, times as moments in UTC.
    """
    import pandas as pd

    columns = {name: [record.get(name) for record in records] for name in inputs}
    return pd.DataFrame({name: _make_cells(cells, inputs[name]) for name, cells in columns.items()})


def _make_cells(cells: list[Cell], column: Column) -> Any:
    import pandas as pd

    if column.type in NUMERIC:
        return np.array(cells, dtype=np.float64)
    return make_moments(cells) if column.type == "time" else pd.Series(cells, dtype="str")


def predict_with_onnx(contract: Contract, onnx: "OnnxModel", records: Sequence[Record]) -> Predictions:
    """The predictions of an ONNX model."""
    return read_outputs(contract, onnx.predict(make_matrix(contract.inputs, records)))


def predict_with_model(contract: Contract, model: Any, records: Sequence[Record]) -> Predictions:
    """The predictions of the model in a model file.

    Args:
        contract: the model's.
        model: from `read_model`.
        records: each with every input.
    """
    if contract.task == ModelTask.AUTHORSHIP:
        return _attribute_texts(contract, model, records)
    return predict_frame(contract, model, make_frame(contract.inputs, records))


def predict_frame(contract: Contract, model: Any, frame: "pd.DataFrame") -> Predictions:
    """The same for rows that are a frame already (rows, inputs); not for models of styles."""
    if contract.gives_probabilities:
        return read_outputs(contract, model.predict_proba(frame))
    if contract.task == ModelTask.BINARY:
        scores = model.decision_function(frame)
        scores = -scores if contract.positive_first else scores
        return Predictions([_call(contract, score) for score in scores.tolist()], None)
    return Predictions(np.ravel(model.predict(frame)).tolist(), None)


def read_outputs(contract: Contract, outputs: npt.NDArray[Any]) -> Predictions:
    """Predictions from probabilities (n, classes) or numbers (n, 1)."""
    if contract.task == ModelTask.REGRESSION:
        return Predictions(np.ravel(outputs).tolist(), None)
    outputs = order_outputs(contract, outputs)
    if contract.task == ModelTask.BINARY:
        positive = outputs[:, 1].tolist()
        return Predictions([_call(contract, share) for share in positive], positive)
    return _name_classes(contract, outputs, [contract.classes[best] for best in outputs.argmax(axis=1).tolist()])


def order_outputs(contract: Contract, outputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A model's probabilities (n, classes) in the order of the contract's classes."""
    return outputs[:, ::-1] if contract.positive_first else outputs


def find_difference(contract: Contract, made: Predictions) -> str:
    """The first difference between predictions for the contract's example and those promised there; empty if equal."""
    example = contract.example
    for number, (found, promised) in enumerate(zip(made.predictions, example.predictions, strict=True), start=1):
        if contract.task != ModelTask.REGRESSION:
            if found != promised:
                return f"example {number} is answered with {found!r}, promised was {promised!r}"
        elif not _is_near(found, promised, contract.spread):
            return f"example {number} is answered with {found}, promised was {promised}"
    for number, (share, told) in enumerate(
        zip(made.probabilities or (), example.probabilities or (), strict=True), start=1
    ):
        if not _is_near(share, told, None):
            return f"example {number} gets the probability {share}, promised was {told}"
    return ""


def _attribute_texts(contract: Contract, model: Any, records: Sequence[Record]) -> Predictions:
    (text,) = contract.inputs
    styles = [ask_model(model, str(record[text] or ""), contract.asking) for record in records]
    shares = np.array([style.probabilities for style in styles]).reshape(len(records), len(contract.classes))
    return _name_classes(contract, shares, [contract.classes[style.nearest] for style in styles])


def _is_near(found: Any, promised: Any, spread: float | None) -> bool:
    # Twice: the example may have been answered by the ONNX file, and be checked through the model itself on another
    # processor.
    return bool(abs(found - promised) <= 2 * TOLERANCE * (spread or 1.0) + 1e-6 * abs(promised))


def _call(contract: Contract, score: float) -> Cell:
    """The class of a row by its score, of two classes."""
    assert contract.threshold is not None  # noqa: S101 - every contract of two classes has one
    return contract.classes[1] if score >= contract.threshold else contract.classes[0]


def _name_classes(contract: Contract, shares: npt.NDArray[Any], named: list[Any]) -> Predictions:
    indices = [contract.classes.index(name) for name in named]
    return Predictions(named, [float(row[index]) for row, index in zip(shares, indices, strict=True)])
