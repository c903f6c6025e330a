"""A run started from the page: real stages, in processes of their own."""

import fcntl
import json
import os
import signal
import socket
from pathlib import Path
from threading import Thread

import pytest
from filelock import FileLock
from page_folders import Folders
from patience import HANG_SECONDS, wait_for

from page.run import supervise
from page.run.job import Job, Order, Record, RunFiles, Status, StepState, is_held, keep_messages
from relay.handoff.errors import ErrorRecord
from relay.handoff.journal import Entry, Outcome, write_journal
from relay.handoff.settings import ROOT

STAGES = ("ingest", "preprocess", "model")
LONG = ("ingest.rows=30000000",)
"""Drawn for much longer than a test waits."""


WORDLESS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from relay.handoff import errors, log
errors.RelayError.__str__ = lambda error: "x"
log.TERMINAL_FORMAT = log.FILE_FORMAT = "x"
"""
"""Replaces the text of every error and every line of the log, in each Python process that finds it at its start."""


def wait_for_end(files: RunFiles) -> Job:
    wait_for(
        lambda: (job := files.find()) is not None and job.status is not Status.RUNNING, "the end of the run", pause=0.05
    )
    job = files.find()
    assert job is not None
    return job


@pytest.fixture
def files(full: Folders) -> RunFiles:
    return RunFiles(full.settings, "linear")


def test_nothing_was_run_yet(files: RunFiles) -> None:
    assert files.find() is None


def test_a_run_goes_through_its_stages_and_says_what_each_did(files: RunFiles) -> None:
    files.start(Order("linear", "linear", ("ingest", "preprocess"), ("preprocess.test_share=0.3",)))
    job = wait_for_end(files)
    assert job.status is Status.SUCCEEDED
    assert [(step.stage, step.outcome) for step in job.record.steps] == [
        ("ingest", Outcome.UNCHANGED),
        ("preprocess", Outcome.RAN),
    ]
    assert job.record.command == ["python", "-m", "preprocess", "linear", "--set", "preprocess.test_share=0.3"]
    assert any("parameter test_share 0.2 -> 0.3" in line for line in files.read_tail())


def test_a_run_that_finds_nothing_to_do_says_so(files: RunFiles) -> None:
    files.start(Order("linear", "linear", STAGES))
    assert wait_for_end(files).is_unchanged


def test_a_stage_that_refuses_ends_the_run_with_its_own_words(files: RunFiles) -> None:
    files.start(Order("linear", "linear", ("preprocess", "model"), ("preprocess.test_share=7",)))
    job = wait_for_end(files)
    assert job.status is Status.FAILED
    assert [step.state for step in job.record.steps] == [StepState.FAILED, StepState.WAITING]
    error = job.record.steps[0].error
    assert error is not None
    assert (error.kind, "test_share: expected less than 1" in error.message) == ("usage", True)


def test_without_a_word_in_messages_and_logs_outcomes_and_kinds_of_errors_are_the_same(
    files: RunFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wordless").mkdir()
    (tmp_path / "wordless" / "sitecustomize.py").write_text(WORDLESS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "wordless"))
    files.start(Order("linear", "linear", ("ingest", "preprocess"), ("preprocess.test_share=0.3",)))
    job = wait_for_end(files)
    assert [step.outcome for step in job.record.steps] == [Outcome.UNCHANGED, Outcome.RAN]
    assert set(files.read_tail()) == {"x"}
    files.start(Order("linear", "linear", ("preprocess",), ("preprocess.test_share=7",)))
    job = wait_for_end(files)
    assert (job.status, job.failure and job.failure.error) == (Status.FAILED, ErrorRecord("usage", "x"))


def test_a_run_that_has_ended_but_still_holds_its_lock_does_not_swallow_the_next_one(files: RunFiles) -> None:
    files.start(Order("linear", "linear", ("ingest",)))
    first = wait_for_end(files)
    with FileLock(files.lock):
        late = Thread(target=files.start, args=(Order("linear", "linear", ("preprocess",)),))
        late.start()
        late.join(0.3)
        assert late.is_alive()
    late.join(HANG_SECONDS)
    wait_for(lambda: (job := files.find()) is not None and job.record.pid != first.record.pid, "the second run")
    assert [step.stage for step in wait_for_end(files).record.steps] == ["preprocess"]


def test_a_stage_that_was_killed_has_failed_without_an_outcome(files: RunFiles) -> None:
    raw = files.settings.data_dir / "raw"
    files.start(Order("linear", "linear", STAGES, LONG))
    wait_for((raw / "linear.parquet.tmp").exists, "the first rows of the stage")
    holder = json.loads((files.settings.data_dir / ".locks" / "raw-linear.lock").read_text(encoding="utf-8"))
    os.kill(holder["pid"], signal.SIGKILL)
    job = wait_for_end(files)
    assert job.status is Status.FAILED
    assert job.failure is not None
    assert (job.failure.stage, job.failure.outcome, job.failure.error) == ("ingest", None, None)


def test_two_buttons_start_one_run_and_a_cancelled_one_leaves_the_data_as_it_was(files: RunFiles) -> None:
    raw = files.settings.data_dir / "raw"
    before = (raw / "linear.parquet").read_bytes()
    files.start(Order("linear", "linear", STAGES, LONG))
    first = files.find()
    files.start(Order("linear", "linear", STAGES))
    second = files.find()
    assert first is not None
    assert second is not None
    assert (second.status, second.record.pid) == ("running", first.record.pid)
    assert second.is_here
    wait_for((raw / "linear.parquet.tmp").exists, "the first rows of the stage")
    assert "ingest on" in (files.find_other_writer() or "")
    files.cancel(second)
    ended = wait_for_end(files)
    assert (ended.status, ended.record.steps[0].state) == (Status.CANCELLED, StepState.CANCELLED)
    assert ended.record.steps[0].outcome is Outcome.CANCELLED
    assert (raw / "linear.parquet").read_bytes() == before
    assert list(raw.glob("*.tmp")) == []


def test_a_run_that_was_killed_is_lost_and_not_running(files: RunFiles) -> None:
    files.start(Order("linear", "linear", STAGES, LONG))
    job = files.find()
    assert job is not None
    os.killpg(job.record.pid, signal.SIGKILL)
    assert wait_for_end(files).status is Status.LOST


def test_a_run_of_another_host_is_not_ended_from_here(files: RunFiles) -> None:
    files.start(Order("linear", "linear", ("preprocess",)))
    record = wait_for_end(files).record.model_copy(update={"host": "elsewhere", "pid": os.getpid(), "ended_unix": None})
    files.write(record)
    with files.lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        job = files.find()
        assert job is not None
        assert (job.status, job.is_here) == ("running", False)
        files.cancel(job)  # would end this very process
    assert socket.gethostname() != "elsewhere"


def test_the_entry_of_another_run_is_not_taken_for_the_stages_own(
    files: RunFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Entry("ingest", "linear", Outcome.RESTORED, "2026-01-01T00:00:00Z", 0.0, 0.0, run_id="another")
    monkeypatch.setattr(supervise, "_run_process", lambda _: write_journal(files.settings.log_dir, other) or 1)
    folders = ["--data-dir", str(files.settings.data_dir), "--log-dir", str(files.settings.log_dir)]
    files.log.parent.mkdir(parents=True)
    with files.log.open("wb") as sink:
        monkeypatch.setattr("sys.stdout", sink)
        assert supervise.main(["linear", "--stage", "ingest", *folders]) == 1
    job = files.find()
    assert job is not None
    assert [(step.state, step.outcome) for step in job.record.steps] == [(StepState.FAILED, None)]


def test_a_record_of_version_0_1_is_read() -> None:
    steps: list[dict[str, object]] = [
        {"stage": "ingest", "state": "done", "outcome": "done", "error": ""},
        {"stage": "preprocess", "state": "failed", "outcome": "failed", "error": "no rows"},
        {"stage": "model"},
    ]
    old = {"recipe": "linear", "command": [], "overrides": [], "pid": 1, "host": "here", "log": "/l", "started_unix": 1}
    record = Record.model_validate(old | {"steps": steps})
    assert [(step.outcome, step.error) for step in record.steps] == [
        (Outcome.RAN, None),
        (Outcome.FAILED, ErrorRecord("failed", "no rows")),
        (None, None),
    ]


def test_a_record_of_another_kind_counts_as_none(files: RunFiles) -> None:
    files.record.parent.mkdir()
    files.record.write_text('{"pid": 1}', encoding="utf-8")
    assert files.find() is None


def test_looking_at_a_lock_neither_takes_it_nor_needs_it(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none.lock")
    path = tmp_path / "some.lock"
    path.touch()
    assert not is_held(path)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_held(path)


def test_the_lines_for_people_are_found_in_a_log() -> None:
    lines = ["10:00:00 INFO    starts", "Traceback (most recent call last):", "10:00:01 ERROR   model x: too few rows"]
    assert keep_messages(lines) == [lines[0], lines[2]]
