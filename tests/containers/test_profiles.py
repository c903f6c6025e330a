"""Profiles: every combination is a file that holds, and what they start becomes healthy, alone and together.

RELAY_PROFILES=all (`make test-docker PROFILES=all`) starts each pair as well; else those that no other test starts.
"""

import itertools
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine import ROOT, Docker, compose_in

PROFILES = ("train", "serve", "dev", "monitoring", "postgres", "schedule", "full")
PAIRS = tuple(itertools.combinations(PROFILES[:-1], 2))
STARTED = [("train", "monitoring"), ("dev", "postgres"), ("full", "postgres")]
EVERYTHING = ("full", "postgres", "cluster")
ALL = [(), *((profile,) for profile in PROFILES[:-1]), *PAIRS, ("cluster",), ("full",), ("full", "postgres")]
CHOSEN = ALL if os.environ.get("RELAY_PROFILES") == "all" else STARTED

PORTS = {
    "PAGE_PORT": "18570",
    "MLFLOW_PORT": "15070",
    "GATEWAY_PORT": "18071",
    "GATEWAY_API_PORT": "18072",
    "API_PORT": "18073",
    "PROMETHEUS_PORT": "19074",
    "GRAFANA_PORT": "13075",
    "POSTGRES_PORT": "15476",
    "AIRFLOW_PORT": "18077",
    "CLUSTER_PORT": "18078",
}
ALWAYS = {"ingest", "preprocess", "model", "mlflow"}


def name_profiles(chosen: tuple[str, ...]) -> list[str]:
    """The options of `docker compose` for some profiles."""
    return [part for profile in chosen for part in ("--profile", profile)]


def read_config(compose: Docker, chosen: tuple[str, ...]) -> dict[str, Any]:
    """Name -> service of what some profiles start, as compose understands the file."""
    services: dict[str, Any] = json.loads(
        compose(*name_profiles(chosen), "config", "--format", "json", USE_POSTGRES=uses_postgres(chosen)).stdout
    )["services"]
    return services


def uses_postgres(chosen: tuple[str, ...]) -> str:
    """What USE_POSTGRES must say for some profiles."""
    return str("postgres" in chosen).lower()


def make_passwords(folder: Path) -> None:
    """A password in each file that `make .env` would make."""
    folder.mkdir()
    folder.chmod(0o711)
    line = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("PASSWORDS :="))
    for name in line.partition(":=")[2].split():
        (folder / f"{name}_password").write_text(f"{secrets.token_urlsafe(24)}\n")


def read_memory(container: str) -> float:
    """The MiB that a container holds."""
    command = ["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", container]
    used = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("/")[0].strip()
    units = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0, "B": 1 / 1048576}
    unit = next(unit for unit in units if used.endswith(unit))
    return float(used.removesuffix(unit)) * units[unit]


@pytest.fixture
def compose(folder: Path) -> Iterator[Docker]:
    """`docker compose` in a project of its own, with passwords of its own; everything goes afterwards."""
    make_passwords(folder / "secrets")
    run = compose_in(folder, f"relay-test-profiles-{os.getpid()}", RELAY_SECRETS=f"{folder}/secrets", **PORTS)
    yield run
    run("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


@pytest.mark.parametrize("count", range(len(PROFILES) + 1))
def test_in_every_combination_a_service_that_lasts_waits_for_each_that_ends(count: int, compose: Docker) -> None:
    # `up --wait` takes the end of one that nobody waits for as a failure.
    # What the cluster starts has to do with no other profile: it is added to one combination of each size.
    for chosen in (*itertools.combinations(PROFILES, count), (*PROFILES[:count], "cluster")):
        services = read_config(compose, chosen)
        assert set(services) >= ALWAYS
        lasting = {name for name, service in services.items() if service["restart"] != "no"}
        ended = {
            other
            for name, service in services.items()
            for other, condition in service.get("depends_on", {}).items()
            if name in lasting and condition["condition"] == "service_completed_successfully"
        }
        waited_for = {*ended, *(other for name in ended for other in services.get(name, {}).get("depends_on", {}))}
        assert (chosen, set(services) - lasting - waited_for) == (chosen, set())


def test_every_service_that_lasts_has_a_health_check_a_limit_and_an_end_to_its_log(compose: Docker) -> None:
    services = read_config(compose, EVERYTHING)
    lasting = {name: service for name, service in services.items() if service["restart"] != "no"}
    assert {name for name, service in lasting.items() if not service.get("healthcheck")} == set()
    assert {name for name, service in services.items() if not service.get("mem_limit")} == set()
    assert {name for name, service in services.items() if "max-size" not in service["logging"]["options"]} == set()


def test_every_port_is_published_on_this_machine_alone(compose: Docker) -> None:
    services = read_config(compose, EVERYTHING)
    published = {port["host_ip"] for service in services.values() for port in service.get("ports", [])}
    assert published == {"127.0.0.1"}


def test_what_strangers_reach_first_shares_no_network_with_database_socket_or_figures(compose: Docker) -> None:
    networks = {name: set(service["networks"]) for name, service in read_config(compose, EVERYTHING).items()}
    assert {name for name in networks if networks[name] & networks["gateway"]} == {"gateway", "api", "mlflow", "model"}
    assert {name for name in networks if networks[name] & networks["runner"]} == {"runner", "airflow"}
    stages = {"ingest", "preprocess", "model", "train", "monitor"}
    assert {name for name in networks if "cluster" in networks[name]} == {
        *("dask-scheduler", "dask-worker", "prometheus"),
        *stages,
    }


@pytest.mark.parametrize("chosen", CHOSEN, ids=lambda chosen: "-".join(chosen) or "none")
def test_what_profiles_start_becomes_healthy(
    chosen: tuple[str, ...], compose: Docker, every_image: None, folder: Path
) -> None:
    assert every_image is None
    options, use = name_profiles(chosen), uses_postgres(chosen)
    expected = {name for name, service in read_config(compose, chosen).items() if service["restart"] != "no"}
    begun = time.monotonic()
    done = compose(*options, "up", "--detach", "--wait", check=False, USE_POSTGRES=use)
    if done.returncode:
        said = compose(*options, "logs", "--tail", "20", USE_POSTGRES=use).stdout
        raise AssertionError(f"{done.stderr[-2000:]}\n{said}")
    seconds = time.monotonic() - begun
    lines = compose(*options, "ps", "--format", "json", USE_POSTGRES=use).stdout.splitlines()
    running = [json.loads(line) for line in lines]
    assert {service["Service"] for service in running if service["Health"] == "healthy"} == expected
    memory = sum(read_memory(service["ID"]) for service in running)
    print(f"{'+'.join(chosen) or 'none'}: {len(running)} services, {seconds:.0f} s, {memory:,.0f} MiB")  # noqa: T201
    assert (folder / "data" / "processed" / "linear.parquet").exists()
