"""The routes that take labels, as OpenAPI 3.1."""

from collections.abc import Iterable

from serve.documentation_parts import ID, NO_NUL, REFUSED, Json, describe_column, operate, take
from serve.record_keys import LONGEST_KEY
from serve.store import Served
from serve.stored import LONGEST_SOURCE

RECORD: Json = {"type": "integer", "minimum": 0, "default": 0, "description": "Number of the record in its request"}
SOURCE: Json = {"type": "string", "maxLength": LONGEST_SOURCE, "pattern": NO_NUL, "description": "Who says so"}
NOTHING: Json = {"type": "null"}
STATES = ("added", "known", "superseded", "refused")

EXAMPLE = (
    '{"key": "A-17", "model": "credit", "value": 1}\n'
    '{"prediction_id": "01912f3e5a6b7c8d9e0f1a2b3c4d5e6f", "record": 2, "value": 0, "source": "collections"}\n'
)
EXAMPLE_OF_CSV = "key,model,value,source\nA-17,credit,1,collections\n"
EXAMPLE_OF_ANSWER: Json = {
    "added": 1,
    "known": 0,
    "superseded": 0,
    "refused": 1,
    "lines": [
        {"line": 1, "state": "added", "record": "01912f3e5a6b7c8d9e0f1a2b3c4d5e6f/0"},
        {
            "line": 2,
            "state": "refused",
            "reason": "wrong-record",
            "detail": "record is 2, expected 0 to 1",
        },
    ],
}
HOW = (
    "Add what turned out to be true of many records, as a list, as JSON lines or as CSV. Each line names its record by "
    "prediction_id and record, or by the caller's own key of it (the last prediction with that key counts). A line "
    "that is wrong costs no other one, and the same labels again add no row"
)


def describe_labels(models: Iterable[Served]) -> Json:
    """The paths that take labels, of one record and of many."""
    value = describe_value(models)
    return {"/predictions/{id}/label": {"post": _label(value)}, "/labels": {"post": _labels(value)}}


def describe_value(models: Iterable[Served]) -> Json:
    """A value that the target of one of the models can have."""
    targets = [served.contract.target_column for served in models]
    values = [describe_column(target) for target in targets if target is not None]
    unknown: Json = {"type": ["boolean", "number", "string", "null"]}
    words = {"description": "A value that the target of the model can have"}
    return words | (values[0] if len(values) == 1 else {"anyOf": values} if values else unknown)


def _label(value: Json) -> Json:
    properties = {"value": value, "record": RECORD, "source": SOURCE}
    body = {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}
    return operate("Add what turned out to be true", ("201", *REFUSED, "404")) | {
        "parameters": [ID],
        "requestBody": take(body),
    }


def _labels(value: Json) -> Json:
    text: Json = {"type": "string", "minLength": 1, "pattern": NO_NUL}
    key: Json = {"type": ["string", "integer"], "minLength": 1, "maxLength": LONGEST_KEY, "pattern": NO_NUL}
    model: Json = text | {
        "type": ["string", "null"],
        "description": "Whose records bear the key; else those of the model of /predict",
    }
    source: Json = SOURCE | {"type": ["string", "null"]}
    rest: Json = {"model": model, "value": value, "source": source}
    # null is what is not there: programs write it for an empty cell.
    by_number: Json = {"prediction_id": text, "record": RECORD | {"type": ["integer", "null"]}, "key": NOTHING}
    by_key: Json = {"key": key, "prediction_id": NOTHING, "record": NOTHING}
    shapes = [
        {
            "type": "object",
            "properties": named | rest,
            "required": [*list(named)[:1], "value"],
            "additionalProperties": False,
        }
        for named in (by_number, by_key)
    ]
    content: Json = {
        "application/json": {"schema": {"type": "array", "items": {"anyOf": shapes}, "minItems": 1}},
        "application/x-ndjson": {"schema": {"type": "string"}, "example": EXAMPLE},
        "text/csv": {"schema": {"type": "string"}, "example": EXAMPLE_OF_CSV},
    }
    operation = operate(HOW, ("200", *REFUSED, "415"))
    operation["responses"]["200"]["content"] = {"application/json": {"schema": _answer(), "example": EXAMPLE_OF_ANSWER}}
    return operation | {"requestBody": {"required": True, "content": content}}


def _answer() -> Json:
    line = {
        "type": "object",
        "properties": {
            "line": {"type": "integer", "minimum": 1},
            "state": {"enum": list(STATES)},
            "record": {"type": "string"},
            "reason": {"type": "string"},
            "detail": {"type": "string"},
        },
        "required": ["line", "state"],
    }
    counts: Json = {state: {"type": "integer", "minimum": 0} for state in STATES}
    lines = {"type": "array", "items": line}
    return {"type": "object", "properties": counts | {"lines": lines}, "required": [*STATES, "lines"]}
