"""`make update` under load: replicas come and go, and no request fails; also after one that was broken off."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from counts import UPDATES
from engine import ROOT, Docker, build_image, compose_in, list_variables
from load import Load
from patience import HANG_SECONDS, wait_for
from test_serve_stack import ask

PORTS = {
    "MLFLOW_PORT": "15730",
    "PAGE_PORT": "18730",
    "GATEWAY_PORT": "18731",
    "GATEWAY_API_PORT": "18732",
    "API_PORT": "18733",
}
API = f"http://127.0.0.1:{PORTS['GATEWAY_API_PORT']}"
PROJECT = f"relay-test-update-{os.getpid()}"


@dataclass(frozen=True)
class Stack:
    """The project, and the environment that its commands have."""

    compose: Docker
    environment: dict[str, str]


@pytest.fixture(scope="module")
def stack(images: dict[str, str], server_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`docker compose` of the project: trained, served by three replicas, and ready."""
    assert images
    assert server_image
    build_image("relay-serve", "serve/serve.Dockerfile")
    folder = tmp_path_factory.mktemp("stack")
    for name in ("data", "logs"):
        (folder / name).mkdir()
        os.chown(folder / name, 1000, 1000)
    settings = {**PORTS, "COMPOSE_PROFILES": "serve", "MODEL_URI": "models:/linear@production", "GATEWAY_RATE": "5000"}
    compose = compose_in(folder, PROJECT, **settings)
    try:
        compose("up", "--detach", "--wait", "--scale", "api=3")
        wait_for(lambda: all(ask(f"{API}/health").status == 200 for _ in range(12)), "three replicas", pause=0.2)
        yield Stack(compose, list_variables(folder, PROJECT, **settings))
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


def update(stack: Stack, **settings: str) -> "subprocess.Popen[str]":
    """`make update` without the build, on this project, with these settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "services.update"],
        cwd=ROOT,
        env=stack.environment | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def replicas(stack: Stack) -> set[str]:
    """The ids of the containers of the service, of those that do not run too."""
    return set(stack.compose("ps", "--all", "--quiet", "api").stdout.split())


def predict() -> tuple[int, Any]:
    """One prediction, without a key: the gateway must not send it twice."""
    answer = ask(f"{API}/predict", {"values": [5]})
    return answer.status, answer.json if answer.status == 200 else answer.body


@pytest.mark.counted
def test_no_request_fails_while_all_replicas_are_replaced(
    stack: Stack, record_property: Callable[[str, object], None]
) -> None:
    before = replicas(stack)
    with Load(predict) as load:
        load.wait(50)
        for number in range(UPDATES.value):
            done = update(stack, RETENTION_DAYS=f"{number + 100}")
            told = done.communicate(timeout=400)[0]
            assert (done.returncode, told.count("takes requests")) == (0, 3), told
            after = replicas(stack)
            assert (len(after), before & after) == (3, set())
            before = after
        load.wait(50)
    assert (load.refused, load.broken) == ([], [])
    assert len(load.answered) == len(set(load.answered))
    record_property("make update under load, of three replicas each", UPDATES.value)
    record_property("answers around the updates, none of them missing", len(load.answered))


def test_a_second_update_and_a_later_up_find_nothing_to_do(stack: Stack) -> None:
    settings = {"RETENTION_DAYS": f"{UPDATES.value + 99}"}
    before = replicas(stack)
    told = update(stack, **settings).communicate(timeout=100)[0]
    stack.compose("up", "--detach", "--wait", "--scale", "api=3", **settings)
    assert ("nothing to do" in told, replicas(stack)) == (True, before)


def test_a_version_that_never_gets_ready_leaves_the_old_ones_at_work(stack: Stack) -> None:
    before = replicas(stack)
    with Load(predict) as load:
        load.wait(20)
        done = update(stack, API_MAX_ROWS="1.5")
        told = done.communicate(timeout=300)[0]
        load.wait(20)
    assert (done.returncode, "API_MAX_ROWS" in told, "go on with the version before" in told) == (1, True, True), told
    assert (load.refused, load.broken, replicas(stack)) == ([], [], before)


def test_an_update_that_is_killed_is_finished_by_the_next(stack: Stack) -> None:
    before = replicas(stack)
    with Load(predict) as load:
        load.wait(20)
        done = update(stack, RETENTION_DAYS="7")
        assert done.stdout is not None
        # Between the new one's first request and the old one's end.
        wait_for(lambda: "takes requests" in (done.stdout.readline() if done.stdout else ""), "a new replica")
        done.send_signal(signal.SIGKILL)
        done.communicate(timeout=HANG_SECONDS)
        again = update(stack, RETENTION_DAYS="7")
        told = again.communicate(timeout=400)[0]
        load.wait(20)
    after = replicas(stack)
    assert (again.returncode, len(after), before & after) == (0, 3, set()), told
    assert (load.refused, load.broken) == ([], [])


def test_a_new_image_is_what_the_replicas_run_afterwards(stack: Stack, tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    (tmp_path / "Dockerfile").write_text(f"FROM relay-serve\nLABEL relay.mark={mark}\n")
    tag = f"test-update-{os.getpid()}"
    subprocess.run(["docker", "build", "-q", "-t", f"relay-serve:{tag}", tmp_path], capture_output=True, check=True)
    try:
        done = update(stack, IMAGE_TAG=tag)
        told = done.communicate(timeout=400)[0]
        marks = ["docker", "inspect", "--format", '{{index .Config.Labels "relay.mark"}}', *replicas(stack)]
        found = subprocess.run(marks, capture_output=True, text=True, check=True).stdout.split()
        assert (done.returncode, found) == (0, [mark] * 3), told
    finally:
        stack.compose("rm", "--force", "--stop", "api")
        subprocess.run(["docker", "rmi", "--force", f"relay-serve:{tag}"], capture_output=True, check=False)
