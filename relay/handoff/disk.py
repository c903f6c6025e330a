"""What it means when the disk refuses, in words that say what to do."""

import errno
from pathlib import Path

from relay.handoff.errors import StorageError

REFUSALS = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "no permission",
    errno.EPERM: "not permitted",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a file stands where a folder must be",
    errno.EEXIST: "a file stands where a folder must be",
}


def is_refusal(error: OSError) -> bool:
    """Whether the disk refuses, rather than that a program asked for what cannot be."""
    return error.errno in REFUSALS


def name_refusal(error: OSError) -> str:
    """The reason in words."""
    return REFUSALS.get(error.errno or 0, str(error))


def explain_refusal(error: OSError, *folders: Path) -> StorageError:
    """The error that the reader can act on.

    Args:
        error: as it was raised.
        folders: that were in use, because a full disk does not say which file it refused.
    """
    where = error.filename or " or ".join(map(str, folders))
    return StorageError(
        f"{name_refusal(error)}{f': {where}' if where else ''}. Nothing was changed. Free disk space, fix the "
        "permissions, or choose other folders with --data-dir and --log-dir"
    )
