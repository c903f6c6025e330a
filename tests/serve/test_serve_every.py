"""Without MODEL_URI every model with a version in production is served, and it is decided which answers `/predict`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from patience import wait_for
from serving import Server, lay_version

from serve.copies import Copies
from serve.settings import PREDICT_MODEL

RECORD = {"x": 5}


@pytest.fixture(scope="module")
def two(start: Callable[..., Server]) -> Server:
    return start("line", "numbers", MODEL_URI="")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/predict"), ("POST", "/invocations"), ("GET", "/model/info"), ("GET", "/data/sample")],
)
def test_of_several_none_is_taken_by_chance(method: str, path: str, two: Server) -> None:
    answer = two.ask(method, path, b'{"x": 5}', {"Content-Type": "application/json"})
    assert (answer.status, answer.json["type"]) == (409, "urn:relay:problem:several-models")
    assert "line, numbers" in answer.json["detail"]
    assert "POST /models/line/predict, or start the service with PREDICT_MODEL=line" in answer.json["detail"]


def test_each_answers_under_its_name(two: Server) -> None:
    assert two.post("/models/line/predict", RECORD).json["model"] == "line"
    assert two.get("/health").json["status"] == "ready"
    unknown = two.get("/models/other")
    assert (unknown.status, "served are line, numbers" in unknown.json["detail"]) == (404, True)
    assert two.get("/openapi.json").json["paths"].keys() >= {"/models/line/predict", "/models/numbers/predict"}


def test_the_preferred_one_answers_and_no_other_in_its_place(start: Callable[..., Server]) -> None:
    server = start("numbers", MODEL_URI="", PREDICT_MODEL="line,numbers")
    refused = server.post("/predict", RECORD)
    assert (refused.status, refused.json["detail"].split(".")[0]) == (
        503,
        "PREDICT_MODEL=line: it has no version in production",
    )
    assert "Served are numbers" in refused.json["detail"]


def test_models_come_and_go_while_it_runs(start: Callable[..., Server], results: Callable[..., Path]) -> None:
    server = start(MODEL_URI="")
    empty = server.get("/health")
    assert (empty.status, empty.json["why"]) == (503, "no model has a version in production")
    lay_version(server.data, results("line"), "1")
    wait_for(lambda: server.post("/predict", RECORD).status == 200, "the first model")
    lay_version(server.data, results("numbers"), "1")
    wait_for(lambda: server.post("/predict", RECORD).status == 409, "the second model")
    Copies(server.data / "serve" / "models").forget("numbers")
    wait_for(lambda: server.post("/predict", RECORD).status == 200, "the end of the second model")
    assert server.get("/models/numbers").status == 404


@pytest.mark.parametrize(
    ("said", "model"),
    [("", ""), ("linear", "linear"), ("docstrings, linear", "docstrings"), ("data/recipes/credit.toml", "credit")],
)
def test_the_preferred_one_is_the_first_recipe_of_a_list(said: str, model: str) -> None:
    assert PREDICT_MODEL.of({"PREDICT_MODEL": said}) == model
