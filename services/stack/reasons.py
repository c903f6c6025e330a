"""Why a container is not well, in the words of its own log."""

import json
import re
from collections.abc import Iterable

from services.stack.docker import Container, ask_docker, read_log

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL|PANIC|error:|Error:)|\bdoes not start\b")
LOG_HEAD = re.compile(r"^(?:[0-9T:.,/+Z -]{8,32}\s*)?(?:\[\w*\]\s*)?(?:(?:ERROR|CRITICAL)\b[\s:|]*)?")
"""Time and level before what a line says."""
LONGEST = 600
"""Characters of a line that is shown."""


def tell_reasons(containers: "Iterable[Container]") -> "list[str]":
    """A line for each container that is not well: how it stands, what it said last about it, and how to read more."""
    return [line for one in list_unwell(containers) for line in (explain(one), f"  More: docker logs {one.name}")]


def list_unwell(containers: "Iterable[Container]") -> "list[Container]":
    """Those that are not well, by service; one that was never started waits for another."""
    found = [one for one in containers if not one.is_well and one.state != "created"]
    return sorted(found, key=lambda container: container.service)


def explain(container: "Container") -> str:
    """How a container stands that is not well, and what it said last about it."""
    checked = read_health(container.name) if container.state == "running" else ""
    reason = checked or find_reason(read_log(container.name))
    return f"{container.service} {describe_state(container)}{': ' + reason if reason else ''}"


def describe_state(container: Container) -> str:
    """How a container stands that is not well."""
    if container.state == "running":
        return f"is {container.health}"
    if container.state == "restarting":
        return f"ends and is started again and again, last with exit code {container.exit_code}"
    return f"ended with exit code {container.exit_code}" if container.state == "exited" else f"is {container.state}"


def find_reason(lines: "list[str]") -> str:
    """What the last error line of a log says, else its last line; without time and level."""
    said = [line for line in (COLOUR.sub("", line).strip() for line in lines) if line]
    errors = [line for line in said if ERROR.search(line)]
    return LOG_HEAD.sub("", (errors or said or [""])[-1], count=1)[:LONGEST]


def read_health(container: str) -> str:
    """What the last health check wrote."""
    told = json.loads(ask_docker("inspect", "--format", "{{json .State.Health}}", container) or "null")
    log = (told or {}).get("Log") or []
    return str(log[-1]["Output"]).strip()[:LONGEST] if log else ""
