"""The file for a machine that others reach: what it publishes, limits and asks for."""

import json
from typing import Any

import pytest
from engine import Docker

FILES = "docker-compose.yml:docker-compose.tls.yml:docker-compose.prod.yml"
NEEDED = {
    "BIND_ADDRESS": "0.0.0.0",
    "API_KEY_SHA256": "0" * 64,
    "PAGE_BASE_PATH": "page",
    "MLFLOW_ARTIFACTS_DESTINATION": "s3://bucket/mlflow",
}


@pytest.fixture
def services(compose: Docker) -> dict[str, Any]:
    """Name -> service of everything at once, as compose understands the three files."""
    done = compose("--profile", "*", "config", "--format", "json", COMPOSE_FILE=FILES, USE_POSTGRES="true", **NEEDED)
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def test_only_the_gateway_is_published_to_others(services: dict[str, Any]) -> None:
    open_to_all = {
        (name, port["published"])
        for name, service in services.items()
        for port in service.get("ports", [])
        if port["host_ip"] != "127.0.0.1"
    }
    assert open_to_all == {("gateway", port) for port in ("80", "8080", "443", "8443")}
    assert [name for name in ("postgres", "mlflow", "model", "api") if services[name].get("ports")] == []


def test_what_lasts_starts_again_with_the_machine_and_has_limits(services: dict[str, Any]) -> None:
    lasting = {name: service for name, service in services.items() if service["restart"] != "no"}
    assert {service["restart"] for service in lasting.values()} == {"always"}
    limits = ("mem_limit", "cpus", "pids_limit")
    assert {name: [limit for limit in limits if not service.get(limit)] for name, service in lasting.items()} == {
        name: [] for name in lasting
    }


def test_the_api_has_replicas_and_asks_for_the_key(services: dict[str, Any]) -> None:
    api = services["api"]
    assert (api["scale"], api["environment"]["API_KEY_SHA256"]) == (3, NEEDED["API_KEY_SHA256"])


def test_files_of_runs_go_to_the_object_store_with_keys_from_a_file(services: dict[str, Any]) -> None:
    mlflow = services["mlflow"]
    keys = "/run/secrets/object_store_credentials"
    assert mlflow["environment"]["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://bucket/mlflow"
    assert mlflow["environment"]["AWS_SHARED_CREDENTIALS_FILE"] == keys
    assert keys in [secret.get("target") or f"/run/secrets/{secret['source']}" for secret in mlflow["secrets"]]


@pytest.mark.parametrize("name", NEEDED)
def test_what_has_no_default_is_asked_for_by_its_name(name: str, compose: Docker) -> None:
    done = compose("config", "--quiet", check=False, COMPOSE_FILE=FILES, **(NEEDED | {name: ""}))
    assert (done.returncode != 0, name in done.stderr, "in .env" in done.stderr) == (True, True, True)
