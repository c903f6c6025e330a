"""The project's key: by it a training signs a version with own code, and a service knows that a training made it.

Whoever can write to the registry has not the key, and so cannot bring code to run. It lies in secrets/code_key, or in
the file that CODE_KEY_FILE names, as in containers.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from relay.handoff.errors import RelayError
from relay.handoff.settings import CODE_KEY_FILE

SHORTEST = 32
"""Characters of a key."""
PURPOSE = b"Relay signs this contract and the code that it names, 1\n"
"""So that a signature made for something else is none."""
MOUNTED = Path("/run/secrets")
"""Where a container's secrets lie: nobody but the container's own processes sees that folder."""


class CodeKeyError(RelayError):
    """The key cannot be used as it is."""

    kind = "code_key"


def locate_key(environment: Mapping[str, str] = os.environ) -> Path:
    """The file of the key, whether it is there or not."""
    return CODE_KEY_FILE.of(environment)


def read_key(path: Path) -> bytes | None:
    """The key; None where there is none: no file, or an empty one.

    Raises:
        CodeKeyError: others on this machine can read it, or it is too short.
    """
    try:
        key = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CodeKeyError(
            f"{path}: the project's key cannot be read: {error.strerror}", next_step="`make status` says how to mend it"
        ) from None
    if not key:
        return None
    require_closed(path)
    if len(key) < SHORTEST:
        raise CodeKeyError(
            f"{path}: the project's key has {len(key)} characters, expected at least {SHORTEST}",
            next_step=f"Remove {path}: the next training with own code makes a new one",
        )
    return key


def require_closed(path: Path) -> None:
    """Return where nobody else on this machine can read the file.

    Either its folder is closed to others, as `make .env` makes it, or the file is.

    Raises:
        CodeKeyError: others can read it.
    """
    if path.parent == MOUNTED:
        return
    folder, file = path.resolve().parent.stat().st_mode, path.stat().st_mode
    for others, read, enter in (("users of its group", 0o040, 0o010), ("other users", 0o004, 0o001)):
        if file & read and folder & enter:
            raise CodeKeyError(
                f"{path}: {others} on this machine can read the project's key, so anyone of them could sign code",
                next_step=f"Close its folder: chmod 700 {path.parent}. If others may have read it, remove the key and "
                "train again",
            )


def make_key(path: Path) -> bytes:
    """The key, which is made where there is none.

    Raises:
        CodeKeyError: there is one that cannot be used.
        OSError: it cannot be written.
    """
    if (key := read_key(path)) is not None:
        return key
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = secrets.token_urlsafe(48).encode()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        temporary.write_bytes(made + b"\n")
        # Open to the user of a container that it is mounted in; the folder is closed to others.
        temporary.chmod(0o644 if not path.parent.stat().st_mode & 0o077 else 0o600)
        try:
            os.link(temporary, path)  # never over one that another training made meanwhile
        except FileExistsError:
            if path.stat().st_size == 0:
                temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    key = read_key(path)
    assert key is not None  # noqa: S101 - it was just written
    return key


def sign(contract: bytes, key: bytes) -> str:
    """The signature of a contract, which names each file of a version with its SHA-256: HMAC-SHA256 as hex digits."""
    return hmac.new(key, PURPOSE + contract, sha256).hexdigest()


def is_signed(contract: bytes, signature: str, key: bytes) -> bool:
    """Whether the signature of a contract was made with the key."""
    return hmac.compare_digest(sign(contract, key).encode(), signature.strip().encode())
