"""A prediction log in either database, written by serving's own code and read by the monitor's."""

from pathlib import Path

import pytest
from logged import Log
from postgres_server import postgres_server, postgres_url  # noqa: F401


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Log:
    """An empty log, once for each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return Log(tmp_path / "serve", url)


@pytest.fixture
def sqlite_log(tmp_path: Path) -> Log:
    """An empty log in a file."""
    return Log(tmp_path / "serve", "")


@pytest.fixture
def postgres_log(tmp_path: Path, postgres_url: str) -> Log:  # noqa: F811
    """An empty log in PostgreSQL."""
    return Log(tmp_path / "serve", postgres_url)
