"""Which engine a stage gets: this machine, unless the environment names a scheduler."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from relay.compute.engine import Engine
from relay.compute.errors import NoDaskError
from relay.compute.local import LocalEngine
from relay.handoff.settings import DASK_SCHEDULER_ADDRESS

if TYPE_CHECKING:  # what imports Dask
    from relay.compute.cluster import ClusterEngine

CLUSTER_PACKAGES = ("distributed", "cloudpickle", "dask", "threadpoolctl")
INSTALL = ".venv/bin/uv pip install --require-hashes -r services/dask/requirements.txt"


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
        ComputeError: the cluster cannot be used; the message says why, and what to do.
    """
    address = DASK_SCHEDULER_ADDRESS.of(environment)
    engine = _join_cluster(address, data_dir) if address else LocalEngine(data_dir, threads)
    logger.log("INFO" if address else "DEBUG", "tasks run in {}", engine.name)
    try:
        yield engine
    finally:
        engine.close()


def _join_cluster(address: str, data_dir: Path) -> "ClusterEngine":
    try:
        from relay.compute.cluster import ClusterEngine
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in CLUSTER_PACKAGES:
            raise
        raise NoDaskError(
            f"DASK_SCHEDULER_ADDRESS={address}: the package {error.name} is not installed",
            next_step=f"Run `{INSTALL}` (in containers `make cluster`), or leave the variable empty to "
            "work on this machine alone.",
        ) from None
    return ClusterEngine(address, data_dir)
