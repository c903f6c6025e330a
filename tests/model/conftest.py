"""Projects that the tests of the model stage share."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
from loguru import logger
from once import make_once
from projects import (
    CASES,
    DOCUMENTS,
    LINEAR,
    MIXED,
    Project,
    document_columns,
    linear_columns,
    make_project,
    mixed_columns,
)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """Makes projects in the test's own folder."""
    return lambda recipe_text, columns, name="case": make_project(tmp_path, recipe_text, columns, name)


@pytest.fixture
def linear(tmp_path: Path) -> Project:
    """The straight line with a known answer."""
    return make_project(tmp_path, LINEAR, linear_columns(), "line")


@pytest.fixture(autouse=True)
def _quiet_log_afterwards() -> Any:
    """The stage opens log files in the test's folder: close them with the test."""
    yield
    logger.remove()


@pytest.fixture
def mixed(tmp_path: Path) -> Project:
    """A table with columns of every type, odd names and missing cells."""
    return make_project(tmp_path, MIXED, mixed_columns(), "mixed")


@pytest.fixture
def documents(tmp_path: Path) -> Project:
    """Documents whose authors are easy to tell apart."""
    return make_project(tmp_path, DOCUMENTS, document_columns(), "documents")


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Each case trained once for all tests; copy it before changing anything."""

    @cache
    def train_case(name: str) -> Project:
        def run_case(folder: Path) -> None:
            recipe, columns = CASES[name]
            assert make_project(folder, recipe, columns(), name).run() == 0

        folder = make_once(tmp_path_factory, f"trained {name}", run_case)
        return Project(folder, folder / f"{name}.toml")

    return train_case


@pytest.fixture
def trained(tmp_path: Path, trained_once: Callable[[str], Project]) -> Callable[[str], Project]:
    """A copy of a trained case in the test's own folder, its log still empty."""

    def copy(name: str) -> Project:
        original = trained_once(name)
        copytree(original.folder, tmp_path / name, symlinks=True, ignore=ignore_patterns("logs"))
        return Project(tmp_path / name, tmp_path / name / original.recipe.name)

    return copy


@pytest.fixture
def trained_line(trained: Callable[[str], Project]) -> Project:
    """The straight line, trained."""
    return trained("line")


@pytest.fixture
def trained_mixed(trained: Callable[[str], Project]) -> Project:
    """Two classes from columns of every type, trained."""
    return trained("mixed")


@pytest.fixture
def trained_numbers(trained: Callable[[str], Project]) -> Project:
    """Two classes from numbers and truth values, trained."""
    return trained("numbers")


@pytest.fixture
def trained_documents(trained: Callable[[str], Project]) -> Project:
    """The map of documents, drawn."""
    return trained("documents")
