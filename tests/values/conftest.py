"""A project of its own for each test of values."""

from pathlib import Path

import pytest
from checkout import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of the test's own."""
    return Project(tmp_path)
