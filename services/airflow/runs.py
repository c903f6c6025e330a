"""A run of a stage, ordered from the runner and followed to its end."""

import hashlib
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.airflow.ask import AwayError, RefusedError, Service

LOOK_SECONDS = 1.0
AWAY_SECONDS = 120.0
"""That a run is still followed while the runner does not answer: it is started again, and finds what it started."""
UNCHANGED = "unchanged"
"""The outcome of a stage that found nothing to do, as in relay/handoff/journal.py, which this image does not hold."""

log = logging.getLogger("airflow.task")


class StageError(Exception):
    """A stage ended with a failure."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    exit_code: int
    outcome: str | None
    """From the stage's journal entry; None where it left none, as when it was killed, and for a rollback."""
    is_out_of_memory: bool = False

    @property
    def is_unchanged(self) -> bool:
        """Whether the stage found nothing to do."""
        return self.outcome == UNCHANGED


def find_runner(environment: Mapping[str, str] = os.environ) -> Service:
    """The runner of this project."""
    token = Path(environment["RUNNER_TOKEN_FILE"]).read_text(encoding="utf-8").strip()
    return Service("the runner", environment.get("RUNNER_URL") or "http://runner:8000", token)


def name_run(dag_id: str, run_id: str, task_id: str) -> str:
    """The id of a task's run.

    Without the number of the attempt: one that begins while the container of the last still runs follows that.
    """
    return hashlib.sha256(f"{dag_id}\n{run_id}\n{task_id}".encode()).hexdigest()[:32]


def run_stage(runner: Service, order: Mapping[str, Any]) -> Ended:
    """Start a run, or find it started, write its log into the task's, and give how it ended.

    Raises:
        StageError: it cannot be started, or is gone.
        AwayError: the runner does not answer for long.
    """
    run = str(order["run"])
    after = ""
    look: dict[str, Any] = {"state": "running", "is_more": False}
    try:
        _insist(runner, "POST", "/runs", order)
        while look["state"] != "ended" or look["is_more"]:
            look = _insist(runner, "GET", f"/runs/{run}?after={after}")
            after = look["after"]
            for line in look["lines"]:
                log.info("%s", line)
            if look["state"] != "ended" and not look["is_more"]:
                time.sleep(LOOK_SECONDS)
        _insist(runner, "DELETE", f"/runs/{run}")
    except RefusedError as error:
        raise StageError(str(error)) from None
    return Ended(look["exit_code"], look["outcome"], look["is_out_of_memory"])


def require_success(stage: str, ended: Ended) -> None:
    """Return when a stage ended well.

    Raises:
        StageError: it did not.
    """
    if ended.exit_code == 0:
        return
    reason = (
        "it needed more memory than STAGE_MEMORY and PAGE_MEMORY in .env allow"
        if ended.is_out_of_memory
        else "it was killed or stopped"
        if ended.exit_code in (130, 137, 143)
        else "its last lines above say why"
    )
    raise StageError(f"{stage} ended with exit code {ended.exit_code}: {reason}")


def _insist(runner: Service, method: str, path: str, body: Any = None) -> Any:
    """The runner's answer, asked for again while it does not answer."""
    end = time.monotonic() + AWAY_SECONDS
    while True:
        try:
            return runner.ask(method, path, body)
        except AwayError:
            if time.monotonic() > end:
                raise
            time.sleep(LOOK_SECONDS)
