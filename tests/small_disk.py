"""A small file system of its own, which a test fills and empties again.

Needs the right to mount: root, in a container with CAP_SYS_ADMIN. Use: `from small_disk import small_disk` in a
conftest.py, then the fixture by name.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BLOCK_BYTES = 4096
"""What tmpfs gives out at a time."""


class SmallDisk:
    """A file system that is soon full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @property
    def free(self) -> int:
        """Blocks that can still be had."""
        return os.statvfs(self.folder).f_bavail

    def leave(self, size: int) -> None:
        """Fill it but for so many bytes."""
        self.make_room()
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self.free * BLOCK_BYTES - size)

    def leave_blocks(self, blocks: int) -> None:
        """Fill it but for so many blocks, while no other program writes."""
        self.leave(blocks * BLOCK_BYTES)
        assert self.free == blocks

    def make_room(self) -> None:
        """Take away what fills it."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def mount_disk(size: int) -> Iterator[SmallDisk]:
    """A file system of so many bytes; unmounted whatever happens. Skips the test where mounting is not allowed."""
    # Not below the folder of pytest: the server of PostgreSQL has another account.
    folder = Path(tempfile.mkdtemp(prefix="relay-disk-"))
    folder.chmod(0o755)
    try:
        mount = shutil.which("mount")
        if mount is None:
            pytest.skip("needs the command mount")
        command = [mount, "-t", "tmpfs", "-o", f"size={size}", "relay-test", folder]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            said = done.stderr.splitlines()[0]
            pytest.skip(f"needs the right to mount: root, in a container with CAP_SYS_ADMIN ({said})")
        try:
            yield SmallDisk(folder)
        finally:
            # Lazily: a process of a failed test may still have its folder there.
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    """A file system of one megabyte."""
    with mount_disk(1 << 20) as disk:
        yield disk


@pytest.fixture
def larger_disk() -> Iterator[SmallDisk]:
    """A file system of eight megabytes."""
    with mount_disk(8 << 20) as disk:
        yield disk
