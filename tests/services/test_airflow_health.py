"""The health check of Airflow asks the web server for all parts, and no proxy."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

CHECK = Path(__file__).parent.parent.parent / "services" / "airflow" / "check_health.py"
WELL = {part: {"status": "healthy"} for part in ("metadatabase", "scheduler", "dag_processor")}


def check(port: int) -> tuple[int, str]:
    """Exit code and what is said."""
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "AIRFLOW__API__PORT": str(port)}
    done = subprocess.run([sys.executable, CHECK], capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (WELL | {"triggerer": {"status": None}}, (0, "")),
        (WELL | {"scheduler": {"status": "unhealthy"}}, (1, '{"scheduler": "unhealthy"}')),
        (WELL | {"dag_processor": {"status": None}}, (1, '{"dag_processor": null}')),
    ],
)
def test_each_part_that_runs_must_be_well(told: Any, expected: tuple[int, str]) -> None:
    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/api/v2/monitor/health"
            content = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.handle_request).start()
        assert check(server.server_port) == expected


def test_a_server_that_does_not_answer_is_not_well() -> None:
    code, told = check(9)
    assert (code, "no answer" in told) == (1, True)
