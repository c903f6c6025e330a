"""The columns of the answers' file: what is carried along, the prediction, and a probability for each class."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from relay.reading.arrow import is_text
from relay.registry.contract import Cell, Contract
from relay.registry.task import ModelTask

PREDICTION = "prediction"


@dataclass(frozen=True)
class Layout:
    """The columns of the answers."""

    kept: Mapping[str, pa.DataType]
    """Columns of the input that are carried along."""
    prediction: str
    type: pa.DataType
    """Of the predictions."""
    probabilities: tuple[str, ...]
    """One for each class, in the contract's order; none where the model has no probabilities."""

    @property
    def schema(self) -> pa.Schema:
        """Of the answers' file."""
        shares = [(name, pa.float64()) for name in self.probabilities]
        return pa.schema([*self.kept.items(), (self.prediction, self.type), *shares])

    def list_columns(self, contract: Contract) -> list[str]:
        """The columns that are read: the inputs, and what is kept."""
        return list(dict.fromkeys((*contract.inputs, *self.kept)))

    def convert(self, name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """A column that is kept, in the type that it has in the answers."""
        return values.cast(self.kept[name])


def plan_layout(contract: Contract, schema: pa.Schema, keep: tuple[str, ...]) -> Layout:
    """The columns of the answers.

    Args:
        contract: of the version that answers.
        schema: of the input.
        keep: columns of the input.
    """
    kept = {name: _simplify(schema.field(name).type) for name in keep}

    def find_free(name: str) -> str:
        while name in kept:
            name = f"{name}_by_model"
        return name

    names = name_probabilities(contract)
    return Layout(kept, find_free(PREDICTION), find_type(contract), tuple(map(find_free, names)))


def find_type(contract: Contract) -> pa.DataType:
    """The type of the predictions."""
    return pa.float64() if contract.task == ModelTask.REGRESSION else pa.array(contract.classes).type


def name_probabilities(contract: Contract) -> list[str]:
    """The columns of the probabilities, one for each class; none where the model has no probabilities."""
    has_some = contract.gives_probabilities and contract.task != ModelTask.REGRESSION
    return [f"probability_{_say_class(label)}" for label in contract.classes] if has_some else []


def _simplify(kind: pa.DataType) -> pa.DataType:
    """Texts as plain texts, codes as what they stand for: the bytes of the answers then depend on the values alone."""
    while pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.string() if is_text(kind) else kind


def _say_class(label: Cell) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)
