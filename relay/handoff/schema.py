"""A recipe's schema as an Arrow schema: the one module where a declared type becomes a stored one."""

from collections.abc import Mapping

import pyarrow as pa

from relay.handoff.recipe import Column

ARROW_TYPES: dict[str, pa.DataType] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "category": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(columns: Mapping[str, Column]) -> pa.Schema:
    """The Arrow schema of a table with the declared columns; unit and description travel with each field."""
    return pa.schema([arrow_field(name, column) for name, column in columns.items()])


def arrow_field(name: str, column: Column) -> pa.Field:
    """The Arrow field of a column. Fields stay nullable: nulls are a rule, checked where rules are checked."""
    notes = {"role": column.role, "unit": column.unit, "description": column.description}
    return pa.field(name, ARROW_TYPES[column.type], metadata={key: text for key, text in notes.items() if text})


def describe_schema(schema: pa.Schema) -> list[dict[str, str]]:
    """The fields as the receipt lists them: name, type and the notes."""
    return [
        {"name": item.name, "type": str(item.type)}
        | {key.decode(): text.decode() for key, text in (item.metadata or {}).items()}
        for item in schema
    ]
