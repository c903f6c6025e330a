"""Wait until what was started does its work: a container that is well may still fetch what it needs."""

import json
import time
from collections.abc import Iterable

from services.stack.docker import StackError, run

WAIT_SECONDS = 90.0
PAUSE_SECONDS = 0.5
HEALTH = "http://127.0.0.1:8080/health"
"""Of the API, as the gateway's container reaches it."""


def await_ready(services: "Iterable[str]") -> None:
    """Wait until the API serves all its models.

    Airflow's own health check waits for its pipelines.

    Args:
        services: that run.

    Raises:
        StackError: it does not in 90 s, with what it says about itself.
    """
    if "gateway" not in services:
        return
    print("Waiting until the API has fetched and checked its models", flush=True)  # noqa: T201
    end = time.monotonic() + WAIT_SECONDS
    while (told := ask_health()).get("status") != "ready":
        if time.monotonic() > end:
            raise StackError(f"The API is {told.get('status', 'away')} after {WAIT_SECONDS:.0f} s{list_reasons(told)}")
        time.sleep(PAUSE_SECONDS)


def ask_health() -> "dict[str, object]":
    """What the API says of itself; nothing where it does not answer."""
    asked = run("docker", "compose", "--profile", "*", "exec", "-T", "gateway", "curl", "-sS", "-m", "5", HEALTH)
    try:
        told = json.loads(asked.stdout)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def list_reasons(told: "dict[str, object]") -> str:
    """What the API says of each model that it does not serve, or not as it should, and of itself."""
    models = told.get("models")
    parts: dict[str, object] = dict(models) if isinstance(models, dict) else {}
    parts["prediction log"] = told.get("prediction_log")
    said = [f"{name}: {one['why']}" for name, one in parts.items() if isinstance(one, dict) and one.get("why")]
    said += [str(told["why"])] if "why" in told else []
    return "".join(f"\n  {line}" for line in said)
