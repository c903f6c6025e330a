"""The monitor's store as serving asks it, by its own driver of PostgreSQL and without holding the event loop up."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from relay.handoff.database import name_database
from relay.monitoring import statements as sql
from relay.monitoring.questions import Store
from relay.monitoring.report import Report
from relay.monitoring.sqlite import STORE_FILE, SqliteStore
from relay.monitoring.store import AcceptedBaseline, Event, MonitorStoreError, Window

Found = TypeVar("Found")

PATIENCE_SECONDS = 5.0
ASKERS = 2
"""Questions to PostgreSQL at once: each opens a connection, and the server has a hundred for all."""


class MonitorStore(Protocol):
    """What the API asks the monitor's store, and what people decide through it.

    Each method raises MonitorStoreError where the store cannot be read or written now.
    """

    async def find_report(self, model: str, version: str | None = None) -> Report | None:
        """The newest report of a version, or of the model's version that was looked at last."""

    async def list_events(self, model: str, limit: int) -> list[Event]:
        """Events of a model, newest first."""

    async def list_windows(self, model: str, limit: int, before: str | None) -> list[Window]:
        """Windows of a model, newest first, behind the window `before`."""

    async def find_run(self, model: str) -> float | None:
        """When the monitor last read the log of a model to its end."""

    async def accept(self, baseline: AcceptedBaseline) -> None:
        """Keep a baseline and its event."""

    async def add_event(self, event: Event) -> None:
        """Keep what a person decided."""


def open_monitor(folder: Path, database_url: str) -> MonitorStore:
    """The store of the monitor, where the prediction log is."""
    return PostgresMonitor(database_url) if database_url else FileMonitor(folder)


class FileMonitor:
    """A `MonitorStore` in a file beside the prediction log; a file that is missing is an empty store."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / STORE_FILE

    async def find_report(self, model: str, version: str | None = None) -> Report | None:
        """The newest report of a version, or of the model's version that was looked at last."""
        return await self._ask(lambda store: store.find_report(model, version))

    async def list_events(self, model: str, limit: int) -> list[Event]:
        """Events of a model, newest first."""
        return await self._ask(lambda store: store.list_events(model, limit))

    async def list_windows(self, model: str, limit: int, before: str | None) -> list[Window]:
        """Windows of a model, newest first, behind the window `before`."""
        return await self._ask(lambda store: store.list_windows(model, limit, before=before))

    async def find_run(self, model: str) -> float | None:
        """When the monitor last read the log of a model to its end."""
        return await self._ask(lambda store: store.find_run(model))

    async def accept(self, baseline: AcceptedBaseline) -> None:
        """Keep a baseline and its event."""
        await self._ask(lambda store: store.accept(baseline), is_reader=False)

    async def add_event(self, event: Event) -> None:
        """Keep what a person decided."""
        await self._ask(lambda store: store.add_event(event), is_reader=False)

    async def _ask(self, do: Callable[[Store], Found], *, is_reader: bool = True) -> Found:
        def work() -> Found:
            with SqliteStore(self._path, is_reader=is_reader) as store:
                return do(store)

        return await asyncio.to_thread(work)


class PostgresMonitor:
    """A `MonitorStore` in PostgreSQL; where there are no tables it is empty."""

    def __init__(self, url: str) -> None:
        self._url, self._name = url, name_database(url)
        self._askers = asyncio.Semaphore(ASKERS)

    async def find_report(self, model: str, version: str | None = None) -> Report | None:
        """The newest report of a version, or of the model's version that was looked at last."""
        if version is None:
            found = await self._fetch(sql.FIND_LATEST, model)
        else:
            found = await self._fetch(sql.FIND_OF_VERSION, model, version)
        return sql.make_window(found[0]).report if found else None

    async def list_events(self, model: str, limit: int) -> list[Event]:
        """Events of a model, newest first."""
        return [sql.make_event(found) for found in await self._fetch(sql.LIST_EVENTS, model, limit)]

    async def list_windows(self, model: str, limit: int, before: str | None) -> list[Window]:
        """Windows of a model, newest first, behind the window `before`."""
        return [sql.make_window(found) for found in await self._fetch(sql.LIST_WINDOWS, model, before or "", limit)]

    async def find_run(self, model: str) -> float | None:
        """When the monitor last read the log of a model to its end."""
        found = await self._fetch(sql.FIND_RUN, model)
        return sql.make_run(found[0]) if found else None

    async def accept(self, baseline: AcceptedBaseline) -> None:
        """Keep a baseline and its event."""
        await self._write(sql.list_accepted(baseline))

    async def add_event(self, event: Event) -> None:
        """Keep what a person decided."""
        await self._write([(sql.INSERT_EVENT, sql.list_event(event)), (sql.PRUNE_EVENTS, (event.model,))])

    async def _fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        import asyncpg

        async def fetch(connection: Any) -> list[tuple[Any, ...]]:
            try:
                return [tuple(found) for found in await connection.fetch(sql.for_postgres(statement), *values)]
            except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
                return []  # the monitor has not run yet

        return await self._ask(fetch)

    async def _write(self, statements: list[sql.Statement]) -> None:
        async def write(connection: Any) -> None:
            async with connection.transaction():
                for statement, values in statements:
                    await connection.execute(sql.for_postgres(statement), *values)

        await self._ask(write)

    async def _ask(self, do: Callable[[Any], Awaitable[Found]]) -> Found:
        import asyncpg  # only where a database is configured

        try:
            async with self._askers, asyncio.timeout(PATIENCE_SECONDS):
                connection = await asyncpg.connect(self._url, server_settings={"application_name": "relay api"})
                try:
                    return await do(connection)
                finally:
                    connection.terminate()  # nothing is under way, and a server that hangs is not waited for
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            # TimeoutError is an OSError, and says nothing of itself.
            raise MonitorStoreError(f"{self._name}: {error or 'no answer'}") from error
