"""The connection that commits predictions to PostgreSQL: repeats what broke, and comes back by itself."""

import asyncio
import time
from contextlib import suppress
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg
from loguru import logger

from serve.log.judging import judge_rows
from serve.log.postgres_tables import PROBE, SCHEMA, bring_to_version, keep_commits
from serve.log.queue import Refusals
from serve.log.record import (
    COLUMNS,
    LogRowError,
    LogUnavailableError,
    LogVersionError,
    Row,
)
from serve.log.values import list_keyed, list_values, make_row

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CONNECT_SECONDS = 10.0
"""For a connection that nobody waits for, and for the first one with its tables."""

PAUSES_SECONDS = (0.05, 2.0)
"""Between two attempts to connect: the first, doubled each time, and the longest."""

ROW_ERRORS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    UnicodeError,
)
"""The server is well and does not take this row."""

AWAY_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    EOFError,
    LogVersionError,
)
"""Everything else that a server or the way to it can say; a commit is worth another attempt."""

NAMES = ", ".join(COLUMNS)
SELECT = f"select {NAMES} from {SCHEMA}.predictions"  # noqa: S608 - our own names
ARRAYS = (
    "$1::text[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], "
    "$9::text[], $10::text[], $11::text[]"
)
INSERT = f"insert into {SCHEMA}.predictions ({NAMES}) select * from unnest({ARRAYS}) on conflict do nothing"  # noqa: S608
INSERT_KEYED = (
    f"with added as ({INSERT} returning id), keyed as (insert into {SCHEMA}.keyed_records"  # noqa: S608
    " (prediction_id, number, model, key) select one.* from unnest($12::text[], $13::bigint[], $14::text[],"
    " $15::text[]) as one (id, number, model, key) join added on added.id = one.id)"
    " select count(*) from added"
)
"""The same, with the records that brought keys: in one statement, so in one commit."""


class PostgresWriter:
    """One connection, opened again after a failure; while the server is away rows are refused at once."""

    def __init__(self, url: str, *, patience: float) -> None:
        self._url, self._patience = url, patience
        parts = urlsplit(url)
        self.name = f"{parts.hostname or 'local'}:{parts.port or 5432}{parts.path}"
        """The server and the database, without the password."""
        self.away: str | None = None
        """Why rows are refused now."""
        self.proved_at = float("-inf")
        """When something was committed, by the monotonic clock."""
        self._connection: Connection | None = None
        self._returning: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and make the tables; a server that is away is tried again until it is there.

        Raises:
            LogVersionError: a newer program made the tables.
            asyncpg.ClientConfigurationError: the URL cannot be read.
        """
        try:
            await self._connect(CONNECT_SECONDS)
        except (LogVersionError, asyncpg.ClientConfigurationError):
            raise
        except AWAY_ERRORS as error:
            self._go_away(error)

    async def commit(self, rows: list[Row]) -> Refusals:
        """Commit rows together, again after a failure until patience ends; gives why some were refused.

        To repeat is safe: the ids are primary keys, and a row that is there already counts as committed.

        Raises:
            LogUnavailableError: the server is away.
            LogRowError: the server does not take one of the rows.
        """
        if self.away is not None:
            raise LogUnavailableError(self.away)
        # Two processes that wait for each other's keys would wait for ever, were they not taken in one order.
        rows = sorted(rows, key=lambda row: row.idempotency_key or "")
        deadline = time.monotonic() + self._patience
        pause, longest = PAUSES_SECONDS
        while True:
            try:
                # Half of what is left: a connection that died in silence leaves time for another one.
                refused = await self._insert(rows, max((deadline - time.monotonic()) / 2, pause))
            except ROW_ERRORS as error:
                raise LogRowError(f"PostgreSQL does not take one of {len(rows)} predictions: {error}") from error
            except AWAY_ERRORS as error:
                self._drop()
                if time.monotonic() + pause >= deadline:
                    raise LogUnavailableError(self._go_away(error)) from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)
            else:
                self.proved_at = time.monotonic()
                return refused

    async def close(self) -> None:
        """Close the connection, and wait for the server no more."""
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.wait([self._returning])
        if self._connection is not None:
            with suppress(*AWAY_ERRORS):
                await self._connection.close(timeout=self._patience)

    def explain(self, error: Exception) -> str:
        """What an error means for the log, in a line."""
        said = str(error) or type(error).__name__
        return said if isinstance(error, LogVersionError) else f"the prediction log {self.name} is away: {said}"

    async def _insert(self, rows: list[Row], seconds: float) -> Refusals:
        columns = list(zip(*map(list_values, rows), strict=True))
        connection = self._connection or await self._connect(seconds)
        if keyed := list_keyed(rows):
            both = (*columns, *zip(*keyed, strict=True))
            added = int(await connection.fetchval(INSERT_KEYED, *both, timeout=seconds))
        else:
            added = count_rows(await connection.execute(INSERT, *columns, timeout=seconds))
        if added == len(rows):
            return {}
        ids, keys = [row.id for row in rows], [row.idempotency_key for row in rows if row.idempotency_key is not None]
        by_id = await connection.fetch(f"{SELECT} where id = any($1::text[])", ids, timeout=seconds)
        by_key = await connection.fetch(f"{SELECT} where idempotency_key = any($1::text[])", keys, timeout=seconds)
        return judge_rows(
            rows,
            {found["id"]: make_row(found) for found in by_id},
            {found["idempotency_key"]: make_row(found) for found in by_key},
        )

    async def _connect(self, seconds: float) -> Connection:
        """Connect to tables of this version that take a write."""
        connection = await asyncpg.connect(
            self._url, timeout=seconds, server_settings={"application_name": "relay prediction log"}
        )
        try:
            async with asyncio.timeout(seconds):
                await keep_commits(connection)
                await bring_to_version(connection, self.name)
                await connection.execute(PROBE)
        except BaseException:
            connection.terminate()
            raise
        self.proved_at = time.monotonic()
        self._connection = connection
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None

    def _go_away(self, error: Exception) -> str:
        """Refuse rows, with the reason that it gives, until the server is back."""
        self.away = self.explain(error)
        logger.error("{}; trying again", self.away)
        if self._returning is None:
            self._returning = asyncio.create_task(self._return())
        return self.away

    async def _return(self) -> None:
        pause, longest = PAUSES_SECONDS
        while self.away is not None:
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)
            try:
                await self._connect(CONNECT_SECONDS)
            except AWAY_ERRORS as error:
                self.away = self.explain(error)
            else:
                self.away = self._returning = None
                logger.info("the prediction log {} is back", self.name)


def count_rows(status: str) -> int:
    """The rows of a command's answer, such as `INSERT 0 32`."""
    return int(status.rpartition(" ")[2])
