"""What runs, on which store, and where it differs from what .env says."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.stack.docker import Container
from services.stack.findings import Finding, mend, note, ok
from services.stack.reasons import explain, list_unwell
from services.stack.switches import is_on, is_wanted

SERVICE, FOLDER = "com.docker.compose.service", "com.docker.compose.project.working_dir"
SECRET_NAME = re.compile("PASSWORD|SECRET|TOKEN|KEY|SHA256|CREDENTIALS")
SECRET_VALUE = re.compile(r"://.*:.*@|password=", re.I)
STORES = {
    "mlflow": ("MLflow keeps runs and models", "MLFLOW_BACKEND_STORE_URI"),
    "api": ("The API keeps the prediction log", "DATABASE_URL"),
}
"""Service -> what it keeps, and the variable with an address of its own."""
EVERYWHERE = "0.0.0.0"  # noqa: S104 - compared, not bound
LONGEST = 60
"""Characters of a value that is shown."""


def check_running(
    config: "Mapping[str, Any]",
    wanted: "Sequence[str]",
    containers: "Sequence[Container]",
    inspected: "Sequence[Mapping[str, Any]]",
) -> "Iterator[Finding]":
    """Lines about the containers.

    Args:
        config: what compose makes of its files and .env.
        wanted: profiles that `make up` starts.
        containers: of the project.
        inspected: what Docker says of them.
    """
    running = {one.service for one in containers if one.state == "running"}
    for one in list_unwell(containers):
        yield mend(f"{explain(one).rstrip('.')}. More: `docker logs {one.name}`")
    if not running:
        yield note("No container runs. `make up` starts the pipeline, the page and MLflow; `make` lists the others")
        return
    yield ok(f"Running: {', '.join(sorted(running))}")
    yield from compare_coverage(config, wanted, containers)
    live = [one for one in inspected if one["State"]["Status"] == "running"]
    yield from check_folders(live)
    yield from check_stores(live)
    differences = list_differences(config, live)
    yield from (mend(f"{line}. `make up` starts it with what .env and the shell say") for line in differences)
    if not differences:
        yield ok("Variables, ports, folders and limits of the containers are as .env and the shell say")


def compare_coverage(
    config: "Mapping[str, Any]", wanted: "Sequence[str]", containers: "Sequence[Container]"
) -> "Iterator[Finding]":
    """Services that run though nothing switches them on, and those that should run and do not."""
    running = {one.service for one in containers if one.state == "running"}
    known = {one.service for one in containers}
    on = {name for name, one in config["services"].items() if is_wanted(one, wanted)}
    beside = sorted(running - on)
    if beside:
        yield note(
            f"{', '.join(beside)} run although COMPOSE_PROFILES does not switch them on, so that plain `docker compose "
            "down` leaves them. `make down` stops all"
        )
    lasting = {name for name in on if config["services"][name].get("restart") not in (None, "no")}
    absent = sorted(lasting - known)
    if absent:
        yield mend(f"{', '.join(absent)} should run and do not. `make up` starts them")


def check_folders(live: "Sequence[Mapping[str, Any]]") -> "Iterator[Finding]":
    """Containers that another checkout started under the same project name."""
    here = os.path.realpath(".")
    for folder in sorted({str(one["Config"]["Labels"].get(FOLDER) or here) for one in live}):
        if os.path.realpath(folder) != here:
            names = sorted(read_service(one) for one in live if one["Config"]["Labels"].get(FOLDER) == folder)
            yield mend(
                f"{', '.join(names)} were started from {folder}, which has the same project name. `make down` there, "
                "or choose another name here: COMPOSE_PROJECT_NAME=… in .env"
            )


def read_service(one: "Mapping[str, Any]") -> str:
    """The service that a container belongs to."""
    return str(one["Config"]["Labels"].get(SERVICE, one["Name"].lstrip("/")))


def read_environment(one: "Mapping[str, Any]") -> "dict[str, str]":
    """The variables of a container."""
    return dict(pair.split("=", 1) for pair in one["Config"]["Env"] or () if "=" in pair)


def check_stores(live: "Sequence[Mapping[str, Any]]") -> "Iterator[Finding]":
    """Where MLflow and the API keep what they hold: the same store, unless an address of their own says otherwise."""
    uses = {}
    for service, (what, variable) in STORES.items():
        for one in live:
            if read_service(one) == service and service not in uses:
                environment = read_environment(one)
                uses[service] = "" if environment.get(variable) else str(is_on(environment))
                yield ok(f"{what} in {describe_store(environment, variable)}")
    if len(set(filter(None, uses.values()))) > 1:
        yield mend("MLflow and the API use different stores. `make up` starts both with what .env says")


def describe_store(environment: "Mapping[str, str]", variable: str) -> str:
    """Where the store is, without a password."""
    if environment.get(variable):
        return f"{re.sub('://.*@', '://…@', environment[variable]).partition('?')[0]} ({variable})"
    if is_on(environment):
        where = re.sub(r"^\w+://(?:.*@)?", "", environment.get("POSTGRES_URL", "")).partition("?")[0]
        return f"PostgreSQL ({where})"
    return "SQLite on a volume"


def list_differences(config: "Mapping[str, Any]", live: "Sequence[Mapping[str, Any]]") -> "list[str]":
    """A line for each service that runs with other settings than compose would give it now."""
    found: dict[str, list[str]] = {}
    for one in live:
        service = read_service(one)
        if service in config["services"]:
            found.setdefault(service, []).extend(compare(config["services"][service], one))
    return [f"{service} runs with {', '.join(dict.fromkeys(said))}" for service, said in sorted(found.items()) if said]


def compare(service: "Mapping[str, Any]", one: "Mapping[str, Any]") -> "list[str]":
    """What a container has that compose would give it otherwise now."""
    return [
        *compare_environment(service.get("environment") or {}, read_environment(one)),
        *compare_ports(service.get("ports") or [], one["HostConfig"].get("PortBindings") or {}),
        *compare_folders(service.get("volumes") or [], one.get("Mounts") or []),
        *compare_memory(service.get("mem_limit"), one["HostConfig"].get("Memory")),
    ]


def compare_environment(wanted: "Mapping[str, Any]", there: "Mapping[str, str]") -> "Iterator[str]":
    """Variables with another value, in words that show no secret."""
    for name, value in wanted.items():
        if value is None:
            continue  # it comes from the shell of the command that starts it
        now = str(value).replace("$$", "$")  # compose writes what it could read again
        if there.get(name, "") != now:
            yield show_difference(name, there.get(name, ""), now)


def show_difference(name: str, there: str, now: str) -> str:
    """A variable's two values, or that they differ where one may be a secret."""
    is_secret = SECRET_NAME.search(name) and not name.endswith("_FILE")
    if is_secret or SECRET_VALUE.search(there) or SECRET_VALUE.search(now):
        return f"another {name} than now"
    return f"{name}={shorten(there)} instead of {shorten(now)}"


def shorten(value: str) -> str:
    """A value as one line of limited length; empty in words."""
    value = " ".join(value.split())
    return (value if len(value) <= LONGEST else f"{value[:LONGEST]}…") or "(empty)"


def compare_ports(wanted: "Sequence[Mapping[str, Any]]", there: "Mapping[str, Any]") -> "Iterator[str]":
    """The ports where they are published differently."""
    now = {f"{one.get('host_ip') or EVERYWHERE}:{one['published']}" for one in wanted if one.get("published")}
    held = {f"{one['HostIp'] or EVERYWHERE}:{one['HostPort']}" for bindings in there.values() for one in bindings or ()}
    if now != held:
        yield f"port {', '.join(sorted(held)) or '(none)'} instead of {', '.join(sorted(now)) or '(none)'}"


def compare_folders(wanted: "Sequence[Mapping[str, Any]]", there: "Sequence[Mapping[str, Any]]") -> "Iterator[str]":
    """Folders of the host that are others, or are not mounted."""
    held = {str(one["Destination"]): str(one["Source"]) for one in there}
    for one in wanted:
        source, target = str(one.get("source", "")), str(one.get("target"))
        if one.get("type") != "bind" or is_same(held.get(target, ""), source):
            continue
        yield f"{target} from {held.get(target) or 'the image'} instead of {source}"


def is_same(there: str, now: str) -> bool:
    """Whether two paths are one folder; Docker Desktop puts the host's below a folder of its own."""
    return there.endswith(now) or (there != "" and Path(there).resolve() == Path(now).resolve())


def compare_memory(wanted: "str | int | None", there: "int | None") -> "Iterator[str]":
    """The memory limit where it is another."""
    if wanted and there and int(wanted) != there:
        yield f"a limit of {there / 2**20:,.0f} MiB of memory instead of {int(wanted) / 2**20:,.0f} MiB"
