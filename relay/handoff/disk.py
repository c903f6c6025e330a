"""What it means when the disk refuses, in words that say what to do."""

import errno
import os
from pathlib import Path

from relay.handoff.errors import StorageError

FREE, PERMIT, CHOOSE, NAME, LINK, RAISE = (
    "Free disk space",
    "Fix the permissions, or name other folders with --data-dir and --log-dir",
    "Choose another folder",
    "Give it another name",
    "Remove the link",
    "Raise the limit (`ulimit -n`)",
)

REFUSALS = {
    errno.ENOSPC: ("no space left on the disk", FREE),
    errno.EDQUOT: ("the disk quota is used up", FREE),
    errno.EACCES: ("no permission", PERMIT),
    errno.EPERM: ("not permitted", PERMIT),
    errno.EROFS: ("the file system is read-only", CHOOSE),
    errno.ENOTDIR: ("a file stands where a folder must be", CHOOSE),
    errno.EEXIST: ("a file stands where a folder must be", CHOOSE),
    errno.EISDIR: ("a folder stands where a file must be", NAME),
    errno.ENAMETOOLONG: ("a name is too long for the file system", NAME),
    errno.ELOOP: ("a symbolic link stands where a file must be, or links lead in a circle", LINK),
    errno.EFBIG: ("a file is larger than the file system or a limit allows", FREE),
    errno.EMFILE: ("too many files are open", RAISE),
    errno.ENFILE: ("too many files are open on this machine", RAISE),
    errno.EIO: ("the disk cannot be read or written", CHOOSE),
    errno.EINVAL: ("the file system does not take such a name", NAME),
}
"""Code -> what happened, and what to do."""

UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)

LONGEST_SHOWN = 200
"""Characters of a name in a message."""

IMAGE = Path("/app")
"""Where the images hold the project."""
ROOTLESS = "`docker compose exec` starts as a root without rights: put `python images/entrypoint.py` before the command"


def is_refusal(error: OSError) -> bool:
    """Whether the disk refuses, rather than that a program asked for what cannot be."""
    return error.errno in REFUSALS


def is_unwritable(error: OSError) -> bool:
    """Whether a place cannot be written: a reader does without what it would leave there."""
    return error.errno in UNWRITABLE


def name_refusal(error: OSError) -> str:
    """The reason in words."""
    return _look_up(error)[0]


def advise(error: OSError) -> str:
    """What to do next."""
    if error.errno == errno.EACCES and os.geteuid() == 0 and Path(__file__).is_relative_to(IMAGE):
        return ROOTLESS
    advice = _look_up(error)[1]
    return f"{advice} with --data-dir or --log-dir" if advice == CHOOSE else f"{advice}, then run again"


def explain_refusal(error: OSError, *folders: Path) -> StorageError:
    """The error that the reader can act on.

    Args:
        error: as it was raised.
        folders: that were in use, because a full disk does not say which file it refused.
    """
    where = _shorten(error.filename) or " or ".join(map(str, folders))
    return StorageError(
        f"{name_refusal(error)}{f': {where}' if where else ''}. Nothing was changed", next_step=advise(error)
    )


def _shorten(name: object) -> str:
    """A file's name in signs that any terminal takes, cut where it is long."""
    text = os.fsdecode(name) if isinstance(name, bytes) else str(name or "")
    shown = text.encode("utf-8", "backslashreplace").decode()
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN // 2]}…{shown[-LONGEST_SHOWN // 2 :]}"


def _look_up(error: OSError) -> tuple[str, str]:
    return REFUSALS.get(error.errno or 0, (str(error), CHOOSE))
