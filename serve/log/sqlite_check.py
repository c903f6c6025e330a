"""A large log is read as a whole while it is used: a start does not wait for it."""

import asyncio
import fcntl
import os
import time
from pathlib import Path

from loguru import logger

from serve.log.record import LogUnavailableError
from serve.log.sqlite_damage import examine_content
from serve.log.sqlite_file import SqliteFile


class WholeCheck:
    """One reading of all pages, in a thread of its own.

    Args:
        path: of the log.
        file: a connection that nothing else uses.
        by_all: whether each process of a service must find the damage itself, since the file stays in its place.
    """

    def __init__(self, path: Path, file: SqliteFile, *, by_all: bool) -> None:
        self._path, self._file, self._by_all = path, file, by_all
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(asyncio.to_thread(self._run))

    async def end(self) -> None:
        """End, whatever was read by then."""
        while self._task is not None and not self._task.done():
            self._file.interrupt()
            await asyncio.wait([self._task], timeout=0.05)

    def _run(self) -> None:
        try:
            # The file itself cannot be locked: to close it would release the locks that SQLite holds on it.
            with self._path.with_name(f".{self._path.name}.check").open("ab") as lock:
                if not self._by_all:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._read()
        except BlockingIOError:
            return  # another process reads it
        except (OSError, LogUnavailableError) as error:
            logger.warning("the prediction log could not be checked for damage to the end: {}", error)
        finally:
            self._file.close()

    def _read(self) -> None:
        begun, found = time.monotonic(), self._path.stat()
        logger.info(
            "the prediction log {} has {:,.0f} MB: it is checked for damage while it is used",
            *(self._path, found.st_size / 1e6),
        )
        self._file.work(examine_content)
        if os.path.samestat(found, self._path.stat()):  # else it was set aside, which was said
            logger.info("the prediction log was checked in {:.1f} s", time.monotonic() - begun)
