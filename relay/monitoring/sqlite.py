"""The monitor's store in a file of SQLite of its own, beside the prediction log: neither waits for the other."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
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

Made = TypeVar("Made")

STORE_FILE = "monitor.sqlite"
"""In the folder of serving."""

PATIENCE_SECONDS = 10.0
"""For another process that holds the file."""

BUSY = "another run of the monitor has committed meanwhile: nothing was counted twice. Run it again"


class SqliteStore:
    """A `Store` in a file.

    Args:
        path: of the file.
        is_reader: whether only questions are asked; a file that is missing is then an empty store.
    """

    def __init__(self, path: Path, *, is_reader: bool = False) -> None:
        self._path, self._is_reader = path, is_reader
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        if self._is_reader and not self._path.exists():
            return self
        with self._explained():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            mode = "rw" if self._is_reader else "rwc"
            self._connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode={mode}",
                uri=True, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False,
            )  # fmt: skip
            if self._is_reader:
                self._connection.execute("pragma query_only = on")
            else:
                self._connection.execute("pragma journal_mode = wal")
                self._connection.execute("pragma synchronous = full")
                self._migrate(self._connection)
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def read_state(self, model: str, version: str) -> State | None:
        """What the last run of this version left; None before the first one."""
        return self._find(sql.READ_STATE, (model, version), sql.make_state)

    def commit(self, change: Change) -> State:
        """Commit a run as a whole; gives the state with its new revision."""
        state = change.state
        with self._writing() as connection:
            save = sql.UPDATE_STATE if state.revision else sql.INSERT_STATE
            values = (state.model, state.version, state.revision, state.body)
            if connection.execute(sql.for_sqlite(save), values).rowcount != 1:
                raise MonitorBusyError(f"{state.model} {state.version}: {BUSY}")
            for statement, given in sql.list_statements(change):
                connection.execute(sql.for_sqlite(statement), given)
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

    def _find(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> Made | None:
        found = self._list(statement, values, make)
        return found[0] if found else None

    def _list(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> list[Made]:
        if self._connection is None:
            return []
        with self._explained():
            return [make(row) for row in self._connection.execute(sql.for_sqlite(statement), values)]

    def _write(self, statements: list[sql.Statement]) -> None:
        with self._writing() as connection:
            for statement, values in statements:
                connection.execute(sql.for_sqlite(statement), values)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        with self._writing():
            connection.execute("create table if not exists monitor_version (version integer primary key)")
            (version,) = connection.execute("select coalesce(max(version), 0) from monitor_version").fetchone()
            if version > len(sql.MIGRATIONS):
                raise MonitorStoreError(
                    f"{self._path} was written by a newer program (tables {version}, known {len(sql.MIGRATIONS)})",
                    next_step="Update Relay, or set SERVE_DIR to another folder",
                )
            for number, made in enumerate(sql.MIGRATIONS[version:], version + 1):
                for statement in made:
                    connection.execute(sql.for_sqlite(statement))
                connection.execute("insert into monitor_version values (?)", (number,))

    def _writing(self) -> "_Transaction":
        assert self._connection is not None  # noqa: S101 - a writer is opened by `with`
        return _Transaction(self._connection, self._path)

    def _explained(self) -> "_Explained":
        return _Explained(self._path)


class _Explained:
    """Turns what SQLite raises into an error that says what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise MonitorStoreError(
                f"{self._path}: {error}",
                next_step="Check the disk and the rights of its folder; if the file is damaged, move it away: the "
                "monitor then counts the prediction log from its beginning",
            ) from error


class _Transaction(_Explained):
    """A transaction that writes: committed at its end, rolled back by an exception."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        super().__init__(path)
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:  # type: ignore[override]
        with _Explained(self._path):
            self._connection.execute("begin immediate")
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            with _Explained(self._path):
                self._connection.execute("commit")
            return
        with suppress(sqlite3.Error):  # a full disk has ended it already
            self._connection.execute("rollback")
        super().__exit__(kind, error, trace)
