"""Stages as real processes: started anew as `python -m <stage>`, or forked from an interpreter that is warm already.

A start costs most of a second, and seconds where numerical libraries are imported. A test that starts hundreds of
processes forks them from one that has done its imports; from there on both do the same.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import commands
import psutil
from patience import HANG_SECONDS
from variables import VARIABLES

ROOT = Path(__file__).resolve().parents[2]

KILLED = -signal.SIGKILL

WARM = (
    "pytest",  # a forked process imports the main module anew; its own imports are then there
    "relay.handoff.dataset", "relay.handoff.program", "relay.handoff.progress", "relay.handoff.schema",
    "relay.handoff.writer",
    "ingest.parameters", "relay.reading.formats.delimited", "relay.reading.formats.records", "ingest.sources.file",
    "ingest.sources.synthetic",
    "preprocess.parameters", "preprocess.documents", "preprocess.table",
    "relay.results.output", "model.training.estimator.train", "model.training.result",
    "model.training.estimator.regression", "model.training.authorship.train", "sklearn.linear_model",
    "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg",
    "onnx.helper", "onnxruntime", "skl2onnx", "model.training.estimator.onnx.graph",
)  # fmt: skip

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.truncate", "os.utime")
"""Audit events that announce a change of a folder; `open` is one when it is for writing."""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(list(WARM))


def warm_up(*modules: str) -> None:
    """Let the warm interpreter import these too; without effect when it has been started."""
    _forks.set_forkserver_preload([*WARM, *modules])


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, minus the signal when it was killed, and all it said on standard error."""

    code: int
    said: str

    @property
    def errors(self) -> list[str]:
        """What it said as errors, without time and level."""
        return [line.split("ERROR", 1)[1].strip() for line in self.said.splitlines() if " ERROR " in line]


@dataclass(frozen=True)
class Folders:
    """Where the stages of a test meet."""

    data: Path
    logs: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a stage: ours without what would reach into the test, the two folders, no tracking."""
        inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        ours = {"DATA_DIR": str(self.data), "LOG_DIR": str(self.logs), "MLFLOW_TRACKING_URI": "off", "PYTHONPATH": ""}
        return {**inherited, **ours, **more}


def run_stage(
    stage: str, *arguments: str | Path, folders: Folders, environment: Mapping[str, str] | None = None
) -> Ended:
    """The end of `python -m <stage> …`, run in the project's folder."""
    process = start_stage(stage, *arguments, folders=folders, environment=environment)
    return end_of(process)


def start_stage(
    stage: str,
    *arguments: str | Path,
    folders: Folders,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> "subprocess.Popen[str]":
    """`python -m <stage> …` under way; options are those of Popen."""
    return commands.Command(
        [sys.executable, "-m", stage, *map(str, arguments)],
        cwd=ROOT,
        env=folders.environment(**(environment or {})),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def end_of(process: "subprocess.Popen[str]") -> Ended:
    """How a started process ends."""
    try:
        said = process.communicate(timeout=HANG_SECONDS)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Ended(process.returncode, said)


@dataclass(frozen=True)
class AtStep:
    """What happens to a process right before a change that it makes in a folder: it gets a signal, or is recorded."""

    number: int = 0
    """Of the change, from 1; 0 for none."""
    sends: signal.Signals = signal.SIGKILL
    record: Path | None = None
    """File that takes a line for each change."""

    def begin(self, folder: Path) -> None:
        """Listen to the changes that this process makes."""
        inside, hidden = f"{folder}/", f"{folder}/."  # locks and what is known of hashes are no data
        record = None if self.record is None else os.open(self.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        count = 0

        def hear(event: str, details: tuple[Any, ...]) -> None:
            nonlocal count
            if event not in CHANGES and not (event == "open" and _is_writing(details)):
                return
            path = next((str(detail) for detail in details[:2] if str(detail).startswith(inside)), hidden)
            if path.startswith(hidden):
                return
            count += 1
            if record is not None:
                os.write(record, f"{event} {path.removeprefix(inside)}\n".encode())
            if count == self.number:
                os.kill(os.getpid(), self.sends)

        sys.addaudithook(hear)


@dataclass(frozen=True)
class Fork:
    """A process forked from the warm interpreter."""

    process: ForkServerProcess
    output: Path

    @property
    def pid(self) -> int:
        """Number of the process."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def is_stopped(self) -> bool:
        """Whether it stands still, by SIGSTOP."""
        return psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.exitcode is None

    def kill(self) -> None:
        """Send SIGKILL; nothing when it has ended."""
        self.process.kill()

    def end(self) -> Ended:
        """How it ends."""
        self.process.join(HANG_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"still running after {HANG_SECONDS} s: {self.output.read_text()}")
        return Ended(self.process.exitcode, self.output.read_text(errors="replace"))


_under_way: list[ForkServerProcess] = []


def end_all_forks() -> None:
    """Kill what a failed test left behind, stopped processes too."""
    while _under_way:
        process = _under_way.pop()
        process.kill()
        process.join()


def fork(work: Callable[..., None], *arguments: Any, output: Path) -> Fork:
    """A function of a test module at work in a process of its own."""
    process = _forks.Process(target=_with_output, args=(output, work, *arguments), daemon=True)
    output.touch()
    process.start()
    _under_way.append(process)
    return Fork(process, output)


def fork_stage(
    stage: str,
    *arguments: str | Path,
    folders: Folders,
    output: Path,
    environment: Mapping[str, str] | None = None,
    at_step: "AtStep | None" = None,
) -> Fork:
    """`python -m <stage> …` in a forked process.

    Args:
        stage: its name.
        arguments: of the command line.
        folders: data and logs.
        output: file that takes all it says.
        environment: variables beside those that name the folders.
        at_step: what happens to it at its changes of the data.
    """
    command = [stage, *map(str, arguments)]
    return fork(_be_stage, command, folders.environment(**(environment or {})), folders.data, at_step, output=output)


def wait_until(
    is_so: Callable[[], bool], process: "Fork | subprocess.Popen[str] | None" = None, pause: float = 0.0
) -> bool:
    """Whether it came to be so before the process ended. Looks all the time, so that it sees what lasts microseconds.

    Raises:
        TimeoutError: it neither came to be so nor did the process end.
    """
    deadline = time.monotonic() + HANG_SECONDS
    while not is_so():
        if process is not None and not _is_running(process):
            return is_so()
        if time.monotonic() > deadline:
            raise TimeoutError("neither what was waited for nor the end of the process came")
        time.sleep(pause)
    return True


def _is_running(process: "Fork | subprocess.Popen[str]") -> bool:
    return process.is_running if isinstance(process, Fork) else process.poll() is None


def _with_output(output: Path, work: Callable[..., None], *arguments: Any) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    work(*arguments)


def _be_stage(command: Sequence[str], environment: Mapping[str, str], data_dir: Path, at_step: AtStep | None) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = list(command)
    sys.path[0] = str(ROOT)
    if at_step is not None:
        at_step.begin(data_dir)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def _is_writing(details: tuple[Any, ...]) -> bool:
    flags = details[2]
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def make_event() -> Event:
    """A flag that forked processes share."""
    return _forks.Event()
