"""A damaged log gets another name, with the files that SQLite keeps beside it, and nothing of it is changed."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relay.handoff.files import sync_folder

COMPANIONS = ("-wal", "-shm", "-journal")
"""Endings of what SQLite keeps beside a file."""

MOST_SET_ASIDE = 10
"""Damaged logs in a folder; with more of them the disk is the cause, and a new file would be damaged as well."""


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Open, make and rename files of a folder while no other process or thread of ours does.

    A file that is opened between the renaming of a log and of its `-wal` would make SQLite delete that `-wal`.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def set_aside(path: Path) -> Path:
    """Rename a log and its companions; gives the new name. Only under `hold_folder`.

    A connection to it must be closed afterwards, not before: then SQLite sees that the file was moved and leaves the
    companions as they are. Otherwise it deletes the `-wal`, damaged commits included.

    Raises:
        OSError: it cannot be renamed, or too many lie there already.
    """
    there = list_set_aside(path)
    if len(there) >= MOST_SET_ASIDE:
        raise OSError(f"{len(there)} damaged logs lie in {path.parent} already: check the disk, then move them away")
    if not path.exists() and there and not _name(there[-1], "-wal").exists():
        target = there[-1]  # a set-aside that was killed after its first file
    else:
        target = _find_free_name(path)
    for ending in ("", *COMPANIONS):
        if _name(path, ending).exists():
            _name(path, ending).rename(_name(target, ending))
    sync_folder(path.parent)
    return target


def list_set_aside(path: Path) -> list[Path]:
    """The damaged logs that were set aside beside a log, oldest first, without their companions."""
    found = set()
    for one in path.parent.glob(f"{path.stem}.damaged-*{path.suffix}*"):
        name = one.name
        for ending in COMPANIONS:
            name = name.removesuffix(ending)
        found.add(one.with_name(name))
    return sorted(found)


def _find_free_name(path: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    known = {one.name for one in list_set_aside(path)}
    names = (f"{path.stem}.damaged-{stamp}-{number:02}{path.suffix}" for number in range(1, MOST_SET_ASIDE + 2))
    return path.with_name(next(name for name in names if name not in known))


def _name(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
