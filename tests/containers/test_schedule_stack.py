"""The pipeline on a schedule, in compose: from nothing to a served prediction, and what is left of a killed part."""

import json
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote

import pytest
from engine import Docker, build_image, compose_in, find_users
from patience import HANG_SECONDS

PROJECT = f"relay-test-schedule-{os.getpid()}"
AIRFLOW, GATEWAY = "http://127.0.0.1:18661", "http://127.0.0.1:18663"
DAG = "/api/v2/dags/ml_data_processing_pipeline"
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


def ask(url: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    """Status and JSON of an answer; 0 when there is none."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, error.read().decode()
    except (URLError, OSError):
        return 0, None


def predict() -> tuple[int, Any]:
    """An answer of the API, through the gateway."""
    return ask(f"{GATEWAY}/predict", {"values": [5]})


def find_in(answer: tuple[int, Any], key: str) -> Any:
    """What an answer holds under a key; nothing where none came, or one of another form while it starts."""
    return answer[1].get(key) if isinstance(answer[1], dict) else None


def wait_for(find: Callable[[], Any], seconds: float = HANG_SECONDS) -> Any:
    """What is found, once it is something."""
    end = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < end, f"nothing within {seconds} seconds"
        time.sleep(0.2)
    return found


class Airflow:
    """The web page's own interface, after a log-in."""

    def __init__(self) -> None:
        who = {"username": "admin", "password": PASSWORD}
        self.token = wait_for(lambda: find_in(ask(f"{AIRFLOW}/auth/token", who), "access_token"))

    def get(self, path: str) -> Any:
        status, found = ask(f"{AIRFLOW}{DAG}{path}", None, self.token)
        return found if status == 200 else {}

    def trigger(self, seed: int | None) -> str:
        """The id of a new run.

        A request that meets another one in SQLite is asked again: Airflow logs a request before it makes the run, and
        answers 500 where it cannot write that log.
        """

        def start() -> str:
            status, run = ask(f"{AIRFLOW}{DAG}/dagRuns", {"logical_date": None, "conf": {"seed": seed}}, self.token)
            assert status == 200 or "Database error" in str(run), run
            return str(run["dag_run_id"]) if status == 200 else ""

        return str(wait_for(start))

    def await_end(self, run: str, seconds: float = 2 * HANG_SECONDS) -> dict[str, Any]:
        """The run, once it has ended."""

        def find() -> Any:
            found = self.get(f"/dagRuns/{quote(run)}")
            return found if found.get("state") in ("success", "failed") else None

        found: dict[str, Any] = wait_for(find, seconds)
        return found

    def states(self, run: str) -> dict[str, str]:
        """Task -> how it ended."""
        tasks = wait_for(lambda: self.get(f"/dagRuns/{quote(run)}/taskInstances").get("task_instances"))
        return {task: next(one["state"] for one in tasks if one["task_id"] == task) for task in TASKS}

    def log(self, run: str, task: str, attempt: int = 1) -> str:
        return str(self.get(f"/dagRuns/{quote(run)}/taskInstances/{task}/logs/{attempt}?full_content=true"))


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
    for name, dockerfile in {
        "relay-serve": "serve/serve.Dockerfile",
        "relay-airflow": "services/airflow/airflow.Dockerfile",
        "relay-runner": "services/runner/runner.Dockerfile",
    }.items():
        build_image(name, dockerfile)
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
    return Airflow()


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
    assert (statuses, ask(f"{AIRFLOW}{DAG}/dagRuns")[0]) == ([401, 401, 401], 401)


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
    threads = [threading.Thread(target=lambda: runs.append(airflow.trigger(7))) for _ in range(2)]
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
    run = airflow.trigger(9)
    container = wait_for(lambda: find_run_container("train"))
    stack("kill", "--signal", "KILL", "airflow")
    code = subprocess.run(["docker", "wait", container], capture_output=True, text=True, check=True).stdout.strip()
    assert (code, predict()[0]) == ("0", 200)
    wait_for(lambda: find_in(predict(), "model_version") == "3")

    # Now the API may not serve the model any more, whatever version of it.
    stack("--profile", "schedule", "create", "--force-recreate", "api", MODEL_URI="models:/credit@production")
    stack("--profile", "schedule", "up", "--detach", "--wait", "--no-deps", "airflow")
    again = Airflow()
    assert again.await_end(run)["state"] == "failed"
    assert again.states(run)["deploy"] == "failed"
    assert "MODEL_URI in .env names models, add models:/linear@production" in again.log(run, "deploy")
    assert find_run_container("train") == ""
    listed = stack("--profile", "train", "run", "--rm", "--no-deps", "train", "list", "linear", "--json").stdout
    assert [one["version"] for one in json.loads(listed) if one["is_production"]] == [2]
