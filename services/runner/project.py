"""The containers of a compose project: those of its services, and those of the runs made after their pattern.

Nothing is kept here. A run is its container, found by a name that follows from its id, so that the engine itself sees
to it that there is one of each, and this program may end at any moment.
"""

import calendar
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.runner.engine import Engine, EngineError
from services.runner.order import FIXED_VARIABLES, Order

PROJECT, SERVICE, ONE_OFF = (f"com.docker.compose.{name}" for name in ("project", "service", "oneoff"))
RUN = "relay.run"
"""The label that makes a container one of ours."""
ENTRY = "relay.entry"
"""The label with the id of the journal entry that the container's stage writes; several attempts share a run's id."""

MOST_LINES = 1000
"""Of a log in one answer."""
MAKE_SECONDS, STOP_SECONDS = 30.0, 15
LEFTOVER_SECONDS = 86_400
"""After which a container goes whose outcome nobody asked for."""
ASIDE, ASIDE_SECONDS = "-ended-", 600
"""What the name of a container gets when its outcome was read, with the time and its id, and how long it stays after
that: compose may just then have it on its list of what it takes down, and would stop half-way if it were gone."""
CONFLICT, NOT_FOUND = 409, 404
ENDED = ("created", "exited", "dead")


class MissingError(Exception):
    """There is no such container."""


@dataclass(frozen=True)
class RunStatus:
    """The state of a run, and what it wrote to its log since the status was read last."""

    state: str
    """running or ended."""
    exit_code: int | None = None
    is_out_of_memory: bool = False
    lines: list[str] = field(default_factory=list)
    after: str = ""
    """Where the next reading of the log begins."""
    is_more: bool = False
    """Whether the log goes on at once."""
    outcome: str | None = None
    """Of the container's journal entry, once the log is whole; None where the stage left no entry, as when killed."""
    error: dict[str, Any] | None = None
    """Of the same entry: kind, message and next step of what failed."""


@dataclass(frozen=True)
class Project:
    """A compose project."""

    engine: Engine
    name: str

    def start(self, order: Order) -> str:
        """The id of the order's container, which is made unless it is there, and runs unless it has ended.

        Raises:
            MissingError: the service has no container to take as a pattern.
            EngineError: the engine refuses.
        """
        self.remove_leftovers()
        found = self._make(order)
        if found["State"]["Status"] == "created":
            self._start_created(found["Id"])
        return str(found["Id"])

    def find_status(self, run: str, after: str = "") -> RunStatus:
        """The state of a run, and what its log holds after a position.

        Raises:
            MissingError: there is no such run.
        """
        found = self._find_run(run)
        state = found["State"]
        # Looked at before the log is read: of a run that has ended, the log is whole.
        is_ended = state["Status"] in ("exited", "dead")
        entry_id = found["Config"]["Labels"].get(ENTRY, "")
        lines, after, is_more = self._read_lines(found["Id"], entry_id, after)
        if not is_ended:
            return RunStatus("running", lines=lines, after=after, is_more=is_more)
        entry = {} if is_more else self._read_entry(found["Id"], entry_id)
        ended = (lines, after, is_more, entry.get("outcome"), entry.get("error"))
        return RunStatus("ended", state["ExitCode"], state["OOMKilled"], *ended)

    def stop(self, run: str) -> None:
        """End a run; one that has ended stays as it is.

        Raises:
            MissingError: there is no such run.
        """
        self.engine.ask("POST", f"/containers/{self._find_run(run)['Id']}/stop", {"t": STOP_SECONDS})

    def remove(self, run: str) -> None:
        """Put the container of an ended run aside: its name is free for another run, and it goes some minutes later.

        Raises:
            EngineError: it still runs.
        """
        try:
            found = self._find_run(run)
        except MissingError:
            return
        if found["State"]["Status"] not in ENDED:
            raise EngineError(f"the run {run} has not ended: stop it first", CONFLICT)
        try:
            # With its id: two attempts of a run may end within a second.
            aside = f"{self._name(run)}{ASIDE}{time.time():.0f}-{found['Id'][:12]}"
            self.engine.ask("POST", f"/containers/{found['Id']}/rename", {"name": aside})
        except EngineError as error:
            if error.status != NOT_FOUND:  # `down` removed it between the two questions
                raise

    def remove_leftovers(self) -> None:
        """Remove the containers that were put aside, and those of runs that nobody asked about any more."""
        now = time.time()
        for found in self._list({"label": [f"{PROJECT}={self.name}", RUN], "status": list(ENDED)}):
            ended = self._read_end(found)
            if (now - found["Created"] > LEFTOVER_SECONDS) if ended is None else (now - ended > ASIDE_SECONDS):
                try:
                    self.engine.ask("DELETE", f"/containers/{found['Id']}", {"v": "true"})
                except EngineError as error:
                    if error.status not in (NOT_FOUND, CONFLICT):  # somebody else removed it, or does so now
                        raise

    def start_service(self, service: str) -> list[str]:
        """Start the containers of a service that do not run; gives their names.

        Raises:
            MissingError: the service has none.
        """
        started = []
        for found in self._of_service(service):
            if found["State"] not in ("running", "restarting"):
                self.engine.ask("POST", f"/containers/{found['Id']}/start")
                started.append(found["Names"][0].lstrip("/"))
        return started

    def describe_service(self, service: str) -> dict[str, str]:
        """Name -> state of each container of a service.

        Raises:
            MissingError: the service has none.
        """
        return {found["Names"][0].lstrip("/"): found["State"] for found in self._of_service(service)}

    def _name(self, run: str) -> str:
        return f"{self.name}-run-{run}"

    def _read_end(self, found: Any) -> int | None:
        """When a container was put aside, by its name, or None. The name of the project may hold anything."""
        kept = re.compile(rf"/{re.escape(self._name(found['Labels'][RUN]))}{ASIDE}(\d{{1,15}})-[0-9a-f]+", re.ASCII)
        ends = [match[1] for name in found["Names"] if (match := kept.fullmatch(name))]
        return int(ends[0]) if ends else None

    def _find_run(self, run: str) -> Any:
        try:
            found = self.engine.ask("GET", f"/containers/{self._name(run)}/json")
        except EngineError as error:
            if error.status != NOT_FOUND:
                raise
            raise MissingError(f"no run {run} in the project {self.name}") from None
        if found["Config"]["Labels"].get(RUN) != run:
            raise MissingError(f"{self._name(run)} is no run of the project {self.name}")
        return found

    def _make(self, order: Order) -> Any:
        """The order's container, made unless it is there."""
        end, described = time.monotonic() + MAKE_SECONDS, self._describe(order)
        while True:
            try:
                self.engine.ask("POST", "/containers/create", {"name": self._name(order.run)}, described)
            except EngineError as error:
                if error.status != CONFLICT:  # somebody has made it: it is followed
                    raise
            try:
                return self._find_run(order.run)
            except MissingError:
                # The engine gives the name away before it knows the container.
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def _start_created(self, container: str) -> None:
        try:
            self.engine.ask("POST", f"/containers/{container}/start")
        except EngineError:
            # It can never start, and would stand in the way of the next attempt.
            self.engine.ask("DELETE", f"/containers/{container}", {"force": "true", "v": "true"})
            raise

    def _describe(self, order: Order) -> dict[str, Any]:
        pattern = self.engine.ask("GET", f"/containers/{self._of_service(order.service)[0]['Id']}/json")
        return describe_container(pattern, order)

    def _of_service(self, service: str) -> list[Any]:
        """The containers that compose made for a service, the newest first."""
        labels = [f"{PROJECT}={self.name}", f"{SERVICE}={service}", f"{ONE_OFF}=False"]
        found = self._list({"label": labels})
        if not found:
            raise MissingError(
                f"the project {self.name} has no container of the service {service}: "
                "`docker compose --profile schedule up --detach` makes it"
            )
        return sorted(found, key=lambda one: -int(one["Created"]))

    def _list(self, filters: Mapping[str, list[str]]) -> list[Any]:
        found: list[Any] = self.engine.ask("GET", "/containers/json", {"all": "true", "filters": json.dumps(filters)})
        return found

    def _read_lines(self, container: str, entry_id: str, after: str) -> tuple[list[str], str, bool]:
        query = {"stdout": "true", "stderr": "true", "timestamps": "true"} | ({"since": after} if after else {})
        lines: list[str] = []
        for message in self.engine.read_log(container, query):
            at, _, text = message.decode(errors="replace").rstrip("\n").partition(" ")
            if parse_entry(text, entry_id) is None:  # that one is for programs
                lines.append(text)
            after = _next_moment(at)
            if len(lines) == MOST_LINES:
                return lines, after, True
        return lines, after, False

    def _read_entry(self, container: str, entry_id: str) -> dict[str, Any]:
        """The journal entry that the container's stage printed; empty when it printed none. The last one counts."""
        entry: dict[str, Any] = {}
        line = bytearray()
        # On standard output alone: people's log is on standard error. The engine cuts a long line into messages.
        for message in self.engine.read_log(container, {"stdout": "true"}):
            line += message
            if line.endswith(b"\n"):
                entry = parse_entry(line.decode(errors="replace"), entry_id) or entry
                line.clear()
        return entry


def parse_entry(line: str, entry_id: str) -> dict[str, Any] | None:
    """The journal entry with this id, where the line is that; else None."""
    if not entry_id or entry_id not in line:
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("run_id") == entry_id else None


def describe_container(pattern: Any, order: Order) -> dict[str, Any]:
    """What the engine needs to make the container of an order: that of the service, with another command.

    Args:
        pattern: what the engine says of the service's own container.
        order: the run.
    """
    entry_id = f"{order.run}-{secrets.token_hex(4)}"
    settings = {name: value for name, value in pattern["Config"].items() if name != "Hostname"}
    fixed = FIXED_VARIABLES.get(order.stage, {})
    kept = [pair for pair in settings["Env"] or [] if pair.partition("=")[0] not in fixed]
    host = {name: value for name, value in pattern["HostConfig"].items() if name != "ContainerIDFile"}
    return {
        **settings,
        # By its id: the tag may have moved on to an image that this project does not run yet.
        "Image": pattern["Image"],
        "Cmd": order.arguments(entry_id),
        "Env": [*kept, *(f"{name}={value}" for name, value in fixed.items())],
        "Labels": settings["Labels"] | {ONE_OFF: "True", RUN: order.run, ENTRY: entry_id, "relay.recipe": order.recipe},
        "HostConfig": host | {"RestartPolicy": {"Name": "no"}, "AutoRemove": False, "PortBindings": {}},
        # Without the names that the service has there: whoever asks for the service must not reach a run.
        "NetworkingConfig": {"EndpointsConfig": {name: {} for name in pattern["NetworkSettings"]["Networks"]}},
    }


def _next_moment(at: str) -> str:
    """The nanosecond after a message's time, as seconds since 1970: the engine takes what is not before it."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{9})Z", at)
    if found is None:
        return ""
    *date, nanoseconds = map(int, found.groups())
    seconds, rest = divmod(calendar.timegm(tuple(date)) * 10**9 + nanoseconds + 1, 10**9)
    return f"{seconds}.{rest:09d}"
