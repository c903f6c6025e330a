"""kill -9 while a training sends its result: the registry holds each result once, and the next run needs no help."""

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from counts import share_kills
from projects import Project
from sending import KILLED, start_sending

from model.__main__ import STAGE
from relay.handoff.program import main
from relay.registry import connection
from relay.registry.connection import find_registry

pytest.register_assert_rewrite("whole_registry")

from whole_registry import require_settled, require_whole_registry  # noqa: E402

pytestmark = pytest.mark.crash

SEED = 20_261_120


@pytest.mark.counted
def test_a_training_killed_while_it_sends_is_registered_once_by_the_next_run(
    linear: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.setenv("LOG_DIR", str(linear.folder / "logs"))
    chance, kills, done = random.Random(SEED), share_kills("registry", ways=2), 0
    address = find_registry(linear.data_dir)
    assert address is not None
    assert linear.run("--promote", "always") == 0
    sent = [linear.receipt()]
    training, begun = start_sending(linear, ""), time.monotonic()
    assert training.end().code == 0
    seconds = time.monotonic() - begun
    sent.append(linear.receipt())
    for _ in range(3 * kills):
        if done == kills:
            break
        training = start_sending(linear, "")
        time.sleep(chance.uniform(0, seconds))
        training.kill()
        ended = training.end()
        assert ended.code in (0, KILLED), ended.said
        done += ended.code == KILLED
        require_whole_registry(address, tmp_path, sent)
        assert linear.run("--promote", "always") == 0
        sent.append(linear.receipt())
        require_settled(address, tmp_path, sent)
    assert done == kills
    record_property("kills of a training that sends to the registry", done)


@dataclass
class Leaving:
    """A client of MLflow whose registry goes away before the request of this number, and stays away."""

    client: Any
    leaves_before: int
    requests: int = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from mlflow.exceptions import MlflowException

        def ask(*arguments: Any, **named: Any) -> Any:
            self.requests += 1
            if self.requests >= self.leaves_before:
                raise MlflowException("the registry is gone")
            return getattr(self.client, name)(*arguments, **named)

        return ask


def test_a_registry_that_goes_away_before_any_request_holds_each_result_once_when_it_is_back(
    linear: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_DIR", str(linear.folder / "logs"))
    monkeypatch.setenv("PROMOTE", "always")
    address = find_registry(linear.data_dir)
    assert address is not None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert linear.run() == 0
    sent = [linear.receipt()]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")
    assert linear.run("--force") == 0
    sent.append(linear.receipt())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    shutil.copyfile(address.database, tmp_path / "before")
    track = ["track", str(linear.recipe), "--data-dir", str(linear.data_dir)]
    make = connection._make_client
    for number in range(1, 99):
        with closing(sqlite3.connect(tmp_path / "before")) as before, closing(sqlite3.connect(address.database)) as now:
            before.backup(now)  # into the same file: MLflow keeps it open
        with monkeypatch.context() as patch:
            patch.setattr(connection, "_make_client", lambda uri, number=number: Leaving(make(uri), number))
            code = main(STAGE, track)
        require_whole_registry(address, tmp_path, sent[:1])
        if code == 0:
            break
        assert main(STAGE, track) == 0
        require_settled(address, tmp_path, sent)
    assert number > 15
    require_settled(address, tmp_path, sent)


@dataclass
class Repeating:
    """A client of MLflow that repeats each request that makes something, as MLflow's does when an answer is lost."""

    client: Any

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self.client, name)

        def ask_twice(*arguments: Any, **named: Any) -> Any:
            asked(*arguments, **named)
            return asked(*arguments, **named)

        return ask_twice if name in ("create_run", "create_logged_model", "create_model_version") else asked


def test_a_request_whose_answer_is_lost_makes_no_second_version(
    linear: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.setenv("LOG_DIR", str(linear.folder / "logs"))
    make = connection._make_client
    monkeypatch.setattr(connection, "_make_client", lambda uri: Repeating(make(uri)))
    assert linear.run() == 0
    address = find_registry(linear.data_dir)
    assert address is not None
    require_settled(address, tmp_path, [linear.receipt()])
