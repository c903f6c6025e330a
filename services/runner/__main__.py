"""Run stages for whoever has the token: the only service with the Docker socket, and it takes orders from a fixed list.

`POST /runs` starts a run, `GET /runs/<id>` says how it stands with its log, `POST /runs/<id>/stop` ends it and
`DELETE /runs/<id>` removes it; `GET /services/<name>` says how a service stands, `POST` to its `/start` starts it.
"""

import hmac
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from services.runner.engine import Engine, EngineError
from services.runner.exchange import Exchange
from services.runner.order import LASTING, RefusedError, read_order, require_run
from services.runner.project import PROJECT, MissingError, Project

RELAY_UID = 10001


def main() -> None:
    """Serve until the process is ended."""
    path = Path(os.environ.get("DOCKER_SOCKET") or "/var/run/docker.sock")
    token = Path(os.environ["RUNNER_TOKEN_FILE"]).read_text(encoding="utf-8").strip()
    if not token:
        sys.exit(f"{os.environ['RUNNER_TOKEN_FILE']} is empty: remove it, and `make .env` writes a new one")
    engine = Engine(path)
    Runner.project = Project(engine, os.environ.get("RUNNER_PROJECT") or find_own_project(engine))
    Runner.token = token
    address = (os.environ.get("RUNNER_ADDRESS") or "0.0.0.0", int(os.environ.get("RUNNER_PORT") or 8000))  # noqa: S104
    server = ThreadingHTTPServer(address, Runner)
    drop_rights(path)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing is kept here that could be lost
    say(f"runs the stages of the project {Runner.project.name}, on port {server.server_port}")
    server.serve_forever()


def drop_rights(path: Path) -> None:
    """Become a user without rights, in the group that may use the socket; nothing when that is no root's process."""
    if os.geteuid() != 0:
        return
    os.setgroups([])
    os.setgid(path.stat().st_gid)
    os.setuid(RELAY_UID)


def find_own_project(engine: Engine) -> str:
    """The compose project to which this container belongs: it acts on that alone."""
    labels = engine.ask("GET", f"/containers/{socket.gethostname()}/json")["Config"]["Labels"]
    return str(labels[PROJECT])


class Runner(Exchange):
    """Answers one request."""

    project: Project
    token: str

    def answer(self) -> tuple[HTTPStatus, Any]:
        """Find the route, do the work, and tell how it went."""
        path = self.split_path().path
        if path != "/ping" and not self._is_allowed():
            return HTTPStatus.UNAUTHORIZED, {"why": "the bearer token is missing or another one"}
        matches = ((re.fullmatch(route, path), work) for route, work in self._find_routes().items())
        match, work = next((found for found in matches if found[0]), (None, None))
        if match is None or work is None:
            return HTTPStatus.NOT_FOUND, {"why": f"no route {self.command} {ascii(path)[1:-1][:200]}"}
        try:
            return HTTPStatus.OK, work(*match.groups())
        except RefusedError as error:
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"why": str(error)}
        except MissingError as error:
            return HTTPStatus.NOT_FOUND, {"why": str(error)}
        except EngineError as error:
            say(f"{self.command} {ascii(path)[1:-1]}: {error}")
            return HTTPStatus.BAD_GATEWAY, {"why": str(error)}

    def _find_routes(self) -> dict[str, Callable[..., Any]]:
        """What a method can do, by the pattern of the path."""
        if self.command == "POST":
            return {
                r"/runs": self._start,
                r"/runs/([^/]+)/stop": lambda run: self.project.stop(require_run(run)),
                r"/services/([^/]+)/start": lambda name: {"started": self.project.start_service(require_lasting(name))},
            }
        if self.command == "DELETE":
            return {r"/runs/([^/]+)": lambda run: self.project.remove(require_run(run))}
        return {
            r"/ping": lambda: {"status": "alive"},
            r"/runs/([^/]+)": self._look,
            r"/services/([^/]+)": lambda name: self.project.describe_service(require_lasting(name)),
        }

    def _start(self) -> Any:
        order = read_order(self.read_json())
        container = self.project.start(order)
        say(f"run {order.run}: {order.stage} {order.recipe} in {container[:12]}")
        return {"run": order.run, "container": container[:12]}

    def _look(self, run: str) -> Any:
        query = dict(parse_qsl(self.split_path().query))
        after = query.get("after", "")
        if not re.fullmatch(r"(\d{1,12}\.\d{9})?", after, re.ASCII):
            raise RefusedError("after: expected what the last answer said there")
        return asdict(self.project.find_status(require_run(run), after))

    def _is_allowed(self) -> bool:
        given = str(self.headers.get("Authorization", "")).encode(errors="replace")
        return hmac.compare_digest(given, f"Bearer {self.token}".encode())


def require_lasting(name: str) -> str:
    """The name of a service that may be looked at and started.

    Raises:
        RefusedError: it is another one.
    """
    if name not in LASTING:
        raise RefusedError(f"service: expected one of {', '.join(LASTING)}")
    return name


def say(line: str) -> None:
    """Write a line to the container's log."""
    print(line, flush=True)  # noqa: T201 - the service's log


if __name__ == "__main__":
    main()
