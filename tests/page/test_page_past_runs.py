"""What the page says of a run that is over, beside a result that may be newer, and of an address that names nothing."""

import os
import time
from pathlib import Path

import pytest
from filelock import FileLock
from page_folders import Folders
from streamlit.testing.v1 import AppTest
from test_page_app import APP, open_page, words

from page.run.job import Record, RunFiles, Step, StepState
from relay.handoff.errors import ErrorRecord


def write_run(folders: Folders, *steps: Step, ended_unix: float | None, cancelled: bool = False) -> None:
    RunFiles(folders.settings, "linear").write(
        Record(
            recipe="linear",
            command=[],
            overrides=[],
            pid=1,
            host="elsewhere",
            log=Path("run.log"),
            started_unix=time.time() - 60,
            ended_unix=ended_unix,
            was_cancelled=cancelled,
            steps=list(steps),
        )
    )


FAILED = Step(stage="ingest", state=StepState.FAILED, error=ErrorRecord("relay", "the disk is full"), exit_code=1)
BEGUN = Step(stage="model", state=StepState.RUNNING)


def test_an_old_failure_does_not_stand_over_a_result_that_is_newer(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(full, FAILED, ended_unix=time.time())
    assert "ingest: the disk is full" in words(open_page(full, monkeypatch))
    latest = full.data / "output" / "linear" / "latest"
    target = latest.readlink()
    latest.unlink()
    latest.symlink_to(target)
    os.utime(latest, (time.time() + 5, time.time() + 5), follow_symlinks=False)
    said = words(open_page(full, monkeypatch))
    assert "the disk is full" not in said
    assert "The last run from this page: failed in ingest" in said


def test_no_one_is_asked_to_press_run_while_the_stage_of_a_killed_run_goes_on(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(full, BEGUN, ended_unix=None)
    latest = full.data / "output" / "linear" / "latest"
    os.utime(latest, (time.time() - 600, time.time() - 600), follow_symlinks=False)
    lost = words(open_page(full, monkeypatch))
    assert "press Run again" in lost
    assert "model: running" not in lost
    lock = full.data / ".locks" / "raw-linear.lock"
    lock.parent.mkdir(exist_ok=True)
    with FileLock(lock):
        said = words(open_page(full, monkeypatch))
    assert "the stage that it had begun goes on" in said
    assert "press Run again" not in said


def test_an_unknown_recipe_in_the_address_is_named(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    open_page(full, monkeypatch)  # for its environment
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["recipe"] = "linaer"
    app.run()
    assert 'There is no recipe "linaer" (did you mean "linear"?)' in words(app)
    app.selectbox(key="recipe").select(full.styles).run()
    assert "There is no recipe" not in words(app)
