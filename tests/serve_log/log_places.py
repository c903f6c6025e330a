"""Where a log is kept in a test, and what can be read there without the log's own code."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import asyncpg
from patience import HANG_SECONDS

from serve.log.postgres import PostgresLog
from serve.log.record import PredictionLog, Row, new_id
from serve.log.sqlite import SqliteLog

Result = TypeVar("Result")


class Place(Protocol):
    """A database in which a log can be opened, again and again."""

    url: str
    folder: Path

    def log(self, *, queue_limit: int = 10_000, patience: float = 5.0) -> PredictionLog:
        """A log here, not yet started."""

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database itself answers, without the log's code; tables without schema."""


@dataclass(frozen=True)
class SqlitePlace:
    """A file."""

    folder: Path
    url: str = ""

    @property
    def path(self) -> Path:
        return self.folder / "predictions.sqlite"

    def log(self, *, queue_limit: int = 10_000, patience: float = 5.0) -> SqliteLog:
        return SqliteLog(self.path, queue_limit=queue_limit, patience=patience)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


@dataclass(frozen=True)
class PostgresPlace:
    """A database of a server."""

    url: str
    folder: Path

    def log(self, *, queue_limit: int = 10_000, patience: float = 5.0) -> PostgresLog:
        return PostgresLog(self.url, queue_limit=queue_limit, patience=patience)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        async def ask() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.url, server_settings={"search_path": "prediction_log"})
            try:
                return [tuple(found) for found in await connection.fetch(statement)]
            finally:
                await connection.close()

        return asyncio.run(ask())


def make_row(number: int = 0, **changed: Any) -> Row:
    """A row as the service writes it."""
    row = Row(
        id=new_id(),
        at_unix=time.time(),
        model="credit",
        version="3",
        run_id="a" * 32,
        input=b'[{"number":%d}]' % number,
        output=b'[{"prediction":%d}]' % number,
        latency_us=412,
        client=f"request {number}",
    )
    return replace(row, **changed)


def tell(log: PredictionLog, story: Callable[[PredictionLog], Awaitable[Result]]) -> Result:
    """What a story with a log gives; the log is started before it and closed after it."""

    async def run() -> Result:
        await log.start()
        try:
            return await story(log)
        finally:
            await log.close()

    return asyncio.run(run())


async def wait_until_healthy(log: PredictionLog) -> None:
    """Returns when the log takes rows again."""
    deadline = time.monotonic() + HANG_SECONDS
    while (reason := await log.is_healthy()) is not None:
        assert time.monotonic() < deadline, reason
        await asyncio.sleep(0.02)


def read_numbers(place: Place) -> dict[str, str]:
    """Id -> input of all rows that are there; each id must be there once."""
    found = place.query("select id, input from predictions")
    assert [key for key, times in Counter(key for key, _ in found).items() if times > 1] == []
    return dict(found)
