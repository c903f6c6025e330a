"""Callers who ask without a pause, while a test breaks what answers them."""

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from patience import HANG_SECONDS

CALLERS = 6


@dataclass
class Load:
    """Some callers at once, and what they got."""

    predict: Callable[[], tuple[int, Any]]
    """Asks for one prediction; gives the status, and of an answer its JSON."""
    seconds: float = HANG_SECONDS
    """That `wait` waits at most."""
    answered: list[str] = field(default_factory=list)
    """Ids of predictions."""
    refused: list[tuple[int, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Of answers that ended too early: a replica that is killed cannot finish what it began to send."""
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _call(self) -> None:
        while not self._end.is_set():
            try:
                status, body = self.predict()
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.broken.append(repr(error))
                continue
            if status == 200:
                self.answered.append(body["prediction_id"])
            else:
                self.refused.append((status, body))
                time.sleep(0.05)

    def wait(self, more: int) -> None:
        """Until so many more requests were answered."""
        wanted, end = len(self.answered) + more, time.monotonic() + self.seconds
        while len(self.answered) < wanted:
            assert time.monotonic() < end, f"{len(self.answered)} of {wanted} answered; {self.refused[-3:]}"
            time.sleep(0.02)
