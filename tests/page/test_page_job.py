"""A run started from the page: real stages, in processes of their own."""

import fcntl
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from page_folders import Folders

from model.page.job import Desk, Job, Order, find_error, is_held, keep_messages

STAGES = ("ingest", "preprocess", "model")
LONG = ("ingest.rows=30000000",)
"""Drawn for much longer than a test waits."""


def wait_for_end(desk: Desk, seconds: float = 60) -> Job:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = desk.find()
        if job is not None and job.status != "running":
            return job
        time.sleep(0.05)
    raise AssertionError(f"still running after {seconds} s")


def wait_for_stage(desk: Desk, process_of: Path) -> None:
    """Wait until the stage itself is at work: it has a temporary file."""
    deadline = time.monotonic() + 30
    while not process_of.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def desk(full: Folders) -> Desk:
    return Desk(full.settings, "linear")


def test_nothing_was_run_yet(desk: Desk) -> None:
    assert desk.find() is None


def test_a_run_goes_through_its_stages_and_says_what_each_did(desk: Desk) -> None:
    desk.start(Order("linear", "linear", ("ingest", "preprocess"), ("preprocess.test_share=0.3",)))
    job = wait_for_end(desk)
    assert job.status == "succeeded"
    assert [(step.stage, step.outcome) for step in job.record.steps] == [
        ("ingest", "unchanged"),
        ("preprocess", "done"),
    ]
    assert job.record.command == ["python", "-m", "preprocess", "linear", "--set", "preprocess.test_share=0.3"]
    assert any("parameter test_share 0.2 -> 0.3" in line for line in desk.read_tail())


def test_a_run_that_finds_nothing_to_do_says_so(desk: Desk) -> None:
    desk.start(Order("linear", "linear", STAGES))
    assert wait_for_end(desk).is_unchanged


def test_a_stage_that_refuses_ends_the_run_with_its_own_words(desk: Desk) -> None:
    desk.start(Order("linear", "linear", ("preprocess", "model"), ("preprocess.test_share=7",)))
    job = wait_for_end(desk)
    assert job.status == "failed"
    assert [step.state for step in job.record.steps] == ["failed", "waiting"]
    assert "test_share: expected less than 1" in job.record.steps[0].error


def test_two_buttons_start_one_run_and_a_cancelled_one_leaves_the_data_as_it_was(desk: Desk) -> None:
    raw = desk.settings.data_dir / "raw"
    before = (raw / "linear.parquet").read_bytes()
    desk.start(Order("linear", "linear", STAGES, LONG))
    first = desk.find()
    desk.start(Order("linear", "linear", STAGES))
    second = desk.find()
    assert first is not None
    assert second is not None
    assert (second.status, second.record.pid) == ("running", first.record.pid)
    assert second.is_here
    wait_for_stage(desk, raw / "linear.parquet.tmp")
    assert "ingest on" in (desk.find_other_writer() or "")
    desk.cancel(second)
    assert wait_for_end(desk).status == "cancelled"
    assert (raw / "linear.parquet").read_bytes() == before
    assert list(raw.glob("*.tmp")) == []


def test_a_run_that_was_killed_is_lost_and_not_running(desk: Desk) -> None:
    desk.start(Order("linear", "linear", STAGES, LONG))
    job = desk.find()
    assert job is not None
    os.killpg(job.record.pid, signal.SIGKILL)
    assert wait_for_end(desk).status == "lost"


def test_a_run_of_another_host_is_not_ended_from_here(desk: Desk) -> None:
    desk.start(Order("linear", "linear", ("preprocess",)))
    record = wait_for_end(desk).record.model_copy(update={"host": "elsewhere", "pid": os.getpid(), "ended_unix": None})
    desk.write(record)
    with desk.lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        job = desk.find()
        assert job is not None
        assert (job.status, job.is_here) == ("running", False)
        desk.cancel(job)  # would end this very process
    assert socket.gethostname() != "elsewhere"


def test_a_record_of_another_kind_counts_as_none(desk: Desk) -> None:
    desk.record.parent.mkdir()
    desk.record.write_text('{"pid": 1}', encoding="utf-8")
    assert desk.find() is None


def test_looking_at_a_lock_neither_takes_it_nor_needs_it(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none.lock")
    path = tmp_path / "some.lock"
    path.touch()
    assert not is_held(path)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_held(path)


def test_the_last_error_and_the_lines_for_people_are_found_in_a_log() -> None:
    lines = ["10:00:00 INFO    starts", "Traceback (most recent call last):", "10:00:01 ERROR   model x: too few rows"]
    assert find_error(lines) == "model x: too few rows"
    assert keep_messages(lines) == [lines[0], lines[2]]
