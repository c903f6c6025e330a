"""The routes as OpenAPI 3.1, made from the contracts of the models that are served."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from relay.handoff.column import Column
from relay.reading.expected import describe_type
from relay.reading.one_cell import WORDS
from relay.registry.cells import find_limits
from serve.predicting import LONGEST_KEY
from serve.problems import MEDIA_TYPE
from serve.settings import Settings
from serve.store import Served
from serve.stored import LAST_SECOND, LONGEST_SOURCE

Json = dict[str, Any]

JSON_TYPES = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "text": "string",
    "category": "string",
    "time": "string",
}

HOW_TO_WRITE = (
    "A text in a column of another type is read as a cell of CSV. Write whole numbers beyond 2^53 without a point."
)
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


def find_default(models: Sequence[Served], settings: Settings) -> Served | None:
    """The model that answers `/predict`; None where none does now, or several could."""
    name = settings.models[0].name if settings.models else settings.predict_model
    if name:
        return next((served for served in models if served.model == name), None)
    return models[0] if len(models) == 1 else None


def name_default(first: Served | None) -> str:
    """The model that answers `/predict`, in words."""
    if first is None:
        return "the first model of MODEL_URI, without that with PREDICT_MODEL or the only one that is served"
    return f"{first.model}, as /models/{first.model}/predict does"


def describe_threshold(served: Served | None, path: str) -> str:
    """From which probability on a route answers with the positive class, and where the other route decides."""
    if served is None or served.contract.threshold is None or len(served.contract.classes) != 2:
        return ""
    tuned, positive = f"{served.contract.threshold:.4g}", served.contract.classes[1]
    plain = (
        f"The estimator's own predict() decides, as in MLflow: usually {positive} from a probability of 0.5 on"
        if served.contract.gives_probabilities
        else "The estimator's own predict() decides, as in MLflow"
    )
    own = f"{positive} from {tuned} on, the threshold that the training chose (`threshold` in the answer)"
    here, there = (own, plain) if path == "/predict" else (plain, own)
    other = "/invocations" if path == "/predict" else "/predict"
    return f". {here}. Other than {other}: {there}. Between the two they differ for the same record"


def describe_service(models: Iterable[Served], settings: Settings) -> Json:
    """The OpenAPI document."""
    models = list(models)
    first = find_default(models, settings)
    paths: Json = {"/predict": {"post": _predict(first, f"Answer with {name_default(first)}")}}
    paths["/invocations"] = {"post": _invoke(first)}
    for served in models:
        paths[f"/models/{served.model}/predict"] = {"post": _predict(served, f"Answer with {served.model}")}
    for path, (summary, parameters, statuses) in READS.items():
        paths[path] = {"get": _operation(summary, statuses) | ({"parameters": parameters} if parameters else {})}
    paths["/predictions/{id}/label"] = {"post": _label(models)}
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Relay predictions", "version": "1", "description": _introduce(models)},
        "paths": paths,
        "components": {"schemas": {"Problem": PROBLEM}},
    }
    if settings.api_key_sha256:
        document["components"]["securitySchemes"] = {
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "bearer": {"type": "http", "scheme": "bearer"},
        }
        document["security"] = [{"key": []}, {"bearer": []}]
    return document


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


def describe_record(served: Served) -> Json:
    """A record as JSON Schema, with an example that the model has not been trained on."""
    columns, limits = served.contract.inputs, served.contract.limits
    return {
        "type": "object",
        "title": f"{served.model} version {served.version}",
        "properties": {name: describe_column(column, limits.get(name, math.inf)) for name, column in columns.items()},
        "required": list(columns),
        "additionalProperties": False,
        "examples": served.contract.example.records[:1],
    }


def _predict(served: Served | None, summary: str) -> Json:
    summary += describe_threshold(served, "/predict")
    operation = _operation(summary, ("200", *REFUSED))
    body: Json = {"type": "object"}
    if served is not None:
        record = describe_record(served)
        shapes = [record, {"type": "array", "items": record, "minItems": 1}]
        if (only := served.schema.only) is not None and only != "values":
            values = {"type": "array", "items": record["properties"][only], "minItems": 1}
            shapes.append(
                {
                    "type": "object",
                    "properties": {"values": values},
                    "required": ["values"],
                    "additionalProperties": False,
                }
            )
        body = {"oneOf": shapes}
    return operation | {"parameters": [KEY], "requestBody": _take(body)}


def _invoke(served: Served | None) -> Json:
    summary = f"Answer in MLflow's scoring protocol{describe_threshold(served, '/invocations')}"
    operation = _operation(summary, ("200", *REFUSED, "415"))
    record: Json = (
        describe_record(served) | {"additionalProperties": True} if served is not None else {"type": "object"}
    )
    rows = {"type": "array", "items": record, "minItems": 1}
    forms = {"dataframe_records": rows, "dataframe_split": _describe_split(record), "instances": rows, "inputs": rows}
    body = {
        "oneOf": [
            {"type": "object", "properties": {name: form}, "required": [name], "additionalProperties": False}
            for name, form in forms.items()
        ]
    }
    return operation | {"parameters": [KEY], "requestBody": _take(body)}


def _describe_split(record: Json) -> Json:
    """A table by its columns and rows; in another order and with further columns it is taken as well."""
    columns = record.get("properties", {})
    cells = {"type": "array"} | (
        {"prefixItems": list(columns.values()), "minItems": len(columns), "maxItems": len(columns)} if columns else {}
    )
    names: Json = {"type": "array", "items": {"type": "string"}} | ({"const": list(columns)} if columns else {})
    return {
        "type": "object",
        "properties": {"columns": names, "data": {"type": "array", "items": cells, "minItems": 1}},
        "required": ["columns", "data"],
    }


def _label(models: Iterable[Served]) -> Json:
    targets = [served.contract.target_column for served in models]
    values = [describe_column(target) for target in targets if target is not None]
    unknown: Json = {"type": ["boolean", "number", "string", "null"]}
    properties = {
        "value": {"description": "A value that the target of the model can have"}
        | (values[0] if len(values) == 1 else {"anyOf": values} if values else unknown),
        "record": {"type": "integer", "minimum": 0, "default": 0, "description": "Number of the record in its request"},
        "source": {"type": "string", "maxLength": LONGEST_SOURCE, "pattern": NO_NUL, "description": "Who says so"},
    }
    body = {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}
    operation = _operation("Add what turned out to be true", ("201", *REFUSED, "404"))
    return operation | {"parameters": [ID], "requestBody": _take(body)}


def _take(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _operation(summary: str, statuses: Iterable[str]) -> Json:
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


def _query(name: str, description: str, schema: Json) -> Json:
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
MODEL = _query("model", "Name of a model", {"type": "string"})

READS: dict[str, tuple[str, list[Json], tuple[str, ...]]] = {
    "/": ("What this is", [], ("200",)),
    "/ping": ("Whether the process answers", [], ("200",)),
    "/health": ("Whether predictions can be asked for", [], ("200", "503")),
    "/version": ("Versions of what answers", [], ("200",)),
    "/metrics": ("Figures for Prometheus", [], ("200",)),
    "/model/info": ("The contract of the model that answers /predict", [], ("200", "401", "409", "503")),
    "/models": ("How each model stands", [], ("200", "401")),
    "/models/{name}": ("The contract of a model", [NAME], ("200", "401", "404", "503")),
    "/docs": ("This description as a page", [], ("200",)),
    "/openapi.json": ("This description", [], ("200",)),
    "/data/sample": (
        "Some rows of the data that a model learned from",
        [_query("rows", "How many", {"type": "integer", "minimum": 1, "maximum": 100}), MODEL],
        ("200", "400", "401", "404", "503"),
    ),
    "/predictions": (
        "Predictions by time",
        [
            _query("since", "From this time on, ISO 8601 (without a zone: UTC) or seconds since 1970", SINCE),
            _query("after", "Behind this prediction", {"type": "string"}),
            _query("limit", "How many", {"type": "integer", "minimum": 1, "maximum": 1000}),
            MODEL,
        ],
        ("200", "400", "401", "503"),
    ),
    "/predictions/{id}": ("A prediction and all that led to it", [ID], ("200", "401", "404", "503")),
}
"""Path -> summary, parameters and statuses of what is only read."""


def _introduce(models: list[Served]) -> str:
    if not models:
        return "No model is served now; /health says why."
    lines = [f"{served.model} version {served.version}: {served.contract.title}" for served in models]
    return f"Served now: {'; '.join(lines)}. {HOW_TO_WRITE}"
