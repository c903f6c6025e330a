"""kill -9 of the servers behind the service, under load: nothing that was answered or registered is missing."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from counts import MLFLOW_KILLS, POSTGRES_KILLS
from log_places import PostgresPlace
from mlflow_server import MlflowServer
from patience import wait_for
from postgres_server import PostgresServer
from projects import CASES, Project, make_project
from sending import start_sending
from serve_load import Heard, Load, repeat_keys, require_all, wait_until_ready
from serving import Server, lay_version

from relay.registry.connection import Address

pytest.register_assert_rewrite("whole_registry")

from whole_registry import require_settled, require_whole_registry  # noqa: E402

pytestmark = [pytest.mark.crash, pytest.mark.counted]

SEED = 20_261_120


@pytest.mark.postgres
def test_no_answered_prediction_is_lost_by_a_kill_of_postgresql(
    data: Path,
    results: Callable[..., Path],
    postgres_server: PostgresServer,
    postgres_url: str,
    record_property: Callable[[str, object], None],
) -> None:
    lay_version(data, results("line"), "1")
    chance, heard, place = random.Random(SEED), Heard(), PostgresPlace(postgres_url, data / "serve")
    server = wait_until_ready(Server(data, ("line",), {"DATABASE_URL": postgres_url, "API_WORKERS": "2"}).start())
    try:
        with Load(server, heard, itertools.count()).running() as load:
            for number in range(POSTGRES_KILLS.value):
                load.wait_for_more()
                time.sleep(chance.uniform(0, 0.3))
                postgres_server.kill()
                if number % 2:  # it stays away for longer than an answer waits
                    before = heard.refused["503 log-away"]
                    wait_for(lambda before=before: heard.refused["503 log-away"] > before, "a refusal")
                postgres_server.start()
                load.wait_for_more()
                require_all(place, heard)
        wait_until_ready(server)
        repeat_keys(server, heard, most=50)
    finally:
        if not postgres_server.is_running:
            postgres_server.start()
        server.stop()
    require_all(place, heard)
    assert heard.refused.keys() <= {"503 log-away"}
    record_property("kills of PostgreSQL under load", POSTGRES_KILLS.value)
    record_property("answers beside them, all of them found", len(heard.answered))


@pytest.fixture
def project(tmp_path: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A model in the registry of a server, which runs again afterwards."""
    recipe, columns = CASES["line"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("PROMOTE", "always")
    yield make_project(tmp_path, recipe, columns(), "line")
    if mlflow_server.process is None:
        mlflow_server.start()


def test_a_killed_mlflow_server_costs_no_answer_and_no_version(
    project: Project, mlflow_server: MlflowServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    assert project.run() == 0
    sent, address = [project.receipt()], Address(mlflow_server.uri, None)
    chance, heard, seconds = random.Random(SEED), Heard(), 1.0
    place = {"MLFLOW_TRACKING_URI": mlflow_server.uri, "REGISTRY_POLL_SECONDS": "0.2"}
    server = wait_until_ready(Server(project.data_dir, ("line",), place).start())
    try:
        with Load(server, heard, itertools.count(), pause=0.2).running() as load:
            for number in range(MLFLOW_KILLS.value):
                training = start_sending(project, mlflow_server.uri)
                time.sleep(chance.uniform(0, seconds))
                mlflow_server.stop()
                if number % 2:  # back while the training still tries
                    mlflow_server.start()
                ended = training.end()
                assert ended.code in (0, 1), ended.said
                if mlflow_server.process is None:
                    mlflow_server.start()
                require_whole_registry(address, tmp_path, sent)
                begun = time.monotonic()
                assert project.run() == 0
                seconds = max(seconds, time.monotonic() - begun)
                sent.append(project.receipt())
                require_settled(address, tmp_path, sent)
                load.wait_for_more()
        newest = str(len(sent))
        wait_for(lambda: server.get("/health").json["models"]["line"]["version"] == newest, "the newest version")
    finally:
        server.stop()
    assert (heard.refused, heard.open_keys) == ({}, [])
    record_property("kills of MLflow under load", MLFLOW_KILLS.value)
    record_property("answers beside those, none of them missing", len(heard.answered))
    record_property("results that MLflow holds once", len(sent))
