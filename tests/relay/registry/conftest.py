"""Two real registries: MLflow embedded, and an MLflow server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracts import make_contract
from mlflow_server import MlflowServer, mlflow_server  # noqa: F401
from small_disk import larger_disk  # noqa: F401

from relay.registry.connection import Address, find_experiment, find_registry, open_registry
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE
from relay.registry.versions import CONTRACT_SHA256, MODEL_SHA256, Version, read_version


@pytest.fixture
def server(mlflow_server: MlflowServer) -> MlflowServer:  # noqa: F811 - the fixture of that name
    """A running MLflow server."""
    return mlflow_server


@pytest.fixture(scope="module", params=["embedded", "server"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Address:
    """Each of the two registries."""
    uri = request.getfixturevalue("mlflow_server").uri if request.param == "server" else ""
    found = find_registry(tmp_path_factory.mktemp("data"), uri)
    assert found is not None
    return found


@pytest.fixture
def client(address: Address) -> Any:
    """A client of it."""
    return open_registry(address)


Register = Callable[..., Version]


@pytest.fixture
def register(address: Address, client: Any, tmp_path: Path) -> Register:
    """`register("line")`: a version of a model, its files in the registry, its digests in its tags."""
    import hashlib

    def make(name: str, content: bytes = b"a model") -> Version:
        folder = tmp_path / f"package {len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        contract = make_contract(name, content)
        (folder / MODEL_FILE).write_bytes(content)
        (folder / CONTRACT_FILE).write_bytes(contract.to_json())
        experiment = find_experiment(client, address, name)
        run_id = client.create_run(experiment).info.run_id
        logged = client.create_logged_model(experiment, name="model", source_run_id=run_id)
        client.log_model_artifacts(logged.model_id, str(folder))
        client.finalize_logged_model(logged.model_id, "READY")
        if not client.search_registered_models(f"name='{name}'"):
            client.create_registered_model(name)
        tags = {
            CONTRACT_SHA256: hashlib.sha256(contract.to_json()).hexdigest(),
            MODEL_SHA256: contract.files[MODEL_FILE],
        }
        source = f"models:/{logged.model_id}"
        made = client.create_model_version(name, source, run_id, tags=tags, model_id=logged.model_id)
        return read_version(client, name, int(made.version))

    return make
