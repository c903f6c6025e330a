"""The health check of the MLflow server asks what a client would ask."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CHECK = Path(__file__).parent.parent.parent / "services" / "mlflow" / "check_health.py"


class KnowsOneName(BaseHTTPRequestHandler):
    """Refuses clients that call it by another name, and says that it is well all the same, as MLflow does."""

    name = "mlflow:5000"

    def do_GET(self) -> None:
        self.answer(200)

    def do_POST(self) -> None:
        self.answer(200 if self.headers["Host"] == self.name else 403)

    def answer(self, status: int) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"{}" if status == 200 else b"Invalid Host header")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A server on a free port, and a proxy named in the environment that is not there."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with ThreadingHTTPServer(("127.0.0.1", 0), KnowsOneName) as listening:
        monkeypatch.setenv("MLFLOW_PORT", str(listening.server_port))
        threading.Thread(target=listening.serve_forever).start()
        yield listening
        listening.shutdown()


def check() -> tuple[int, str]:
    """Exit code and what is said."""
    done = subprocess.run([sys.executable, CHECK], capture_output=True, text=True, env=os.environ, check=False)
    return done.returncode, done.stdout.strip()


def test_a_server_that_answers_its_clients_is_well(server: ThreadingHTTPServer) -> None:
    assert check() == (0, "")


def test_a_server_that_refuses_the_name_its_clients_use_is_not(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KnowsOneName, "name", "localhost")
    said = "/api/2.0/mlflow/experiments/search for mlflow:5000: 403 Invalid Host header"
    assert check() == (1, said)


def test_a_server_that_is_not_there_is_not_well_in_one_line(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.shutdown()
    server.server_close()
    code, said = check()
    assert (code, "no answer" in said, len(said.splitlines())) == (1, True, 1)
