"""A version whose answer to a row depends on the rows beside it is never used, even if a person promotes it."""

from pathlib import Path

import pytest
from odd_models import CODE
from patience import wait_for
from serving import Server

from model.__main__ import STAGE
from relay.handoff.program import main
from relay.registry.contract import UNSERVED_NEXT


@pytest.mark.slow
def test_health_says_why_with_a_row_and_the_version_before_goes_on_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loguru import logger
    from own_recipes import mine
    from projects import LINEAR

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # the embedded registry
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    project = mine(tmp_path, CODE, LINEAR)

    def promote(version: int) -> None:
        assert main(STAGE, ["promote", str(project.recipe), str(version), "--data-dir", str(project.data_dir)]) == 0

    assert project.run("--set", "model.estimator=rank") == 0
    server = Server(project.data_dir, ("case",), {"MLFLOW_TRACKING_URI": "", "REGISTRY_POLL_SECONDS": "0.5"}).start()
    try:
        assert "no version holds the alias" in server.post("/predict", {"x": 5}).json["detail"]
        promote(1)
        wait_for(lambda: "depends on" in server.get("/health").json["models"]["case"].get("why", ""), "the refusal")
        health, refused = server.get("/health"), server.post("/predict", {"x": 5})
        assert project.run("--promote", "always") == 0  # version 2, of scikit-learn alone
        wait_for(lambda: server.get("/health").status == 200, "version 2")
        promote(1)
        wait_for(lambda: server.get("/health").json["status"] == "degraded", "version 1 to be refused again")
        degraded, answered = server.get("/health"), server.post("/predict", {"x": 5})
    finally:
        logger.remove()
        server.stop()
    why = health.json["models"]["case"]["why"]
    assert "version 1 holds the alias and was refused" in why
    assert "not servable: its answer to a row depends on the rows beside it: " in why
    assert " of 20 test rows got different answers, such as x = " in why
    assert health.json["models"]["case"]["next_step"] == UNSERVED_NEXT
    assert (health.status, refused.status) == (503, 503)
    assert why in refused.json["detail"]
    assert (degraded.status, degraded.json["models"]["case"]["why"]) == (200, why)
    assert (answered.status, answered.json["model_version"]) == (200, "2")
