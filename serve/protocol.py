"""uvicorn's HTTP protocol with limits on what one connection may hold: time, bytes of a head, requests that wait.

uvicorn limits the time between requests, and our middleware the time of a body; without this, half a head would hold a
connection for ever, a head of 100 MB would stop all others, and a caller that never reads would stay.
"""

import asyncio
import json
from functools import cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serve.settings import read_settings

MOST_HEAD_BYTES = 64 * 1024
"""Of a request line with its headers, as most proxies have it at most."""

MOST_WAITING = 64
"""Requests that one connection may send ahead; it is not read while others wait, and one that sends more is closed."""

DRAIN_SECONDS = 1.5
"""How long an idle connection may still send a request after the service was told to stop. Its answer closes it."""

LINGER_SECONDS = 5.0
"""How long a connection that is closed may take to read the rest of its answer."""


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _is_in_head = True  # a connection that sends nothing waits for the head of its first request
    _head_bytes = 0
    _is_draining = False
    _is_refused = False

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came, and watch time and bytes while a head is incomplete."""
        if self._is_refused:
            return
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse_head()
        self._watch()

    def on_message_begin(self) -> None:
        """Begin with a request."""
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hand the request over."""
        self._is_in_head = False
        if self._is_refused:
            return
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MOST_HEAD_BYTES:
            self._refuse_head()
        elif len(self.pipeline) >= MOST_WAITING:
            self._is_refused = True
            self.transport.abort()
        else:
            super().on_headers_complete()
            if self._is_draining:
                self.cycle.keep_alive = False  # its answer says so

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if not self._is_refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; nothing more is read while others wait."""
        super().on_response_complete()
        if self.pipeline and not self.transport.is_closing():
            self.flow.pause_reading()
        if self.transport.is_closing():
            self._end_surely()

    def pause_writing(self) -> None:
        """Wait for a caller that does not read, but not for ever."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(find_patience(), self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the caller reads."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing came, also where the last answer was never read."""
        super().timeout_keep_alive_handler()
        self._end_surely()

    def shutdown(self) -> None:
        """Let a connection send one more request: its answer says that the connection closes.

        A request that is under way when a connection is closed is lost, and its sender cannot know whether it counted.
        """
        self._is_draining = True
        is_idle = self.cycle is None or self.cycle.response_complete
        if not is_idle and not self.cycle.response_started:
            self.cycle.keep_alive = False
            return
        self.loop.call_later(DRAIN_SECONDS, self._end_drain)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._is_in_head = False
        self._watch()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().connection_lost(exc)

    def _end_drain(self) -> None:
        """Close, unless a request is being answered: that answer closes."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
            self._end_surely()
        else:
            self.cycle.keep_alive = False

    def _end_surely(self) -> None:
        """A closed connection ends when its last bytes were read, or after a while."""
        if self.transport.get_write_buffer_size():
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _refuse_head(self) -> None:
        """Answer 431 and close; what else comes is not read."""
        self._is_refused, self._is_in_head = True, False
        problem = {
            "type": "urn:relay:problem:head-too-large",
            "title": "The head of the request is too large",
            "status": 431,
            "detail": f"Request line and headers hold more than {MOST_HEAD_BYTES:,} bytes. Send data as a body.",
        }
        body = json.dumps(problem).encode()
        head = (
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
            b"connection: close\r\ncontent-length: " + str(len(body)).encode() + b"\r\n\r\n"
        )
        self.flow.pause_reading()
        self.transport.write(head + body)
        self.transport.close()
        self._end_surely()

    def _watch(self) -> None:
        if self._is_in_head == (self._head_timer is not None):
            return
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(find_patience(), self.transport.close)
        else:
            self._head_timer.cancel()
            self._head_timer = None


@cache
def find_patience() -> float:
    """Seconds that a head may take, and an answer that is not read."""
    return read_settings().timeout
