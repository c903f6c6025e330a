"""uvicorn's HTTP protocol, which also gives up on a caller that never finishes the head of its request.

uvicorn limits the time between requests, and our middleware the time of a body; without this, half a head would hold a
connection for ever.
"""

import asyncio
from functools import cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serve.settings import read_settings


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    _timer: asyncio.TimerHandle | None = None
    _is_in_head = True  # a connection that sends nothing waits for the head of its first request

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came, and watch the time while a head is incomplete."""
        super().data_received(data)
        self._watch()

    def on_message_begin(self) -> None:
        """Begin with a request."""
        self._is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hand the request over."""
        self._is_in_head = False
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._is_in_head = False
        self._watch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self._is_in_head == (self._timer is not None):
            return
        if self._timer is None:
            self._timer = self.loop.call_later(find_patience(), self.transport.close)
        else:
            self._timer.cancel()
            self._timer = None


@cache
def find_patience() -> float:
    """Seconds that a head may take."""
    return read_settings().timeout
