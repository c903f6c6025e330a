"""Airflow's own interface, for tests that start the schedule."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote

from patience import HANG_SECONDS


def ask(url: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    """Status and JSON of an answer; 0 when there is none."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, error.read().decode()
    except (URLError, OSError):
        return 0, None


def find_in(answer: tuple[int, Any], key: str) -> Any:
    """What an answer holds under a key; nothing where none came, or one of another form while it starts."""
    return answer[1].get(key) if isinstance(answer[1], dict) else None


def wait_for(find: Callable[[], Any], seconds: float = HANG_SECONDS) -> Any:
    """What is found, once it is something."""
    end = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < end, f"nothing within {seconds} seconds"
        time.sleep(0.2)
    return found


class Airflow:
    """The web page's own interface, after a log-in.

    Args:
        url: of Airflow.
        password: of its user.
        dag: whose runs are asked for.
        tasks: of that DAG.
    """

    def __init__(self, url: str, password: str, dag: str, tasks: tuple[str, ...]) -> None:
        self.url, self.tasks = f"{url}/api/v2/dags/{dag}", tasks
        who = {"username": "admin", "password": password}
        self.token = wait_for(lambda: find_in(ask(f"{url}/auth/token", who), "access_token"))

    def get(self, path: str) -> Any:
        status, found = ask(self.url + path, None, self.token)
        return found if status == 200 else {}

    def trigger(self, **conf: Any) -> str:
        """The id of a new run with that configuration.

        A request that meets another one in SQLite is asked again: Airflow logs a request before it makes the run, and
        answers 500 where it cannot write that log.
        """

        def start() -> str:
            status, run = ask(f"{self.url}/dagRuns", {"logical_date": None, "conf": conf}, self.token)
            assert status == 200 or "Database error" in str(run), run
            return str(run["dag_run_id"]) if status == 200 else ""

        return str(wait_for(start))

    def await_end(self, run: str, seconds: float = 2 * HANG_SECONDS) -> dict[str, Any]:
        """The run, once it has ended."""

        def find() -> Any:
            found = self.get(f"/dagRuns/{quote(run)}")
            return found if found.get("state") in ("success", "failed") else None

        found: dict[str, Any] = wait_for(find, seconds)
        return found

    def states(self, run: str) -> dict[str, str]:
        """Task -> how it ended."""
        tasks = wait_for(lambda: self.get(f"/dagRuns/{quote(run)}/taskInstances").get("task_instances"))
        return {task: next(one["state"] for one in tasks if one["task_id"] == task) for task in self.tasks}

    def log(self, run: str, task: str, attempt: int = 1) -> str:
        return str(self.get(f"/dagRuns/{quote(run)}/taskInstances/{task}/logs/{attempt}?full_content=true"))
