"""Restarts under load: a service that stops answers every request that it was sent."""

import http.client
import math
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from counts import RESTARTS
from patience import HANG_SECONDS, wait_for
from serve_load import wait_until_ready
from serving import Server, lay_version

CALLERS = 8
BEFORE = 40
"""Requests that are answered before each stop."""


@dataclass
class Told:
    """What callers got, of all rounds."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    """Requests that were sent and not answered."""
    refused: int = 0
    """Connections that were not taken: nothing was sent on them, so the caller goes to another replica."""


class Caller(threading.Thread):
    """Asks without a pause until no connection is taken: on one connection, or on a new one for each request."""

    def __init__(self, server: Server, told: Told, *, is_kept: bool) -> None:
        super().__init__()
        self._server, self._told, self._is_kept = server, told, is_kept

    def run(self) -> None:
        connection = self._server.connect()
        while True:
            if connection.sock is None:
                try:
                    connection.connect()
                except OSError:
                    self._told.refused += 1
                    return
            try:
                connection.request("POST", "/predict", '{"x": 5}')
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    self._told.answered += 1
                else:
                    self._told.lost.append(str(response.status))
            except (OSError, http.client.HTTPException) as error:
                self._told.lost.append(f"{'kept' if self._is_kept else 'new'}: {error!r}")
                connection.close()
            if not self._is_kept:
                connection.close()


@pytest.mark.crash
@pytest.mark.counted
@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_is_lost_by_a_restart(
    data: Path, results: Callable[..., Path], workers: int, record_property: Callable[[str, object], None]
) -> None:
    restarts = math.ceil(RESTARTS.value / 2)
    lay_version(data, results("line"), "1")
    server, told = Server(data, ("line",), {"API_WORKERS": str(workers)}), Told()
    for _ in range(restarts):
        wait_until_ready(server.start())
        callers = [Caller(server, told, is_kept=number % 2 == 0) for number in range(CALLERS)]
        for caller in callers:
            caller.start()
        wanted = told.answered + BEFORE
        wait_for(lambda wanted=wanted: told.answered >= wanted or told.lost, "answers", pause=0.002)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        for caller in callers:
            caller.join(HANG_SECONDS)
        assert [caller.is_alive() for caller in callers] == [False] * CALLERS
        assert server.process.wait(HANG_SECONDS) == 0
        server.output.close()
    assert told.lost == []
    assert told.refused == restarts * CALLERS
    record_property("restarts of the service under load", restarts)
    record_property("answers around the restarts, none of them missing", told.answered)
