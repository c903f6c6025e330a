"""Requests answered together: what has queued while the batch before was computed is one frame for the model.

A pipeline of pandas takes some milliseconds for one row and little more for thirty. Only for models whose answer to a
row does not depend on the rows beside it, which training has tried (`Contract.takes_batches`).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from relay.registry.predictions import Predictions
from serve.schema import Record

GATHER_SHARE, LONGEST_GATHER_SECONDS = 0.5, 0.02
"""Of the time that the last batch took, for the next one to gather."""

MOST_ROWS = 1_000
"""Rows that are answered together; a request with more is a batch by itself."""

Work = Callable[[Sequence[Record]], Any]
"""A method of a predictor: its answers to some records, `Predictions` or a list."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The records of one request, and where its answer goes."""

    records: Sequence[Record]
    answer: "asyncio.Future[Any]"


@dataclass(slots=True)
class _Queue:
    """The requests that wait for one way of asking one model."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    task: "asyncio.Task[None] | None" = None
    expected: int = 0
    """So many requests end the pause before the next batch."""
    is_full: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, waiting: _Waiting) -> None:
        """Let a request wait."""
        self.waiting.append(waiting)
        if len(self.waiting) >= self.expected:
            self.is_full.set()

    async def gather(self, expected: int, seconds: float) -> None:
        """Wait until so many requests are there, at most so long."""
        self.expected = expected
        if len(self.waiting) < expected:
            self.is_full.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.is_full.wait(), seconds)


class Batches:
    """Answers by several requests a call, one batch of a model at a time.

    Args:
        threads: where the model computes.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._queues: dict[Work, _Queue] = {}

    async def answer(self, work: Work, records: Sequence[Record]) -> Any:
        """The answers to the records of one request.

        Raises:
            Exception: what the model raises for these records alone.
        """
        waiting = _Waiting(records, asyncio.get_running_loop().create_future())
        queue = self._queues.setdefault(work, _Queue())
        queue.add(waiting)
        if queue.task is None:
            queue.task = asyncio.create_task(self._work_off(work, queue))
        return await waiting.answer

    async def _work_off(self, work: Work, queue: _Queue) -> None:
        """Answer batch by batch until no request waits."""
        try:
            while batch := _take_batch(queue.waiting):
                begun = time.perf_counter()
                await self._answer_batch(work, batch)
                # The callers that were just answered ask again: together they are one frame, not two.
                seconds = min(GATHER_SHARE * (time.perf_counter() - begun), LONGEST_GATHER_SECONDS)
                await queue.gather(len(batch) + len(queue.waiting), seconds)
        finally:
            queue.task = None
            del self._queues[work]
            for left in queue.waiting:  # the service ends
                left.answer.cancel()

    async def _answer_batch(self, work: Work, batch: list[_Waiting]) -> None:
        """Answer some requests together; where that fails, each by itself, so that a bad row fails alone."""
        loop = asyncio.get_running_loop()
        records = [record for waiting in batch for record in waiting.records]
        try:
            found = await loop.run_in_executor(self._threads, work, records)
        except Exception as error:
            if len(batch) == 1:
                _settle(batch[0], error=error)
                return
            for waiting in batch:
                await self._answer_batch(work, [waiting])
            return
        start = 0
        for waiting in batch:
            end = start + len(waiting.records)
            _settle(waiting, cut_answers(found, start, end))
            start = end


def cut_answers(found: Any, start: int, end: int) -> Any:
    """The answers to some of the records, in the form in which all were answered."""
    if not isinstance(found, Predictions):
        return found[start:end]
    return replace(
        found,
        predictions=found.predictions[start:end],
        probabilities=None if found.probabilities is None else found.probabilities[start:end],
        details=None if found.details is None else found.details[start:end],
    )


def _take_batch(waiting: deque[_Waiting]) -> list[_Waiting]:
    """The first requests that still wait, at least one where there is one, with at most `MOST_ROWS` rows."""
    batch: list[_Waiting] = []
    rows = 0
    while waiting:
        if waiting[0].answer.done():  # its caller has left, or waited too long
            waiting.popleft()
            continue
        rows += len(waiting[0].records)
        if batch and rows > MOST_ROWS:
            break
        batch.append(waiting.popleft())
    return batch


def _settle(waiting: _Waiting, found: Any = None, error: Exception | None = None) -> None:
    if waiting.answer.done():
        return
    if error is not None:
        waiting.answer.set_exception(error)
    else:
        waiting.answer.set_result(found)
