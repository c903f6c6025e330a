"""An open file that is hashed, and that can tell later whether its bytes are still the ones that were hashed."""

import hashlib
import os
from time import time_ns

from relay.handoff.files import BLOCK_BYTES

COARSE_CLOCK_NS = 2_000_000_000
"""The coarsest clock by which a file system dates writes: FAT's. A later write in the same tick shows no newer date."""


class HeldFile:
    """An open file by its descriptor: its SHA-256, and what tells whether it was written since.

    A file that is renamed over the path is no matter: the descriptor still reads the old one.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._started = time_ns()
        self._seen = os.fstat(descriptor)
        self.sha256 = hash_descriptor(descriptor)

    def is_unchanged(self) -> bool:
        """Whether the bytes are still those that were hashed.

        They are hashed again where the dates cannot tell: the last write was just before, or something but the content
        changed, which may be a date that was set back.
        """
        now, seen = os.fstat(self._descriptor), self._seen
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (seen.st_size, seen.st_mtime_ns, seen.st_ino):
            return False
        is_dated = seen.st_mtime_ns < self._started - COARSE_CLOCK_NS
        return (is_dated and now.st_ctime_ns == seen.st_ctime_ns) or hash_descriptor(self._descriptor) == self.sha256


def hash_descriptor(descriptor: int) -> str:
    """The SHA-256 of an open file, wherever it is being read."""
    digest, position = hashlib.sha256(), 0
    while block := os.pread(descriptor, BLOCK_BYTES, position):
        digest.update(block)
        position += len(block)
    return digest.hexdigest()
