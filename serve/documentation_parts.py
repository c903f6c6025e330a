"""What the descriptions of several routes share, in the words of OpenAPI 3.1."""

import math
from collections.abc import Iterable
from typing import Any

from relay.handoff.column import Column
from relay.reading.expected import describe_type
from relay.reading.one_cell import WORDS
from relay.registry.cells import find_limits
from serve.predicting import LONGEST_KEY
from serve.problems import MEDIA_TYPE
from serve.stored import LAST_SECOND

Json = dict[str, Any]

JSON_TYPES = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "text": "string",
    "category": "string",
    "time": "string",
}

PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "found", "allowed", "message")},
            },
        },
    },
}


def describe_column(column: Column, limit: float = math.inf) -> Json:
    """A column as JSON Schema; an empty text is allowed where null is, and means the same.

    Args:
        column: gives type and rules.
        limit: how far from zero the model takes a number of this column.
    """
    kind = JSON_TYPES[column.type]
    found: Json = {"type": [kind, "null"] if column.null else kind}
    if column.allowed is not None:
        found["enum"] = [*column.allowed, *([None] if column.null else [])]
    elif column.type in ("int", "float"):
        found["minimum"], found["maximum"] = find_limits(column, limit)
    elif column.type in WORDS and not column.null:
        found["minLength"] = 1
    words = f"{column.description} ({column.unit})".strip() if column.unit else column.description
    if column.type == "time":
        words = f"{words}: {describe_type(column)}" if words else describe_type(column)
    return found | ({"description": words} if words else {})


def take(schema: Json) -> Json:
    """A body of JSON."""
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def operate(summary: str, statuses: Iterable[str]) -> Json:
    """An operation that gives these statuses."""
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "summary": summary,
        "responses": {
            status: {"description": "The answer"}
            if status < "300"
            else {"description": "A problem", "content": problem}
            for status in statuses
        },
    }


def query(name: str, description: str, schema: Json) -> Json:
    """A parameter behind the question mark."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


NAME: Json = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
NO_NUL = r"^[^\u0000]*$"
REFUSED = ("400", "401", "408", "409", "413", "422", "503")
"""How a request with a body may fail."""

KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A request that is sent again with its key gets the first answer; another one is refused",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]*$"},
}
ID: Json = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
SINCE: Json = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date"},
        {"type": "number", "minimum": 0, "exclusiveMaximum": LAST_SECOND},
    ]
}
MODEL_QUERY = query("model", "Name of a model", {"type": "string"})
