"""The pipeline on a schedule, in compose: from nothing to a served prediction, and what is left of a killed part."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from airflow_client import Airflow, ask, find_in, wait_for
from engine import Docker, build_schedule_images, compose_in, find_users

PROJECT = f"relay-test-schedule-{os.getpid()}"
AIRFLOW, GATEWAY = "http://127.0.0.1:18661", "http://127.0.0.1:18663"
DAG = "ml_data_processing_pipeline"
PASSWORD = "a password / of the tests"
PORTS = {
    "PAGE_PORT": "18660",
    "AIRFLOW_PORT": "18661",
    "GATEWAY_PORT": "18662",
    "GATEWAY_API_PORT": "18663",
    "API_PORT": "18664",
    "MLFLOW_PORT": "15660",
}
TASKS = ("set_seed", "ingest", "preprocess", "check_data", "model", "deploy")


def log_in() -> Airflow:
    """The pipeline's DAG."""
    return Airflow(AIRFLOW, PASSWORD, DAG, TASKS)


def predict() -> tuple[int, Any]:
    """An answer of the API, through the gateway."""
    return ask(f"{GATEWAY}/predict", {"values": [5]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("schedule")
    for name in ("data", "logs", "secrets"):
        (made / name).mkdir()
    (made / "secrets" / "airflow_password").write_text(f"{PASSWORD}\n")
    (made / "secrets" / "runner_password").write_text("a token of the tests\n")
    return made


@pytest.fixture(scope="module")
def stack(images: dict[str, str], server_image: str, folder: Path) -> Iterator[Docker]:
    """The schedule, with the containers of all other services made and none of them started."""
    assert images
    assert server_image
    build_schedule_images()
    settings = {
        "MODEL_URI": "models:/linear@production",
        "RELAY_SECRETS": str(folder / "secrets"),
        # The first run begins at once; all others are those that a test asks for.
        "SCHEDULE_EVERY": "1d",
        "PROMOTE": "always",
        "REGISTRY_POLL_SECONDS": "1",
        **PORTS,
    }
    run = compose_in(folder, PROJECT, **settings)
    try:
        run("--profile", "schedule", "create")
        lasting = ["mlflow", "runner", "airflow", "gateway"]
        run("--profile", "schedule", "up", "--detach", "--wait", "--no-deps", *lasting)
        yield run
    finally:
        run("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


@pytest.fixture
def airflow(stack: Docker) -> Airflow:
    assert stack
    return log_in()


def find_run_container(service: str) -> str:
    """The id of the container of a run that is running."""
    labels = (f"com.docker.compose.project={PROJECT}", f"com.docker.compose.service={service}", "relay.run")
    command = ["docker", "ps", "--quiet", *(part for label in labels for part in ("--filter", f"label={label}"))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_from_nothing_the_schedule_leads_to_a_served_prediction(stack: Docker, airflow: Airflow) -> None:
    run = wait_for(lambda: airflow.get("/dagRuns").get("dag_runs"))[0]
    ended = airflow.await_end(run["dag_run_id"])
    assert (ended["run_type"], ended["state"]) == ("scheduled", "success")
    assert airflow.states(run["dag_run_id"]) == dict.fromkeys(TASKS, "success")
    assert "100 rows in raw/linear" in airflow.log(run["dag_run_id"], "ingest")
    assert "examples are answered as promised" in airflow.log(run["dag_run_id"], "deploy")

    status, answer = predict()
    assert (status, answer["model_version"], round(answer["predictions"][0][0])) == (200, "1", 11)
    running = stack("--profile", "schedule", "ps", "--services", "--status", "running").stdout.split()
    assert sorted(running) == ["airflow", "api", "gateway", "mlflow", "model", "runner"]


def test_nobody_gets_in_without_the_password(airflow: Airflow) -> None:
    logins = [("admin", "admin"), ("admin", "password"), ("airflow", "airflow")]
    statuses = [ask(f"{AIRFLOW}/auth/token", {"username": user, "password": word})[0] for user, word in logins]
    assert (statuses, ask(f"{AIRFLOW}/api/v2/dags/{DAG}/dagRuns")[0]) == ([401, 401, 401], 401)


def test_no_password_can_be_read_from_outside_and_nothing_runs_as_root(stack: Docker) -> None:
    for service in ("airflow", "runner"):
        container = stack("ps", "--all", "--quiet", service).stdout.strip()
        shown = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True).stdout
        assert [word for word in (PASSWORD, "a token of the tests") if word in shown] == []
        assert find_users(container, "check_health" if service == "airflow" else "/ping") == {"10001"}


def test_only_the_schedule_reaches_the_runner(stack: Docker) -> None:
    code = "import socket; socket.create_connection(('runner', 8000), 3); print('reached')"
    found = {
        service: stack("exec", "-T", service, "python", "-c", code, check=False).stdout.strip()
        for service in ("airflow", "mlflow", "api")
    }
    assert found == {"airflow": "reached", "mlflow": "", "api": ""}
    mounts = stack("--profile", "*", "config", "--format", "json").stdout
    with_socket = [name for name, one in json.loads(mounts)["services"].items() if "docker.sock" in json.dumps(one)]
    assert with_socket == ["runner"]


def test_two_triggers_run_one_after_the_other_and_a_killed_container_is_tried_again_after_30_seconds(
    airflow: Airflow,
) -> None:
    runs: list[str] = []
    threads = [threading.Thread(target=lambda: runs.append(airflow.trigger(seed=7))) for _ in range(2)]
    for thread in threads:
        thread.start()
    subprocess.run(["docker", "kill", wait_for(lambda: find_run_container("ingest"))], check=True)
    for thread in threads:
        thread.join()
    first, second = sorted((airflow.await_end(run) for run in runs), key=lambda run: run["start_date"])
    assert (first["state"], second["state"]) == ("success", "success")
    assert first["end_date"] <= second["start_date"]

    path = f"/dagRuns/{quote(first['dag_run_id'])}/taskInstances/ingest/tries"
    one, two = wait_for(lambda: airflow.get(path).get("task_instances"))
    waited = datetime.fromisoformat(two["start_date"]) - datetime.fromisoformat(one["end_date"])
    assert (one["state"], two["state"], waited.total_seconds() >= 30) == ("failed", "success", True)
    assert "exit code 137" in airflow.log(first["dag_run_id"], "ingest")

    unchanged = dict.fromkeys(("ingest", "preprocess", "model"), "skipped")
    assert airflow.states(second["dag_run_id"]) == {
        "set_seed": "success",
        **unchanged,
        "check_data": "success",
        "deploy": "success",
    }
    assert predict()[1]["model_version"] == "2"


def test_the_pipeline_runs_in_one_process_for_who_works_on_it(stack: Docker) -> None:
    command = ["python", "images/entrypoint.py", "airflow", "dags", "test", "ml_data_processing_pipeline"]
    done = stack("exec", "-T", "airflow", *command)
    assert "state=success" in done.stdout + done.stderr, (done.stdout + done.stderr)[-3000:]


def test_what_runs_goes_on_without_airflow_and_a_version_whose_deployment_fails_is_taken_back(
    stack: Docker, airflow: Airflow
) -> None:
    run = airflow.trigger(seed=9)
    container = wait_for(lambda: find_run_container("train"))
    stack("kill", "--signal", "KILL", "airflow")
    code = subprocess.run(["docker", "wait", container], capture_output=True, text=True, check=True).stdout.strip()
    assert (code, predict()[0]) == ("0", 200)
    wait_for(lambda: find_in(predict(), "model_version") == "3")

    # Now the API may not serve the model any more, whatever version of it.
    stack("--profile", "schedule", "create", "--force-recreate", "api", MODEL_URI="models:/credit@production")
    stack("--profile", "schedule", "up", "--detach", "--wait", "--no-deps", "airflow")
    again = log_in()
    assert again.await_end(run)["state"] == "failed"
    assert again.states(run)["deploy"] == "failed"
    assert "MODEL_URI in .env names models, add models:/linear@production" in again.log(run, "deploy")
    assert find_run_container("train") == ""
    listed = stack("--profile", "train", "run", "--rm", "--no-deps", "train", "list", "linear", "--json").stdout
    assert [one["version"] for one in json.loads(listed) if one["is_production"]] == [2]
