"""Are the ports free that `docker compose up` will publish? Says which variable moves one that is not.

Runs with any Python 3 and nothing else, because it comes before everything else.
"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

PORTS = {
    "PAGE_PORT": ("model", 8501, "the page"),
    "MLFLOW_PORT": ("mlflow", 5000, "the experiment tracker"),
}
"""Variable in .env -> service, default port, what is there."""


def main() -> int:
    """0 when every port is free or held by our own service, else 1."""
    settings = read_env(Path(".env")) | dict(os.environ)
    address = settings.get("BIND_ADDRESS") or "127.0.0.1"
    taken = 0
    for variable, (service, default, what) in PORTS.items():
        port = int(settings.get(variable) or default)
        if not is_free(address, port) and not is_running(service):
            print(  # noqa: T201 - the answer of a command
                f"Port {port} for {what} is in use by another program. "
                f"Stop it, or choose another port: {variable}={port + 1} in .env",
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
        except OSError:
            return False
    return True


def is_running(service: str) -> bool:
    """Whether it is our own container that holds the port."""
    if shutil.which("docker") is None:
        return False
    command = ["docker", "compose", "ps", "--quiet", "--status", "running", service]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    return bool(done.stdout.strip())


if __name__ == "__main__":
    sys.exit(main())
