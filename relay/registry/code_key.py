"""The project's key: by it a training signs a version with own code, and a service knows that a training made it.

Write access to the registry does not include the key, so it is not enough to bring code to run. The key lies in
secrets/code_key, or in the file that CODE_KEY_FILE names, as in containers.
"""

import errno
import fcntl
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from relay.handoff.errors import RelayError
from relay.handoff.files import sync_folder
from relay.handoff.settings import CODE_KEY_FILE

SHORTEST = 32
"""Characters of a key."""
LONGEST = 4_096
"""Characters of a key; more is another file."""
PURPOSE = b"Relay signs this contract and the code that it names, 1\n"
"""Keeps a signature that was made for something else from being valid here."""
NAMING = b"Relay names this key, 1\n"
MOUNTED = Path("/run/secrets")
"""Where a container's secrets lie: only the container's own processes see that folder."""


SECRETS = "secrets"
"""Folder of the checkout for passwords and this key, and for nothing else."""


class CodeKeyError(RelayError):
    """The key cannot be used as it is."""

    kind = "code_key"


def locate_key(environment: Mapping[str, str] = os.environ) -> Path:
    """The file of the key, whether it is there or not."""
    return CODE_KEY_FILE.of(environment)


def read_key(path: Path) -> bytes | None:
    """The key; None without a file, or with an empty one.

    Raises:
        CodeKeyError: it cannot be read, others on this machine can read or change it, or it is too short.
    """
    try:
        with open_plain(path) as file:
            key = file.read(LONGEST + 1).strip()
    except FileNotFoundError:
        if path.is_symlink():
            raise CodeKeyError(
                f"{path}: the project's key is a symbolic link to a file that does not exist", next_step=_remove(path)
            ) from None
        return None
    except PermissionError as error:
        raise CodeKeyError(
            f"{path}: the project's key cannot be read: {error.strerror}",
            next_step=f"Run this as the user who owns the key, or: {_remove(path)}",
        ) from None
    except OSError as error:
        raise CodeKeyError(
            f"{path}: the project's key cannot be read: {error.strerror}", next_step=_remove(path)
        ) from None
    if not key:
        return None
    require_closed(path)
    if not SHORTEST <= len(key) <= LONGEST:
        length = f"{len(key)} characters" if len(key) <= LONGEST else f"more than {LONGEST} characters"
        raise CodeKeyError(
            f"{path}: the project's key has {length}, expected {SHORTEST} to {LONGEST}", next_step=_remove(path)
        )
    return key


_NEW_KEY = "The next training with own code makes a new key; train again what the old one signed"


def _remove(path: Path) -> str:
    if path.parent == MOUNTED:
        return "`make status` says how to mend it"
    return f"Remove {path}. {_NEW_KEY}"


def open_plain(path: Path, flags: int = 0) -> BinaryIO:
    """A file opened for reading, without waiting for the other end where it is a pipe.

    Raises:
        OSError: it cannot be read, or is a folder, a pipe or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "Not a file")
    return os.fdopen(descriptor, "rb")


def require_closed(path: Path) -> None:
    """Return where only its owner, on this machine, can read or change the file.

    Either its folder is closed to others, as `make .env` makes it, or the file is.

    Raises:
        CodeKeyError: others can read, change or replace it.
    """
    if path.parent == MOUNTED:
        return
    file, mode = path.resolve(), path.stat().st_mode
    for others, bits in (("users of its group", 0o070), ("other users", 0o007)):
        if file.parent.stat().st_mode & bits & 0o111 and mode & bits & 0o666:
            can = "read" if mode & bits & 0o444 else "change"
            raise _explain_open(path, others, can, f"chmod 600 {file}")
        for folder in {path.parent, file.parent}:
            found = folder.stat().st_mode
            if found & bits & 0o111 and found & bits & 0o222 and not found & stat.S_ISVTX:
                raise _explain_open(path, others, "replace", f"chmod go-w {folder}")


def _explain_open(path: Path, others: str, can: str, command: str) -> CodeKeyError:
    """The error, with the command that mends it: the folder `secrets` is closed as a whole, any other one is not."""
    if path.parent.name == SECRETS:
        command = f"chmod 700 {path.parent}"
    return CodeKeyError(
        f"{path}: {others} on this machine can {can} the project's key, and could sign code with it",
        next_step=f"Run `{command}`. If others may have used the key, remove it too, and train again what it signed",
    )


def make_key(path: Path) -> bytes:
    """The key, which is made if it is missing.

    Raises:
        CodeKeyError: there is one that cannot be used.
        OSError: it cannot be written.
    """
    if (key := read_key(path)) is not None:
        return key
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # of two trainings that begin together, one makes the key
        key = read_key(path)
        if key is None:
            _write_key(path)
            key = read_key(path)
    finally:
        os.close(folder)
    assert key is not None  # noqa: S101 - it was just written
    return key


def _write_key(path: Path) -> None:
    descriptor, name = mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)  # of mode 600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(48).encode() + b"\n")
            if not path.parent.stat().st_mode & 0o077:
                # The user of a container that it is mounted in can read it; the folder keeps all others out.
                os.fchmod(descriptor, 0o644)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sign(contract: bytes, key: bytes) -> str:
    """The signature of a contract, which names each file of a version with its SHA-256: HMAC-SHA256 as hex digits."""
    return hmac.new(key, PURPOSE + contract, sha256).hexdigest()


def identify_key(key: bytes) -> str:
    """A short name of a key, which tells nothing of it: versions say by it which key has signed them."""
    return hmac.new(key, NAMING, sha256).hexdigest()[:12]


def is_signed(contract: bytes, signature: str, key: bytes) -> bool:
    """Whether the signature of a contract was made with the key."""
    return hmac.compare_digest(sign(contract, key).encode(), signature.strip().encode())
