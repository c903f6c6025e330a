"""The page's one client of `python -m model SUBCOMMAND … --json` and of `python -m adopt … --json`.

Registry, models and numerical libraries in the page's own process would cost seconds and hundreds of megabytes for
people who look at something else.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Event
from typing import Any

from loguru import logger

from relay.handoff.errors import UNEXPECTED, RelayError
from relay.handoff.settings import ROOT, Settings

ADOPT = "adopt"

TIMEOUT, CANCELLED = "timeout", "cancelled"
"""Kinds of errors of this client, beside those that the command answers."""

SECONDS = 120
"""How long an answer may take: MLflow takes 3 s to start, and a server that is away some more."""

MODEL_SECONDS = 300
"""The first question to a model of styles tunes its borders, about a minute; all others take some seconds."""

ADOPT_SECONDS = 900
"""Looking at all rows of a file of hundreds of megabytes takes minutes on a busy machine."""

ADOPT_BYTES = 8 * 1024**3
"""Address space of `adopt`, which reads files of strangers: what is made to fill the memory ends there, on Linux."""

LOADS_A_MODEL = frozenset(("ask", "predict"))

AT_ONCE = BoundedSemaphore(2)
"""Each question to a model is a process with the model and the numerical libraries in it: others wait their turn."""

POLL_SECONDS = 0.2
"""How soon a cancelled question ends."""


class CommandError(RelayError):
    """The command answered with an error, or not at all; `kind` tells errors apart."""

    def __init__(
        self, message: str, *, kind: str = UNEXPECTED, next_step: str = "", key: str = "", choices: Sequence[str] = ()
    ) -> None:
        super().__init__(message)  # the whole text, as the command tells it
        self.kind = kind
        self.next_step = next_step
        self.key, self.choices = key, tuple(choices)
        """The option that puts it right, and its values, where there is one."""


@dataclass(frozen=True)
class Command:
    """A subcommand of `python -m model` about one recipe, or `python -m adopt` about one file."""

    settings: Settings
    """They name the data folder and the log folder."""
    verb: str
    """Of the program; empty for one that has only one."""
    source: str
    """The recipe, by name or path; of `adopt`, the file."""
    options: tuple[str, ...] = ()
    content: bytes = b""
    """What stands on standard input."""
    program: str = "model"
    scratch: Path | None = None
    """Folder for the command's temporary files; None: the system's."""

    def run(self, cancel: Event | None = None) -> Any:
        """The document that the command answers.

        Args:
            cancel: set it from another thread to end the command.

        Raises:
            CommandError: the command answered with an error, failed, took too long or was cancelled.
        """
        with AT_ONCE if self.verb in LOADS_A_MODEL or self.program == ADOPT else nullcontext():
            stdout, stderr = self._communicate(cancel or Event())
        try:
            found = json.loads(stdout)
        except ValueError:
            raise self._explain_failure(stderr) from None
        error = found.get("error") if isinstance(found, dict) else None
        if error is None:
            return found
        if error["kind"] == UNEXPECTED:
            raise self._explain_failure(stderr)
        offer = {name: error[name] for name in ("key", "choices") if name in error}
        raise CommandError(error["message"], kind=error["kind"], next_step=error["next"], **offer)

    @property
    def shown(self) -> str:
        """The command as people type it, without its options."""
        return f"`python -m {' '.join(filter(None, (self.program, self.verb)))}`"

    def _communicate(self, cancel: Event) -> tuple[bytes, str]:
        limit = ADOPT_SECONDS if self.program == ADOPT else MODEL_SECONDS if self.verb in LOADS_A_MODEL else SECONDS
        deadline = time.monotonic() + limit
        verb = [self.verb] if self.verb else []
        command = [sys.executable, "-m", self.program, *verb, self.source, *self.options, "--json"]
        command += ["--data-dir", str(self.settings.data_dir)]
        environment = os.environ | {"LOG_DIR": str(self.settings.log_dir)}
        if self.scratch is not None:
            environment["TMPDIR"] = str(self.scratch)
        # A file, because `communicate` forgets the input when it is called again after its timeout.
        with TemporaryFile() as content:
            content.write(self.content)
            content.seek(0)
            with subprocess.Popen(  # noqa: S603 - our own program, and no shell
                command, cwd=ROOT, env=environment, stdin=content, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as process:
                if self.program == ADOPT and hasattr(resource, "prlimit"):
                    with suppress(OSError):  # it has ended, or the system has another limit already
                        resource.prlimit(process.pid, resource.RLIMIT_AS, (ADOPT_BYTES, ADOPT_BYTES))
                try:
                    return _wait(process, lambda: self._check(cancel, deadline, limit))
                except BaseException:
                    process.kill()  # also when Streamlit ends the script that asks
                    raise

    def _check(self, cancel: Event, deadline: float, limit: int) -> None:
        if cancel.is_set():
            raise CommandError(f"{self.shown} was cancelled", kind=CANCELLED)
        if time.monotonic() > deadline:
            raise CommandError(f"{self.shown} has not answered within {limit} s", kind=TIMEOUT)

    def _explain_failure(self, stderr: str) -> CommandError:
        logger.error("{} {} failed: {}", self.shown, self.source, stderr)
        next_step = f"See {self.settings.log_dir / 'page.log'}, then try again"
        return CommandError(f"{self.shown} failed unexpectedly. {next_step}", next_step=next_step)


def _wait(process: "subprocess.Popen[bytes]", check: Callable[[], None]) -> tuple[bytes, str]:
    """What the process wrote, once it has ended; `check` may raise in the meantime."""
    while True:
        try:
            stdout, stderr = process.communicate(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            check()
        else:
            return stdout, stderr.decode("utf-8", "replace")
