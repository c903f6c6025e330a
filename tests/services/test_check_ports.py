"""The ports that are looked at before a start are those that the compose files publish, for the same profiles."""

import re
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "images" / "check_ports.py"
PUBLISHED = re.compile(r":\$\{(\w+_PORT):-(\d+)\}:\d+$")


def read_published(file: str) -> dict[str, tuple[str, int]]:
    """Variable -> service and default port, of all ports that a compose file publishes."""
    # Compose's own tags, such as !reset, are of no use here.
    text = re.sub(r" !(reset|override)\b", "", (ROOT / file).read_text(encoding="utf-8"))
    services = yaml.safe_load(text)["services"]
    found = [(name, PUBLISHED.search(port)) for name, service in services.items() for port in service.get("ports", [])]
    assert None not in [match for _, match in found]
    return {match[1]: (name, int(match[2])) for name, match in found if match}


@pytest.mark.parametrize(("file", "ports"), [("docker-compose.yml", "PORTS"), ("docker-compose.tls.yml", "TLS_PORTS")])
def test_every_port_that_is_published_is_looked_at(file: str, ports: str) -> None:
    known = runpy.run_path(str(PROGRAM))[ports]
    assert {name: (service, port) for name, (service, port, _, _) in known.items()} == read_published(file)


def test_a_port_is_looked_at_for_the_profiles_of_its_service() -> None:
    known = runpy.run_path(str(PROGRAM))["PORTS"]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    profiles = {name: set(services[service].get("profiles", [])) for name, (service, _, _, _) in known.items()}
    assert {name: set(needs) for name, (_, _, _, needs) in known.items()} == profiles


@pytest.mark.parametrize(
    ("variable", "arguments", "settings", "code"),
    [
        ("POSTGRES_PORT", ["postgres"], {}, 1),
        ("POSTGRES_PORT", ["full", "postgres"], {}, 1),
        ("POSTGRES_PORT", ["dev"], {}, 0),
        ("POSTGRES_PORT", [], {"COMPOSE_PROFILES": "train,postgres"}, 1),
        ("GATEWAY_TLS_PORT", ["serve"], {"COMPOSE_FILE": "docker-compose.yml:docker-compose.tls.yml"}, 1),
        ("API_TLS_PORT", ["full"], {"COMPOSE_FILE": "docker-compose.yml:docker-compose.tls.yml"}, 1),
        ("API_TLS_PORT", ["full"], {}, 0),
    ],
)
def test_a_port_in_use_is_told_where_it_would_be_published(
    variable: str, arguments: list[str], settings: dict[str, str], code: int, tmp_path: Path
) -> None:
    # Only the port in question may count, whatever else runs on this machine.
    names = runpy.run_path(str(PROGRAM))
    free = {name: str(find_free_port()) for name in names["PORTS"] | names["TLS_PORTS"]}
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        environment = free | settings | {variable: str(port), "PATH": ""}
        command = [sys.executable, PROGRAM, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, f"{variable}={port + 1}" in done.stderr) == (code, bool(code))


def find_free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
