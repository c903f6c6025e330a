"""The page's one client of `python -m model SUBCOMMAND … --json`: a process of its own for each question.

Registry, models and numerical libraries in the page's own process would cost seconds and hundreds of megabytes for
people who look at something else.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Event
from typing import Any

from loguru import logger

from relay.handoff.errors import UNEXPECTED, RelayError
from relay.handoff.settings import ROOT, Settings

TIMEOUT, CANCELLED = "timeout", "cancelled"
"""Kinds of errors of this client, beside those that the command answers."""

SECONDS = 120
"""How long an answer may take: MLflow takes 3 s to start, and a server that is away some more."""

MODEL_SECONDS = 300
"""The first question to a model of styles tunes its borders, about a minute; all others take some seconds."""

LOADS_A_MODEL = frozenset(("ask", "predict"))

AT_ONCE = BoundedSemaphore(2)
"""Each question to a model is a process with the model and the numerical libraries in it: others wait their turn."""

POLL_SECONDS = 0.2
"""How soon a cancelled question ends."""


class CommandError(RelayError):
    """The command answered with an error, or not at all; `kind` tells errors apart."""

    def __init__(self, message: str, *, kind: str = UNEXPECTED, next_step: str = "") -> None:
        super().__init__(message)  # the whole text, as the command tells it
        self.kind = kind
        self.next_step = next_step


@dataclass(frozen=True)
class Command:
    """A subcommand of `python -m model` about one recipe."""

    settings: Settings
    """They name the data folder and the log folder."""
    verb: str
    source: str
    """The recipe, by name or path."""
    options: tuple[str, ...] = ()
    content: bytes = b""
    """What stands on standard input."""

    def run(self, cancel: Event | None = None) -> Any:
        """The document that the command answers.

        Args:
            cancel: set it from another thread to end the command.

        Raises:
            CommandError: the command answered with an error, failed, took too long or was cancelled.
        """
        with AT_ONCE if self.verb in LOADS_A_MODEL else nullcontext():
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
        raise CommandError(error["message"], kind=error["kind"], next_step=error["next"])

    def _communicate(self, cancel: Event) -> tuple[bytes, str]:
        limit = MODEL_SECONDS if self.verb in LOADS_A_MODEL else SECONDS
        deadline = time.monotonic() + limit
        command = [sys.executable, "-m", "model", self.verb, self.source, *self.options, "--json"]
        command += ["--data-dir", str(self.settings.data_dir)]
        environment = os.environ | {"LOG_DIR": str(self.settings.log_dir)}
        # A file, because `communicate` forgets the input when it is called again after its timeout.
        with TemporaryFile() as content:
            content.write(self.content)
            content.seek(0)
            with subprocess.Popen(  # noqa: S603 - our own program, and no shell
                command, cwd=ROOT, env=environment, stdin=content, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as process:
                try:
                    return _wait(process, lambda: self._check(cancel, deadline, limit))
                except BaseException:
                    process.kill()  # also when Streamlit ends the script that asks
                    raise

    def _check(self, cancel: Event, deadline: float, limit: int) -> None:
        if cancel.is_set():
            raise CommandError(f"`python -m model {self.verb}` was cancelled", kind=CANCELLED)
        if time.monotonic() > deadline:
            raise CommandError(f"`python -m model {self.verb}` has not answered within {limit} s", kind=TIMEOUT)

    def _explain_failure(self, stderr: str) -> CommandError:
        logger.error("`python -m model {} {}` failed: {}", self.verb, self.source, stderr)
        next_step = f"See {self.settings.log_dir / 'page.log'}, then try again"
        return CommandError(f"`python -m model {self.verb}` failed unexpectedly. {next_step}", next_step=next_step)


def _wait(process: "subprocess.Popen[bytes]", check: Callable[[], None]) -> tuple[bytes, str]:
    """What the process wrote, once it has ended; `check` may raise in the meantime."""
    while True:
        try:
            stdout, stderr = process.communicate(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            check()
        else:
            return stdout, stderr.decode("utf-8", "replace")
