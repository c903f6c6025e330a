"""A cluster of one scheduler and one worker, shared by the tests of a file."""

from collections.abc import Iterator

import pytest
from clusters import Cluster
from loguru import logger


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    started = Cluster(folder / "dask", folder / "data")
    try:
        started.start_scheduler()
        # As on another machine, the same folder lies at another path.
        (folder / "mounted").symlink_to(started.data_dir)
        started.start_worker("--memory-limit", "600MiB", DATA_DIR=str(folder / "mounted"))
        yield started
    finally:
        started.close()


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What is logged, from INFO on."""
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(message.record["message"]), level="INFO", format="{message}")
    yield lines
    logger.remove(sink)
