"""Which engine a stage gets: this machine, unless the environment names a scheduler."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from loguru import logger

from relay.compute.engine import Engine
from relay.compute.local import LocalEngine
from relay.handoff.settings import DASK_SCHEDULER_ADDRESS


@contextmanager
def open_engine(
    data_dir: Path, *, threads: int | None = None, environment: Mapping[str, str] = os.environ
) -> Iterator[Engine]:
    """An engine until the context is left; then no task of it runs on this machine.

    Args:
        data_dir: the folder below which the paths of tasks lie.
        threads: how many tasks run at the same time on this machine; None: as many as there are cores. A cluster has
            the threads that its workers have.
        environment: with DASK_SCHEDULER_ADDRESS, tasks run on the cluster of this scheduler, and never here.

    Raises:
        UsageError: the address is not that of a scheduler.
    """
    address = DASK_SCHEDULER_ADDRESS.of(environment)
    if address:
        raise NotImplementedError(address)
    local = LocalEngine(data_dir, threads)
    logger.debug("tasks run in {}", local.name)
    try:
        yield local
    finally:
        local.close()
