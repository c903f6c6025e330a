"""The compose project as Docker knows it: its volumes, what runs, and how commands are given."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.backup.contents import BackupError

DATABASE_VOLUME = "postgres-data"
"""Copied by PostgreSQL's own programs, never as files."""

PAUSE_TRIES, PAUSE_SECONDS = 6, 2.0
HEALTH_SECONDS = 60.0
"""More than the interval of each health check, 30 s at most."""
HEALTH = "{{if .State.Health}}{{.State.Health.Status}}{{end}}"
SERVICE_LABEL = '{{index .Config.Labels "com.docker.compose.service"}}'

LABEL = "relay.backup"
"""Of the containers that see to the volumes; its value is the project."""


@dataclass(frozen=True)
class Project:
    """What the compose file says, with the variables of now."""

    name: str
    volumes: "dict[str, str]"
    """Name in the compose file -> name in Docker; those in memory, and those of others, are left out."""
    image: str
    """One that is there wherever the stack ran, and holds tar and Python."""


def read_project() -> Project:
    """The project of this folder.

    Raises:
        BackupError: Docker or the compose file says no.
    """
    config = json.loads(ask("docker", "compose", "--profile", "*", "config", "--format", "json"))
    volumes = {
        name: volume["name"]
        for name, volume in config["volumes"].items()
        if not volume.get("external") and (volume.get("driver_opts") or {}).get("type") != "tmpfs"
    }
    return Project(config["name"], volumes, config["services"]["mlflow"]["image"])


def find_volumes(project: Project) -> "dict[str, str]":
    """The project's volumes that exist, as `Project.volumes`."""
    there = set(ask("docker", "volume", "ls", "--quiet").split())
    return {name: volume for name, volume in project.volumes.items() if volume in there}


def make_volume(project: Project, name: str) -> None:
    """Make a volume as compose would, unless it is there."""
    labels = {"com.docker.compose.project": project.name, "com.docker.compose.volume": name}
    options = [word for label, value in labels.items() for word in ("--label", f"{label}={value}")]
    ask("docker", "volume", "create", *options, project.volumes[name])


@contextmanager
def hold_writers(volumes: "list[str]") -> "Iterator[None]":
    """Freeze the running containers that have these volumes, so that all files are of one moment."""
    found = {
        container
        for volume in volumes
        for container in ask(
            "docker", "ps", "--quiet", "--filter", f"volume={volume}", "--filter", "status=running"
        ).split()
    }
    held: list[str] = []
    well = [container for container in sorted(found) if read_health(container) == "healthy"]
    try:
        for container in sorted(found):
            held.append(container)
            pause(container)
        yield
    finally:
        for container in held:
            # One that ended meanwhile cannot go on.
            run("docker", "unpause", container)
    await_health(well)


def await_health(containers: "list[str]") -> None:
    """Wait until containers are healthy again.

    Docker takes one that was paused for unhealthy until its next check, and compose starts nothing that needs it.
    """
    end = time.monotonic() + HEALTH_SECONDS
    while any(read_health(container) == "unhealthy" for container in containers) and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS / 4)


def read_health(container: str) -> str:
    """The health of a container; empty without a check."""
    return run("docker", "inspect", "--format", HEALTH, container).stdout.strip()


def pause(container: str) -> None:
    """Freeze a container. A busy one refuses now and then, so it is tried again.

    Raises:
        BackupError: it refuses each time.
    """
    for attempt in range(PAUSE_TRIES):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        done = run("docker", "pause", container)
        # One that ended by itself writes no more.
        if done.returncode == 0 or read_state(container) in ("", "exited", "dead", "paused"):
            return
    service = run("docker", "inspect", "--format", SERVICE_LABEL, container).stdout.strip() or container
    said = (done.stderr.strip() or "no word").splitlines()[-1]
    raise BackupError(
        f"{service} cannot be paused, tried {PAUSE_TRIES} times: `docker pause` ended with exit code "
        f"{done.returncode}: {said}. No copy was made. Try again when the service is less busy; "
        "the engine says more in `journalctl --unit docker`"
    )


def read_state(container: str) -> str:
    """The state of a container, such as running; empty for one that is gone."""
    return run("docker", "inspect", "--format", "{{.State.Status}}", container).stdout.strip()


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """A command that has ended, however it did."""
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603


@contextmanager
def without_leftovers(project: Project) -> "Iterator[None]":
    """Work that leaves no container of its own: one that is ended may leave one that nobody starts or follows."""
    remove_leftovers(project)
    try:
        yield
    finally:
        remove_leftovers(project)


def remove_leftovers(project: Project) -> None:
    """Remove the containers of a backup that is over."""
    found = ask("docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}={project.name}").split()
    if found:
        ask("docker", "rm", "--force", *found)


@contextmanager
def running_database() -> "Iterator[None]":
    """PostgreSQL at work; one that was not is stopped afterwards."""
    compose = ("docker", "compose", "--profile", "postgres")
    was_running = bool(ask(*compose, "ps", "--quiet", "--status", "running", "postgres").strip())
    try:
        if not was_running:
            # No secret of a role is needed for this, and the server as it is serves as well as a new one.
            ask(*compose, "up", "--detach", "--wait", "--no-deps", "--no-recreate", "postgres")
        yield
    finally:
        if not was_running:
            ask(*compose, "rm", "--stop", "--force", "postgres")


def ask(*command: str, read: "Path | None" = None, write: "Path | None" = None) -> str:
    """What a command says; from and to files where they are named.

    Raises:
        BackupError: it failed.
    """
    with open(read or os.devnull, "rb") as given, open(write or os.devnull, "wb") as taken:  # noqa: PTH123
        try:
            done = subprocess.run(  # noqa: S603 - our own commands
                command, stdin=given, stdout=taken if write else subprocess.PIPE, stderr=subprocess.PIPE, check=False
            )
        except FileNotFoundError:
            raise BackupError(f"{command[0]} is not installed, or not on the path") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise BackupError(f"{' '.join(command[:6])} …: {said[-2000:]}")
    return (done.stdout or b"").decode(errors="replace")


def say(line: str) -> None:
    """Tell the user."""
    print(line, flush=True, file=sys.stdout)  # noqa: T201 - the output of a command


def name_size(size: int) -> str:
    """Bytes, for people."""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"
