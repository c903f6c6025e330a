"""From a training to an answer by way of the registry that needs no server."""

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
    project = make_project(tmp_path, recipe, columns(), "line")
    server = Server(project.data_dir, ("line",), {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.5"}).start()
    try:
        before = server.post("/predict", {"x": 5}).status
        assert project.run() == 0
        logger.remove()
        wait_for(lambda: server.get("/health").status == 200, "the promoted version")
        answer = server.post("/predict", {"x": 5}).json
        stored = server.get(f"/predictions/{answer['prediction_id']}").json
    finally:
        server.stop()
    steps = {step["stage"]: step["fingerprint"] for step in stored["lineage"]["steps"]}
    assert (before, answer["model_version"], round(answer["prediction"])) == (503, "1", 11)
    assert steps["model"] == project.receipt().fingerprint


def test_a_registry_that_cannot_be_is_said_at_the_start() -> None:
    from serve.__main__ import main

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", "ftp://somewhere")
        assert main([]) == 2
