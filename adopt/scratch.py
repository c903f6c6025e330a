"""A folder for the time of one command, and the folders that killed commands left behind."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "relay-adopt-"
OURS = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")
"""The names that `tempfile` gives."""
LOCK, INSIDE = ".lock", "scratch"
ONLY_COPIES = "before-*"
"""Files of an earlier adoption that a killed command had set aside: nothing else holds them."""
YOUNG_SECONDS = 60.0
"""Age below which a folder stays: its command may not yet hold the lock."""
MOST_SEEN, MOST_REMOVED = 10_000, 20
"""Names of the folder for temporary files that one start looks at, and folders that it removes."""


@contextmanager
def open_scratch() -> Iterator[Path]:
    """An empty folder that is removed in the end; first, those of commands that were killed are.

    A lock in it shows that its command is alive: the system gives it back however the command ends, so no number of a
    process, which another one may have by now, is trusted.
    """
    remove_left_behind(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        lock = FileLock(Path(folder) / LOCK)
        lock.acquire(timeout=0)
        try:
            inside = Path(folder) / INSIDE
            inside.mkdir()
            yield inside
        finally:
            lock.release()


def remove_left_behind(folder: Path, *, young_seconds: float = YOUNG_SECONDS) -> list[Path]:
    """Remove the folders of commands that no longer run; gives those that were removed.

    Only folders of this user with a name of ours and a lock that no process holds are touched, and none that keeps
    files of an earlier adoption. What cannot be removed stays.

    Args:
        folder: of temporary files.
        young_seconds: age below which a folder stays.
    """
    removed: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            found = [Path(one.path) for one in islice(entries, MOST_SEEN) if OURS.fullmatch(one.name)]
    except OSError:
        return removed
    for path in found:
        if len(removed) < MOST_REMOVED and _is_old(path, young_seconds) and _remove(path):
            removed.append(path)
    return removed


def _is_old(path: Path, young_seconds: float) -> bool:
    """Whether a path is a folder of this user, no link, of that age, and with a lock."""
    try:
        state = path.lstat()
        is_ours = path.is_dir() and not path.is_symlink() and state.st_uid == os.getuid()
        if not is_ours or any((path / INSIDE).glob(ONLY_COPIES)):
            return False
        return time.time() - state.st_mtime > young_seconds and (path / LOCK).lstat().st_nlink == 1
    except OSError:
        return False


def _remove(path: Path) -> bool:
    """Remove a folder unless a living command holds its lock."""
    lock = FileLock(path / LOCK)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return False
    try:
        shutil.rmtree(path, ignore_errors=True)
    finally:
        lock.release()
    return not path.exists()
