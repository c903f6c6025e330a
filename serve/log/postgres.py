"""The prediction log in PostgreSQL: what several hosts need. One connection commits, a few answer questions."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg

from relay.handoff.errors import UsageError
from serve.log.labelling import Addition, Asked, NewLabel
from serve.log.postgres_labels import add_labels, find_asked, find_keyed, find_record_keys
from serve.log.postgres_tables import PROBE, SCHEMA, keep_commits
from serve.log.postgres_writer import AWAY_ERRORS, ROW_ERRORS, SELECT, Connection, PostgresWriter, count_rows
from serve.log.queue import GroupCommit
from serve.log.record import (
    JsonScalar,
    Label,
    LogRecordError,
    LogStats,
    LogUnavailableError,
    Page,
    Row,
    Stored,
    begin_page,
    can_be_stored,
)
from serve.log.refusing import MOST_ROWS, Refused, list_refused
from serve.log.values import make_row, split_record, write_label_value

Result = TypeVar("Result")

PATIENCE_SECONDS = 5.0
"""How long a commit is tried again before its callers are told: a server that restarts is back by then."""

QUESTIONS_AT_ONCE = 4
PREFETCHED_ROWS = 20
"""Of a page."""

PROBE_AFTER_SECONDS = 10.0
"""A commit that old says nothing about the server of now."""

PRUNE_ROWS = 1000
"""Removed at a time, so that nobody waits long for a lock."""

SELECT_TIME = f"select at_unix from {SCHEMA}.predictions where id = $1"  # noqa: S608 - our own names
SELECT_PAGE = (
    f"{SELECT} where (at_unix, id) > ($1, $2) and ($3::text is null or model = $3) order by at_unix, id limit $4"
)
SELECT_LABELS = f"select number, value, at_unix, source from {SCHEMA}.labels where prediction_id = $1 order by seq"  # noqa: S608
COUNT_LABELS = f"select count(*) from {SCHEMA}.labels where prediction_id = $1 and number = $2"  # noqa: S608
INSERT_LABEL = (
    f"insert into {SCHEMA}.labels (prediction_id, number, value, at_unix, source) values ($1, $2, $3, $4, $5)"  # noqa: S608
)
INSERT_REFUSED = (
    f"insert into {SCHEMA}.refused (at_unix, model, version, kind, requests, records, by_column)"  # noqa: S608
    " values ($1, $2, $3, $4, $5, $6, $7)"
)
TRIM_REFUSED = f"delete from {SCHEMA}.refused where seq <= (select max(seq) from {SCHEMA}.refused) - {MOST_ROWS}"  # noqa: S608
PRUNE_REFUSED = f"delete from {SCHEMA}.refused where at_unix < $1"  # noqa: S608
PRUNE = (
    f"delete from {SCHEMA}.predictions where id in (select id from {SCHEMA}.predictions where at_unix < $1"  # noqa: S608
    f" order by at_unix, id limit {PRUNE_ROWS} for update skip locked)"
)


class PostgresLog:
    """A `PredictionLog` in a database of PostgreSQL."""

    def __init__(self, url: str, *, queue_limit: int, patience: float = PATIENCE_SECONDS) -> None:
        self._url, self._patience = url, patience
        self._writer = PostgresWriter(url, patience=patience)
        self._queue = GroupCommit(self._writer.commit, queue_limit)
        self._pool: Any = None  # the library's types leave its awaiting out

    @property
    def stats(self) -> LogStats:
        """What the log did since it was opened."""
        return self._queue.stats

    async def start(self) -> None:
        """Connect and make the tables; a server that is away is tried again until it is there.

        Raises:
            UsageError: the URL cannot be read.
            LogVersionError: a newer program made the tables.
        """
        try:
            await self._writer.start()
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=QUESTIONS_AT_ONCE,
                timeout=self._patience,
                command_timeout=self._patience,
                init=keep_commits,  # labels are written here
                reset=do_nothing,  # questions leave nothing behind: the round trip is spared
            )
        except asyncpg.ClientConfigurationError as error:
            raise UsageError(f"the URL of the prediction log, {self._writer.name}: {error}") from error

    async def append(self, row: Row) -> None:
        """Commit a row; returns when it is on the server's disk."""
        await self._queue.append(row)

    async def find_key(self, key: str) -> Stored | None:
        """The row with an idempotency key; waits for one that is being committed by this process."""
        await self._queue.wait_for_key(key)
        return await self._find("idempotency_key", key)

    async def get(self, id: str) -> Stored | None:  # noqa: A002 - the name of the field
        """The row with an id."""
        return await self._find("id", id)

    async def page(self, since: float | None, after: str | None, limit: int, model: str | None) -> Page:
        """Rows by time, at most `limit` and about `PAGE_BYTES`: asked at or after `since`, behind the row `after`."""
        if not can_be_stored(after, model):
            return Page()

        async def select(ask: Connection) -> Page:
            begin = begin_page(since, after, await ask.fetchval(SELECT_TIME, after))
            page = Page()
            async with ask.transaction(readonly=True):
                # Some at a time: a thousand large rows do not fit into memory.
                async for found in ask.cursor(SELECT_PAGE, *begin, model, limit, prefetch=PREFETCHED_ROWS):
                    if not page.take(make_row(found)):
                        break
            return page

        return await self._ask(select)

    async def label(self, record: str, value: JsonScalar, at_unix: float, source: str) -> None:
        """Add what turned out to be true of a record."""
        values = (*split_record(record), write_label_value(value), at_unix, source)
        try:
            # Once: whether a broken attempt added it cannot be seen.
            await self._ask(lambda ask: ask.execute(INSERT_LABEL, *values), attempts=1)
        except asyncpg.ForeignKeyViolationError as error:
            raise LogRecordError(f"record {record!r}: the log has no such prediction") from error
        except ROW_ERRORS as error:
            raise LogRecordError(f"record {record!r}: PostgreSQL does not take this label: {error}") from error

    async def labels(self, id: str) -> list[Label]:  # noqa: A002
        """All labels of a prediction's records, oldest first."""
        found = await self._ask(lambda ask: ask.fetch(SELECT_LABELS, id)) if can_be_stored(id) else []
        return [Label(f"{id}/{number}", json.loads(value), at_unix, source) for number, value, at_unix, source in found]

    async def count_labels(self, record: str) -> int:
        """The labels of one record."""
        return int(await self._ask(lambda ask: ask.fetchval(COUNT_LABELS, *split_record(record))))

    async def find_record_keys(self, id: str) -> dict[int, str]:  # noqa: A002
        """Number of a record of a prediction -> its key, of those that brought one."""
        return await self._ask(lambda ask: find_record_keys(ask, id))

    async def find_asked(self, ids: Sequence[str]) -> dict[str, Asked]:
        """Id -> what the prediction was about, of those that are there."""
        return await self._ask(lambda ask: find_asked(ask, ids))

    async def find_keyed(self, model: str, keys: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
        """A caller's key -> the records that bear it in the model's last prediction in which one does."""
        return await self._ask(lambda ask: find_keyed(ask, model, keys))

    async def add_labels(self, labels: Sequence[NewLabel], at_unix: float) -> list[Addition]:
        """Commit labels together; one that says what the record's last label says is no row."""
        return await self._ask(lambda ask: add_labels(ask, labels, at_unix))

    async def note_refused(self, rows: Sequence[Refused]) -> None:
        """Add counts of refused records; the oldest make room where there are many."""

        async def add(ask: Connection) -> None:
            async with ask.transaction():
                await ask.executemany(INSERT_REFUSED, list_refused(rows))
                await ask.execute(TRIM_REFUSED)

        await self._ask(add, attempts=1)  # whether a broken attempt added them cannot be seen

    async def is_healthy(self) -> str | None:
        """Nothing when rows can be committed, else why not; a busy log proves it by its commits, an idle one writes."""
        if self._writer.away is not None or time.monotonic() - self._writer.proved_at < PROBE_AFTER_SECONDS:
            return self._writer.away
        try:
            await self._ask(lambda ask: ask.execute(PROBE))
        except LogUnavailableError as error:
            return str(error)
        self._writer.proved_at = time.monotonic()
        return None

    def find_set_aside(self) -> list[str]:
        """None: PostgreSQL looks after its own files."""
        return []

    async def prune(self, before_unix: float) -> int:
        """Remove the predictions asked before that time, with their labels; gives how many."""
        await self._ask(lambda ask: ask.execute(PRUNE_REFUSED, before_unix))
        removed = 0
        while step := count_rows(await self._ask(lambda ask: ask.execute(PRUNE, before_unix))):
            removed += step
        return removed

    async def close(self) -> None:
        """Commit what waits, then close the connections."""
        await self._queue.close()
        await self._writer.close()
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), self._patience)
            except AWAY_ERRORS:
                self._pool.terminate()

    async def _find(self, column: str, value: str) -> Stored | None:
        """The row with this value in a column of ours without doubles."""
        if not can_be_stored(value):
            return None
        found = await self._ask(lambda ask: ask.fetchrow(f"{SELECT} where {column} = $1", value))
        return make_row(found) if found else None

    async def _ask(self, do: Callable[[Connection], Awaitable[Result]], attempts: int = 2) -> Result:
        """What `do` gives on a connection for questions; again on a new one when the first was broken."""
        if self._pool is None:
            raise LogUnavailableError(f"the prediction log {self._writer.name} is not started")
        while True:
            attempts -= 1
            try:
                async with self._pool.acquire(timeout=self._patience) as connection:
                    return await do(connection)
            except ROW_ERRORS:
                raise
            except AWAY_ERRORS as error:
                if attempts == 0:
                    raise LogUnavailableError(self._writer.explain(error)) from error
                await self._pool.expire_connections()


async def do_nothing(connection: Any) -> None:
    """Returns at once."""
