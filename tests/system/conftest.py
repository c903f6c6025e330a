"""Folders and a workshop for each test, and no process that outlives its test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("killing", "whole_data", "workshop")

# Asserts tell their values only in modules that are imported after that.
from crash_recipes import write_recipes  # noqa: E402
from stage_process import Folders, end_all_forks  # noqa: E402
from whole_data import list_leftovers  # noqa: E402
from workshop import Workshop  # noqa: E402


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Folders]:
    """Data and logs of one test."""
    (tmp_path / "logs").mkdir()
    yield Folders(tmp_path / "data", tmp_path / "logs")
    end_all_forks()


@pytest.fixture
def workshop(tmp_path: Path, folders: Folders) -> Iterator[Workshop]:
    """A workshop in which nothing is left half-done at the end."""
    home = tmp_path / "home"
    home.mkdir()
    yield Workshop(home, folders)
    assert list_leftovers(folders.data) == []


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recipes whose stages are killed."""
    return write_recipes(tmp_path_factory.mktemp("recipes"))
