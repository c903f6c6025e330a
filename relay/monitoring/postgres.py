"""The monitor's store in a schema of PostgreSQL, beside the prediction log, by the driver of the stages.

Serving asks the same questions (`monitoring.statements`) through its own driver.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar

from relay.monitoring import statements as sql
from relay.monitoring.report import Report
from relay.monitoring.store import (
    AcceptedBaseline,
    Change,
    Event,
    MonitorBusyError,
    MonitorStoreError,
    State,
    Window,
)
from relay.tables.connection import Database

Made = TypeVar("Made")

BUSY = "another run of the monitor has committed meanwhile: nothing was counted twice. Run it again"


class PostgresStore:
    """A `Store` in a database of PostgreSQL.

    Args:
        url: of the database.
        is_reader: whether only questions are asked; where there are no tables the store is empty.
    """

    def __init__(self, url: str, *, is_reader: bool = False) -> None:
        self._url, self._is_reader = url, is_reader
        self._database: Database | None = None
        self._has_tables = True

    def __enter__(self) -> Self:
        database = Database(self._url)
        self._database = database.__enter__()
        try:
            self._has_tables = self._read_version() > 0
            if not self._is_reader:
                self._migrate()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.__exit__()
        self._database = None

    def read_state(self, model: str, version: str) -> State | None:
        """What the last run of this version left; None before the first one."""
        return self._find(sql.READ_STATE, (model, version), sql.make_state)

    def commit(self, change: Change) -> State:
        """Commit a run as a whole; gives the state with its new revision."""
        state, database = change.state, self._open()
        with database.transaction():
            save = sql.UPDATE_STATE if state.revision else sql.INSERT_STATE
            values = (state.model, state.version, state.revision, state.body)
            if database.execute(sql.for_postgres(save), *values) != 1:
                raise MonitorBusyError(f"{state.model} {state.version}: {BUSY}")
            for statement, given in sql.list_statements(change):
                database.execute(sql.for_postgres(statement), *given)
        return replace(state, revision=state.revision + 1)

    def find_report(self, model: str, version: str | None = None) -> Report | None:
        """The newest report of a version, or of the model's version that was looked at last."""
        if version is None:
            found = self._find(sql.FIND_LATEST, (model,), sql.make_window)
        else:
            found = self._find(sql.FIND_OF_VERSION, (model, version), sql.make_window)
        return found.report if found else None

    def list_windows(self, model: str, limit: int = 50, *, before: str | None = None) -> list[Window]:
        """Windows of a model, newest first, at most `limit`; those behind the window `before` in this order."""
        return self._list(sql.LIST_WINDOWS, (model, before or "", limit), sql.make_window)

    def list_events(self, model: str, limit: int = 100) -> list[Event]:
        """Events of a model, newest first."""
        return self._list(sql.LIST_EVENTS, (model, limit), sql.make_event)

    def add_event(self, event: Event) -> None:
        """Keep one event."""
        self._write([(sql.INSERT_EVENT, sql.list_event(event)), (sql.PRUNE_EVENTS, (event.model,))])

    def accept(self, baseline: AcceptedBaseline) -> None:
        """Keep a baseline and its event; the monitor's next run starts again from it."""
        self._write(sql.list_accepted(baseline))

    def note_run(self, model: str, at_unix: float) -> None:
        """Keep when the monitor last read the prediction log of a model to its end."""
        self._write([(sql.NOTE_RUN, (model, at_unix))])

    def find_run(self, model: str) -> float | None:
        """When the monitor last read the prediction log of a model to its end; None before the first time."""
        return self._find(sql.FIND_RUN, (model,), lambda values: float(values[0]))

    def find_baseline(self, model: str, version: str) -> AcceptedBaseline | None:
        """The baseline that was accepted last for a version; None for its own test rows."""
        return self._find(sql.FIND_BASELINE, (model, version), sql.make_baseline)

    def _open(self) -> Database:
        if self._database is None:
            raise MonitorStoreError("the monitor's store is not open")
        return self._database

    def _find(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> Made | None:
        found = self._list(statement, values, make)
        return found[0] if found else None

    def _list(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> list[Made]:
        if not self._has_tables:
            return []
        rows = self._open().fetch(sql.for_postgres(statement), *values).to_pylist()
        return [make(list(row.values())) for row in rows]

    def _write(self, statements: list[sql.Statement]) -> None:
        database = self._open()
        with database.transaction():
            for statement, values in statements:
                database.execute(sql.for_postgres(statement), *values)

    def _read_version(self) -> int:
        """The version of the tables; 0 before they are made."""
        # Asked first: a role without the right to create can use tables that are there.
        database = self._open()
        made = database.fetch("select to_regclass($1)::text", f"{sql.SCHEMA}.schema_version").to_pylist()
        if next(iter(made[0].values())) is None:
            return 0
        found = database.fetch(f"select coalesce(max(version), 0) from {sql.SCHEMA}.schema_version").to_pylist()  # noqa: S608
        return int(next(iter(found[0].values())))

    def _migrate(self) -> None:
        """Bring the tables to this version; two processes at once do it once."""
        if self._read_version() == len(sql.MIGRATIONS):
            return
        database = self._open()
        with database.transaction():
            database.fetch(f"select pg_advisory_xact_lock({sql.LOCK})::text")
            version = self._read_version()
            if version > len(sql.MIGRATIONS):
                raise MonitorStoreError(
                    f"{database.name}: the monitor's tables were written by a newer program",
                    next_step="Update Relay, or name another database",
                )
            if version == 0:
                if database.fetch("select 1 from pg_namespace where nspname = $1", sql.SCHEMA).num_rows == 0:
                    database.execute(f"create schema {sql.SCHEMA}")
                database.execute(f"create table {sql.SCHEMA}.schema_version (version int primary key)")
            for number, made in enumerate(sql.MIGRATIONS[version:], version + 1):
                for statement in made:
                    database.execute(sql.for_postgres(statement))
                database.execute(f"insert into {sql.SCHEMA}.schema_version values ({number})")  # noqa: S608
        self._has_tables = True
