"""A session for one download: which redirects it follows, to which addresses it connects, and when it ends."""

import contextlib
import ipaddress
import os
import socket
import threading
from time import monotonic
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from relay.handoff.errors import SourceError

REDIRECTS = 10

PUBLIC = "public"

# A full answer in its own encoding: with a compressed one, lengths and ranges would be those of other bytes.
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "relay-ingest"}


def find_kind(address: str) -> str:
    """What an IP address is: public, private, loopback or link-local; what is not routed in public is private.

    Raises:
        ValueError: it is not an IP address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = mapped or found
    if found.is_loopback or found.is_unspecified:  # a connection to 0.0.0.0 reaches this machine
        return "loopback"
    return "link-local" if found.is_link_local else PUBLIC if found.is_global else "private"


class Watch:
    """What one download may connect to, and until when.

    The recipe's own URL decides: its address, at the first connection, is public or of another kind. From there on the
    download may connect to public addresses and to those of that kind.
    """

    def __init__(self, name: str, url: str, seconds: float) -> None:
        self._name, self._seconds = name, seconds
        self._own = _find_written(url)
        self._end = monotonic() + seconds
        self._connections: list[socket.socket] = []
        # A server may send a byte of a header each minute; no timeout of a single read ends that.
        self._timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for connection in self._connections:
            connection.close()

    @property
    def seconds_left(self) -> float:
        """Until the download must be complete."""
        return max(0.0, self._end - monotonic())

    def require_time(self, got: int) -> None:
        """Return while there is time.

        Args:
            got: bytes that came so far.

        Raises:
            SourceError: the time is over.
        """
        if not self.seconds_left:
            raise SourceError(
                f"{self._name}: not complete after {self._seconds:g} s, the limit of max_seconds, with {got:,} bytes; "
                "if the server is slow but right, raise max_seconds in [ingest]"
            )

    def require_scheme(self, before: str, after: str) -> None:
        """Return when a redirect keeps the scheme or leads from http to https.

        Raises:
            SourceError: it leads from https to http, where anyone on the way could change the bytes.
        """
        if (urlsplit(before).scheme.lower(), urlsplit(after).scheme.lower()) == ("https", "http"):
            raise SourceError(
                f"{self._name}: https redirects to http on {urlsplit(after).hostname}, which is not followed. Find an "
                "https URL of the file, or say the http URL in [ingest] together with its sha256"
            )

    def require_place(self, host: str, kind: str | None) -> None:
        """Return when the download may connect there.

        Args:
            host: for the message.
            kind: of the address; None where only the connection will tell.

        Raises:
            SourceError: it may not.
        """
        own = self._own or PUBLIC
        if kind not in (None, PUBLIC, own):
            raise SourceError(
                f"{self._name}: it leads to {host}, a {kind} address, and the URL in the recipe has a {own} one. "
                "Redirects are followed to public addresses and to the kind of address that the recipe names; if the "
                "data lies there, say that URL in [ingest]"
            )

    def admit(self, connection: socket.socket, host: str) -> None:
        """Return when a new connection leads where the download may connect; nothing was sent on it yet.

        Raises:
            SourceError: it does not.
        """
        kind = find_kind(str(connection.getpeername()[0]))
        self._own = self._own or kind
        self.require_place(host, kind)
        self._connections.append(socket.socket(fileno=os.dup(connection.fileno())))

    def _cut(self) -> None:
        """End the connections; the next read of the download then finds that the time is over."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _find_written(url: str) -> str | None:
    """The kind of address that a URL has in its text; None where it has a name."""
    host = urlsplit(url).hostname or ""
    try:
        return find_kind(host)
    except ValueError:
        is_here = host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")
        return "loopback" if is_here else None


class Session(requests.Session):
    """A session with our headers that follows only redirects that the watch admits; not shared between threads."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self.headers.update(HEADERS)
        self.max_redirects = REDIRECTS
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(watch))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where an answer leads; None where it leads nowhere.

        Raises:
            SourceError: there it may not lead.
        """
        target = super().get_redirect_target(resp)
        if target is not None:
            url = urljoin(resp.url, target)
            self._watch.require_scheme(resp.url, url)
            self._watch.require_place(urlsplit(url).hostname or "", _find_written(url))
        return target


class _Adapter(requests.adapters.HTTPAdapter):
    """Shows each new connection to the watch; a proxy resolves names itself, so connections to it are not shown."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """As usual, with connections of our own."""
        super().init_poolmanager(*arguments, **named)
        pools = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        self.poolmanager.pool_classes_by_scheme = {scheme: _guard(pool, self._watch) for scheme, pool in pools.items()}


def _guard(pool: Any, watch: Watch) -> Any:
    """A class of connection pools whose connections the watch admits."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc]  # http or https
        def _new_conn(self) -> socket.socket:
            connection: socket.socket = super()._new_conn()
            try:
                watch.admit(connection, self.host)
            except BaseException:
                connection.close()
                raise
            return connection

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def explain_failure(error: requests.RequestException, timeouts: tuple[float, float]) -> str:
    """What a request that got no answer met, and what to do about it.

    Args:
        error: as requests raised it; its own words may hold secrets of the URL.
        timeouts: seconds for a connection and for the next bytes.
    """
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {timeouts[0]:g} s; is the server up, or a proxy needed?"
    if isinstance(error, requests.ReadTimeout):
        return f"no answer within {timeouts[1]:g} s"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not answer; check HTTP_PROXY and HTTPS_PROXY"
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "the host's name is not known; check its spelling and this machine's network"
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return f"no connection ({_system_error(reason)}); is the server up, and are host and port right?"
    return "the connection was lost before an answer came"


def _system_error(error: BaseException) -> str:
    cause = error.__cause__
    return cause.strerror or "unknown" if isinstance(cause, OSError) else "refused"
