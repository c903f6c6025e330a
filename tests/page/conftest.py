"""Folders in which the real stages have run, for the page to look at."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger
from page_folders import Folders, write_documents


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Both recipes run to the end, `linear` with an older result beside it: copied, never changed."""
    folders = Folders(tmp_path_factory.mktemp("prepared"))
    write_documents(folders.root)
    for stage in ("ingest", "preprocess"):
        folders.run(stage, "linear", folders.styles)
    folders.run("model", "linear", "--set", "model.threads=1")
    folders.run("model", "linear", folders.styles)
    return folders


@pytest.fixture
def full(prepared: Folders, tmp_path: Path) -> Folders:
    """Folders in which everything has run."""
    shutil.copytree(prepared.root, tmp_path / "project", symlinks=True)
    return Folders(tmp_path / "project")


@pytest.fixture
def empty(tmp_path: Path) -> Folders:
    """Folders in which nothing has run."""
    folders = Folders(tmp_path / "project")
    folders.root.mkdir()
    write_documents(folders.root)
    return folders


@pytest.fixture(autouse=True)
def _quiet_log_afterwards() -> Iterator[None]:
    """The page opens a log file in the test's folder: close it with the test."""
    yield
    logger.remove()
