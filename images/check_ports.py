"""Are the ports free that `docker compose up` will publish? Says which variable moves one that is not.

Runs with any Python 3 and nothing else, because it comes before everything else. Profiles that will be started are
its arguments; those of COMPOSE_PROFILES are added. The ports with TLS count where COMPOSE_FILE names their file.
"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

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
}
"""Variable in .env -> service, default port, what is there, profiles that start it (none: always)."""

TLS_FILE = "docker-compose.tls.yml"
TLS_PORTS = {
    "GATEWAY_TLS_PORT": ("gateway", 443, "MLflow behind the gateway, with TLS", ("serve", "schedule", "full")),
    "API_TLS_PORT": ("gateway", 8443, "the API behind the gateway, with TLS", ("serve", "schedule", "full")),
}


def main(profiles: list[str]) -> int:
    """0 when every port is free or held by our own service, else 1."""
    settings = read_env(Path(".env")) | dict(os.environ)
    started = {*profiles, *settings.get("COMPOSE_PROFILES", "").split(",")}
    address = settings.get("BIND_ADDRESS") or "127.0.0.1"
    ports = PORTS | (TLS_PORTS if TLS_FILE in settings.get("COMPOSE_FILE", "") else {})
    taken = 0
    for variable, (service, default, what, needs) in ports.items():
        port = int(settings.get(variable) or default)
        is_asked = not needs or "*" in started or started.intersection(needs)
        if is_asked and not is_free(address, port) and not is_running(service):
            another = port + 1 if port > 1024 else port + 8000
            print(  # noqa: T201 - the answer of a command
                f"Port {port} for {what} is in use by another program. "
                f"Stop it, or choose another port: {variable}={another} in .env",
                file=sys.stderr,
            )
            taken += 1
    return min(taken, 1)


def read_env(path: Path) -> dict[str, str]:
    """The variables of an .env file; none when there is no file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = [line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#")]
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


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
    if shutil.which("docker") is None:
        return False
    command = ["docker", "compose", "--profile", "*", "ps", "--quiet", "--status", "running", service]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    return bool(done.stdout.strip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
