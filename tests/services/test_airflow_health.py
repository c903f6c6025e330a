"""The health check of Airflow asks the web server for all parts, and no proxy."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CHECK = Path(__file__).parent.parent.parent / "services" / "airflow" / "check_health.py"
WELL = {part: {"status": "healthy"} for part in ("metadatabase", "scheduler", "dag_processor")}


DAGS = {"/api/v2/dags?tags=relay&tags=linear&tags_match_mode=all&limit=1": [{"dag_id": "a"}]}


class Web(BaseHTTPRequestHandler):
    """Airflow's web server, as far as the check asks it."""

    health: Any = WELL
    dags: dict[str, list[Any]] = DAGS
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/api/v2/monitor/health":
            return self.answer(self.health)
        assert self.headers["Authorization"] == "Bearer of the check"
        if self.path == "/api/v2/importErrors":
            return self.answer(
                {"import_errors": [{"stack_trace": "Traceback\nScheduleError: credit: no such recipe\n"}]}
            )
        return self.answer({"dags": self.dags.get(self.path, [])})

    def do_POST(self) -> None:
        self.asked.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (self.path, body) == ("/auth/token", {"username": "admin", "password": "secret"})
        self.answer({"access_token": "of the check"})

    def answer(self, told: Any) -> None:
        content = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve(**told: Any) -> Iterator[type[Web]]:
    """The web server with these answers; `port` is where it listens."""
    handler = type("Told", (Web,), {"asked": [], **told})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.port = server.server_port  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler
        server.shutdown()


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "password").write_text("secret\n")
    return {"AIRFLOW_PASSWORD_FILE": str(tmp_path / "password"), "PIPELINES_SEEN": str(tmp_path / "seen")}


def check(port: int, settings: dict[str, str]) -> tuple[int, str]:
    """Exit code and what is said."""
    environment = {**os.environ, **settings, "http_proxy": "http://127.0.0.1:9", "AIRFLOW__API__PORT": str(port)}
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
def test_each_part_that_runs_must_be_well(told: Any, expected: tuple[int, str], settings: dict[str, str]) -> None:
    with serve(health=told) as web:
        assert check(web.port, settings) == expected  # type: ignore[attr-defined]


def test_each_recipe_on_the_schedule_must_have_its_pipeline(settings: dict[str, str]) -> None:
    settings["SCHEDULE_RECIPES"] = "linear, credit"
    with serve() as web:
        found = check(web.port, settings)  # type: ignore[attr-defined]
    assert found == (1, '{"pipeline of credit": "ScheduleError: credit: no such recipe"}')


def test_pipelines_that_were_there_once_are_not_asked_for_again(settings: dict[str, str]) -> None:
    with serve() as web:
        assert [check(web.port, settings) for _ in range(2)] == [(0, ""), (0, "")]  # type: ignore[attr-defined]
    assert web.asked == ["/api/v2/monitor/health", "/auth/token", next(iter(DAGS)), "/api/v2/monitor/health"]


def test_a_server_that_does_not_answer_is_not_well(settings: dict[str, str]) -> None:
    code, told = check(9, settings)
    assert (code, "no answer" in told) == (1, True)
