"""The routes as OpenAPI 3.1, made from the contracts of the models that are served."""

import math
from collections.abc import Iterable, Sequence

from serve.documentation_labels import describe_labels
from serve.documentation_monitor import describe_monitor
from serve.documentation_parts import (
    ID,
    KEY,
    MODEL_QUERY,
    NAME,
    PROBLEM,
    REFUSED,
    SINCE,
    Json,
    describe_column,
    operate,
    query,
    take,
)
from serve.record_keys import LONGEST_KEY as LONGEST_KEY_OF_RECORD
from serve.record_keys import RecordKey
from serve.settings import Settings
from serve.store import Served

HOW_TO_WRITE = (
    "A text in a column of another type is read as a cell of CSV. Write whole numbers beyond 2^53 without a point."
)


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
        paths[path] = {"get": operate(summary, statuses) | ({"parameters": parameters} if parameters else {})}
    paths |= describe_labels(models) | describe_monitor()
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


def describe_record(served: Served) -> Json:
    """A record as JSON Schema, with an example that the model has not been trained on."""
    columns, limits = served.contract.inputs, served.contract.limits
    cells = {name: describe_column(column, limits.get(name, math.inf)) for name, column in columns.items()}
    return {
        "type": "object",
        "title": f"{served.model} version {served.version}",
        "properties": cells | describe_key(served.schema.key),
        "required": list(columns),
        "additionalProperties": False,
        "examples": served.contract.example.records[:1],
    }


def describe_key(key: RecordKey | None) -> Json:
    """The caller's own key of a record as JSON Schema, by its name."""
    if key is None:
        return {}
    found = describe_column(key.column.model_copy(update={"null": True}))
    words = "The caller's own key of the record, by which a label may name it: logged, and never given to the model"
    longest = {"maxLength": LONGEST_KEY_OF_RECORD} if "string" in found["type"] else {}
    return {key.name: found | longest | {"description": words}}


def _predict(served: Served | None, summary: str) -> Json:
    summary += describe_threshold(served, "/predict")
    operation = operate(summary, ("200", *REFUSED))
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
    return operation | {"parameters": [KEY], "requestBody": take(body)}


def _invoke(served: Served | None) -> Json:
    summary = f"Answer in MLflow's scoring protocol{describe_threshold(served, '/invocations')}"
    operation = operate(summary, ("200", *REFUSED, "415"))
    record: Json = (
        describe_record(served) | {"additionalProperties": True} if served is not None else {"type": "object"}
    )
    rows = {"type": "array", "items": record, "minItems": 1}
    forms = {
        "dataframe_records": rows,
        "dataframe_split": _describe_split(record, served),
        "instances": rows,
        "inputs": rows,
    }
    body = {
        "oneOf": [
            {"type": "object", "properties": {name: form}, "required": [name], "additionalProperties": False}
            for name, form in forms.items()
        ]
    }
    return operation | {"parameters": [KEY], "requestBody": take(body)}


def _describe_split(record: Json, served: Served | None) -> Json:
    """A table by its columns and rows; in another order and with further columns it is taken as well."""
    columns = {name: record["properties"][name] for name in served.contract.inputs} if served is not None else {}
    cells = {"type": "array"} | (
        {"prefixItems": list(columns.values()), "minItems": len(columns), "maxItems": len(columns)} if columns else {}
    )
    names: Json = {"type": "array", "items": {"type": "string"}} | ({"const": list(columns)} if columns else {})
    return {
        "type": "object",
        "properties": {"columns": names, "data": {"type": "array", "items": cells, "minItems": 1}},
        "required": ["columns", "data"],
    }


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
        [query("rows", "How many", {"type": "integer", "minimum": 1, "maximum": 100}), MODEL_QUERY],
        ("200", "400", "401", "404", "503"),
    ),
    "/predictions": (
        "Predictions by time",
        [
            query("since", "From this time on, ISO 8601 (without a zone: UTC) or seconds since 1970", SINCE),
            query("after", "Behind this prediction", {"type": "string"}),
            query("limit", "How many", {"type": "integer", "minimum": 1, "maximum": 1000}),
            MODEL_QUERY,
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
