"""The ports that are looked at before a start are those that the compose files publish, for the same profiles."""

import re
import socket
from pathlib import Path

import pytest
import yaml

from services.stack.docker import StackError
from services.stack.env_file import list_profiles
from services.stack.ports import PORTS, TLS_PORTS, check_ports

ROOT = Path(__file__).parents[2]
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
    known = {"PORTS": PORTS, "TLS_PORTS": TLS_PORTS}[ports]
    assert {name: (service, port) for name, (service, port, _, _) in known.items()} == read_published(file)


def test_a_port_is_looked_at_for_the_profiles_of_its_service() -> None:
    known = PORTS
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
    variable: str, arguments: list[str], settings: dict[str, str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the port in question may count, whatever else runs on this machine; no container is asked for.
    monkeypatch.setenv("PATH", "")
    free = {name: str(find_free_port()) for name in PORTS | TLS_PORTS}
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        told = check_ports(free | settings | {variable: str(port)}, [*arguments, *list_profiles(settings)])
    assert (len(told), f"{variable}={port + 1}" in "".join(told)) == (code, bool(code))


@pytest.mark.parametrize("said", ["abc", "0", "65536", "80:80", "-1", "1e3", "８０", " 80", "8501.0"])
def test_what_is_no_port_is_told_with_its_variable(said: str) -> None:
    with pytest.raises(StackError, match=re.escape(f"PAGE_PORT={said}: expected a port, 1 to 65535")):
        check_ports({"PAGE_PORT": said}, [])


def find_free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
