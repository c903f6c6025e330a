"""How much a model file may hold: a skops file is a ZIP archive, and a small one may unpack to more than a memory."""

import io
import os
import zipfile

from relay.handoff.errors import ModelError
from relay.handoff.settings import MODEL_MAX_UNPACKED_BYTES

MOST_TIMES = 250
"""How many times its own size a file may hold; a training writes its files without compression: 1 time."""

FREE_BYTES = 256 << 20
"""What any file may hold, also a tiny one."""


class ModelTooLargeError(ModelError):
    """A model file holds more than is loaded."""

    kind = "model_too_large"


def require_fitting(content: bytes, name: str) -> None:
    """Return when a skops file holds no more than its limit, by what its own list of parts says.

    `zipfile` unpacks no more of a part than the list says. A file that is no archive is left to its reader.

    Args:
        content: of the file, whose digest was checked.
        name: for the message.

    Raises:
        ModelTooLargeError: it holds more.
        UsageError: MODEL_MAX_UNPACKED_BYTES is not a whole number.
    """
    most, is_declared = MODEL_MAX_UNPACKED_BYTES.of(os.environ), bool(os.environ.get(MODEL_MAX_UNPACKED_BYTES.name))
    free = most if is_declared else min(most, max(FREE_BYTES, MOST_TIMES * len(content)))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return
    if found <= free:
        return
    limit = f"the limit of {MODEL_MAX_UNPACKED_BYTES.name} is {most:,}"
    if free < most:
        limit = f"without {MODEL_MAX_UNPACKED_BYTES.name} a file may hold {free:,}"
    raise ModelTooLargeError(
        f"{name}: its {len(content):,} bytes unpack to {found:,}, and {limit}: it is not loaded",
        next_step=f"If the file is right, set {MODEL_MAX_UNPACKED_BYTES.name}, then only that number counts",
    )
