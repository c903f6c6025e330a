"""A place for a prediction log in either database, and a small disk."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite("log_clients")

# Asserts tell their values only in modules that are imported after that.
from log_places import Place, PostgresPlace, SqlitePlace  # noqa: E402
from postgres_server import postgres_server, postgres_url  # noqa: E402, F401
from small_disk import larger_disk, small_disk  # noqa: E402, F401


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
