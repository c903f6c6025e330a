"""The runner on a real engine: what it refuses, what it makes, and what is left when it or a container is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
from engine import ROOT, Docker, build_image, compose_in
from patience import HANG_SECONDS, wait_for

from services.airflow.ask import Service
from services.airflow.runs import Ended, run_stage
from services.runner import project as project_of_runner
from services.runner.engine import Engine
from services.runner.order import Order, read_order

SOCKET = Path(os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or "/var/run/docker.sock")
PROJECT = f"relay-test-runner-{os.getpid()}"
TOKEN = "a token of the tests"
LONG_RUN = {"OVERRIDES": "ingest.rows=1500000"}
ORDER = {"run": "00000000aa", "stage": "ingest", "recipe": "linear", "seed": 7}


class Runner:
    """The program as a process of its own, and a client of it."""

    def __init__(self, folder: Path) -> None:
        (folder / "token").write_text(TOKEN)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **os.environ,
            "DOCKER_SOCKET": str(SOCKET),
            "RUNNER_PROJECT": PROJECT,
            "RUNNER_TOKEN_FILE": str(folder / "token"),
            "RUNNER_ADDRESS": "127.0.0.1",
            "RUNNER_PORT": str(self.port),
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "services.runner"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL)
        wait_for(lambda: self.ask("GET", "/ping")[0] == 200, "the runner", pause=0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            return error.code, json.loads(error.read() or b"null")
        except URLError:
            return 0, None

    def find_outcome(self, run: str) -> tuple[str | None, str | None]:
        """Outcome of a run that has ended, and the kind of its error."""
        look = self.ask("GET", f"/runs/{run}")[1]
        return look["outcome"], (look["error"] or {}).get("kind")

    def follow(self, run: str) -> tuple[int, list[str]]:
        """Exit code and lines of a run that is followed to its end."""
        lines, after, end = [], "", time.monotonic() + HANG_SECONDS
        while True:
            assert time.monotonic() < end
            status, look = self.ask("GET", f"/runs/{run}?after={after}")
            assert status == 200, look
            lines, after = lines + look["lines"], look["after"]
            if look["state"] == "ended" and not look["is_more"]:
                return look["exit_code"], lines
            time.sleep(0.1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("runner")
    for name in ("data", "logs"):
        (made / name).mkdir()
    return made


@pytest.fixture(scope="module")
def compose(images: dict[str, str], server_image: str, folder: Path) -> Iterator[Docker]:
    """A project whose containers were made, as after `up`, and do not run."""
    assert images
    assert server_image  # train depends on the server of MLflow
    build_image("relay-serve", "serve/serve.Dockerfile")
    run = compose_in(folder, PROJECT, PAGE_PORT="18611", MLFLOW_PORT="15611")
    run("--profile", "schedule", "create", "ingest", "preprocess", "train", "model", "api")
    yield run
    run("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def runner(compose: Docker, folder: Path) -> Iterator[Runner]:
    running = Runner(folder)
    yield running
    running.kill()


def containers(*filters: str, aside: bool = False) -> list[str]:
    """The names of all containers of the project's runs; with those that were put aside, or without."""
    wanted = ("label=relay.run", f"label=com.docker.compose.project={PROJECT}", *filters)
    options = [part for text in wanted for part in ("--filter", text)]
    command = ["docker", "ps", "--all", "--format", "{{.Names}}", *options]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in names if aside or project_of_runner.ASIDE not in name]


def inspect(container: str) -> Any:
    command = ["docker", "inspect", container]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[0]


STAGES = "stage: expected one of ingest, preprocess, train, rollback, rollback-harm, monitor"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (ORDER | {"stage": "mlflow"}, STAGES),
        (ORDER | {"stage": ["ingest"]}, STAGES),
        (ORDER | {"recipe": "../linear"}, "recipe: expected [a-z0-9][a-z0-9_-]{0,63}"),
        (ORDER | {"recipe": "--data-dir=/"}, "recipe: expected [a-z0-9][a-z0-9_-]{0,63}"),
        (ORDER | {"recipe": "linear\n"}, "recipe: expected [a-z0-9][a-z0-9_-]{0,63}"),
        (ORDER | {"recipe": "lineär"}, "recipe: expected [a-z0-9][a-z0-9_-]{0,63}"),
        (ORDER | {"run": "../../json"}, "run: expected [a-z0-9]{8,64}"),
        (ORDER | {"seed": "7 --force"}, "seed: expected a whole number from 0 to 4294967295"),
        (ORDER | {"seed": True}, "seed: expected a whole number from 0 to 4294967295"),
        (ORDER | {"seed": -1}, "seed: expected a whole number from 0 to 4294967295"),
        (ORDER | {"image": "debian"}, "unknown: image; a ingest takes run, stage, recipe and seed"),
        (ORDER | {"stage": "rollback"}, "unknown: seed; a rollback takes run, stage, recipe and version"),
        ([ORDER], "expected an object with run, stage, recipe and seed"),
    ],
)
def test_an_order_that_is_not_on_the_list_is_refused(body: Any, why: str, runner: Runner) -> None:
    assert (runner.ask("POST", "/runs", body), containers()) == ((422, {"why": why}), [])


@pytest.mark.parametrize("token", ["", "another", TOKEN[:-1]])
def test_who_has_not_the_token_learns_nothing(token: str, runner: Runner) -> None:
    paths = [("POST", "/runs"), ("GET", "/runs/00000000aa"), ("GET", "/services/api"), ("GET", "/nothing")]
    assert [runner.ask(*path, token=token)[0] for path in paths] == [401, 401, 401, 401]


def test_what_is_no_route_no_json_or_too_long_is_refused(runner: Runner) -> None:
    long = json.dumps(ORDER | {"recipe": "a" * 5000}).encode()
    asked = [("GET", "/containers/json"), ("POST", "/runs", b"{"), ("POST", "/runs", long), ("GET", "/runs/0/stop")]
    assert [runner.ask(*one)[0] for one in asked] == [404, 400, 413, 404]


@pytest.mark.parametrize("service", ["mlflow", "train", "..", "runner"])
def test_only_the_api_and_the_page_can_be_started(service: str, runner: Runner) -> None:
    assert runner.ask("POST", f"/services/{service}/start")[0] == 422


def test_a_recipe_with_the_name_of_a_command_is_no_command() -> None:
    order = read_order(ORDER | {"stage": "train", "recipe": "page", "seed": None})
    assert order.arguments("id") == ["--run-id", "id", "--json", "page"]


def test_a_run_takes_its_recipe_and_seed_and_tells_its_log_and_outcome(runner: Runner, folder: Path) -> None:
    assert runner.ask("POST", "/runs", ORDER | {"run": "00000000run1"})[0] == 200
    exit_code, lines = runner.follow("00000000run1")
    receipt = json.loads((folder / "data" / "raw" / "linear.json").read_text())
    assert (exit_code, receipt["overrides"], receipt["rows"]) == (0, {"seed": 7}, 100)
    assert [line for line in lines if "100 rows in raw/linear" in line] != []
    assert runner.find_outcome("00000000run1") == ("ran", None)
    entry = json.loads((folder / "logs" / "runs.jsonl").read_text().splitlines()[-1])
    assert (entry["run_id"].partition("-")[0], entry["outcome"]) == ("00000000run1", "ran")

    assert [runner.ask("DELETE", "/runs/00000000run1")[0] for _ in range(2)] == [200, 200]
    assert (runner.ask("GET", "/runs/00000000run1")[0], containers()) == (404, [])


def test_each_attempt_of_a_run_has_an_entry_of_its_own(runner: Runner) -> None:
    order = ORDER | {"run": "0000000run13"}
    outcomes = []
    for _ in range(2):
        assert runner.ask("POST", "/runs", order)[0] == 200
        runner.follow("0000000run13")
        entry_id = inspect(containers()[0])["Config"]["Labels"][project_of_runner.ENTRY]
        outcomes.append((entry_id, runner.find_outcome("0000000run13")))
        assert runner.ask("DELETE", "/runs/0000000run13")[0] == 200
    assert [outcome for _, outcome in outcomes] == [("unchanged", None)] * 2
    assert len({entry_id for entry_id, _ in outcomes}) == 2


def test_two_attempts_that_end_within_a_second_are_both_put_aside(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = project_of_runner.Project(Engine(SOCKET), PROJECT)
    now = time.time()
    for _ in range(2):
        runner.ask("POST", "/runs", ORDER | {"run": "0000000run14", "recipe": "nothing"})
        runner.follow("0000000run14")
        with monkeypatch.context() as clock:
            clock.setattr(project_of_runner.time, "time", lambda: now)
            ours.remove("0000000run14")
    assert (containers(), len([name for name in containers(aside=True) if "run14" in name])) == ([], 2)


def test_a_run_that_fails_gives_its_exit_code_and_its_words(runner: Runner) -> None:
    assert runner.ask("POST", "/runs", ORDER | {"run": "00000000run2", "recipe": "nothing"})[0] == 200
    exit_code, lines = runner.follow("00000000run2")
    assert runner.find_outcome("00000000run2") == ("failed", "usage")
    runner.ask("DELETE", "/runs/00000000run2")
    assert (exit_code, 'no recipe "nothing"' in lines[-1]) == (2, True)


def test_asked_twice_at_once_there_is_one_container(compose: Docker, runner: Runner) -> None:
    answers: list[Any] = []
    order = ORDER | {"run": "00000000run3"}
    threads = [threading.Thread(target=lambda: answers.append(runner.ask("POST", "/runs", order))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ([status for status, _ in answers], len(containers())) == ([200] * 4, 1)
    assert len({answer["container"] for _, answer in answers}) == 1
    assert runner.follow("00000000run3")[0] == 0
    assert runner.ask("DELETE", "/runs/00000000run3")[0] == 200


NOT_COMPARED = {
    # Its own name, what it is asked to do, and whether somebody watches it.
    "Config": {
        *("Hostname", "Cmd", "Labels", "Image"),
        *("AttachStdin", "AttachStdout", "AttachStderr", "OpenStdin", "StdinOnce"),
    },
    "HostConfig": {"ContainerIDFile"},
}


def compare(found: Any) -> dict[str, Any]:
    """What decides on what a container may do and how it works."""
    kept = {
        part: {k: v for k, v in found[part].items() if k not in left_out} for part, left_out in NOT_COMPARED.items()
    }
    kept["Config"]["Env"] = sorted(kept["Config"]["Env"])
    host = kept["HostConfig"]  # compose gives secrets in no order
    host |= {"Binds": sorted(host["Binds"] or []), "Mounts": sorted(map(str, host.get("Mounts") or []))}
    mounts = sorted(json.dumps(mount, sort_keys=True) for mount in found["Mounts"])
    return kept | {"Image": found["Image"], "Mounts": mounts, "Networks": sorted(found["NetworkSettings"]["Networks"])}


@pytest.mark.parametrize(("stage", "service"), [("preprocess", "preprocess"), ("train", "train")])
def test_a_run_is_made_as_compose_makes_one(stage: str, service: str, compose: Docker, runner: Runner) -> None:
    name = compose("--profile", "train", "run", "--no-deps", "--no-TTY", "--detach", service, "--list").stdout.strip()
    order = Order("00000000run4", stage, "nothing")
    runner.ask("POST", "/runs", {"run": order.run, "stage": stage, "recipe": "nothing"})
    ours, theirs = inspect(containers()[0]), inspect(name)
    runner.follow(order.run)
    runner.ask("DELETE", f"/runs/{order.run}")
    subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)
    assert compare(ours) == compare(theirs)
    assert ours["Config"]["Labels"]["com.docker.compose.oneoff"] == "True"


def test_on_schedule_the_source_is_asked_again_and_nothing_else_differs(compose: Docker, runner: Runner) -> None:
    pattern = inspect(f"{PROJECT}-ingest-1")
    made = project_of_runner.describe_container(pattern, Order("00000000run5", "ingest", "linear", 7))
    assert set(made["Env"]) ^ set(pattern["Config"]["Env"]) == {"RELAY_REFRESH=", "RELAY_REFRESH=always"}


def test_a_killed_container_is_told_as_such(compose: Docker, runner: Runner) -> None:
    compose("create", "--force-recreate", "ingest", **LONG_RUN)
    runner.ask("POST", "/runs", ORDER | {"run": "00000000run6"})
    subprocess.run(["docker", "kill", containers("status=running")[0]], capture_output=True, check=True)
    assert runner.follow("00000000run6")[0] == 137
    assert runner.find_outcome("00000000run6") == (None, None)
    runner.ask("DELETE", "/runs/00000000run6")


def test_a_run_is_stopped_in_order_and_not_removed_while_it_runs(compose: Docker, runner: Runner, folder: Path) -> None:
    compose("create", "--force-recreate", "ingest", **LONG_RUN)
    runner.ask("POST", "/runs", ORDER | {"run": "00000000run7"})
    wait_for((folder / "data" / "raw" / "linear.parquet.tmp").exists, "the first rows", pause=0.05)
    assert runner.ask("DELETE", "/runs/00000000run7")[0] == 502
    assert [runner.ask("POST", "/runs/00000000run7/stop")[0] for _ in range(2)] == [200, 200]
    assert runner.follow("00000000run7")[0] == 130
    assert runner.find_outcome("00000000run7") == ("cancelled", None)
    assert list((folder / "data" / "raw").glob("*.tmp")) == []
    runner.ask("DELETE", "/runs/00000000run7")


def test_a_runner_that_was_killed_finds_what_it_started_and_its_whole_log(compose: Docker, runner: Runner) -> None:
    compose("create", "--force-recreate", "ingest", **LONG_RUN)
    order = ORDER | {"run": "00000000run8", "seed": 8}
    container = runner.ask("POST", "/runs", order)[1]["container"]
    first = runner.ask("GET", "/runs/00000000run8")[1]
    runner.kill()
    runner.start()
    assert runner.ask("POST", "/runs", order)[1]["container"] == container
    exit_code, lines = runner.follow("00000000run8")
    logged = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True).stderr
    runner.ask("DELETE", "/runs/00000000run8")
    assert (exit_code, lines[: len(first["lines"])], lines) == (0, first["lines"], logged.splitlines())


def test_a_task_goes_on_following_its_run_when_the_runner_was_killed(
    compose: Docker, runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    compose("create", "--force-recreate", "ingest", **LONG_RUN)
    ended: list[Ended] = []
    service = Service("the runner", f"http://127.0.0.1:{runner.port}", TOKEN)
    order = ORDER | {"run": "0000000run12", "seed": 12}
    task = threading.Thread(target=lambda: ended.append(run_stage(service, order)))
    with caplog.at_level("INFO", "airflow.task"):
        task.start()
        wait_for(lambda: containers("status=running"), "the run's container", pause=0.05)
        runner.kill()
        runner.start()
        task.join()
    told = [record.message for record in caplog.records if "1,500,000 rows in raw/linear" in record.message]
    assert (ended, len(told), containers()) == ([Ended(0, "ran")], 1, [])


def test_a_log_is_read_on_from_where_the_last_look_ended(compose: Docker, runner: Runner) -> None:
    runner.ask("POST", "/runs", ORDER | {"run": "00000000run9", "recipe": "nothing"})
    _, lines = runner.follow("00000000run9")
    whole = runner.ask("GET", "/runs/00000000run9")[1]
    again = runner.ask("GET", f"/runs/00000000run9?after={whole['after']}")[1]
    runner.ask("DELETE", "/runs/00000000run9")
    assert (whole["lines"], again["lines"], lines != []) == (lines, [], True)


def test_a_service_is_started_where_it_does_not_run(compose: Docker, runner: Runner) -> None:
    name = f"{PROJECT}-api-1"
    assert runner.ask("GET", "/services/api") == (200, {name: "created"})
    assert runner.ask("POST", "/services/api/start") == (200, {"started": [name]})
    assert runner.ask("POST", "/services/api/start") == (200, {"started": []})
    compose("--profile", "schedule", "stop", "--timeout", "5", "api")


def test_the_container_of_a_run_nobody_asked_about_any_more_goes(
    compose: Docker, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose("create", "--force-recreate", "ingest")
    runner.ask("POST", "/runs", ORDER | {"run": "0000000run10", "recipe": "nothing"})
    runner.follow("0000000run10")
    ours = project_of_runner.Project(Engine(SOCKET), PROJECT)
    ours.remove_leftovers()
    kept = len(containers())
    monkeypatch.setattr(project_of_runner, "LEFTOVER_SECONDS", -1)
    ours.remove_leftovers()
    assert (kept, containers()) == (1, [])


def test_a_container_whose_outcome_was_read_stays_some_minutes(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.ask("POST", "/runs", ORDER | {"run": "0000000run77", "recipe": "nothing"})
    runner.follow("0000000run77")
    runner.ask("DELETE", "/runs/0000000run77")
    ours = project_of_runner.Project(Engine(SOCKET), PROJECT)
    ours.remove_leftovers()
    kept = containers(aside=True)
    monkeypatch.setattr(project_of_runner, "ASIDE_SECONDS", -1)
    ours.remove_leftovers()
    assert ([name.count("0000000run77-ended-") for name in kept if "run77" in name], containers(aside=True)) == (
        [1],
        [],
    )


def test_without_the_services_container_the_next_step_is_named(compose: Docker, runner: Runner) -> None:
    compose("rm", "--force", "--stop", "ingest")
    status, answer = runner.ask("POST", "/runs", ORDER)
    compose("create", "ingest")
    assert (status, "docker compose --profile schedule up" in answer["why"]) == (404, True)


def test_a_container_of_another_project_is_no_run(runner: Runner) -> None:
    name = f"{PROJECT}-run-00000000other"
    subprocess.run(["docker", "create", "--name", name, "relay-ingest"], capture_output=True, check=True)
    answers = [runner.ask(*one)[0] for one in [("GET", "/runs/00000000other"), ("POST", "/runs/00000000other/stop")]]
    subprocess.run(["docker", "rm", name], capture_output=True, check=True)
    assert answers == [404, 404]


def test_down_takes_a_run_that_still_runs(compose: Docker, runner: Runner) -> None:
    compose("create", "--force-recreate", "ingest", **LONG_RUN)
    runner.ask("POST", "/runs", ORDER | {"run": "0000000run11", "seed": 11})
    assert len(containers("status=running")) == 1
    compose("--profile", "*", "down", "--remove-orphans", "--timeout", "5")
    assert containers() == []
