"""The schedule as the page sees it: Airflow, asked by its REST API with a name and a password."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from page.settings import PageSettings
from relay.handoff.errors import RelayError, UsageError

ANSWER_SECONDS = 5
"""A person waits for the page."""

TASKS = ("set_seed", "ingest", "preprocess", "check_data", "model", "deploy")
ENDED = ("success", "failed")


class ScheduleError(RelayError):
    """Airflow does not answer, refuses, or has no pipeline for the recipe."""


@dataclass(frozen=True)
class ScheduledRun:
    """A run of the pipeline, as it stands."""

    name: str
    state: str
    """queued, running, success or failed."""
    started_unix: float | None
    tasks: Mapping[str, str]
    """Task -> its state, in the pipeline's order; a stage that found nothing changed was skipped."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ENDED


@dataclass(frozen=True)
class Schedule:
    """Airflow at an address, for one who has logged in."""

    url: str
    token: str = field(repr=False)

    def find_pipeline(self, recipe: str) -> str:
        """The name of the recipe's pipeline.

        Raises:
            ScheduleError: there is none, or Airflow does not answer.
        """
        query = urlencode([("tags", "relay"), ("tags", recipe), ("tags_match_mode", "all")])
        found = ask(self.url, f"/api/v2/dags?{query}", None, self.token)["dags"]
        if not found:
            raise ScheduleError(
                f"{recipe} is not on the schedule: name it in SCHEDULE_RECIPES in .env, then `make schedule`"
            )
        return str(found[0]["dag_id"])

    def start(self, pipeline: str, seed: int | None) -> None:
        """Start a run of it; one that goes on is finished first.

        Raises:
            ScheduleError: Airflow refuses or does not answer.
        """
        body = {"logical_date": None, "conf": {"seed": seed}}
        ask(self.url, f"/api/v2/dags/{quote(pipeline)}/dagRuns", body, self.token)

    def find_last(self, pipeline: str) -> ScheduledRun | None:
        """The run that began or was asked for last; None when there was none.

        Raises:
            ScheduleError: Airflow does not answer.
        """
        path = f"/api/v2/dags/{quote(pipeline)}/dagRuns"
        runs = ask(self.url, f"{path}?order_by=-run_after&limit=1", None, self.token)["dag_runs"]
        if not runs:
            return None
        (run,) = runs
        tasks = ask(self.url, f"{path}/{quote(run['dag_run_id'])}/taskInstances", None, self.token)["task_instances"]
        states = {task["task_id"]: task["state"] or "waiting" for task in tasks}
        began = run["start_date"]
        return ScheduledRun(
            name=run["dag_run_id"],
            state=run["state"],
            started_unix=None if began is None else datetime.fromisoformat(began).timestamp(),
            tasks={task: states[task] for task in TASKS if task in states},
        )


def open_schedule(settings: PageSettings) -> Schedule:
    """Airflow of the settings, logged in.

    Raises:
        UsageError: AIRFLOW_URL is no address, or the file of the password cannot be read.
        ScheduleError: it does not answer, or does not know the password.
    """
    url = settings.airflow_url
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"AIRFLOW_URL={url}: expected http://host:port, such as http://localhost:8081")
    try:
        password = (
            Path(settings.airflow_password_file or "secrets/airflow_password").read_text(encoding="utf-8").strip()
        )
    except OSError as error:
        raise UsageError(
            f"AIRFLOW_PASSWORD_FILE={settings.airflow_password_file}: it cannot be read ({error.strerror}); "
            "`make .env` makes it as secrets/airflow_password"
        ) from None
    if not password:
        raise UsageError(
            "AIRFLOW_PASSWORD_FILE names no file, or an empty one, so there is no password for Airflow: add "
            "AIRFLOW_PASSWORD_FILE=secrets/airflow_password to .env, and start the page again"
        )
    found = ask(url, "/auth/token", {"username": settings.airflow_user, "password": password})
    return Schedule(url, found["access_token"])


def ask(url: str, path: str, body: Any = None, token: str = "") -> Any:
    """Airflow's answer.

    Raises:
        ScheduleError: it does not answer, or refuses.
    """
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = None if body is None else json.dumps(body).encode()
    request = Request(f"{url}{path}", content, headers)  # noqa: S310 - http(s) only, see open_schedule
    try:
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - as above
            return json.loads(answer.read())
    except HTTPError as error:
        if error.code == 401:
            raise ScheduleError(
                f"Airflow at AIRFLOW_URL={url} does not know the name and password of AIRFLOW_USER and "
                "AIRFLOW_PASSWORD_FILE"
            ) from None
        raise ScheduleError(f"Airflow at AIRFLOW_URL={url} refuses: {error.code} {error.reason}") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise ScheduleError(
            f"Airflow does not answer at AIRFLOW_URL={url} ({getattr(error, 'reason', error)}): start it, "
            "`make schedule`; without it the button Run trains here as ever"
        ) from None
