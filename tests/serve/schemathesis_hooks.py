"""What schemathesis cannot know of the service, loaded by its command: SCHEMATHESIS_HOOKS=schemathesis_hooks.

A key is used once, a label is for a prediction that is there, and a text may stand for a cell of another type: then the
records in the log, as the service understood them, must be what the document allows.
"""

import itertools
import os
from typing import Any

import requests
import schemathesis
from jsonschema import Draft202012Validator

schemathesis.serializer.alias(["application/x-ndjson", "text/csv"], "text/plain")

URL = os.environ["RELAY_API"]
MODEL = os.environ["RELAY_API_MODEL"]
NUMBERS = itertools.count()
SECONDS = 30


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Make the request one that can succeed where the document allows it."""
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) <= 255 and key.isascii() and key.isprintable():
        number = str(next(NUMBERS))
        headers["Idempotency-Key"] = number + key[len(number) :]
    if "{id}" in case.operation.path and (case.path_parameters or {}).get("id"):
        case.path_parameters["id"] = make_prediction()
        body = case.body
        if isinstance(body, dict) and type(body.get("record")) in (int, float) and body["record"] > 0:
            body["record"] *= 0 if float(body["record"]).is_integer() else 1


def make_prediction() -> str:
    """The id of a new one, with one record."""
    document = requests.get(f"{URL}/openapi.json", timeout=SECONDS).json()
    record = find_record(document, f"/models/{MODEL}/predict")["examples"][0]
    answer = requests.post(f"{URL}/models/{MODEL}/predict", json=record, timeout=SECONDS)
    return str(answer.json()["prediction_id"])


def find_record(document: Any, path: str) -> Any:
    """The schema of a record of an operation."""
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return schema["oneOf"][0]


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure is one: not where the description of the document says more than JSON Schema can."""
    kind = type(failure).__name__
    if case.operation.path == "/labels":
        return not is_answered_by_line(kind, case, response)
    if kind == "RejectedPositiveData":
        return not has_inexact_number(case.body)
    return kind != "AcceptedNegativeData" or not is_understood(failure, response)


def is_answered_by_line(kind: str, case: Any, response: Any) -> bool:
    """Whether lines that are no labels were refused one by one, or a text is no body of lines at all."""
    if kind == "RejectedPositiveData":
        return bool(case.media_type != "application/json" and response.status_code == 400)
    return bool(kind == "AcceptedNegativeData" and response.json()["refused"])


def has_inexact_number(value: Any) -> bool:
    """Whether a whole number is written with a point from where not each of them is a float."""
    if isinstance(value, dict | list):
        return any(has_inexact_number(one) for one in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and value.is_integer() and abs(value) >= 2**53


def is_understood(failure: Any, response: Any) -> bool:
    """Whether what the service made of cells that were written in another way is what the document allows."""
    found = response.headers.get("x-prediction-id")
    if not found or "Idempotency-Key" in (failure.message or ""):
        return False
    (id_,) = found if isinstance(found, list) else (found,)
    row = requests.get(f"{URL}/predictions/{id_}", timeout=SECONDS).json()
    document = requests.get(f"{URL}/openapi.json", timeout=SECONDS).json()
    record = find_record(document, f"/models/{row['model']}/predict")
    return all(Draft202012Validator(record).is_valid(one) for one in row["input"])
