"""The time limit of requests. One look at all of them, a few times a second, costs less than a timer for each.

A timer a request (asyncio.timeout) took a fifth of the whole work on a single record.
"""

import asyncio
import time

LOOK_SECONDS = 0.25


class Deadlines:
    """The requests under way, the oldest first, and those that were ended for taking too long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._begun: dict[asyncio.Task[None], float] = {}
        self._late: set[asyncio.Task[None]] = set()

    def begin(self) -> "asyncio.Task[None]":
        """Count the time of the task that calls, from now on."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - the server runs each request in a task
        self._begun[task] = time.monotonic()
        return task

    def end(self, task: "asyncio.Task[None]") -> None:
        """Count no more."""
        del self._begun[task]
        self._late.discard(task)

    def is_late(self, task: "asyncio.Task[None]") -> bool:
        """Whether the task was cancelled for its time, not because the service ends; then it goes on to say so."""
        if task not in self._late:
            return False
        task.uncancel()
        return True

    async def watch(self) -> None:
        """Cancel what takes too long, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            oldest_allowed = time.monotonic() - self.seconds
            for task, begun in self._begun.items():
                if begun > oldest_allowed:
                    break
                if task not in self._late:
                    self._late.add(task)
                    task.cancel()
