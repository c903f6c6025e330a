"""Two real registries: MLflow embedded, and an MLflow server as a process of its own on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handoff.column import Column
from registry.connection import Address, find_experiment, find_registry, open_registry, probe_server
from registry.contract import CONTRACT_FILE, MODEL_FILE, Contract, Example, Score
from registry.errors import RegistryAwayError
from registry.versions import CONTRACT_SHA256, MODEL_SHA256, Version, read_version

START_SECONDS = 60


class Server:
    """An MLflow server with its files below a folder; it can be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
                *("--workers", "1", "--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"),
                *("--artifacts-destination", str(self.folder / "artifacts")),
            ],
            env=os.environ | quiet,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return probe_server(self.uri)
            except RegistryAwayError:
                assert time.monotonic() < deadline, "the MLflow server did not start"
                assert self.process.poll() is None, "the MLflow server ended"
                time.sleep(0.2)

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running MLflow server."""
    server = Server(tmp_path_factory.mktemp("mlflow-server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["embedded", "server"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Address:
    """Each of the two registries."""
    uri = request.getfixturevalue("server").uri if request.param == "server" else ""
    found = find_registry(tmp_path_factory.mktemp("data"), uri)
    assert found is not None
    return found


@pytest.fixture
def client(address: Address) -> Any:
    """A client of it."""
    return open_registry(address)


def make_contract(name: str, content: bytes, **changes: Any) -> Contract:
    """A contract for a model file of some bytes."""
    import hashlib

    column = Column(type="float", role="input")
    whole = Contract(
        model=name,
        recipe=name,
        title="A line",
        description="",
        task="regression",
        estimator="LinearRegression",
        inputs={"x": column},
        target="y",
        target_column=Column(type="float", role="target"),
        classes=[],
        gives_probabilities=False,
        threshold=None,
        base_rate=None,
        spread=1.0,
        score=Score(name="r2", value=0.9, baseline=0.0, lower_is_better=False),
        segments=[],
        example=Example(records=[{"x": 1.0}], predictions=[3.0], probabilities=None),
        files={MODEL_FILE: hashlib.sha256(content).hexdigest()},
    )
    return whole.model_copy(update=changes)


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
