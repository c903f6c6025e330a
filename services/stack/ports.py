"""Are the ports free that `docker compose up` will publish? Says which variable moves one that is not.

The ports with TLS count where COMPOSE_FILE names their file.
"""

import re
import socket
from collections.abc import Iterable, Mapping

from services.stack.docker import StackError, ask_compose, find_docker

PORTS = {
    "PAGE_PORT": ("model", 8501, "the page", ()),
    "MLFLOW_PORT": ("mlflow", 5000, "the experiment tracker", ()),
    "GATEWAY_PORT": ("gateway", 80, "MLflow behind the gateway", ("serve", "schedule", "full")),
    "GATEWAY_API_PORT": ("gateway", 8080, "the API behind the gateway", ("serve", "schedule", "full")),
    "API_PORT": ("gateway", 8000, "the API behind the gateway", ("serve", "schedule", "full")),
    "PROMETHEUS_PORT": ("prometheus", 9090, "Prometheus", ("dev", "monitoring", "full")),
    "GRAFANA_PORT": ("grafana", 3000, "Grafana", ("dev", "monitoring", "full")),
    "POSTGRES_PORT": ("postgres", 5432, "PostgreSQL", ("postgres",)),
    "AIRFLOW_PORT": ("airflow", 8081, "Airflow", ("schedule", "full")),
    "CLUSTER_PORT": ("dask-scheduler", 8787, "the cluster's dashboard", ("cluster",)),
}
"""Variable in .env -> service, default port, what is there, profiles that start it (none: always)."""

LOOPBACK = ("CLUSTER_PORT",)
"""Published on this machine alone, whatever BIND_ADDRESS says."""

TLS_FILE = "docker-compose.tls.yml"
TLS_PORTS = {
    "GATEWAY_TLS_PORT": ("gateway", 443, "MLflow behind the gateway, with TLS", ("serve", "schedule", "full")),
    "API_TLS_PORT": ("gateway", 8443, "the API behind the gateway, with TLS", ("serve", "schedule", "full")),
}


LAST_PRIVILEGED, MOST_PORT = 1023, 65535


def list_published(settings: "Mapping[str, str]", profiles: "Iterable[str]") -> "dict[str, tuple[str, int, str]]":
    """Variable -> service, port and what is there, of all ports that are published.

    Args:
        settings: the variables.
        profiles: that are started; `*` stands for all.

    Raises:
        StackError: a variable is no port.
    """
    started = set(profiles)
    ports = PORTS | (TLS_PORTS if TLS_FILE in settings.get("COMPOSE_FILE", "") else {})
    return {
        variable: (service, read_port(variable, settings.get(variable) or str(default)), what)
        for variable, (service, default, what, needs) in ports.items()
        if not needs or "*" in started or started.intersection(needs)
    }


def read_port(variable: str, said: str) -> int:
    """The port that a variable names.

    Raises:
        StackError: it is no port.
    """
    if not re.fullmatch("[0-9]{1,5}", said, re.ASCII) or not 1 <= int(said) <= MOST_PORT:
        raise StackError(f"{variable}={said}: expected a port, 1 to {MOST_PORT}; correct it in .env or in the shell")
    return int(said)


def check_ports(settings: "Mapping[str, str]", profiles: "Iterable[str]") -> "list[str]":
    """One line for each port that another program holds, with the variable that moves it.

    Raises:
        StackError: as `list_published`.
    """
    address = settings.get("BIND_ADDRESS") or "127.0.0.1"
    return [
        f"Port {port} for {what} is in use by another program. "
        f"Stop it, or choose another port: {variable}={find_other(port)} in .env"
        for variable, (service, port, what) in list_published(settings, profiles).items()
        if not is_free("127.0.0.1" if variable in LOOPBACK else address, port) and not is_running(service)
    ]


def find_other(port: int) -> int:
    """A port to choose instead, one that needs no rights."""
    return port + 1 if LAST_PRIVILEGED < port < MOST_PORT else port % 1000 + 8000


def is_free(address: str, port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((address, port))
        except PermissionError:
            # A port below 1024, which Docker may open and this user may not: only a listener tells that it is taken.
            with socket.socket() as client:
                client.settimeout(1)
                return client.connect_ex((address, port)) != 0
        except OSError:
            return False
    return True


def is_running(service: str) -> bool:
    """Whether it is our own container that holds the port."""
    return find_docker() and bool(ask_compose("ps", "--quiet", "--status", "running", service).strip())
