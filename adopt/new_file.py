"""Put a new file in its place whole, and never over another one."""

import errno
import os
import shutil
from pathlib import Path

from relay.handoff.files import sync_file, sync_folder

NO_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS))
"""What a file system without hard links answers."""


def write_new(path: Path, content: bytes) -> None:
    """Write a file, where none of that name is.

    Raises:
        FileExistsError: one is there, also when it came a moment ago.
        OSError: the folder cannot be written.
    """
    temporary = _name_temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(content)
        _put(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def copy_new(source: Path, path: Path) -> None:
    """Copy a file to a name that is free.

    Raises:
        FileExistsError: it is not free.
        OSError: the folder cannot be written.
    """
    temporary = _name_temporary(path)
    try:
        shutil.copyfile(source, temporary)
        _put(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _name_temporary(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _put(temporary: Path, path: Path) -> None:
    """Give a written file its name. A link fails where the name is taken, and shows readers the whole file or none."""
    sync_file(temporary)
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        with path.open("xb") as file, temporary.open("rb") as whole:
            shutil.copyfileobj(whole, file)
        sync_file(path)
    sync_folder(path.parent)
