"""Callers that load a server until they are told to stop, what they heard, and the kill -9."""

import http.client
import itertools
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from log_places import Place, SqlitePlace
from patience import HANG_SECONDS
from serving import Server

CALLERS = 8

KEY_EVERY = 3
"""Every so often a request bears an idempotency key."""

REPEATS = 20
"""Keys of a round that are asked for again, of those whose answer was heard."""

STEP = 1e-4
"""Between two numbers that are sent: each x is sent once, so that a row tells of which request it is."""


@dataclass
class Heard:
    """What callers were told, of all rounds."""

    answered: dict[str, int] = field(default_factory=dict)
    """Prediction id -> number of the request."""
    bodies: dict[int, bytes] = field(default_factory=dict)
    """Number of a request with a key -> its answer."""
    open_keys: list[int] = field(default_factory=list)
    """Requests with a key that were refused, or whose connection ended before the answer."""
    refused: Counter[str] = field(default_factory=Counter)
    """Kind of an error that was answered -> how often."""


class Load:
    """Callers with a connection each, which they open again when it ends."""

    def __init__(self, server: Server, heard: Heard, numbers: "itertools.count[int]", *, pause: float = 0.0) -> None:
        self.server, self.heard, self._numbers, self._pause = server, heard, numbers, pause
        self._is_over = threading.Event()

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Under load meanwhile."""
        threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def wait_for_more(self, count: int = 20) -> None:
        """Returns when so many further requests were answered."""
        target, deadline = len(self.heard.answered) + count, time.monotonic() + HANG_SECONDS
        while len(self.heard.answered) < target:
            assert time.monotonic() < deadline, f"no answers: {self.heard.refused}"
            time.sleep(0.002)

    def _call(self) -> None:
        connection = self.server.connect()
        while not self._is_over.is_set():
            number = next(self._numbers)
            has_key = number % KEY_EVERY == 0
            try:
                connection.request("POST", "/predict", body_of(number), headers_of(number) if has_key else {})
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException):
                connection.close()  # and opened again by the next request
                if has_key:
                    self.heard.open_keys.append(number)
                time.sleep(0.005)
                continue
            self._hear(number, response.status, body, has_key=has_key)
            self._is_over.wait(self._pause)
        connection.close()

    def _hear(self, number: int, status: int, body: bytes, *, has_key: bool) -> None:
        answer = json.loads(body)
        if status != 200:
            self.heard.refused[f"{status} {answer['type'].rpartition(':')[2]}"] += 1
            if has_key:
                self.heard.open_keys.append(number)
            time.sleep(0.01)
            return
        if has_key:
            self.heard.bodies[number] = body
        self.heard.answered[answer["prediction_id"]] = number


def body_of(number: int) -> str:
    """The request of a number."""
    return json.dumps({"x": round(number * STEP, 4)})


def headers_of(number: int) -> dict[str, str]:
    """The idempotency key of a number."""
    return {"Idempotency-Key": f"order-{number}"}


def number_of(row_input: str) -> int:
    """The number of the request that a row of the log is of."""
    (record,) = json.loads(row_input)
    return round(record["x"] / STEP)


def find_workers(server: Server) -> list[psutil.Process]:
    """The processes that answer, where there are several."""
    assert server.process is not None
    found = []
    for child in psutil.Process(server.process.pid).children():
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:  # killed, and not yet taken notice of
            continue
    return found


def kill_all(server: Server) -> None:
    """kill -9 for the server and its workers; returns when they are gone."""
    assert server.process is not None
    workers = find_workers(server)
    # A parent that is stopped starts no worker anew in between.
    server.process.send_signal(signal.SIGSTOP)
    workers = [*workers, *(worker for worker in find_workers(server) if worker not in workers)]
    for worker in workers:
        worker.kill()
    server.process.kill()
    server.process.wait(HANG_SECONDS)
    psutil.wait_procs(workers, HANG_SECONDS)
    server.output.close()


def load_and_kill(server: Server, heard: Heard, numbers: "itertools.count[int]", chance: random.Random) -> None:
    """Load the server, kill one of several workers at a random moment, and everything at another."""
    with Load(server, heard, numbers).running() as load:
        load.wait_for_more()
        workers = find_workers(server)
        if workers:
            time.sleep(chance.uniform(0.0, 0.1))
            chance.choice(workers).kill()
        time.sleep(chance.uniform(0.0, 0.2))
        kill_all(server)


def wait_until_ready(server: Server) -> Server:
    """The server when it takes predictions."""
    deadline = time.monotonic() + HANG_SECONDS
    while True:
        try:
            answer: Any = server.get("/health")
            if answer.status == 200:
                return server
        except OSError:
            answer = None
        assert time.monotonic() < deadline, answer and answer.body
        time.sleep(0.02)


def repeat_keys(server: Server, heard: Heard, most: int | None = None) -> None:
    """Ask again with the last keys: what was answered is repeated, and what was not is answered once."""
    for number in list(heard.bodies)[-REPEATS:]:
        again = server.ask("POST", "/predict", body_of(number), headers_of(number))
        assert (again.body, again.headers.get("idempotency-replayed")) == (heard.bodies[number], "true")
    for number in heard.open_keys[:most]:
        first, second = (server.ask("POST", "/predict", body_of(number), headers_of(number)) for _ in range(2))
        assert (first.status, second.body, second.headers.get("idempotency-replayed")) == (200, first.body, "true")
        heard.bodies[number] = first.body
        heard.answered[first.json["prediction_id"]] = number
    heard.open_keys.clear()


def require_all(place: Place, heard: Heard) -> None:
    """Each answer that was heard is in the log, and no request and no key twice."""
    answered = dict(heard.answered)  # as they were before the log is read: the load may go on
    rows = place.query("select id, input, idempotency_key from predictions")
    there = {id_: number_of(sent) for id_, sent, _ in rows}
    assert answered != {}
    assert {id_: number for id_, number in answered.items() if there.get(id_) != number} == {}
    for found in (Counter(there.values()), Counter(key for *_, key in rows if key)):
        assert [name for name, times in found.items() if times > 1] == []
    if isinstance(place, SqlitePlace):
        assert place.query("pragma integrity_check") == [("ok",)]
