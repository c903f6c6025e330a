"""The routes as OpenAPI 3.1 and as a page, both made from the contracts of the models that are served."""

import math
from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec

from relay.handoff.column import Column
from relay.reading.expected import describe_type
from relay.reading.one_cell import WORDS
from relay.registry.cells import find_limits
from serve.problems import MEDIA_TYPE
from serve.settings import Settings
from serve.store import Served

Json = dict[str, Any]

JSON_TYPES = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "text": "string",
    "category": "string",
    "time": "string",
}

STYLE = (
    "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}h2{margin-top:2rem;font-size:1.1rem}"
    "td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}"
    "pre{background:#f3f3f3;padding:.8rem;overflow:auto}"
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


def describe_service(models: Iterable[Served], settings: Settings) -> Json:
    """The OpenAPI document."""
    models = list(models)
    first = models[0] if models and settings.models and models[0].model == settings.models[0].name else None
    paths: Json = {"/predict": {"post": _predict(first, "Answer with the first model")}}
    for served in models:
        paths[f"/models/{served.model}/predict"] = {"post": _predict(served, f"Answer with {served.model}")}
    paths["/invocations"] = {"post": _invoke(first)}
    for path, (summary, parameters, statuses) in READS.items():
        paths[path] = {"get": _operation(summary, statuses) | ({"parameters": parameters} if parameters else {})}
    paths["/predictions/{id}/label"] = {"post": _label()}
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
    operation = _operation(summary, ("200", "400", "401", "408", "413", "422", "503"))
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
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255}}
    return operation | {"parameters": [key], "requestBody": _take(body)}


def _invoke(served: Served | None) -> Json:
    operation = _operation("Answer in MLflow's scoring protocol", ("200", "400", "401", "413", "415", "422", "503"))
    record: Json = (
        describe_record(served) | {"additionalProperties": True} if served is not None else {"type": "object"}
    )
    rows = {"type": "array", "items": record, "minItems": 1}
    table = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "items": {"type": "array"}},
        },
        "required": ["columns", "data"],
    }
    forms = {"dataframe_records": rows, "dataframe_split": table, "instances": rows, "inputs": rows}
    body = {
        "oneOf": [{"type": "object", "properties": {name: form}, "required": [name]} for name, form in forms.items()]
    }
    return operation | {"requestBody": _take(body)}


def _label() -> Json:
    properties = {
        "value": {"type": ["boolean", "number", "string", "null"]},
        "record": {"type": "integer", "minimum": 0, "default": 0, "description": "Number of the record in its request"},
        "source": {"type": "string", "description": "Who says so"},
    }
    body = {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}
    operation = _operation("Add what turned out to be true", ("201", "400", "401", "404", "422", "503"))
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


ID: Json = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
MODEL = _query("model", "Name of a model", {"type": "string"})

READS: dict[str, tuple[str, list[Json], tuple[str, ...]]] = {
    "/": ("What this is", [], ("200",)),
    "/ping": ("Whether the process answers", [], ("200",)),
    "/health": ("Whether predictions can be asked for", [], ("200", "503")),
    "/version": ("Versions of what answers", [], ("200",)),
    "/metrics": ("Figures for Prometheus", [], ("200",)),
    "/model/info": ("The contract of the first model", [], ("200", "401", "503")),
    "/models": ("How each model stands", [], ("200", "401")),
    "/data/sample": (
        "Some rows of the data that a model learned from",
        [_query("rows", "How many", {"type": "integer", "minimum": 1, "maximum": 100}), MODEL],
        ("200", "400", "401", "404", "503"),
    ),
    "/predictions": (
        "Predictions by time",
        [
            _query("since", "From this time on, ISO 8601 or seconds since 1970", {"type": "string"}),
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
    return "Served now: " + "; ".join(lines) + "."


def render_page(document: Json) -> str:
    """The document as a page that loads nothing from elsewhere and runs no script."""
    info = document["info"]
    parts = [
        f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])} <a href=openapi.json>openapi.json</a></p>"
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])}</p>")
            parts += [_render_record(record) for record in _find_records(operation)]
    head = f"<meta charset=utf-8><title>{escape(info['title'])}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}{''.join(parts)}</html>\n"


def _find_records(operation: Json) -> list[Json]:
    """The record that an operation of `/predict` takes."""
    shapes = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return [shape for shape in shapes.get("oneOf", [])[:1] if "examples" in shape]


def _render_record(record: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{escape(_say_type(column))}<td>{escape(column.get('description', ''))}"
        for name, column in record["properties"].items()
    )
    example = (
        escape(msgspec.json.format(msgspec.json.encode(record["examples"][0])).decode()) if record["examples"] else ""
    )
    return f"<table><tr><th>Field<th>Takes<th>What it is{rows}</table><pre>{example}</pre>"


def _say_type(column: Json) -> str:
    kinds = column["type"] if isinstance(column["type"], list) else [column["type"]]
    if "enum" in column:
        return "one of " + ", ".join(msgspec.json.encode(value).decode() for value in column["enum"])
    limits = ""
    if "minimum" in column:
        limits = f" from {column['minimum']:.6g} to {column['maximum']:.6g}"
    return " or ".join(kinds) + limits
