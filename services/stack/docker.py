"""Docker and its compose, asked by their commands."""

import json
import shutil
import subprocess
from dataclasses import dataclass

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
        return self.state == "exited" and self.exit_code == 0


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
    if (asked := run("docker", "version", "--format", "{{.Server.Version}}")).returncode != 0:
        said = (asked.stderr.strip() or "no answer").splitlines()[-1]
        raise StackError(f"Docker's engine does not answer: {said}")


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
