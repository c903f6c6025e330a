"""The containers of the service `api`: which there are, how one is made, and how it comes to get requests.

The gateway finds replicas by the name `api` in the network `front`. A new one is in all networks but that one until it
is ready, so no request reaches it before. When it joins, it takes an alias that names the replica that it replaces:
an update that is interrupted can be continued, because the containers themselves say how far it had come.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from services.update import docker
from services.update.docker import UpdateError

SERVICE, NETWORK = "api", "front"
REPLACES = "replaces-"
"""Beginning of the alias of a new replica; the id of the one that it replaces follows."""
ID_LENGTH = 12
LOG_LINES = 20
LABEL = "com.docker.compose"

LOOK = """
import json, urllib.error, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    answer = opener.open("http://127.0.0.1:8000/health", timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, json.loads(answer.read())]))
"""


@dataclass(frozen=True)
class Project:
    """What compose calls the project, and the network in which the gateway looks for replicas."""

    name: str
    network: str


@dataclass(frozen=True)
class Replica:
    """A container of the service, as it was a moment ago."""

    id: str
    name: str
    version: "tuple[str, str]"
    """Its image, and the digest of its settings by compose."""
    state: str
    """As Docker says it: created, running, exited, …"""
    restarts: int
    exit_code: int
    is_reachable: bool
    """Whether it is in the gateway's network, or will be when it is started."""
    replaces: str
    """The id of the replica that was to stop when this one was ready; empty for most."""


@dataclass(frozen=True)
class Health:
    """What a replica says about itself."""

    status: int
    """Of HTTP; 0 where it does not answer."""
    ready: "frozenset[str]"
    """The models that it predicts with, and `prediction_log` where that takes rows."""
    why: str
    """What is not ready."""


def read_project() -> Project:
    """The project of this folder.

    Raises:
        UpdateError: Docker or the compose file says no.
    """
    config = json.loads(docker.ask("docker", "compose", "--profile", "*", "config", "--format", "json"))
    return Project(config["name"], config["networks"][NETWORK]["name"])


def find_replicas(project: Project) -> "list[Replica]":
    """All containers that compose made for the service, the oldest first; those that do not run too."""
    labels = [f"{LABEL}.project={project.name}", f"{LABEL}.service={SERVICE}", f"{LABEL}.oneoff=False"]
    filters = [word for label in labels for word in ("--filter", f"label={label}")]
    ids = docker.ask("docker", "ps", "--all", "--quiet", "--no-trunc", *filters).split()
    found = (
        sorted(json.loads(docker.ask("docker", "inspect", *ids)), key=lambda one: str(one["Created"])) if ids else []
    )
    return [_read(one, project.network) for one in found]


def make_replica(project: Project) -> Replica:
    """One more container, by the image and the settings of now: not started, and out of the gateway's sight.

    Raises:
        UpdateError: compose made none.
    """
    before = find_replicas(project)
    # With its dependencies named: without them, compose would give the same settings another digest, and the next
    # `docker compose up` would replace every replica at once.
    one_more = ("--scale", f"{SERVICE}={len(before) + 1}", SERVICE)
    docker.ask("docker", "compose", "create", "--no-recreate", "--no-build", *one_more)
    known = {one.id for one in before}
    made = [one for one in find_replicas(project) if one.id not in known]
    if len(made) != 1:
        raise UpdateError(f"docker compose made {len(made)} containers of {SERVICE}, expected 1: look at `make status`")
    docker.ask("docker", "network", "disconnect", project.network, made[0].id)
    return made[0]


def join(project: Project, new: Replica, old: Replica) -> None:
    """Let the gateway find a replica, which will take the place of another one."""
    alias = ("--alias", SERVICE, "--alias", f"{REPLACES}{old.id[:ID_LENGTH]}")
    docker.ask("docker", "network", "connect", *alias, project.network, new.id)


def look(project: Project, replica: Replica) -> Replica:
    """The replica as it is now.

    Raises:
        UpdateError: it is gone.
    """
    return _read(json.loads(docker.ask("docker", "inspect", replica.id))[0], project.network)


def read_health(replica: Replica) -> Health:
    """What a replica says at /health, asked from inside its container."""
    _, output, _ = docker.run("docker", "exec", replica.id, "python", "-c", LOOK)
    try:
        status, body = json.loads(output)
        states = body["models"] | {"prediction_log": body["prediction_log"]}
        return describe_health(status, states)
    except (ValueError, KeyError, TypeError):
        return Health(0, frozenset(), "it does not answer at /health yet")


def describe_health(status: int, states: "dict[str, dict[str, object]]") -> Health:
    """A health of what /health says of each model and of the log."""
    ready = frozenset(name for name, state in states.items() if state.get("ready"))
    away = [
        f"{name}: {state.get('why') or 'not ready'}" for name, state in sorted(states.items()) if not state.get("ready")
    ]
    return Health(status, ready, "; ".join(away))


def read_last_words(replica: Replica) -> str:
    """The end of a container's log."""
    _, output, errors = docker.run("docker", "logs", "--tail", str(LOG_LINES), replica.id)
    return (output + errors).rstrip()


def start(replica: Replica) -> None:
    """Start a container that was made."""
    docker.ask("docker", "start", replica.id)


def stop(replica: Replica) -> None:
    """Let a replica finish what it began, within the time that compose gives it; then remove its container."""
    docker.ask("docker", "stop", replica.id)
    docker.ask("docker", "rm", replica.id)


def remove(replicas: "Iterable[Replica]") -> None:
    """Remove containers that no request reaches."""
    ids = [replica.id for replica in replicas]
    if ids:
        docker.ask("docker", "rm", "--force", *ids)


def _read(found: "dict[str, object]", network: str) -> Replica:
    container: dict[str, dict[str, object]] = found  # type: ignore[assignment]
    networks: dict[str, dict[str, list[str]]] = container["NetworkSettings"]["Networks"]  # type: ignore[assignment]
    aliases = (networks.get(network) or {}).get("Aliases") or []
    labels: dict[str, str] = container["Config"]["Labels"]  # type: ignore[assignment]
    return Replica(
        id=str(found["Id"]),
        name=str(found["Name"]).lstrip("/"),
        version=(str(found["Image"]), labels.get(f"{LABEL}.config-hash", "")),
        state=str(container["State"]["Status"]),
        restarts=int(str(found["RestartCount"])),
        exit_code=int(str(container["State"]["ExitCode"])),
        is_reachable=network in networks,
        replaces=next((alias[len(REPLACES) :] for alias in aliases if alias.startswith(REPLACES)), ""),
    )
