"""The SQLite file of the prediction log: opened so that a commit waits for the disk, and again after a failure."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from loguru import logger

from serve.log.record import LogUnavailableError
from serve.log.set_aside import hold_folder, set_aside
from serve.log.sqlite_damage import (
    DamagedError,
    examine_content,
    examine_files,
    examine_head,
    examine_tables,
    is_damage,
)
from serve.log.sqlite_tables import create, migrate

Result = TypeVar("Result")
Inode = tuple[int, int]

BUSY_PAUSE_SECONDS = 0.0002
"""Between two attempts: SQLite's own pauses grow to 100 ms, longer than a commit of the other process by far."""

MOST_DAMAGED = 2
"""Files that one piece of work may set aside; a third one would be damaged as well."""

WHOLE_BYTES = 64 << 20
"""Of a log that is read as a whole before it is used, in 0.1 s; a larger one is read while it is used."""


class FileReplacedError(OSError):
    """The file that was opened lies under its name no more."""


class Trust:
    """What the connections of a log know of its file, each in its thread.

    Args:
        may_set_aside: whether a damaged file gets another name and a new one is begun; else nothing more is written.
    """

    def __init__(self, *, may_set_aside: bool = True) -> None:
        self.may_set_aside = may_set_aside
        self._refused: tuple[Inode | None, str] | None = None

    def refuse(self, inode: Inode | None, why: str) -> None:
        """Let no connection use the file any more."""
        self._refused = inode, why

    def require_sound(self, inode: Inode | None) -> None:
        """Returns when the file may be used.

        Raises:
            DamagedError: it was found to be damaged, and lies there still.
        """
        if self._refused is None:
            return
        if self._refused[0] == inode:
            raise DamagedError(self._refused[1])
        self._refused = None  # at once: the next file may get the number of the one that is gone


class SqliteFile:
    """A connection to the file, opened when it is needed and again after a failure; for one thread at a time."""

    def __init__(self, path: Path, trust: Trust, *, patience: float, is_reader: bool = False) -> None:
        self._name, self._trust, self._patience, self._is_reader = path, trust, patience, is_reader
        self._connection: sqlite3.Connection | None = None
        self._inode: Inode | None = None
        self._examined: Inode | None = None
        self.is_unread = False
        """Whether the file was too large to be read as a whole when it was opened."""

    @property
    def _path(self) -> Path:
        # SQLite keeps its other files beside the file that a link leads to.
        return Path(os.path.realpath(self._name))

    def work(self, do: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `do` gives; it is done again when another process held the file, or the file was replaced under us.

        A damaged file is set aside, and it is done in a new one.

        Raises:
            LogUnavailableError: the file cannot be opened, read or written, or is damaged and may not be set aside.
        """
        deadline, damaged = time.monotonic() + self._patience, 0
        while True:
            try:
                return self._try(do)
            except (sqlite3.Error, OSError, DamagedError) as error:
                if is_passing(error) and time.monotonic() < deadline:
                    time.sleep(BUSY_PAUSE_SECONDS)
                    continue
                if is_damage(error):
                    damaged += 1
                    self._leave_damaged(error, may_set_aside=self._trust.may_set_aside and damaged <= MOST_DAMAGED)
                    continue
                # After a failure of the disk the connection may be wrong about the file: the next work opens another.
                self.close()
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                    self._examined = None  # a table may be gone: someone put another file there
                raise LogUnavailableError(
                    f"the prediction log {self._name} cannot be {'read' if self._is_reader else 'written'}: {error}"
                ) from error

    def interrupt(self) -> None:
        """End what is being read; from another thread."""
        if self._connection is not None:
            self._connection.interrupt()

    def close(self) -> None:
        """Close the connection; the next work opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _try(self, do: Callable[[sqlite3.Connection], Result]) -> Result:
        if self._connection is None:
            folder = self._path.parent
            folder.mkdir(parents=True, exist_ok=True)
            with hold_folder(folder):
                self._open()
        assert self._connection is not None  # noqa: S101 - it was just opened
        self._trust.require_sound(self._inode)
        result = do(self._connection)
        # Afterwards: what was committed to a file that has no name any more is lost with it.
        if self._find_inode() != self._inode:
            self.close()
            logger.error("{} was replaced while it was in use: going on with what is there now", self._name)
            raise FileReplacedError("it was replaced while it was in use")
        return result

    def _open(self) -> None:
        path = self._path
        self._inode = self._find_inode()
        self._trust.require_sound(self._inode)
        is_new = not self._is_reader and (self._inode is None or self._inode != self._examined)
        if is_new:
            examine_files(path)
            if self._inode is None:
                create(path)
                self._inode = self._find_inode()
            elif not self._trust.may_set_aside:
                examine_head(path)
        try:
            # Read-only for SQLite too where only questions are asked; neither makes a file.
            self._connection = sqlite3.connect(
                f"{path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None, check_same_thread=False
            )
            if self._is_reader:
                self._connection.execute("pragma query_only = on")
            else:
                if is_new:
                    self._examine(self._connection)
                self._prepare(self._connection)
        except BaseException as error:
            if not is_damage(error):  # else it is closed once it has its new name
                self.close()
            raise

    def _examine(self, connection: sqlite3.Connection) -> None:
        path = self._path
        examine_tables(connection, path)
        size = path.stat().st_size
        self.is_unread = size > WHOLE_BYTES
        if not self.is_unread:
            examine_content(connection)
        self._examined = self._inode

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make each commit wait for the disk, and bring the tables to this version."""
        (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
        if mode != "wal":
            raise OSError(f"its file system has no shared memory (journal mode {mode}): use a local disk or PostgreSQL")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")
        migrate(connection, self._path)

    def _leave_damaged(self, error: Exception, *, may_set_aside: bool) -> None:
        """Set a damaged file aside, unless another process has done it, or use it no more.

        Raises:
            LogUnavailableError: it stays where it is.
        """
        path, aside = self._path, None
        try:
            if may_set_aside:
                with hold_folder(path.parent):
                    if self._find_inode() == self._inode:
                        aside = set_aside(path)
                        create(path)
        except (OSError, sqlite3.Error) as failure:
            raise LogUnavailableError(f"the prediction log {path} is damaged ({error}), but: {failure}") from error
        finally:
            self.close()
        if not may_set_aside:
            self._trust.refuse(self._inode, str(error))
            raise LogUnavailableError(
                f"the prediction log {path} is damaged: {error}. Move it away with its -wal and -shm files; "
                "then a new one begins"
            ) from error
        if aside is not None:
            logger.error(
                "The prediction log {} is damaged: {}. It is now called {}, unchanged, and a new log begins. "
                "docs/prediction-log.md says how to read what is in it",
                *(path, error, aside.name),
            )

    def _find_inode(self) -> Inode | None:
        try:
            found = self._name.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def is_passing(error: Exception) -> bool:
    """Whether another attempt may help at once: another process held the file, or it was replaced."""
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the error, the rest its kind.
    is_busy = code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return is_busy or isinstance(error, FileReplacedError)
