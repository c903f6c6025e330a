"""What the monitor says of a model, asked of the API, and what the schedule does about it.

The monitor itself orders nothing. Its decision is data: an action, a reason, and the moment by which it is known.
"""

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from services.airflow.ask import RefusedError, Service

ALARM = 3
"""Exit code of `python -m monitor` whose verdict is an alarm, as in monitor/command.py, which this image lacks."""

BREAK = "break"
"""The verdict that stops a training, as in relay/monitoring/report.py."""
TRAIN, ROLLBACK = "train", "rollback"
"""The actions that the schedule carries out."""

NOT_FOUND = 404

log = logging.getLogger("airflow.task")


class BrokenDataError(Exception):
    """The monitor says that the data are broken, so nothing is trained."""


@dataclass(frozen=True)
class Found:
    """The newest report about a model, as far as the schedule needs it."""

    model: str
    version: str
    window: str
    verdict: str
    text: str
    action: str
    why: str
    decided_unix: float
    """Which decision it is: the same one is carried out once."""

    @property
    def run_id(self) -> str:
        """The id of the pipeline's run that this decision asks for: Airflow takes each once."""
        return f"monitor__{self.model}-{self.version}-{self.decided_unix:.3f}"

    @property
    def reason(self) -> str:
        """Why a run was started, for people."""
        return f"monitor: {self.model} {self.version}, {self.verdict} in window {self.window}: {self.why}"


def find_report(api: Service, model: str) -> Found | None:
    """What the monitor says of a model; None before its first report.

    Raises:
        AwayError: the API does not answer.
        RefusedError: it refuses, as for a missing key.
    """
    try:
        said = api.ask("GET", f"/models/{quote(model, safe='')}/monitor")
    except RefusedError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    return read_report(said)


def read_report(said: Any) -> Found:
    """What an answer of the API says."""
    verdict, decision = said["verdict"], said["decision"]
    return Found(
        model=said["model"],
        version=str(said["version"]),
        window=said["window"],
        verdict=verdict["kind"],
        text=verdict["text"],
        action=decision["action"],
        why=decision["why"],
        decided_unix=float(decision["at_unix"] or 0.0),
    )


def require_whole(found: Found | None, version: int | None) -> None:
    """Return unless the data are broken.

    Args:
        found: what the monitor says.
        version: in production; a report about another one says nothing of the data of now.

    Raises:
        BrokenDataError: they are; the message names the window.
    """
    if found is None:
        log.info("the monitor has no report yet")
        return
    log.info("the monitor says %s in window %s: %s", found.verdict, found.window, found.text)
    if found.verdict == BREAK and version is not None and found.version == str(version):
        said = found.text.rstrip(".")
        raise BrokenDataError(
            f"{found.model} {found.version}: the data are broken in window {found.window}: {said}. Nothing is "
            "trained. Repair the source. If the verdict is wrong, start a run with the configuration "
            '{"train_anyway": true}'
        )


def choose_next(found: Found | None, version: int | None) -> str:
    """What to do now: `train`, `rollback`, or nothing.

    Args:
        found: what the monitor says.
        version: in production: a decision about another one is over.
    """
    if found is None:
        log.info("the monitor has no report yet: nothing to do")
        return ""
    log.info("the monitor says %s, decision %s: %s", found.verdict, found.action, found.why)
    if version is None or found.version != str(version):
        log.info("version %s is not in production (%s is): nothing to do", found.version, version)
        return ""
    return found.action if found.action in (TRAIN, ROLLBACK) else ""
