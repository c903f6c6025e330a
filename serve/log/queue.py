"""Group commit: one commit takes everything that queued while the commit before it ran."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from relay.handoff.errors import RelayError
from serve.log.record import LogFullError, LogKeyTakenError, LogRowError, LogStats, LogUnavailableError, Row

BATCH_ROWS = 1000
"""With its 11 columns a batch stays below the 32,766 values that SQLite takes in a statement."""

BATCH_BYTES = 16 << 20
QUEUE_BYTES = 128 << 20
"""What may wait in memory, beside the count of rows: requests of 1,000 records each are large."""

Refusals: TypeAlias = Mapping[str, RelayError]
"""Row id -> why that row alone was not committed."""

Commit: TypeAlias = Callable[[list[Row]], Awaitable[Refusals]]
"""Commits a batch as a whole; raises LogUnavailableError when none of it, LogRowError when one row spoils it."""

Outcome: TypeAlias = Exception | None


class GroupCommit:
    """The rows that wait for their commit, and the task that commits them, batch by batch."""

    def __init__(self, commit: Commit, limit: int) -> None:
        self.stats = LogStats()
        self._commit, self._limit = commit, limit
        self._waiting: deque[tuple[Row, asyncio.Future[Outcome]]] = deque()
        self._bytes = 0
        self._keys: dict[str, asyncio.Future[Outcome]] = {}
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    async def append(self, row: Row) -> None:
        """Commit a row; returns when it is on the disk, raises as `PredictionLog.append`."""
        if row.idempotency_key is not None:
            await self.wait_for_key(row.idempotency_key)
        done = self._enqueue(row)
        # A caller that is cancelled must not take the outcome away from those who wait for the same key.
        outcome = await (done if row.idempotency_key is None else asyncio.shield(done))
        if isinstance(outcome, LogKeyTakenError):
            raise LogKeyTakenError(outcome.stored)
        if isinstance(outcome, RelayError):
            # Each caller gets an exception of its own: one that is raised often collects all their tracebacks.
            raise type(outcome)(*outcome.args) from outcome
        if outcome is not None:
            raise LogUnavailableError(f"the commit failed: {outcome!r}") from outcome

    async def wait_for_key(self, key: str) -> None:
        """Returns when no row with this key waits for its commit."""
        while (done := self._keys.get(key)) is not None:
            await asyncio.shield(done)

    async def close(self) -> None:
        """Take no more rows and commit those that wait."""
        self._is_closed = True
        if self._task is not None:
            await asyncio.shield(self._task)

    def _enqueue(self, row: Row) -> "asyncio.Future[Outcome]":
        if self._is_closed:
            raise LogUnavailableError("the prediction log is being closed: ask another instance")
        size = count_bytes(row)
        is_too_much = self.stats.queue_length > 0 and self._bytes + size > QUEUE_BYTES
        if self.stats.queue_length >= self._limit or is_too_much:
            raise LogFullError(
                f"{self.stats.queue_length} predictions of {self._bytes:,} bytes wait for the prediction log, "
                f"at most {self._limit} of {QUEUE_BYTES:,} bytes may: ask again later"
            )
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        self._bytes += size
        self.stats.queue_length += 1
        if row.idempotency_key is not None:
            self._keys[row.idempotency_key] = done
        if self._task is None:
            # It begins when the loop comes round: all rows of this round are in its first batch.
            self._task = asyncio.create_task(self._commit_all())
        return done

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                batch = self._take_batch()
                outcomes: Mapping[str, Exception] = {}
                unknown: Outcome = LogUnavailableError("the program ended before the commit")
                try:
                    outcomes = await self._commit_batch([row for row, _ in batch])
                    unknown = None
                except Exception as error:
                    # Whatever it was, nobody may wait for ever.
                    unknown = error
                finally:
                    for row, done in batch:
                        self._settle(row, done, unknown or outcomes.get(row.id))
        finally:
            self._task = None

    def _take_batch(self) -> "list[tuple[Row, asyncio.Future[Outcome]]]":
        batch: list[tuple[Row, asyncio.Future[Outcome]]] = []
        size = 0
        while self._waiting and len(batch) < BATCH_ROWS and (not batch or size < BATCH_BYTES):
            batch.append(self._waiting.popleft())
            size += count_bytes(batch[-1][0])
        return batch

    async def _commit_batch(self, rows: list[Row]) -> Refusals:
        begun = time.perf_counter()
        try:
            return await self._commit(rows)
        except LogRowError as error:
            if len(rows) == 1:
                return {rows[0].id: error}
            # One row that the database refuses must not cost the others their answers.
            return dict([pair for row in rows for pair in (await self._commit_alone(row)).items()])
        finally:
            self.stats.last_commit_seconds = time.perf_counter() - begun
            self.stats.total_commit_seconds += self.stats.last_commit_seconds
            self.stats.batches += 1

    async def _commit_alone(self, row: Row) -> Refusals:
        try:
            return await self._commit([row])
        except RelayError as error:
            return {row.id: error}

    def _settle(self, row: Row, done: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
        self._bytes -= count_bytes(row)
        self.stats.queue_length -= 1
        self.stats.rows += outcome is None
        self.stats.failures += outcome is not None and not isinstance(outcome, LogKeyTakenError)
        if row.idempotency_key is not None and self._keys.get(row.idempotency_key) is done:
            del self._keys[row.idempotency_key]
        if not done.done():
            done.set_result(outcome)


def count_bytes(row: Row) -> int:
    """The bytes of a row that can be many."""
    keys = sum(len(key) for key in row.record_keys if key is not None) if row.record_keys is not None else 0
    return len(row.input) + len(row.output) + keys
