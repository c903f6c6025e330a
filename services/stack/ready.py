"""Wait until what was started does its work: a container that is well may still fetch what it needs."""

import json
import time
from collections.abc import Iterable
from typing import Any

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
    while not is_serving(told := ask_health()):
        if time.monotonic() > end:
            raise StackError(f"The API is {told.get('status', 'away')} after {WAIT_SECONDS:.0f} s{list_reasons(told)}")
        time.sleep(PAUSE_SECONDS)
    if aside := find_part(told, "prediction_log").get("set_aside"):
        print(  # noqa: T201 - the output of a command
            f"The prediction log was damaged and set aside as {', '.join(map(str, aside))}: docs/prediction-log.md"
        )


def is_serving(told: "dict[str, object]") -> bool:
    """Whether all models are served and predictions are logged, whatever lies beside the log."""
    parts = [*find_models(told).values(), find_part(told, "prediction_log")]
    is_up = told.get("status") in ("ready", "degraded") and all(part.get("ready") is True for part in parts)
    return is_up and not list_reasons(told)


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
    parts = {**find_models(told), "prediction log": find_part(told, "prediction_log")}
    said = [f"{name}: {one['why']}" for name, one in parts.items() if one.get("why")]
    said += [str(told["why"])] if "why" in told else []
    return "".join(f"\n  {line}" for line in said)


def find_models(told: "dict[str, object]") -> "dict[str, dict[str, Any]]":
    """How each model stands, by its name."""
    models = find_part(told, "models")
    return {name: one for name, one in models.items() if isinstance(one, dict)}


def find_part(told: "dict[str, object]", name: str) -> "dict[str, Any]":
    """A part of the answer; nothing where it is not there."""
    part = told.get(name)
    return part if isinstance(part, dict) else {}
