"""The same against an MLflow server: sent, missed while it is away, and sent when it is back."""

import pytest
from mlflow_server import MlflowServer, mlflow_server  # noqa: F401
from projects import Project

from model.__main__ import STAGE
from model.release.known import is_settled
from relay.handoff.program import main
from relay.registry.connection import Address, open_registry
from relay.registry.versions import find_production, list_versions


def list_numbers(address: Address) -> list[int]:
    """The versions of the model, the newest first."""
    return [version.number for version in list_versions(open_registry(address), "line")]


@pytest.mark.slow
def test_a_result_waits_for_a_server_that_is_away_and_is_sent_when_it_is_back(
    linear: Project,
    mlflow_server: MlflowServer,  # noqa: F811 - the fixture of that name
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    monkeypatch.setenv("LOG_DIR", str(linear.folder / "logs"))
    address = Address(mlflow_server.uri, None)
    assert linear.run() == 0
    assert list_numbers(address) == [1]
    assert linear.run() == 0
    assert list_numbers(address) == [1], "an unchanged result was sent twice"

    mlflow_server.stop()
    assert linear.run("--force") == 1
    assert "no MLflow server answers" in linear.log()
    assert "python -m model track" in linear.log()
    result = linear.receipt()

    mlflow_server.start()
    assert main(STAGE, ["track", str(linear.recipe), "--data-dir", str(linear.data_dir)]) == 0
    assert linear.receipt() == result
    assert is_settled(address, result)
    production = find_production(open_registry(address), "line")
    assert production is not None
    assert (production.number, list_numbers(address)) == (2, [2, 1])
    assert not (linear.data_dir / "mlflow").exists()
