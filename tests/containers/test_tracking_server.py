"""The MLflow server: what a client with nothing but its address can do, who is refused, and what a kill leaves.

One project for the whole module: its server is killed, stopped and started by one test after another.
"""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import ROOT, Docker, compose_in, find_users
from patience import HANG_SECONDS

PORT = 15001
PROJECT = f"relay-test-mlflow-{os.getpid()}"
SEARCH = "/api/2.0/mlflow/experiments/search"

WRITE = """
import mlflow

client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("written"))
client.log_metric(run.info.run_id, "rmse", 0.5)
client.log_text(run.info.run_id, "a model", "model/model.txt")
client.create_registered_model("credit")
version = client.create_model_version("credit", f"{run.info.artifact_uri}/model", run.info.run_id)
client.set_registered_model_alias("credit", "production", version.version)
client.set_terminated(run.info.run_id)
print(run.info.run_id)
"""

READ = """
from pathlib import Path

import mlflow

client = mlflow.MlflowClient()
version = client.get_model_version_by_alias("credit", "production")
run = client.get_run(version.run_id)
folder = mlflow.artifacts.download_artifacts("models:/credit@production", dst_path="/tmp/model")
print(run.info.run_id, run.info.status, run.data.metrics, version.version, Path(folder, "model.txt").read_text())
"""


def ask(host: str, origin: str = "") -> int:
    """The status of a question to the API by a client who calls the server by that name."""
    server = http.client.HTTPConnection("127.0.0.1", PORT, timeout=HANG_SECONDS)
    headers = {"Host": host, "Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
    server.request("POST", SEARCH, b'{"max_results": 1}', headers)
    return server.getresponse().status


def run_client(compose: Docker, code: str) -> str:
    """The last line of a program in the model's container, which shares only the network with the server."""
    command = ("--entrypoint", "python", "model", "/app/images/entrypoint.py", "python", "-c", code)
    return compose("run", "--rm", "--no-deps", "-T", *command).stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def server(
    images: dict[str, str], server_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Docker, Path]]:
    """`docker compose` of the project, and a folder to work in; the server was killed while it made its database."""
    assert images
    assert server_image
    folder = tmp_path_factory.mktemp("mlflow")
    for name in ("data", "logs"):
        (folder / name).mkdir()
    compose = compose_in(folder, PROJECT, MLFLOW_PORT=str(PORT), MLFLOW_EXTRA_HOSTS="tracker.example.org")
    try:
        kill_while_making_the_database(compose)
        compose("up", "--detach", "--wait", "mlflow")
        yield compose, folder
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


def kill_while_making_the_database(compose: Docker) -> None:
    """Start the server on empty volumes, and kill it when the file of the database is there but not whole."""
    # Looked for from inside: from here each look would take a good part of the second for which the file is there.
    look = "for i in $(seq 600); do ls /var/lib/mlflow/database/mlflow.db* 2>/dev/null && break; sleep 0.1; done"
    compose("up", "--detach", "mlflow")
    files = compose("exec", "-T", "mlflow", "sh", "-c", look).stdout.split()
    compose("kill", "--signal", "KILL", "mlflow")
    assert "/var/lib/mlflow/database/mlflow.db.new" in files


@pytest.fixture(scope="module")
def written(server: tuple[Docker, Path]) -> str:
    """What a client reads of the run, the version and the alias that another one wrote."""
    compose, _ = server
    run_id = run_client(compose, WRITE)
    return f"{run_id} FINISHED {{'rmse': 0.5}} 1 a model"


def test_a_client_without_a_volume_writes_and_reads_runs_versions_aliases_and_files(
    server: tuple[Docker, Path], written: str
) -> None:
    compose, _ = server
    assert run_client(compose, READ) == written


def test_a_killed_server_has_lost_nothing_when_it_is_back(server: tuple[Docker, Path], written: str) -> None:
    compose, _ = server
    compose("kill", "--signal", "KILL", "mlflow")
    compose("up", "--detach", "--wait", "mlflow")
    assert run_client(compose, READ) == written


def test_a_server_that_was_taken_down_has_lost_nothing_when_it_is_back(
    server: tuple[Docker, Path], written: str
) -> None:
    compose, _ = server
    compose("--profile", "*", "down", "--remove-orphans")
    compose("up", "--detach", "--wait", "mlflow")
    assert run_client(compose, READ) == written


def test_a_copy_of_the_volumes_is_put_back(server: tuple[Docker, Path], written: str) -> None:
    compose, folder = server
    environment = os.environ | {"COMPOSE_PROJECT_NAME": PROJECT, "MLFLOW_PORT": str(PORT)}
    copies = folder / "backups"
    command = [sys.executable, "-m", "services.backup"]
    subprocess.run([*command, "backup", "--to", copies], cwd=ROOT, env=environment, check=True)
    # The command of the Makefile that a person would use, on this test's own project.
    subprocess.run(["make", "down-volumes", "YES=1"], cwd=ROOT, env=environment, check=True)
    [copy] = copies.iterdir()
    subprocess.run([*command, "restore", copy], cwd=ROOT, env=environment, input=b"yes\n", check=True)
    compose("up", "--detach", "--wait", "mlflow")
    assert run_client(compose, READ) == written


def test_volumes_are_deleted_only_after_a_yes(server: tuple[Docker, Path]) -> None:
    environment = os.environ | {"COMPOSE_PROJECT_NAME": PROJECT}
    command = ["make", "down-volumes"]
    done = subprocess.run(command, cwd=ROOT, env=environment, input="no\n", capture_output=True, text=True, check=False)
    assert (done.returncode != 0, "Nothing is deleted." in done.stdout) == (True, True)
    assert ask("localhost") == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("mlflow:5000", 200),
        ("mlflow", 200),
        (f"127.0.0.1:{PORT}", 200),
        ("localhost", 200),
        ("tracker.example.org", 200),
        ("somewhere.example.org", 403),
        (f"mlflow.example.org:{PORT}", 403),
    ],
)
def test_the_server_answers_to_its_own_names_only(host: str, status: int, server: tuple[Docker, Path]) -> None:
    assert ask(host) == status


@pytest.mark.parametrize(("origin", "status"), [("http://localhost:8000", 200), ("http://somewhere.example.org", 403)])
def test_pages_of_other_machines_may_not_write(origin: str, status: int, server: tuple[Docker, Path]) -> None:
    assert ask("localhost", origin) == status


def test_the_server_is_not_root_and_ends_at_once_when_it_is_told_to(server: tuple[Docker, Path]) -> None:
    compose, _ = server
    container = compose("ps", "--quiet", "mlflow").stdout.strip()
    assert find_users(container, "check_health") == {"10001"}
    compose("stop", "--timeout", "60", "mlflow")
    state = subprocess.run(
        ["docker", "inspect", "-f", "{{json .State}}", container], capture_output=True, text=True, check=True
    )
    assert json.loads(state.stdout)["ExitCode"] == 0  # 137 were a kill after the grace period
    assert "Application shutdown complete" in compose("logs", "--tail", "20", "mlflow").stdout
