"""One request and its answer, as every route takes and gives them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from relay.registry.cells import cut
from serve.errors import BodyTooLargeError, ClientLeftError, WrongMediaTypeError, WrongParameterError

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that is ready to leave."""

    body: bytes
    status: int = 200
    media_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(slots=True)
class Request:
    """A request: what came, and what the log and the metrics want to know of it afterwards."""

    scope: Scope
    receive: Receive
    id: str
    max_body: int
    response: Response | None = None
    model: str = ""
    version: str = ""
    prediction_id: str = ""
    rows: int = 0
    error: str = ""
    is_reading: bool = False
    """Whether the body is still coming."""

    def header(self, name: bytes) -> str:
        """The value of a header, its name in lower case; empty without it."""
        for key, value in self.scope["headers"]:
            if key == name:
                text: str = value.decode("latin-1")
                return text
        return ""

    def headers(self, name: bytes) -> list[str]:
        """The values of a header that may come more than once."""
        return [value.decode("latin-1") for key, value in self.scope["headers"] if key == name]

    def query(self) -> dict[str, str]:
        """The parameters behind the question mark.

        Raises:
            WrongParameterError: one comes twice.
        """
        pairs = parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(name for name in found if sum(name == other for other, _ in pairs) > 1)
            raise WrongParameterError(f"{twice[:40]} comes more than once in the address: send it once")
        return found

    def path(self, name: str) -> str:
        """A part of the path that the route names."""
        return str(self.scope["path_params"][name])

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            BodyTooLargeError: as soon as it is known to be; no more of it is read.
            ClientLeftError: the connection ended before the body did.
        """
        length = self.header(b"content-length")
        if length.isdigit() and int(length) > self.max_body:
            raise BodyTooLargeError(f"found a body of {int(length):,} bytes, allowed are {self.max_body:,}")
        self.is_reading = True
        body = await self._read()
        self.is_reading = False
        return body

    async def _read(self) -> bytes:
        message = await self.receive()
        body: bytes = message.get("body", b"")
        if message["type"] == "http.request" and not message.get("more_body") and len(body) <= self.max_body:
            return body  # nearly every request
        parts, size = [], 0
        while True:
            if message["type"] == "http.disconnect":
                raise ClientLeftError("the connection ended within the body")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.max_body:
                raise BodyTooLargeError(f"found a body of more than {self.max_body:,} bytes, which are allowed")
            if not message.get("more_body"):
                return b"".join(parts)
            message = await self.receive()


Work = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The work behind a route."""

    template: str
    """The route's path, for logs and metrics: few values, however many ids are asked for."""
    work: Work = field(repr=False)
    guard: Callable[[Request], None] | None = field(default=None, repr=False)
    """Raises for a request that must not be answered, before its body is read."""

    async def answer(self, request: Request) -> Response:
        """Do the work, if the request may ask for it."""
        if self.guard is not None:
            self.guard(request)
        return await self.work(request)

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Be found by a router: the middleware sends the response that is left in the request."""
        request: Any = scope["relay"]
        request.response = await self.answer(request)


def read_media_type(header: str) -> str:
    """The media type of a Content-Type, in small letters.

    Raises:
        WrongMediaTypeError: it has a parameter other than `charset=utf-8`.
    """
    kind, _, parameters = header.partition(";")
    if parameters.replace(" ", "").lower() not in ("", "charset=utf-8"):
        raise WrongMediaTypeError(f"found {cut(header)}, expected charset=utf-8")
    return kind.strip().lower()
