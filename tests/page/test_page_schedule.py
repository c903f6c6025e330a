"""The schedule on the page Run, with a server that answers as Airflow's REST API does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from page_folders import Folders
from test_page_app import button, open_page, words

from page.run.schedule import Schedule, ScheduledRun, ScheduleError, open_schedule
from page.settings import PageSettings
from relay.handoff.errors import UsageError

DAG = "/api/v2/dags/ml_data_processing_pipeline"
RUN = {"dag_run_id": "manual__2026-11-20T10:00:00+00:00", "state": "running", "start_date": "2026-11-20T10:00:01Z"}
STATES = {"deploy": None, "ingest": "skipped", "set_seed": "success", "model": "running", "preprocess": "skipped"}


class Airflow(BaseHTTPRequestHandler):
    """One pipeline, for `linear`; a run is there once somebody has started it."""

    started: list[Any]
    state: str

    def do_GET(self) -> None:
        if self.headers["Authorization"] != "Bearer a token":
            return self.answer(401, {})
        path, _, query = self.path.partition("?")
        if path == "/api/v2/dags":
            known = [{"dag_id": "ml_data_processing_pipeline"}] if "tags=linear" in query else []
            return self.answer(200, {"dags": known})
        if path == f"{DAG}/dagRuns":
            return self.answer(200, {"dag_runs": [RUN | {"state": self.state}] if self.started else []})
        tasks = [{"task_id": task, "state": state} for task, state in STATES.items()]
        return self.answer(200, {"task_instances": tasks})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            is_known = body == {"username": "admin", "password": "the password"}
            return self.answer(*(201, {"access_token": "a token"}) if is_known else (401, {}))
        self.started.append(body)
        return self.answer(200, RUN)

    def answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def airflow() -> Iterator[tuple[str, type[Airflow]]]:
    handler = type("Handler", (Airflow,), {"started": [], "state": "running"})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()


@pytest.fixture
def password(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text("the password\n")
    return tmp_path / "password"


Server = tuple[str, type[Airflow]]


def test_a_run_is_started_with_its_seed_and_followed(airflow: Server, password: Path) -> None:
    url, handler = airflow
    schedule = open_schedule(PageSettings(airflow_url=url, airflow_password_file=str(password)))
    pipeline = schedule.find_pipeline("linear")
    assert schedule.find_last(pipeline) is None
    schedule.start(pipeline, 7)
    assert handler.started == [{"logical_date": None, "conf": {"seed": 7}}]
    tasks = {
        "set_seed": "success",
        "ingest": "skipped",
        "preprocess": "skipped",
        "model": "running",
        "deploy": "waiting",
    }
    run = schedule.find_last(pipeline)
    assert run == ScheduledRun(RUN["dag_run_id"], "running", 1795168801.0, tasks)
    assert list(run.tasks) == list(tasks)


@pytest.mark.parametrize(
    ("recipe", "word", "why"),
    [
        ("credit", "the password", "credit is not on the schedule: name it in SCHEDULE_RECIPES"),
        ("linear", "another", "does not know the name and password"),
    ],
)
def test_what_airflow_refuses_is_told_with_the_next_step(
    recipe: str, word: str, why: str, airflow: Server, password: Path
) -> None:
    password.write_text(word)
    with pytest.raises(ScheduleError, match=why):
        open_schedule(PageSettings(airflow_url=airflow[0], airflow_password_file=str(password))).find_pipeline(recipe)


def test_airflow_that_is_off_is_told_with_the_command_that_starts_it(password: Path) -> None:
    with pytest.raises(ScheduleError, match="`make schedule`"):
        open_schedule(PageSettings(airflow_url="http://127.0.0.1:9", airflow_password_file=str(password)))


def test_no_address_and_no_file_are_wrong_settings(airflow: Server, password: Path) -> None:
    for url, file in (("localhost:8081", str(password)), (airflow[0], "/nowhere")):
        with pytest.raises(UsageError):
            open_schedule(PageSettings(airflow_url=url, airflow_password_file=file))


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(Schedule("http://localhost:8081", "secret"))


def test_without_a_schedule_the_page_says_how_to_start_one(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(full, monkeypatch)
    assert "make schedule" in words(app)
    assert [found.label for found in app.button if found.key == "schedule-start"] == []


def test_the_button_starts_a_run_and_the_page_shows_its_tasks(
    full: Folders, airflow: Server, password: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = airflow
    app = open_page(full, monkeypatch)
    monkeypatch.setenv("AIRFLOW_URL", url)
    monkeypatch.setenv("AIRFLOW_PASSWORD_FILE", str(password))
    app.run()
    button(app, "Run all stages").click().run()
    assert handler.started == [{"logical_date": None, "conf": {"seed": None}}]
    told = words(app)
    assert [task for task in ("ingest: unchanged", "model: running", "deploy: waiting") if task not in told] == []
    assert button(app, "Run all stages").disabled

    handler.state = "success"
    app.run()
    assert not button(app, "Run all stages").disabled


def test_a_schedule_that_is_off_does_not_keep_the_page_from_running(
    full: Folders, password: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(full, monkeypatch)
    monkeypatch.setenv("AIRFLOW_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AIRFLOW_PASSWORD_FILE", str(password))
    app.run()
    assert "Airflow does not answer" in words(app)
    assert not button(app, "Run").disabled
