"""The API of the checkout, started as a user starts it, on a free port of loopback."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import commands
from checkout import CHECKOUT, HANG_SECONDS, Project

READY_SECONDS = 60


@dataclass(frozen=True)
class Api:
    """A running server."""

    address: str

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with urllib.request.urlopen(self.address + path, timeout=HANG_SECONDS) as response:
            return json.load(response)

    def predict(self, records: list[dict[str, Any]]) -> list[Any]:
        """The predictions for some records."""
        request = urllib.request.Request(
            f"{self.address}/predict", json.dumps(records).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as response:
            predictions: list[Any] = json.load(response)["predictions"]
            return predictions


@contextmanager
def serve(project: Project, model: str) -> Iterator[Api]:
    """The API with the version of a model that is in production in the project's embedded registry."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "MODEL_URI": f"models:/{model}@production",
        "DATA_DIR": str(project.folder / "data"),
        "LOG_DIR": str(project.folder / "logs"),
        "API_PORT": str(port),
        "MLFLOW_TRACKING_URI": "",
    }
    said = project.folder / "serve.txt"
    with said.open("wb") as output:
        process = commands.Command(
            [sys.executable, "-m", "serve"],
            cwd=CHECKOUT,
            env={**os.environ, **own},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        api = Api(f"http://127.0.0.1:{port}")
        try:
            wait_until_ready(api, process)
            yield api
        finally:
            process.terminate()
            process.wait(HANG_SECONDS)


def wait_until_ready(api: Api, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server has a model.

    Raises:
        TimeoutError: it has none.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            api.get("/health")
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"the server did not become ready, exit code {process.poll()}")
