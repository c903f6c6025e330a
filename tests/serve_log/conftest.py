"""A place for a prediction log in either database, and a small disk."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("log_clients")

# Asserts tell their values only in modules that are imported after that.
from log_places import Place, PostgresPlace, SmallDisk, SqlitePlace  # noqa: E402
from postgres_server import postgres_server, postgres_url  # noqa: E402, F401


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place, once for each database."""
    if request.param == "sqlite":
        return SqlitePlace(tmp_path)
    return PostgresPlace(request.getfixturevalue("postgres_url"), tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> SqlitePlace:
    """An empty place for a file."""
    return SqlitePlace(tmp_path)


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    """A file system of one megabyte; unmounted whatever happens."""
    # Not below the folder of pytest: the server of PostgreSQL has another account.
    folder = Path(tempfile.mkdtemp(prefix="relay-disk-"))
    folder.chmod(0o755)
    try:
        mount = shutil.which("mount")
        if mount is None:
            pytest.skip("needs the command mount")
        done = subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={SmallDisk.BYTES}", "relay-test", folder],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            said = done.stderr.splitlines()[0]
            pytest.skip(f"needs the right to mount: root, in a container with CAP_SYS_ADMIN ({said})")
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()
