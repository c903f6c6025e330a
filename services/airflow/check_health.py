"""Are the web server, the scheduler and the DAG processor well, and are all pipelines there? Exits 0 when they are.

http.client rather than urllib, which would ask a proxy that the environment names.
"""

import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

PARTS = ("metadatabase", "scheduler", "dag_processor")
DEFAULT_RECIPES = "linear"
"""As in schedule.py."""
SEEN = Path("/tmp/pipelines-seen")  # noqa: S108 - the container's own memory; the check runs as another user
"""Names the recipes whose pipelines were there once: they are asked for no more, which takes a log-in each time."""


def main() -> int:
    """0 when all are healthy and there, else 1 with those that are not."""
    try:
        ill: dict[str, Any] = find_ill()
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        ill = {"api-server": f"no answer ({error})"}
    if ill:
        print(json.dumps(ill))  # noqa: T201 - Docker keeps the output
        return 1
    return 0


def find_ill() -> "dict[str, Any]":
    """What is not well, and how it stands."""
    found = ask("GET", "/api/v2/monitor/health")
    ill = {part: found[part]["status"] for part in PARTS if found[part]["status"] != "healthy"}
    seen = Path(os.environ.get("PIPELINES_SEEN") or SEEN)
    wanted = list_recipes()
    if ill or (seen.exists() and seen.read_text(encoding="utf-8") == wanted):
        return ill
    password = Path(os.environ["AIRFLOW_PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
    login = {"username": os.environ.get("AIRFLOW_USER") or "admin", "password": password}
    token = ask("POST", "/auth/token", body=login)["access_token"]
    missing = [name for name in wanted.split(",") if not is_there(name, token)]
    if missing:
        errors = ask("GET", "/api/v2/importErrors", token)["import_errors"]
        why = str(errors[0]["stack_trace"]).strip().splitlines()[-1] if errors else "not there yet"
        return {f"pipeline of {name}": why for name in missing}
    seen.write_text(wanted, encoding="utf-8")
    return {}


def list_recipes() -> str:
    """The recipes on the schedule, a comma list."""
    said = os.environ.get("SCHEDULE_RECIPES") or DEFAULT_RECIPES
    return ",".join(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))


def is_there(recipe: str, token: str) -> bool:
    """Whether the recipe has its pipeline."""
    query = f"tags=relay&tags={quote(recipe, safe='')}&tags_match_mode=all&limit=1"
    return bool(ask("GET", f"/api/v2/dags?{query}", token)["dags"])


def ask(method: str, path: str, token: str = "", body: Any = None) -> Any:
    """The web server's answer."""
    server = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("AIRFLOW__API__PORT") or 8080), timeout=8)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        server.request(method, path, None if body is None else json.dumps(body), headers)
        return json.loads(server.getresponse().read())
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
