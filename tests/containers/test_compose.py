"""The services together: order, health, a second start, and kills in the middle."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from engine import ROOT, Docker, find_users, list_variables
from patience import HANG_SECONDS, wait_for

from relay.handoff.receipt import Receipt

LONG_RUN = {"RECIPES": "linear", "OVERRIDES": "ingest.rows=3000000"}


def container_of(compose: Docker, service: str) -> str:
    """The id of a service's container, of one that has ended too."""
    return compose("ps", "--all", "--quiet", service).stdout.strip()


def test_up_runs_the_stages_in_order_and_ends_with_a_healthy_page(compose: Docker, folder: Path) -> None:
    compose("up", "--detach", "--wait")
    with urllib.request.urlopen("http://127.0.0.1:18501/_stcore/health", timeout=HANG_SECONDS) as answer:
        assert answer.read() == b"ok"
    raw, processed = (Receipt.read(folder / "data" / name / "linear.json") for name in ("raw", "processed"))
    assert processed.key.inputs == {"raw/linear": raw.fingerprint}

    compose("up", "--detach", "--wait")
    lines = [json.loads(line) for line in (folder / "logs" / "runs.jsonl").read_text().splitlines()]
    assert [(line["stage"], line["outcome"]) for line in lines] == [
        ("ingest", "ran"),
        ("preprocess", "ran"),
        ("ingest", "unchanged"),
        ("preprocess", "unchanged"),
    ]

    assert find_users(container_of(compose, "model"), "_stcore/health") == {"10001"}

    # What runs is as the settings say; with others, the doctor names what differs.
    assert "ok    Variables, ports, folders and limits" in ask_doctor(folder)
    said = ask_doctor(folder, OVERRIDES="seed=7", PAGE_PORT="18999")
    assert "mend  model runs with OVERRIDES=(empty) instead of seed=7, port 127.0.0.1:18501 instead of" in said
    assert "MLflow keeps runs and models in SQLite" in said


def ask_doctor(folder: Path, **more: str) -> str:
    """What `make doctor` says of the project."""
    command = [sys.executable, "-m", "services.stack", "doctor"]
    settings = {"PAGE_PORT": "18501", "MLFLOW_PORT": "15000"} | more
    variables = list_variables(folder, f"relay-test-{os.getpid()}", **settings)
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False).stdout


def test_a_service_runs_by_itself_with_another_recipe(compose: Docker, folder: Path) -> None:
    done = compose("run", "--rm", "ingest", "linear", "--set", "ingest.rows=7")
    assert "7 rows in raw/linear" in done.stderr
    assert Receipt.read(folder / "data" / "raw" / "linear.json").overrides == {"ingest.rows": 7}


def test_train_trains_each_recipe_and_exits(compose: Docker, folder: Path) -> None:
    compose("run", "--rm", "train")
    assert (folder / "data" / "output" / "linear" / "latest" / "fitted_line.png").exists()


def test_a_stage_that_fails_stops_those_after_it(compose: Docker, folder: Path) -> None:
    done = compose("up", "--detach", "--wait", check=False, RECIPES="credit")
    assert done.returncode != 0
    assert not (folder / "data" / "processed").exists()
    assert "cs-training.csv" in compose("logs", "ingest").stdout


@pytest.mark.parametrize("command", ["kill", "restart"])
def test_a_container_killed_in_the_middle_leaves_nothing_behind(command: str, compose: Docker, folder: Path) -> None:
    compose("up", "--detach", "ingest", RECIPES="linear")
    wait_for((folder / "data" / "raw" / "linear.json").exists, "the raw data", pause=0.1)
    before = (folder / "data" / "raw" / "linear.parquet").read_bytes()

    compose("up", "--detach", "ingest", **LONG_RUN)
    wait_for((folder / "data" / "raw" / "linear.parquet.tmp").exists, "the first rows", pause=0.1)
    if command == "kill":
        compose("kill", "--signal", "KILL", "ingest")
        assert (folder / "data" / "raw" / "linear.parquet").read_bytes() == before
        compose("up", "--detach", "ingest", **LONG_RUN)
    else:
        compose("restart", "--timeout", "5", "ingest", **LONG_RUN)
    is_done = ["docker", "inspect", "-f", "{{.State.Status}}", container_of(compose, "ingest")]
    wait_for(
        lambda: subprocess.run(is_done, capture_output=True, text=True, check=True).stdout == "exited\n",
        "the end of the container",
        pause=0.1,
    )
    assert Receipt.read(folder / "data" / "raw" / "linear.json").rows == 3_000_000
    assert [path.name for path in (folder / "data" / "raw").iterdir() if path.suffix in (".tmp", ".next")] == []


@pytest.mark.parametrize("variable", ["PAGE_PORT", "MLFLOW_PORT", "GATEWAY_PORT", "GATEWAY_API_PORT", "API_PORT"])
def test_a_port_in_use_is_named_with_its_variable(variable: str) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        environment = {variable: str(port), "PATH": os.environ["PATH"], "COMPOSE_PROJECT_NAME": "relay-test-ports"}
        command = [sys.executable, "-m", "services.stack", "start", "serve"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, f"{variable}={port + 1}" in done.stderr) == (1, True)


@pytest.mark.parametrize("service", ["model", "train"])
def test_who_trains_waits_for_the_registry_and_knows_its_address(service: str, compose: Docker) -> None:
    written = json.loads(compose("--profile", "train", "config", "--format", "json").stdout)["services"][service]
    waits_for = {name: condition["condition"] for name, condition in written["depends_on"].items()}
    before = {"model": ("train", "monitor"), "train": ()}[service]
    ended = dict.fromkeys(("preprocess", "postgres-setup", *before), "service_completed_successfully")
    # Those of the cluster where that is switched on.
    healthy = dict.fromkeys(("mlflow", "dask-scheduler", "dask-worker"), "service_healthy")
    assert waits_for == ended | healthy
    assert written["environment"]["MLFLOW_TRACKING_URI"] == "http://mlflow:5000"


def test_only_the_registry_opens_its_volumes(compose: Docker) -> None:
    services = json.loads(compose("--profile", "*", "config", "--format", "json").stdout)["services"]
    mounted = {(name, volume["source"]) for name, service in services.items() for volume in service.get("volumes", [])}
    assert {name for name, source in mounted if source.startswith("mlflow-")} == {"mlflow"}
