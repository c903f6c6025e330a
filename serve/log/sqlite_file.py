"""The SQLite file of the prediction log: opened so that a commit waits for the disk, and again after a failure."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from loguru import logger

from relay.handoff.files import sync_folder
from serve.log.record import LogUnavailableError
from serve.log.table_version import require_known_version

Result = TypeVar("Result")

BUSY_PAUSE_SECONDS = 0.0002
"""Between two attempts: SQLite's own pauses grow to 100 ms, longer than a commit of the other process by far."""

MIGRATIONS = (
    (
        "create table predictions (id text not null primary key, at_unix real not null, model text not null,"
        " version text not null, run_id text not null, input text not null, output text not null,"
        " latency_us integer not null, client text not null, idempotency_key text, body_sha256 text)",
        "create index predictions_by_time on predictions (at_unix, id)",
        "create unique index predictions_by_key on predictions (idempotency_key) where idempotency_key is not null",
        "create table labels (seq integer primary key,"
        " prediction_id text not null references predictions (id) on delete cascade,"
        " number integer not null, value text not null, at_unix real not null, source text not null)",
        "create index labels_by_prediction on labels (prediction_id, seq)",
        "create table probe (id integer primary key check (id = 1), at_unix real not null)",
    ),
)
"""What brings a file from each version of its tables to the next one; the first makes them."""


class FileReplacedError(OSError):
    """The file that was opened lies under its name no more."""


class SqliteFile:
    """A connection to the file, opened when it is needed and again after a failure; for one thread at a time."""

    def __init__(self, path: Path, *, patience: float, is_reader: bool = False) -> None:
        self._path, self._patience, self._is_reader = path, patience, is_reader
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None

    def work(self, do: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `do` gives; it is done again when another process held the file, or the file was replaced under us.

        Raises:
            LogUnavailableError: the file cannot be opened, read or written.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._try(do)
            except (sqlite3.Error, OSError) as error:
                if is_passing(error) and time.monotonic() < deadline:
                    time.sleep(BUSY_PAUSE_SECONDS)
                    continue
                # After a failure of the disk the connection may be wrong about the file: the next work opens another.
                self.close()
                raise LogUnavailableError(
                    f"the prediction log {self._path} cannot be {'read' if self._is_reader else 'written'}: {error}"
                ) from error

    def close(self) -> None:
        """Close the connection; the next work opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _try(self, do: Callable[[sqlite3.Connection], Result]) -> Result:
        if self._connection is None:
            self._connection = self._open()
        result = do(self._connection)
        # Afterwards: what was committed to a file that has no name any more is lost with it.
        if self._find_inode() != self._inode:
            self.close()
            logger.error("{} was replaced while it was in use: going on with what is there now", self._path)
            raise FileReplacedError("it was replaced while it was in use")
        return result

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        uri = f"{self._path.absolute().as_uri()}?mode={'rw' if self._is_reader else 'rwc'}"
        connection = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            if self._is_reader:
                connection.execute("pragma query_only = on")
            else:
                self._prepare(connection)
            self._inode = self._find_inode()
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make each commit wait for the disk, and bring the tables to this version."""
        (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
        if mode != "wal":
            raise OSError(f"its file system has no shared memory (journal mode {mode}): use a local disk or PostgreSQL")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")
        migrate(connection, self._path)
        sync_folder(self._path.parent)

    def _find_inode(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to this version; two processes at once do it once.

    Raises:
        LogVersionError: a newer program made them.
    """
    connection.execute("begin immediate")
    try:
        connection.execute("create table if not exists schema_version (version integer primary key, at_unix real)")
        (version,) = connection.execute("select coalesce(max(version), 0) from schema_version").fetchone()
        require_known_version(version, len(MIGRATIONS), str(path), "another folder")
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("insert into schema_version values (?, ?)", (number, time.time()))
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("rollback")
        raise


def is_passing(error: Exception) -> bool:
    """Whether another attempt may help at once: another process held the file, or it was replaced."""
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the error, the rest its kind.
    is_busy = code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return is_busy or isinstance(error, FileReplacedError)
