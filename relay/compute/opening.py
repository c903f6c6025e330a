"""Which engine a stage gets: this machine, unless the environment names a scheduler."""

import os
from collections.abc import Iterable, Iterator, Mapping
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
    data_dir: Path,
    *,
    threads: int | None = None,
    reads: Iterable[Path] = (),
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Engine]:
    """An engine until the context is left; then no task of it runs on this machine.

    Args:
        data_dir: the folder below which the paths of tasks lie.
        threads: how many tasks run at the same time on this machine; None: as many as there are cores. A cluster has
            the threads that its workers have.
        reads: files that tasks read beside those of the recipe. Where one lies outside the data folder, which is all
            that workers share, tasks run on this machine, and the log says so.
        environment: with DASK_SCHEDULER_ADDRESS, tasks run on the cluster of this scheduler, and never here.

    Raises:
        UsageError: the address is not that of a scheduler.
        ComputeError: the cluster cannot be used; the message says why, and what to do.
    """
    address = DASK_SCHEDULER_ADDRESS.of(environment)
    outside = _find_outside(reads, data_dir) if address else None
    if outside is not None:
        logger.info("{} lies outside the data folder, which workers of a cluster share: not sent to them", outside)
        address = ""
    engine = _join_cluster(address, data_dir) if address else LocalEngine(data_dir, threads)
    logger.log("INFO" if address or outside else "DEBUG", "tasks run in {}", engine.name)
    try:
        yield engine
    finally:
        engine.close()


def _find_outside(paths: Iterable[Path], data_dir: Path) -> Path | None:
    """The first of the paths that does not lie below the data folder."""
    within = data_dir.resolve()
    return next((path for path in paths if not path.resolve().is_relative_to(within)), None)


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
