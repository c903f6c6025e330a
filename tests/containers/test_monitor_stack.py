"""The monitor in compose: what `up` starts there ends well, a run finds a shift, and people accept it by the API."""

import json
import os
import random
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine import Docker, build_image, compose_in
from patience import HANG_SECONDS, wait_for

PORTS = {
    "PAGE_PORT": "18940",
    "MLFLOW_PORT": "15940",
    "GATEWAY_PORT": "18942",
    "GATEWAY_API_PORT": "18943",
    "API_PORT": "18944",
}
API = f"http://127.0.0.1:{PORTS['GATEWAY_API_PORT']}"
PROJECT = f"relay-test-monitor-{os.getpid()}"

SEE_AS_THE_PAGE = """
from page.monitor.source import ApiSource
from page.predict.api import Api
seen = ApiSource(Api("http://api:8000", "linear")).read()
print(seen.report.verdict.kind, seen.report.is_alarm)
"""


def ask(path: str, body: Any = None) -> Any:
    """The API's answer, through the gateway."""
    request = urllib.request.Request(
        API + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
        return json.loads(answer.read())


def ask_records(rows: int, *, seed: int, factor: float = 1.0) -> None:
    """Ask for predictions, 100 a request; x is drawn as the recipe makes it up, then multiplied."""
    draw = random.Random(seed)
    for _ in range(rows // 100):
        ask("/models/linear/predict", [{"x": factor * draw.uniform(0, 20)} for _ in range(100)])


def run_monitor(compose: Docker, *words: str) -> subprocess.CompletedProcess[str]:
    """One run of the monitor, as people type it."""
    return compose("run", "--rm", "monitor", *words, check=False)


@pytest.fixture(scope="module")
def stack(
    images: dict[str, str], server_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Docker, Path]]:
    """The serving stack, started as `make serve` does, on folders of another user; and those folders."""
    assert images
    assert server_image
    build_image("relay-serve", "serve/serve.Dockerfile")
    folder = tmp_path_factory.mktemp("monitor")
    for name in ("data", "logs"):
        (folder / name).mkdir()
        os.chown(folder / name, 1000, 1000)
    compose = compose_in(
        folder, PROJECT, **PORTS, COMPOSE_PROFILES="serve", REGISTRY_POLL_SECONDS="1", PROMOTE="always"
    )
    try:
        compose("up", "--detach", "--wait")
        yield compose, folder
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


def find_container(compose: Docker, service: str) -> Any:
    """What the engine says of a service's container."""
    container = compose("ps", "--all", "--quiet", service).stdout.split()[0]
    told = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)[0]


def test_what_up_starts_makes_the_tables_and_ends_well(stack: tuple[Docker, Path]) -> None:
    compose, _ = stack
    assert find_container(compose, "monitor")["State"]["ExitCode"] == 0
    listed = compose("exec", "-T", "api", "ls", "-ln", "/var/lib/relay").stdout
    assert [line.split()[2] for line in listed.splitlines() if line.endswith("monitor.sqlite")] == ["1000"]


def test_the_monitor_may_do_no_more_than_it_must(stack: tuple[Docker, Path]) -> None:
    compose, _ = stack
    found = find_container(compose, "monitor")
    host = found["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["PortBindings"] or {}) == (True, ["ALL"], {})
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert {mount["Destination"] for mount in found["Mounts"]} >= {"/app/data", "/app/logs", "/var/lib/relay"}
    assert not any("code_key" in mount["Destination"] for mount in found["Mounts"])
    page = find_container(compose, "model")
    assert "/var/lib/relay" not in {mount["Destination"] for mount in page["Mounts"]}


def test_a_shift_is_an_alarm_for_the_command_the_api_and_the_page_until_it_is_accepted(
    stack: tuple[Docker, Path],
) -> None:
    compose, folder = stack
    wait_for(lambda: ask("/health")["models"]["linear"]["ready"], "the API", 0.5)
    ask_records(2_000, seed=1)
    ask_records(4_000, seed=2, factor=0.5)

    def is_alarm() -> bool:
        return run_monitor(compose, "linear").returncode == 3

    wait_for(is_alarm, "an alarm", 2.0)
    found = ask("/models/linear/monitor")
    assert (found["is_alarm"], found["verdict"]["columns"][0]["name"] in ("x", "(score)")) == (True, True)
    seen = compose("exec", "-T", "model", "python", "-c", SEE_AS_THE_PAGE).stdout.split()
    assert seen == [found["verdict"]["kind"], "True"]
    figures = (folder / "logs" / "metrics" / "monitor-linear.prom").read_text()
    assert f'relay_monitor_verdict{{model="linear",version="1",kind="{found["verdict"]["kind"]}"}} 1.0' in figures
    assert ask("/models/linear/monitor/accept", {"who": "Ada", "why": "a new region"})["who"] == "Ada"
    done = run_monitor(compose, "linear")
    assert (done.returncode, ask("/models/linear/monitor")["baseline"]["who"]) == (0, "Ada")


def test_stack_status_takes_an_alarm_for_work_done(stack: tuple[Docker, Path]) -> None:
    compose, _ = stack
    assert compose("up", "--detach", "--wait", check=False).returncode == 0
