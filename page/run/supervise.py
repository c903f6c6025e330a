"""Runs the stages of one recipe one after another, and writes down how it goes: started by the page's button.

A process of its own, so that neither a reload of the page nor its restart ends the run.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from page.run.job import Record, RunFiles, Step, StepState
from relay.handoff.errors import INTERRUPTED
from relay.handoff.journal import find_entry
from relay.handoff.logbook import make_run_id
from relay.handoff.settings import ROOT, Settings

GRACE_SECONDS = 10.0
"""A stage that does not end within this time after it was asked is killed: its data survives that too."""

LOCK_SECONDS, POLL_SECONDS = 0.1, 0.01
"""Longer than anyone who only looks at the lock holds it, and so short that a second run never follows a first one."""

ANOTHER_RUNS = 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stages; gives the exit code of the last one that ran.

    When another run of the recipe goes on, nothing happens: whoever started this one is shown that one.
    """
    arguments = _parser().parse_args(argv)
    settings = Settings(data_dir=arguments.data_dir, log_dir=arguments.log_dir)
    files = RunFiles(settings, Path(arguments.recipe).stem)
    files.lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(files.lock, timeout=LOCK_SECONDS, poll_interval=POLL_SECONDS, mode=0o666):
            os.ftruncate(sys.stdout.fileno(), 0)  # the log of the run before
            return _Supervisor(files, arguments).run()
    except Timeout:
        return ANOTHER_RUNS


class _Supervisor:
    """Holds the record of the run and rewrites it at every step."""

    def __init__(self, files: RunFiles, arguments: argparse.Namespace) -> None:
        self._files = files
        changes = [part for override in arguments.set for part in ("--set", override)]
        force = ["--force"] if arguments.force else []
        self._arguments = [arguments.recipe, *changes, *force]
        self._record = Record(
            recipe=files.recipe,
            command=["python", "-m", arguments.stage[-1], *self._arguments],
            overrides=arguments.set,
            pid=os.getpid(),
            host=socket.gethostname(),
            log=files.log,
            started_unix=time.time(),
            steps=[Step(stage=stage) for stage in arguments.stage],
        )

    def run(self) -> int:
        """Run stage after stage until one fails or somebody cancels."""
        code = 0
        try:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            self._files.write(self._record)
            for number in range(len(self._record.steps)):
                code = self._run_step(number)
                if code:
                    break
        except KeyboardInterrupt:
            code = INTERRUPTED
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._change(ended_unix=time.time(), was_cancelled=code == INTERRUPTED, steps=self._end_steps())
        return code

    def _run_step(self, number: int) -> int:
        stage, started, run_id = self._record.steps[number].stage, time.time(), make_run_id()
        self._change_step(number, state=StepState.RUNNING, started_unix=started)
        code = _run_process(self._command(stage, run_id))
        entry = find_entry(self._files.settings.log_dir, run_id)
        self._change_step(
            number,
            state={0: StepState.DONE, INTERRUPTED: StepState.CANCELLED}.get(code, StepState.FAILED),
            outcome=None if entry is None else entry.outcome,
            seconds=time.time() - started,
            error=None if entry is None else entry.error,
            exit_code=code,
        )
        return code

    def _end_steps(self) -> list[Step]:
        """The steps, none of them running: a stage may have been cancelled in the moment between two of them."""
        return [
            step.model_copy(update={"state": StepState.CANCELLED}) if step.state is StepState.RUNNING else step
            for step in self._record.steps
        ]

    def _command(self, stage: str, run_id: str) -> list[str]:
        settings = self._files.settings
        folders = ["--data-dir", str(settings.data_dir), "--log-dir", str(settings.log_dir)]
        return [sys.executable, "-m", stage, *self._arguments, "--run-id", run_id, *folders]

    def _change_step(self, number: int, **changes: object) -> None:
        steps = list(self._record.steps)
        steps[number] = steps[number].model_copy(update=changes)
        self._change(steps=steps)

    def _change(self, **changes: object) -> None:
        self._record = self._record.model_copy(update=changes)
        self._files.write(self._record)


def _run_process(command: list[str]) -> int:
    """Run a stage to its end and give its exit code; when this process is asked to end, the stage is asked first."""
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)  # noqa: S603 - our own stages, no shell
    try:
        return process.wait()
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m page.run.supervise", description="Runs stages for the page.")
    parser.add_argument("recipe")
    parser.add_argument("--stage", action="append", required=True)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--log-dir", type=Path, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
