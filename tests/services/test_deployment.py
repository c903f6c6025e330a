"""The deployment between a registry and an API, both real HTTP servers that a test fills with words."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from relay.handoff.journal import Outcome
from services.airflow.ask import AwayError, RefusedError, Service
from services.airflow.deployment import Deployment, DeploymentError, find_difference
from services.airflow.runs import Ended, StageError, require_success, run_stage

LINE: dict[str, Any] = {
    "task": "regression",
    "spread": 12.0,
    "model_version": "3",
    "example": {"records": [{"x": 1.0}, {"x": 2.0}], "predictions": [3.0, 5.0], "probabilities": None},
}
RISK: dict[str, Any] = {
    "task": "binary",
    "spread": None,
    "model_version": "3",
    "example": {"records": [{"x": 1.0}], "predictions": [0], "probabilities": [0.25]},
}


class Answering(BaseHTTPRequestHandler):
    """Gives the first of the answers that are left for a path; the last one stays."""

    answers: dict[str, list[tuple[int, Any]]]
    asked: list[tuple[str, Any, Any]]

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = f"{self.command} {self.path.partition('?')[0]}"
        self.asked.append((path, body, self.headers.get("Authorization")))
        left = self.answers[path]
        status, said = left.pop(0) if len(left) > 1 else left[0]
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - names of the base class

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[Service, type[Answering]]]:
    handler = type("Handler", (Answering,), {"answers": {}, "asked": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield Service("the server", f"http://127.0.0.1:{running.server_port}", "a key"), handler
    running.shutdown()
    running.server_close()


ALIAS, INFO, ASK = "GET /api/2.0/mlflow/registered-models/alias", "GET /models/linear", "POST /models/linear/predict"
Server = tuple[Service, type[Answering]]


def deploy(service: Service) -> Deployment:
    return Deployment("linear", service, service)


def test_it_waits_until_the_version_in_production_is_served(server: Server) -> None:
    service, handler = server
    handler.answers = {
        ALIAS: [(200, {"model_version": {"version": "3"}})],
        INFO: [(404, {}), (503, {"why": "not ready"}), (200, LINE | {"model_version": "2"}), (200, LINE)],
        ASK: [(200, {"predictions": [3.0, 5.00001], "model_version": "3"})],
    }
    deployment = deploy(service)
    contract = deployment.await_served(30)
    deployment.check_example(contract, "a request")
    assert contract["model_version"] == "3"
    assert handler.asked[-1] == (ASK, LINE["example"]["records"], "Bearer a key")


@pytest.mark.parametrize(
    ("alias", "info", "why"),
    [
        ((404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}), (200, LINE), "no version of linear is in production"),
        ((200, {"model_version": {"version": "4"}}), (200, LINE), "after 0 s the API has version 3"),
        ((200, {"model_version": {"version": "3"}}), (404, {}), "names models, add models:/linear@production"),
        ((200, {"model_version": {"version": "3"}}), (401, {}), "name the file that holds it by API_KEY_FILE"),
    ],
)  # fmt: skip
def test_a_version_that_is_not_served_is_told_with_the_next_step(
    alias: Any, info: Any, why: str, server: Server
) -> None:
    service, handler = server
    handler.answers = {ALIAS: [alias], INFO: [info]}
    with pytest.raises(DeploymentError, match=why):
        deploy(service).await_served(0)


def test_an_api_that_is_away_is_no_judgement_on_the_version(server: Server) -> None:
    service, handler = server
    handler.answers = {ALIAS: [(200, {"model_version": {"version": "3"}})]}
    away = Deployment("linear", service, Service("the API", "http://127.0.0.1:9"))
    with pytest.raises(AwayError, match="the API does not answer"):
        away.await_served(0)


def test_the_registrys_code_and_not_its_message_says_that_nothing_is_in_production(server: Server) -> None:
    service, handler = server
    handler.answers = {ALIAS: [(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "x"})]}
    assert deploy(service).find_holder() is None
    handler.answers = {ALIAS: [(500, {"error_code": "INTERNAL_ERROR", "message": "RESOURCE_DOES_NOT_EXIST"})]}
    with pytest.raises(RefusedError):
        deploy(service).find_holder()


def test_a_registry_that_fails_is_no_model_without_production(server: Server) -> None:
    service, handler = server
    handler.answers = {ALIAS: [(403, {"message": "Invalid Host header"})]}
    with pytest.raises(RefusedError):
        deploy(service).find_holder()


@pytest.mark.parametrize(
    ("contract", "answer", "difference"),
    [
        (LINE, {"predictions": [3.0, 5.0]}, ""),
        (LINE, {"predictions": [3.0, 5.1]}, "example 2 is answered with 5.1, promised was 5.0"),
        (LINE, {"predictions": [3.0]}, "2 examples got 1 answers"),
        (RISK, {"predictions": [0], "probabilities": [0.2500001]}, ""),
        (RISK, {"predictions": [1], "probabilities": [0.25]}, "example 1 is answered with 1, promised was 0"),
        (RISK, {"predictions": [0], "probabilities": [0.26]}, "example 1 gets the probability 0.26, promised was 0.25"),
    ],
)
def test_answers_are_held_against_those_of_the_training(contract: Any, answer: Any, difference: str) -> None:
    assert find_difference(contract, answer) == difference


ORDER = {"run": "0123456789ab", "stage": "ingest", "recipe": "linear", "seed": 7}


def look(
    state: str, *lines: str, code: int | None = None, is_more: bool = False, outcome: str | None = None
) -> tuple[int, Any]:
    told = {
        "state": state,
        "exit_code": code,
        "is_out_of_memory": False,
        "lines": lines,
        "after": "",
        "is_more": is_more,
        "outcome": outcome,
        "error": None,
    }
    return 200, told


def test_a_run_is_followed_until_its_log_is_whole_and_then_removed(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    service, handler = server
    run = "/runs/0123456789ab"
    handler.answers = {
        "POST /runs": [(200, {})],
        f"GET {run}": [
            look("running", "one"),
            look("ended", "two", code=0, is_more=True),
            look("ended", "three", code=0, outcome="unchanged"),
        ],
        f"DELETE {run}": [(200, None)],
    }
    with caplog.at_level("INFO", "airflow.task"):
        ended = run_stage(service, ORDER)
    assert ended == Ended(0, "unchanged")
    assert [record.message for record in caplog.records][:2] == ["one", "two"]
    assert [path for path, *_ in handler.asked] == ["POST /runs", *[f"GET {run}"] * 3, f"DELETE {run}"]


@pytest.mark.parametrize("outcome", [None, *Outcome])
@pytest.mark.parametrize("line", ["x", "ingest linear: unchanged, 100 rows, fingerprint 0"])
def test_only_the_outcome_says_that_a_run_found_nothing_to_do(server: Server, outcome: str | None, line: str) -> None:
    service, handler = server
    handler.answers = {
        "POST /runs": [(200, {})],
        "GET /runs/0123456789ab": [look("ended", line, code=0, outcome=outcome)],
        "DELETE /runs/0123456789ab": [(200, None)],
    }
    assert run_stage(service, ORDER).is_unchanged == (outcome is Outcome.UNCHANGED)


def test_a_run_that_is_refused_fails_with_the_runners_words(server: Server) -> None:
    service, handler = server
    handler.answers = {"POST /runs": [(422, {"why": "recipe: expected another"})]}
    with pytest.raises(StageError, match="recipe: expected another"):
        run_stage(service, ORDER)


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (Ended(1, None), "exit code 1: its last lines above say why"),
        (Ended(137, None, is_out_of_memory=True), "more memory than STAGE_MEMORY"),
        (Ended(137, None), "it was killed or stopped"),
    ],
)
def test_a_stage_that_failed_is_told_with_its_reason(ended: Ended, why: str) -> None:
    with pytest.raises(StageError, match=why):
        require_success("ingest linear", ended)
