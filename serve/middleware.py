"""Before and behind every route: request id, key, limits, the answer to errors, headers, figures, a line in the log."""

import asyncio
import hashlib
import hmac
import itertools
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from loguru import logger
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.access import AccessLog, Line
from serve.deadlines import Deadlines
from serve.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientLeftError,
    KeyMissingError,
    OverloadedError,
    RequestError,
    TooSlowError,
    WrongHostError,
)
from serve.exchange import Endpoint, Request, Response
from serve.metrics import Metrics
from serve.problems import TABLE, describe_problem, find_meaning
from serve.settings import Settings

MOST_UNDER_WAY = 2_000
"""Requests at once; each further one is told to come again, so that those under way are answered in time."""

LINGER_SECONDS = 30.0
"""That we go on reading a body that is too large, as nginx does (lingering_time)."""

PAUSE_SECONDS = 2.0
"""Without a byte of it: the caller has read the answer, or waits for it."""

SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
"""Characters of a host and its port (RFC 3986, section 3.2)."""

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
"""No page of ours runs a script or loads anything; the documentation brings its few styles itself."""

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Middleware:
    """The ASGI application around the router."""

    def __init__(
        self,
        routes: tuple[ASGIApp, Mapping[str, Endpoint]],
        settings: Settings,
        *,
        metrics: Metrics,
        access: AccessLog,
    ) -> None:
        self._router, self._busy = routes
        self._settings, self._metrics, self._access = settings, metrics, access
        self.under_way = 0
        self.deadlines = Deadlines(settings.timeout)
        self._new_id = itertools.count(int.from_bytes(os.urandom(12)) << 32).__next__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        begun = time.perf_counter()
        request = Request(scope, receive, find_id(scope) or f"{self._new_id():032x}", self._settings.max_body)
        self.under_way += 1
        try:
            response = await self._answer(request, send)
            await send_response(response, request, send)
        finally:
            self.under_way -= 1
        self._record(request, response.status, time.perf_counter() - begun)

    async def _answer(self, request: Request, send: Send) -> Response:
        task = self.deadlines.begin()
        try:
            self._require_room()
            require_host(request.scope)
            return await self._find_answer(request, send)
        except asyncio.CancelledError:
            if not self.deadlines.is_late(task):
                raise
            return self._refuse(request, explain_timeout(request, self._settings.timeout))
        except Exception as error:
            return self._refuse(request, error)
        finally:
            self.deadlines.end(task)

    async def _find_answer(self, request: Request, send: Send) -> Response:
        scope = request.scope
        busy = self._busy.get(scope["path"]) if scope["method"] == "POST" else None
        if busy is not None:  # past the router, which would take a tenth of the whole time
            scope["endpoint"] = busy
            return await busy.answer(request)
        scope["relay"] = request
        scope["app"] = self  # then the router raises for unknown paths and methods instead of answering
        await self._router(scope, request.receive, send)
        assert request.response is not None  # noqa: S101 - each endpoint leaves one
        return request.response

    def _require_room(self) -> None:
        if self.under_way > MOST_UNDER_WAY:
            raise OverloadedError(f"{MOST_UNDER_WAY:,} requests are under way: ask again in a second")

    def _refuse(self, request: Request, error: Exception) -> Response:
        meaning = find_meaning(error)
        request.error = meaning.kind
        self._metrics.count_error(meaning.kind)
        if meaning.status == 500:
            logger.opt(exception=error).error("request {} failed inside", request.id)
        elif meaning.status > 500:
            logger.warning("request {}: {}", request.id, error)
        return describe_problem(error, request.id)

    def _record(self, request: Request, status: int, seconds: float) -> None:
        scope = request.scope
        endpoint = scope.get("endpoint")
        route = endpoint.template if isinstance(endpoint, Endpoint) else "(none)"
        # A caller may send any word as its method: only those that mean something get figures of their own.
        method = scope["method"] if scope["method"] in METHODS else "(other)"
        self._metrics.count_request(route, method, status, seconds)
        client = scope.get("client")
        self._access.add(
            Line(
                time.time(), request.id, scope["method"], scope["path"], status, round(seconds * 1000, 3),
                client[0] if client else "", request.model, request.version, request.prediction_id, request.rows,
                request.error,
            )
        )  # fmt: skip


class KeyGuard:
    """Lets a request through when it brings the key."""

    def __init__(self, sha256: str) -> None:
        self._sha256 = sha256

    def __call__(self, request: Request) -> None:
        """Nothing, when the key is right or none is needed.

        Raises:
            KeyMissingError: there is no key, or a wrong one.
        """
        if not self._sha256:
            return
        key = request.header(b"x-api-key")
        if not key and (bearer := request.header(b"authorization"))[:7].lower() == "bearer ":
            key = bearer[7:].strip()
        found = hashlib.sha256(key.encode("latin-1")).hexdigest()
        # Digests of one length, compared in one time: how much of a wrong key was right shows nowhere.
        if not (key and hmac.compare_digest(found, self._sha256)):
            raise KeyMissingError("found no valid key, expected one in X-API-Key or as Authorization: Bearer <key>")


def explain_timeout(request: Request, seconds: float) -> RequestError:
    """Who was too slow."""
    if request.is_reading:
        return BodyTimeoutError(f"the body was not there after {seconds:g} s: send it at once")
    return TooSlowError(f"no answer within {seconds:g} s: send fewer records")


def require_host(scope: Scope) -> None:
    """Returns when the request names one host, as RFC 9112 (section 3.2) wants: two readers of it agree where it goes.

    Raises:
        WrongHostError: it names none in HTTP/1.1, more than one, or one with other characters.
    """
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) == 1 and HOST.fullmatch(hosts[0]):
        return
    if hosts or scope["http_version"] == "1.1":
        found = "no header Host" if not hosts else f"{len(hosts)} headers Host" if len(hosts) > 1 else "a wrong Host"
        raise WrongHostError(f"found {found}, expected one with a name and, if need be, a port")


def find_id(scope: Scope) -> str:
    """The request's own id where it is sane; else nothing."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and SANE_ID.fullmatch(value):
            text: str = value.decode()
            return text
    return ""


async def send_response(response: Response, request: Request, send: Send) -> None:
    """Send an answer; nothing when nobody reads it any more."""
    if request.error == TABLE[ClientLeftError].kind:
        return
    start: dict[str, Any] = {
        "type": "http.response.start",
        "status": response.status,
        "headers": [
            (b"content-type", response.media_type.encode()),
            (b"content-length", str(len(response.body)).encode()),
            (b"x-request-id", request.id.encode()),
            *SECURITY_HEADERS,
            *response.headers,
        ],
    }
    await send(start)
    if request.error == TABLE[BodyTooLargeError].kind:
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        await pass_over_body(request)
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": response.body})


async def pass_over_body(request: Request) -> None:
    """Read what a caller still sends, and keep none of it.

    A connection that is closed with bytes unread is reset, and the caller, who writes before it reads, would see a
    broken pipe instead of our answer (RFC 9112, section 9.6).
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while True:
                message = await asyncio.wait_for(request.receive(), PAUSE_SECONDS)
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
