"""A large log is read as a whole while it is used: a start does not wait for it."""

import asyncio
import fcntl
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
    """

    def __init__(self, path: Path, file: SqliteFile) -> None:
        self._path, self._file = path, file
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
        # The file itself cannot be locked: to close it would release the locks that SQLite holds on it.
        with self._path.with_name(f".{self._path.name}.check").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another worker reads it
            begun = time.monotonic()
            size = self._path.stat().st_size / 1e6
            logger.info(
                "the prediction log {} has {:,.0f} MB: it is checked for damage while it is used", self._path, size
            )
            try:
                self._file.work(examine_content)
            except LogUnavailableError as error:
                logger.warning("{}", error)
            else:
                logger.info("the prediction log was checked in {:.1f} s", time.monotonic() - begun)
            finally:
                self._file.close()
