"""A run that was started from the page: a process of its own, found again by whoever looks.

    data/.locks/run-<recipe>.lock   held by the supervisor as long as it lives; the system gives it back
    data/.runs/<recipe>.json        what it does and how it ended, written whole
    logs/runs/<recipe>.log          what the stages say

The lock, not the process number, says whether a run lives: numbers are given again, and another container has others.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from page.run.allowed import require_allowed
from relay.handoff.errors import ErrorRecord, RelayError
from relay.handoff.files import open_plain, write_atomically
from relay.handoff.journal import Outcome, parse_error
from relay.handoff.lock import read_holder
from relay.handoff.settings import ROOT, Settings

TAKE_OVER_SECONDS = 20.0
"""How long a new process may take until it has written its record; a busy machine needs some seconds."""

TAIL_BYTES = 16_384


class Status(StrEnum):
    """How a whole run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """It stopped without an end, as when the machine or the container stops."""


class StepState(StrEnum):
    """How one stage of a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Step(BaseModel):
    """One stage of a run."""

    model_config = ConfigDict(frozen=True)

    stage: str
    state: StepState = StepState.WAITING
    outcome: Outcome | None = None
    """From the stage's journal entry; None while it runs, and where it left no entry, as after a kill."""
    started_unix: float | None = None
    seconds: float = 0.0
    error: ErrorRecord | None = None
    exit_code: int | None = None
    """Minus the signal when it was killed; None while it runs."""

    @field_validator("outcome", mode="before")
    @classmethod
    def _read_old_outcome(cls, told: Any) -> Any:
        return {"": None, "done": Outcome.RAN}.get(told, told)  # as version 0.1 wrote it

    @field_validator("error", mode="before")
    @classmethod
    def _read_old_error(cls, told: Any) -> Any:
        return parse_error(told) if isinstance(told, str) else told  # as version 0.1 wrote it


class Record(BaseModel):
    """What stands in `data/.runs/<recipe>.json`; `steps` is never empty."""

    model_config = ConfigDict(frozen=True)

    recipe: str
    command: list[str]
    overrides: list[str]
    pid: int
    host: str
    log: Path
    started_unix: float
    ended_unix: float | None = None
    was_cancelled: bool = False
    steps: list[Step]


@dataclass(frozen=True)
class Order:
    """What a person asks for by the button."""

    recipe: str
    """Its name, by which its files are called."""
    source: str
    """Its name or path, as one types it."""
    stages: tuple[str, ...]
    overrides: tuple[str, ...] = ()
    force: bool = False


@dataclass(frozen=True)
class Job:
    """A run as it stands."""

    record: Record
    status: Status

    @property
    def seconds(self) -> float:
        """How long it has taken so far, or took."""
        return (self.record.ended_unix or time.time()) - self.record.started_unix

    @property
    def is_here(self) -> bool:
        """Whether the process is this host's, so that it can be ended from here."""
        return self.record.host == socket.gethostname()

    @property
    def is_unchanged(self) -> bool:
        """Whether every stage found nothing to do."""
        return self.status is Status.SUCCEEDED and all(step.outcome is Outcome.UNCHANGED for step in self.record.steps)

    @property
    def failure(self) -> Step | None:
        """The stage that failed."""
        return next((step for step in self.record.steps if step.state is StepState.FAILED), None)


@dataclass(frozen=True)
class RunFiles:
    """The files of the runs of one recipe."""

    settings: Settings
    recipe: str

    @property
    def lock(self) -> Path:
        """Held by the supervisor."""
        return self.settings.data_dir / ".locks" / f"run-{self.recipe}.lock"

    @property
    def record(self) -> Path:
        """Written by the supervisor."""
        return self.settings.data_dir / ".runs" / f"{self.recipe}.json"

    @property
    def log(self) -> Path:
        """Of the last run; the stages' own logs keep the history."""
        return self.settings.log_dir / "runs" / f"{self.recipe}.log"

    def write(self, record: Record) -> None:
        """Put a record in place, whole."""
        write_atomically(self.record, record.model_dump_json(indent=2).encode())

    def find(self) -> Job | None:
        """The run that goes on or was the last one; None when there was none."""
        # In this order: a supervisor ends its record before it gives the lock back.
        is_alive = is_held(self.lock)
        try:
            record = Record.model_validate_json(self.record.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            return None  # of another version of the page, or written by hand: the next run replaces it
        return Job(record, _judge(record, is_alive))

    def find_other_writer(self) -> str | None:
        """Who else writes one of the recipe's datasets, in words; None when nobody does."""
        for layer in ("raw", "processed", "output"):
            path = self.settings.data_dir / ".locks" / f"{layer}-{self.recipe}.lock"
            if is_held(path):
                return read_holder(path)
        return None

    def is_busy(self) -> bool:
        """Whether the recipe's data are being written, by a run of the page or by another program."""
        job = self.find()
        return (job is not None and job.status is Status.RUNNING) or self.find_other_writer() is not None

    def read_tail(self) -> list[str]:
        """The last lines of the log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(file.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
                return file.read().decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []

    def start(self, order: Order) -> None:
        """Start a run as a process of its own and wait until it has written its record.

        When another one was quicker, that one is left alone, and found by `find`.

        Raises:
            NotAllowedError: it asks for more than other parameters.
            RelayError: the process did not get that far.
            OSError: the folder of the logs cannot be written.
        """
        require_allowed(self.settings, order.source, order.overrides)
        if self._is_taken():
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab", opener=open_plain) as sink:
            process = subprocess.Popen(  # noqa: S603 - our own program, and no shell
                _command(order, self.settings),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                # Closing the terminal or restarting the page does not reach it.
                start_new_session=True,
            )
        # Somebody must ask for the exit code, or the ended process stays in the table of processes.
        Thread(target=process.wait, daemon=True).start()
        deadline = time.monotonic() + TAKE_OVER_SECONDS
        while time.monotonic() < deadline:
            job = self.find()
            if job is not None and (job.record.pid == process.pid or job.status is Status.RUNNING):
                return
            if process.poll() not in (None, 0):
                break
            time.sleep(0.05)
        raise RelayError(f"the run did not start; what it said is in {self.log}")

    def _is_taken(self) -> bool:
        """Whether another run is under way; one that has ended is given time to give its lock back."""
        deadline = time.monotonic() + TAKE_OVER_SECONDS
        while is_held(self.lock):
            job = self.find()
            if job is None or job.record.ended_unix is None or time.monotonic() > deadline:
                return True
            time.sleep(0.05)
        return False

    def cancel(self, job: Job) -> None:
        """Ask the run to end; its stage removes its temporary files, and the data is whole."""
        if job.is_here and is_held(self.lock):
            os.kill(job.record.pid, signal.SIGTERM)


def is_held(lock: Path) -> bool:
    """Whether some process holds a lock file; looks without waiting and without changing it."""
    try:
        with lock.open("rb") as file:
            # Shared, so that two who look at once do not take each other for a holder.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def keep_messages(lines: list[str]) -> list[str]:
    """The lines that a stage wrote for people: those that begin with a time."""
    return [line for line in lines if line[2:3] == ":" and line[5:6] == ":" and line[:2].isdigit()]


def _judge(record: Record, is_alive: bool) -> Status:
    if record.ended_unix is None:
        return Status.RUNNING if is_alive else Status.LOST
    if record.was_cancelled:
        return Status.CANCELLED
    return Status.SUCCEEDED if all(step.state is StepState.DONE for step in record.steps) else Status.FAILED


def _command(order: Order, settings: Settings) -> list[str]:
    folders = ["--data-dir", str(settings.data_dir), "--log-dir", str(settings.log_dir)]
    stages = [part for stage in order.stages for part in ("--stage", stage)]
    changes = [part for override in order.overrides for part in ("--set", override)]
    force = ["--force"] if order.force else []
    return [sys.executable, "-m", "page.run.supervise", order.source, *stages, *changes, *force, *folders]
