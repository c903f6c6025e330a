"""The Docker engine's HTTP interface through its socket: one question, one answer.

Source: Docker Engine API, https://docs.docker.com/reference/api/engine/. The paths name no version, so that the engine
answers in its own: what is asked here has been the same for years.
"""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ANSWER_SECONDS = 60
"""Longer than the engine waits for a container that it stops."""
FRAME_HEAD = 8
"""Bytes before each message of a log: the stream, three of nothing, and the length in four."""


class EngineError(Exception):
    """The engine refuses, or does not answer; `status` is 0 then."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


class _SocketConnection(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("docker", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class Engine:
    """The engine behind a socket."""

    path: Path

    def ask(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        """The answer as JSON; None for an empty one.

        Raises:
            EngineError: it refuses or does not answer.
        """
        connection = _SocketConnection(self.path)
        try:
            content = self._send(connection, method, _with_query(path, query), body).read()
            return json.loads(content) if content else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError(f"the Docker engine does not answer at {self.path}: {error}") from None
        finally:
            connection.close()

    def read_log(self, container: str, query: Mapping[str, Any]) -> Iterator[bytes]:
        """The messages of a container's log; whoever has enough stops asking.

        Raises:
            EngineError: it refuses or does not answer.
        """
        connection = _SocketConnection(self.path)
        try:
            answer = self._send(connection, "GET", _with_query(f"/containers/{container}/logs", query), None)
            while len(head := answer.read(FRAME_HEAD)) == FRAME_HEAD:
                yield answer.read(int.from_bytes(head[4:], "big"))
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"the Docker engine does not answer at {self.path}: {error}") from None
        finally:
            connection.close()

    def _send(
        self, connection: _SocketConnection, method: str, path: str, body: Mapping[str, Any] | None
    ) -> http.client.HTTPResponse:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise EngineError(_read_message(answer.read()), answer.status)
        return answer


def _with_query(path: str, query: Mapping[str, Any] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _read_message(content: bytes) -> str:
    """What the engine says went wrong."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace")[:500]
