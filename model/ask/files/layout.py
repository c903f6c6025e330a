"""The columns of the answers' file: what is carried along, the prediction, and a probability for each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from relay.handoff.errors import SchemaError
from relay.handoff.wording import list_words
from relay.reading.arrow import is_text
from relay.registry.contract import Cell, Contract
from relay.registry.task import ModelTask

PREDICTION = "prediction"
ONE_TYPE = "Write the column with one type in all files, or answer the files one by one"


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
        """A column that is kept, in the type that it has in the answers.

        Raises:
            SchemaError: the type does not hold a value exactly.
        """
        try:
            return values.cast(self.kept[name])
        except pa.ArrowInvalid as error:
            raise SchemaError(
                f"{name} has other types in other files of the folder, and {self.kept[name]} does not hold all values: "
                f"{str(error).splitlines()[0]}",
                next_step=ONE_TYPE,
            ) from None


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


def unite_types(files: Sequence[str], schemas: Sequence[pa.Schema]) -> tuple[pa.Schema, dict[str, str]]:
    """The columns of the first file in types that hold the values of all, and those without one: where is which.

    Args:
        files: names of the files of a folder.
        schemas: of these; each has the columns of the first one.
    """
    fields, mixed = list[pa.Field](), dict[str, str]()
    for column in schemas[0]:
        places: dict[pa.DataType, str] = {}
        for file, schema in zip(files, schemas, strict=True):
            places.setdefault(_simplify(schema.field(schema.names.index(column.name)).type), file)
        try:
            both = [pa.schema([(column.name, kind)]) for kind in places]
            fields.append(pa.unify_schemas(both, promote_options="permissive").field(0))
        except (pa.ArrowTypeError, pa.ArrowInvalid):
            fields.append(column)
            mixed[column.name] = list_words([f"{kind} in {file}" for kind, file in places.items()])
    return pa.schema(fields), mixed


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
