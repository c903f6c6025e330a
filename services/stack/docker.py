"""Docker and its compose, asked by their commands."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

OLDEST_COMPOSE = (2, 24)
"""Older ones do not know `!reset` and `!override`, by which the compose files are put together."""
ALARMS = {"monitor": 3}
"""Service -> the exit code by which it says that it has found something: it has done its work."""
LOG_LINES = 200
"""Of a container, where its reason for ending is looked for."""


class StackError(Exception):
    """A command cannot do what it should; the message says why, and what to do next."""


@dataclass(frozen=True)
class Container:
    """A container of the project, one that has ended too."""

    service: str
    name: str
    state: str
    """running, exited, restarting, created, paused or dead."""
    health: str
    """healthy, unhealthy or starting; empty without a health check."""
    exit_code: int

    @property
    def is_well(self) -> bool:
        """Whether it runs, or has done its work."""
        if self.state == "running":
            return self.health in ("", "healthy")
        return self.state == "exited" and self.exit_code in (0, ALARMS.get(self.service, 0))


def find_docker() -> bool:
    """Whether the command is there."""
    return shutil.which("docker") is not None


def check_docker() -> None:
    """See that containers can be started at all.

    Raises:
        StackError: Docker or compose is not there, or the engine does not answer.
    """
    if not find_docker():
        raise StackError("Docker is not installed: https://docs.docker.com/engine/install. `make run` needs none")
    if run("docker", "compose", "version").returncode != 0:
        raise StackError(
            "Docker has no plugin `compose`: install docker-compose-plugin (Debian and Ubuntu: docker-compose-v2), "
            "https://docs.docker.com/compose/install"
        )
    version = run("docker", "compose", "version", "--short").stdout.strip()
    if (found := read_version(version)) and found < OLDEST_COMPOSE:
        needed = ".".join(map(str, OLDEST_COMPOSE))
        raise StackError(
            f"Docker's plugin `compose` has version {version}, expected {needed} or newer: "
            "update docker-compose-plugin, https://docs.docker.com/compose/install"
        )
    if (asked := run("docker", "version", "--format", "{{.Server.Version}}")).returncode != 0:
        said = (asked.stderr.strip() or "no answer").splitlines()[-1]
        raise StackError(f"Docker's engine does not answer: {said}")


def find_problem() -> str:
    """Why no container can be started, as `check_docker` says it; empty where they can."""
    try:
        check_docker()
    except StackError as error:
        return str(error)
    return ""


def read_version(text: str) -> "tuple[int, ...]":
    """The first two numbers of a version; empty when the text has no such numbers."""
    found = re.match(r"v?([0-9]+)[.]([0-9]+)", text)
    return tuple(int(part) for part in found.groups()) if found else ()


def list_versions() -> "tuple[str, str]":
    """The engine's version, and compose's."""
    engine = run("docker", "version", "--format", "{{.Server.Version}}").stdout.strip()
    return engine, run("docker", "compose", "version", "--short").stdout.strip().lstrip("v")


def ask_docker(*arguments: str) -> str:
    """What Docker prints; nothing where it fails."""
    done = run("docker", *arguments)
    return done.stdout if done.returncode == 0 else ""


def ask_compose(*arguments: str) -> str:
    """What compose prints about all profiles; nothing where it fails."""
    return ask_docker("compose", "--profile", "*", *arguments)


def list_containers() -> "list[Container]":
    """The project's containers, those that have ended too."""
    told = ask_compose("ps", "--all", "--format", "json")
    # One object a line; older releases gave one list.
    found = json.loads(told) if told.startswith("[") else [json.loads(line) for line in told.splitlines()]
    return [
        Container(one["Service"], one["Name"], one["State"], one.get("Health") or "", int(one.get("ExitCode") or 0))
        for one in found
    ]


def inspect(names: "Sequence[str]") -> "list[dict[str, Any]]":
    """What Docker says of containers; those that went away meanwhile are left out."""
    told = run("docker", "container", "inspect", *names).stdout if names else ""
    return list(json.loads(told)) if told.strip().startswith("[") else []


def read_config() -> "tuple[dict[str, Any] | None, str]":
    """What compose makes of its files and .env, for all profiles; else nothing, and what it says about that."""
    done = run("docker", "compose", "--profile", "*", "config", "--format", "json")
    if done.returncode == 0:
        return json.loads(done.stdout), ""
    return None, (done.stderr.strip() or "no answer").splitlines()[-1]


def read_log(container: str) -> "list[str]":
    """The last lines of a container, what it wrote to both streams."""
    command = ["docker", "logs", "--tail", str(LOG_LINES), container]
    done = subprocess.run(  # noqa: S603 - a fixed command
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    return done.stdout.splitlines()


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """A command that has ended, with what it wrote."""
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
