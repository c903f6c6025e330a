"""From a training to an answer by way of the registry that needs no server."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from patience import wait_for
from serving import Server


def test_a_promoted_version_is_served_and_its_answer_leads_back_to_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loguru import logger
    from projects import CASES, make_project

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # the embedded registry
    recipe, columns = CASES["line"]
    project, began = make_project(tmp_path, recipe, columns(), "line"), format_moment()
    server = Server(project.data_dir, (), {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.5"}).start()
    try:
        before = server.post("/predict", {"x": 5}).status
        told = server.get("/health").json
        assert project.run() == 0
        logger.remove()
        wait_for(lambda: server.get("/health").status == 200, "the promoted version")
        answer = server.post("/predict", {"x": 5}).json
        [listed], health = server.get("/models").json["models"], server.get("/health").json["models"]["line"]
        since = {listed["since"], health["since"], server.get("/model/info").json["since"]}
        stored = server.get(f"/predictions/{answer['prediction_id']}").json
        with closing(sqlite3.connect(project.data_dir / "mlflow" / "mlflow.db")) as registry, registry:
            registry.execute("delete from registered_model_aliases")
        wait_for(lambda: server.get("/models/line").status == 404, "the end of a model without production")
        after = server.get("/health").json
    finally:
        server.stop()
    # It is found without a setting that names it, and goes as it came.
    assert ("there is no registry" in told["why"], after["why"]) == (True, "no model has a version in production")
    steps = {step["stage"]: step["fingerprint"] for step in stored["lineage"]["steps"]}
    assert (before, answer["model_version"], round(answer["prediction"])) == (503, "1", 11)
    [promoted] = since
    assert began <= promoted <= format_moment()
    assert steps["model"] == project.receipt().fingerprint


def format_moment() -> str:
    """Now, as the registry writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_registry_that_cannot_be_is_said_at_the_start() -> None:
    from serve.__main__ import main

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", "ftp://somewhere")
        assert main([]) == 2
