"""A project of its own for each test of values."""

from pathlib import Path

import pytest
from checkout import Project
from once import make_once
from styles import make_styles


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of the test's own."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three recipes of documents in which all has run: read it, never write into it."""
    return Project(make_once(tmp_path_factory, "values_styles", make_styles))
