"""A real HTTP server on loopback whose pages misbehave in the ways that a test asks for."""

import gzip
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from patience import HANG_SECONDS, wait_for

CLOSE_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: the peer sees a reset instead of an end
DRIP_BYTES = 1024


@dataclass
class Page:
    """What a path answers. Lists are used up, one entry an answer; then the page behaves."""

    body: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    ranges: bool = False
    first: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Answers without a body that come before: status and headers."""
    cuts: list[int] = field(default_factory=list)
    """Bytes of the body after which the connection ends."""
    resets: bool = False
    """A cut is a reset."""
    stalls: list[int] = field(default_factory=list)
    """Bytes of the body after which the server says no more."""
    drip_seconds: float = 0.0
    """Pause after each KiB."""
    waits_for: Callable[[], object] | None = None
    """What must be so before it answers; the connection ends without an answer when it never is."""
    claimed_bytes: int | None = None
    """Content-Length, where it is not the truth."""
    gzipped: bool = False
    chunked: bool = False
    unmeasured: bool = False
    """Neither a length nor chunks: the end of the connection is the end of the body."""
    wrong_range: bool = False
    """Answer a range by another one."""
    blind: bool = False
    """Send the range of this version, whatever version was asked for."""
    range_bytes: int | None = None
    """The most that one answer to a range holds."""
    redirect: str | None = None

    @property
    def versions(self) -> set[str | None]:
        """What an If-Range may say."""
        return {self.etag, self.last_modified} - {None}


@dataclass
class Seen:
    """A request that came."""

    path: str
    headers: dict[str, str]


class PageServer(ThreadingHTTPServer):
    """Serves `pages` and notes what was asked."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), _PageHandler)
        self.pages: dict[str, Page] = {}
        self.seen: list[Seen] = []
        self.ended_stalls: list[str] = []
        """Paths of the stalls that a client sat out."""
        self.closing = threading.Event()

    def url(self, path: str) -> str:
        """The whole URL of a path."""
        return f"http://{self.server_address[0]!s}:{self.server_port}{path}"

    def add(self, path: str, page: Page) -> str:
        """Serve a page; gives its URL."""
        self.pages[path] = page
        return self.url(path)

    def asked(self, path: str, header: str) -> list[str | None]:
        """What each request for a path said in a header, in order."""
        return [seen.headers.get(header) for seen in self.seen if seen.path == path]

    def wait_for(self, count: int) -> None:
        """Wait until that many requests came."""
        wait_for(lambda: len(self.seen) >= count, f"{count} requests")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is what is tested."""


@contextmanager
def serve(host: str = "127.0.0.1") -> Iterator[PageServer]:
    """A server in a thread, gone afterwards."""
    server = PageServer(host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()


class _PageHandler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.seen.append(Seen(path, dict(self.headers.items())))
        page = self.server.pages.get(path)
        if page is not None and page.waits_for is not None:
            wait_for(page.waits_for, f"what {path} waits for")
        if page is None:
            self._answer(404, {"Content-Length": "0"})
        elif page.first:
            status, headers = page.first.pop(0)
            self._answer(status, {"Content-Length": "0", **headers})
        elif page.redirect is not None:
            self._answer(302, {"Content-Length": "0", "Location": page.redirect})
        else:
            self._serve(page)

    def _serve(self, page: Page) -> None:
        said = {"ETag": page.etag, "Last-Modified": page.last_modified}
        versions = {name: value for name, value in said.items() if value is not None}
        start = self._range_start(page)
        if start is None and self._is_unchanged(page):
            self._answer(304, versions)
        elif start is not None and start >= len(page.body):
            self._answer(416, {"Content-Length": "0", "Content-Range": f"bytes */{len(page.body)}"})
        elif start is not None:
            start = 0 if page.wrong_range else start
            body = page.body[start:][: page.range_bytes]
            span = f"bytes {start}-{start + len(body) - 1}/{len(page.body)}"
            self._send(page, 206, {**versions, "Content-Range": span}, body)
        else:
            self._send(page, 200, versions, page.body)

    def _range_start(self, page: Page) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        is_same = page.blind or self.headers.get("If-Range") in page.versions
        if match is None or not page.ranges or not is_same:
            return None
        return int(match[1])

    def _is_unchanged(self, page: Page) -> bool:
        if "If-None-Match" in self.headers:
            return self.headers["If-None-Match"] == page.etag
        return "If-Modified-Since" in self.headers and self.headers["If-Modified-Since"] == page.last_modified

    def _send(self, page: Page, status: int, headers: dict[str, str], body: bytes) -> None:
        if page.gzipped:
            body, headers = gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"}
        if page.chunked:
            headers = {**headers, "Transfer-Encoding": "chunked"}
        elif not page.unmeasured:
            claimed = len(body) if page.claimed_bytes is None else page.claimed_bytes
            headers = {**headers, "Content-Length": str(claimed)}
        self._answer(status, headers)
        stall = page.stalls.pop(0) if page.stalls else None
        cut = page.cuts.pop(0) if page.cuts else None
        self._write(page, body[: min(x for x in (stall, cut, len(body)) if x is not None)], cut is None)
        if stall is not None:
            is_closing = self.server.closing.wait(HANG_SECONDS)
            self.server.ended_stalls += [] if is_closing else [self.path]
        if cut is not None or page.claimed_bytes is not None or page.unmeasured:
            self._hang_up(page)

    def _write(self, page: Page, body: bytes, is_whole: bool) -> None:
        step = DRIP_BYTES if page.drip_seconds else max(1, len(body))
        for start in range(0, len(body), step):
            piece = body[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if page.chunked else piece)
            if self.server.closing.wait(page.drip_seconds):
                return
        if page.chunked and is_whole:
            self.wfile.write(b"0\r\n\r\n")

    def _hang_up(self, page: Page) -> None:
        self.close_connection = True
        if page.resets:
            time.sleep(0.05)  # a reset throws away what the peer has not read yet
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_AT_ONCE)
            self.connection.close()

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""
