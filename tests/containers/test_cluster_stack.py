"""A cluster in containers: stages hand tasks to workers, strangers are refused, figures arrive, and nothing is left.

One project for the whole module, with certificates; the last test takes it down.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine import ROOT, Docker, compose_in, find_users
from patience import wait_for

sys.path.append(str(Path(__file__).resolve().parents[1] / "services"))

from monitoring_files import find_names, find_panels, find_rules

from services.stack.certificates import make_certificates

PROJECT = f"relay-test-cluster-{os.getpid()}"
PORTS = {"PROMETHEUS_PORT": "19091", "CLUSTER_PORT": "18796"}
STARTED = ("dask-scheduler", "dask-worker", "prometheus")

PARTS = "ingest.rows=4000,ingest.part_rows=500"
"""A dataset in eight parts: eight tasks."""

IN_CLUSTER = "of the cluster at tls://dask-scheduler:8786"

CONNECT = """
import sys
from distributed import Client
from distributed.security import Security
for address, authority, certificate in zip(*[iter(sys.argv[1:])] * 3):
    given = {"tls_ca_file": authority, "tls_client_cert": certificate} if certificate else {}
    try:
        Client(address, security=Security(require_encryption=bool(given), **given), timeout=20).close()
        print("connected")
    except OSError as error:
        print("refused")
"""
"""A program that tries to join as a client; its arguments: address, authority and own certificate of each attempt."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Docker, Path]]:
    """`docker compose` of the project, with two workers that are up, and its folder."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "logs").mkdir()
    run_natively("ingest", folder / "native")
    shutil.copytree(folder / "native", folder / "data")
    make_certificates(folder / "secrets" / "cluster")
    settings = {
        # A tag of its own: these images have Dask's packages, and others test that theirs have not.
        "IMAGE_TAG": "test-cluster",
        "RELAY_SECRETS": f"{folder}/secrets",
        "CLUSTER_TLS": f"{folder}/secrets/cluster",
        "DASK_SCHEDULER_ADDRESS": "tls://dask-scheduler:8786",
        "COMPOSE_PROFILES": "cluster,monitoring",
        "OVERRIDES": PARTS,
    }
    compose = compose_in(folder, PROJECT, **settings, **PORTS)
    try:
        compose("build", "--quiet", "dask-scheduler", "preprocess")
        compose("up", "--detach", "--wait", *STARTED)
        yield compose, folder
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


def run_natively(stage: str, data: Path) -> None:
    """Run a stage on this machine, in its own threads."""
    command = [sys.executable, "-m", stage, "linear", "--data-dir", str(data), "--log-dir", str(data.parent / "logs")]
    there = {name: value for name, value in os.environ.items() if name != "DASK_SCHEDULER_ADDRESS"}
    subprocess.run(command, cwd=ROOT, env=there | {"OVERRIDES": PARTS}, check=True, capture_output=True)


def preprocess(compose: Docker) -> str:
    """What preprocess says, run in its container whether something has changed or not."""
    return compose("run", "--rm", "--no-deps", "-T", "preprocess", "linear", "--force").stderr


def read_sums(data: Path) -> str:
    """The SHA-256 of each processed part."""
    parts = json.loads((data / "processed" / "linear.json").read_text())["parts"]["folder"]
    return (data / "processed" / "linear.parts" / parts / "SHA256SUMS").read_text()


def list_containers(compose: Docker, service: str) -> list[str]:
    """The ids of a service's containers that run."""
    return compose("ps", "--quiet", "--status", "running", service).stdout.split()


def ask_prometheus(compose: Docker, path: str) -> Any:
    """What Prometheus answers, asked in its container."""
    told = compose("exec", "-T", "prometheus", "wget", "-q", "-O", "-", f"http://127.0.0.1:9090/api/v1/{path}").stdout
    return json.loads(told)["data"]


def test_two_workers_and_the_scheduler_run_and_none_as_root(cluster: tuple[Docker, Path]) -> None:
    compose, _ = cluster
    found = {service: list_containers(compose, service) for service in ("dask-scheduler", "dask-worker")}
    assert {service: len(ids) for service, ids in found.items()} == {"dask-scheduler": 1, "dask-worker": 2}
    assert {user for ids in found.values() for one in ids for user in find_users(one, "urllib")} == {"10001"}


def test_a_stage_writes_the_same_bytes_on_the_cluster_as_natively(cluster: tuple[Docker, Path]) -> None:
    compose, folder = cluster
    assert IN_CLUSTER in preprocess(compose)
    run_natively("preprocess", folder / "native")
    assert read_sums(folder / "data") == read_sums(folder / "native")
    assert len(read_sums(folder / "data").splitlines()) == 8


def test_a_stranger_is_refused_whatever_he_shows(cluster: tuple[Docker, Path]) -> None:
    compose, folder = cluster
    if not (other := folder / "other").exists():
        make_certificates(other)
        other.chmod(0o755)
    mount = ("--volume", f"{other}:/other:ro")
    own, tls = "/run/secrets/cluster_ca", "tls://dask-scheduler:8786"
    asked = [
        (tls, own, "/run/secrets/cluster_client"),
        (tls, own, "/other/client.pem"),
        (tls, "/other/ca.pem", "/other/client.pem"),
        ("tcp://dask-scheduler:8786", "", ""),
    ]
    program = ["--entrypoint", "python", "preprocess", "/app/images/entrypoint.py", "python", "-c", CONNECT]
    words = [word for one in asked for word in one]
    answers = compose("run", "--rm", "--no-deps", "-T", *mount, *program, *words).stdout.splitlines()
    assert answers == ["connected", "refused", "refused", "refused"]


def test_every_figure_that_panels_and_alerts_ask_for_arrives(cluster: tuple[Docker, Path]) -> None:
    compose, _ = cluster
    # So that what is counted by the names of tasks is there.
    preprocess(compose)
    up = {"dask-scheduler": 1, "dask-worker": 2}

    def count_targets() -> dict[str, int]:
        targets = ask_prometheus(compose, "targets")["activeTargets"]
        return {
            job: len([one for one in targets if one["labels"]["job"] == job and one["health"] == "up"]) for job in up
        }

    wait_for(lambda: count_targets() == up, "Prometheus to have asked the scheduler and both workers", pause=1)
    texts = [query for panel in find_panels() for query in panel.queries]
    texts += [rule["expr"] for rule in find_rules("alert")]
    asked = {name for text in texts for name in find_names(text) if name.startswith("dask_")}
    assert len(asked) >= 4

    def find_missing() -> set[str]:
        return asked - set(ask_prometheus(compose, "label/__name__/values"))

    wait_for(lambda: not find_missing(), "all figures", pause=1)


def test_more_workers_join_and_a_killed_one_comes_back(cluster: tuple[Docker, Path]) -> None:
    compose, folder = cluster
    compose("up", "--detach", "--wait", "--no-recreate", "--scale", "dask-worker=3", "dask-worker")
    workers = list_containers(compose, "dask-worker")
    assert len(workers) == 3
    kill = ["docker", "exec", "--user", "10001", workers[0], "python", "-c", KILL]
    assert subprocess.run(kill, capture_output=True, text=True, check=True).stdout == "1\n"
    assert IN_CLUSTER in preprocess(compose)
    assert read_sums(folder / "data") == read_sums(folder / "native")


KILL = """
import os, pathlib, signal
lines = {int(one.name): (one / "cmdline").read_bytes() for one in pathlib.Path("/proc").glob("[0-9]*")}
workers = [number for number, line in lines.items() if b"--multiprocessing-fork" in line and number != os.getpid()]
for number in workers:
    os.kill(number, signal.SIGKILL)
print(len(workers))
"""
"""Ends the process that runs the tasks; the one above it starts another."""


def test_down_leaves_no_container_and_no_network(cluster: tuple[Docker, Path]) -> None:
    compose, folder = cluster
    compose("--profile", "*", "down", "--timeout", "5")
    label = f"label=com.docker.compose.project={PROJECT}"
    left = [
        subprocess.run(["docker", kind, "ls", *more, "--quiet", "--filter", label], capture_output=True, text=True)
        for kind, more in (("container", ["--all"]), ("network", []))
    ]
    assert [done.stdout for done in left] == ["", ""]
    # The file by which workers show that they see the data folder.
    assert list((folder / "data" / ".state" / "cluster").iterdir()) == []
