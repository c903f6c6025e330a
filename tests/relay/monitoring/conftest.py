"""The monitor's store in either database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from postgres_server import postgres_server, postgres_url  # noqa: F401

from relay.monitoring.opening import open_store
from relay.monitoring.questions import Store

OpenStore = Callable[..., Store]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """`opening(is_reader=True)`: the same store each time, once for each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return lambda *, is_reader=False: open_store(tmp_path, url, is_reader=is_reader)
