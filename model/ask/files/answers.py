"""What a model answers to rows that were checked, as columns: the same as to records, without a record for each row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from model.ask.files.check import Cells
from model.ask.files.layout import find_type
from relay.handoff.column import Column
from relay.registry.contract import Cell, Contract
from relay.registry.moments import from_counts
from relay.registry.predictions import NUMERIC, order_outputs
from relay.registry.task import ModelTask

if TYPE_CHECKING:  # an ONNX model needs none of it
    import pandas as pd

    from model.release.production import OpenModel


@dataclass(frozen=True)
class Outputs:
    """A model's answers to rows."""

    predictions: pa.Array
    probabilities: NDArray[np.float64] | None
    """Of each class, in the contract's order (rows, classes); None where the model has none."""
    infinite: NDArray[np.int64]
    """Indices of rows whose answer is not a finite number."""


def answer_cells(opened: "OpenModel", cells: Mapping[str, Cells], rows: int) -> Outputs:
    """The answers to some rows.

    Args:
        opened: of a table's model, not of a model of styles.
        cells: of each input.
        rows: at least 1.

    Raises:
        ModelError: the model's own code fails.
    """
    contract = opened.contract
    if opened.onnx is not None:
        return _read_outputs(contract, opened.onnx.predict(make_matrix(contract.inputs, cells, rows)))
    frame = make_frame(contract.inputs, cells)
    with opened.explaining():
        if contract.gives_probabilities:
            return _read_outputs(contract, np.asarray(opened.model.predict_proba(frame), np.float64))
        if contract.task == ModelTask.BINARY:
            scores = np.asarray(opened.model.decision_function(frame), np.float64)
            return _name_binary(contract, -scores if contract.positive_first else scores, None)
        found = np.ravel(opened.model.predict(frame))
    if contract.task == ModelTask.REGRESSION:
        return _read_outputs(contract, found.astype(np.float64))
    return Outputs(pa.array(found.tolist(), find_type(contract)), None, np.array([], np.int64))


def make_matrix(inputs: Mapping[str, Column], cells: Mapping[str, Cells], rows: int) -> NDArray[np.float64]:
    """The rows as an ONNX model takes them (rows, inputs)."""
    matrix = np.empty((rows, len(inputs)))
    for index, name in enumerate(inputs):
        matrix[:, index] = cells[name]
    return matrix


def make_frame(inputs: Mapping[str, Column], cells: Mapping[str, Cells]) -> "pd.DataFrame":
    """The rows as a scikit-learn pipeline takes them, in the types of `relay.registry.predictions.make_frame`."""
    import pandas as pd

    def convert(name: str, column: Column) -> Any:
        array = cells[name]
        if column.type in NUMERIC:
            return array
        return from_counts(array) if column.type == "time" else pd.Series(array.to_pandas(), dtype="str")

    return pd.DataFrame({name: convert(name, column) for name, column in inputs.items()})


def find_known_words(model: Any) -> dict[str, pa.Array]:
    """Column -> the categories that the model was trained on, where its first step is Relay's own preparation."""
    prepare = getattr(model, "named_steps", {}).get("prepare")
    found: dict[str, pa.Array] = {}
    for name, steps, columns in getattr(prepare, "transformers_", ()):
        encode: Any = getattr(steps, "named_steps", {}).get("encode")
        if name == "categories" and hasattr(encode, "categories_"):
            found |= {column: pa.array(list(words)) for column, words in zip(columns, encode.categories_, strict=True)}
    return found


def count_unseen(cells: Mapping[str, Cells], known: Mapping[str, pa.Array]) -> dict[str, int]:
    """Column -> rows with a category that the model was not trained on."""
    counts = {
        name: pc.sum(pc.and_(pc.invert(pc.is_in(cells[name], words.cast(pa.string()))), pc.is_valid(cells[name])))
        for name, words in known.items()
    }
    return {name: total for name, count in counts.items() if (total := count.as_py() or 0)}


def show_numbers(inputs: Mapping[str, Column], cells: Mapping[str, Cells], index: int) -> list[Cell]:
    """The numbers of one row in the contract's order; None for all else."""
    return [float(cells[name][index]) if column.type in NUMERIC else None for name, column in inputs.items()]


def _read_outputs(contract: Contract, outputs: NDArray[np.float64]) -> Outputs:
    """Answers from probabilities (rows, classes) or numbers (rows, 1)."""
    if contract.task == ModelTask.REGRESSION:
        numbers = np.ravel(outputs)
        return Outputs(pa.array(numbers), None, np.flatnonzero(~np.isfinite(numbers)))
    shares = order_outputs(contract, outputs)
    if contract.task == ModelTask.BINARY:
        return _name_binary(contract, shares[:, 1], shares)
    return _name_classes(contract, shares.argmax(axis=1), shares)


def _name_binary(contract: Contract, scores: NDArray[np.float64], shares: NDArray[np.float64] | None) -> Outputs:
    assert contract.threshold is not None  # noqa: S101 - every contract of two classes has one
    return _name_classes(contract, (scores >= contract.threshold).astype(np.int64), shares)


def _name_classes(contract: Contract, indices: NDArray[np.int64], shares: NDArray[np.float64] | None) -> Outputs:
    infinite = np.array([], np.int64) if shares is None else np.flatnonzero(~np.isfinite(shares).all(axis=1))
    return Outputs(pa.array(contract.classes).take(pa.array(indices)), shares, infinite)
