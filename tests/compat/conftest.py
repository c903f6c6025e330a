"""What the tests of one release's folders share: the folders, unpacked."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from edition_folders import Edition, unpack
from loguru import logger
from variables import VARIABLES

# The tests of the service have the server that is started here too.
sys.path.append(str(Path(__file__).resolve().parents[1] / "serve"))


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """The folders, for tests that only read them."""
    return unpack(tmp_path_factory.mktemp("edition_0_1"))


@pytest.fixture
def own_edition(tmp_path: Path) -> Edition:
    """The folders, for one test that changes them."""
    return unpack(tmp_path / "edition_0_1")


@pytest.fixture(autouse=True)
def _project_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """None of the project's variables is set: the registry is the embedded one. Log files are closed afterwards."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    logger.remove()
