"""The document that describes the routes, and requests made from it."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from serving import Server

EXAMPLES = 12
"""Requests drawn for each operation."""


@pytest.fixture(scope="module")
def server(start: Callable[..., Server]) -> Server:
    return start("numbers", "line", API_TIMEOUT="60")


@pytest.fixture(scope="module")
def document(server: Server) -> Any:
    return server.get("/openapi.json").json


def test_the_document_tells_types_units_ranges_and_an_example(server: Server, document: Any) -> None:
    record = document["paths"]["/models/line/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"][
        "oneOf"
    ][0]
    assert record["properties"] == {"x": {"type": "number", "minimum": 0.0, "maximum": 20.0, "description": "(m)"}}
    assert server.post("/models/line/predict", record["examples"][0]).status == 200


def test_the_document_names_every_route(document: Any) -> None:
    paths = {"/", "/health", "/ping", "/version", "/metrics", "/model/info", "/models", "/data/sample"}
    paths |= {"/predict", "/models/line/predict", "/invocations"}
    paths |= {"/predictions", "/predictions/{id}", "/predictions/{id}/label", "/labels"}
    paths |= {f"/models/{{name}}/monitor{rest}" for rest in ("", "/windows", "/accept", "/decisions")}
    assert paths - document["paths"].keys() == set()


def test_the_page_shows_columns_and_loads_nothing(server: Server) -> None:
    page = server.get("/docs").body.decode()
    assert ("age-in_years" in page, "<script" in page, "http://" in page or "https://" in page) == (True, False, False)


def test_requests_made_from_the_document_never_fail_inside(server: Server, document: Any) -> None:
    schema = schemathesis.openapi.from_dict(document)
    statuses: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        statuses[operation.label] = ask_at_random(operation, f"http://127.0.0.1:{server.port}")
    del statuses["GET /data/sample"]  # there are no processed rows here, and it says so with 503
    assert {label: seen for label, seen in statuses.items() if max(seen) >= 500} == {}
    busiest = ("POST /predict", "POST /invocations", "GET /predictions")
    assert [200 in statuses[label] for label in busiest] == [True] * 3


def ask_at_random(operation: Any, url: str) -> set[int]:
    """The statuses of some requests that the document allows."""
    seen = set()

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        seen.add(case.call(base_url=url).status_code)

    ask()
    return seen
