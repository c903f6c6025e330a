"""The monitor's store in a file of SQLite of its own, beside the prediction log: neither waits for the other."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from relay.monitoring import statements as sql
from relay.monitoring.questions import Execute, Made, Store
from relay.monitoring.store import MonitorStoreError

STORE_FILE = "monitor.sqlite"
"""In the folder of serving."""

PATIENCE_SECONDS = 10.0
"""For another process that holds the file."""


class SqliteStore(Store):
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

    def _list(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> list[Made]:
        if self._connection is None:
            return []
        with self._explained():
            return [make(row) for row in self._connection.execute(sql.for_sqlite(statement), values)]

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

    @contextmanager
    def _writing(self) -> Iterator[Execute]:
        assert self._connection is not None  # noqa: S101 - a writer is opened by `with`
        with _Transaction(self._connection, self._path) as connection:
            yield lambda statement, values: connection.execute(sql.for_sqlite(statement), values).rowcount

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
