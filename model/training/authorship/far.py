"""The cluster on which parts of a training run, where there is one and the texts are large enough."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from relay.compute.engine import Engine
from relay.compute.opening import open_engine
from relay.compute.shared import open_shared, remove_shared
from relay.handoff.dataset import Dataset
from relay.handoff.location import DatasetLocation
from relay.handoff.settings import DASK_SCHEDULER_ADDRESS


class Far:
    """The workers of a cluster; it is joined when the first task is asked for.

    Args:
        dataset: the processed rows.
        location: where they lie.
        stack: is left when the training ends.
    """

    def __init__(self, dataset: Dataset, location: DatasetLocation, stack: ExitStack) -> None:
        self.dataset = dataset
        self.data_dir = location.data_dir
        self._recipe = location.recipe
        self._stack = stack

    @cached_property
    def engine(self) -> Engine:
        """What runs tasks.

        Raises:
            ComputeError: the cluster cannot be used.
        """
        return self._stack.enter_context(open_engine(self.data_dir))

    @cached_property
    def folder(self) -> Path:
        """A folder that the workers see too, relative to the data folder.

        Raises:
            OSError: the data folder cannot be written.
        """
        return self._stack.enter_context(open_shared(self.data_dir, self._recipe))


@contextmanager
def open_far(dataset: Dataset, location: DatasetLocation | None) -> Iterator[Far | None]:
    """The cluster that the environment names, until the context is left; None without one.

    Args:
        dataset: the processed rows.
        location: where they lie; None: all is done on this machine.

    Raises:
        UsageError: DASK_SCHEDULER_ADDRESS is not the address of a scheduler.
    """
    if location is None:
        yield None
        return
    remove_shared(location.data_dir, location.recipe)  # of a run that was killed, whether there is a cluster now or not
    if not DASK_SCHEDULER_ADDRESS.of(os.environ):
        yield None
        return
    with ExitStack() as stack:
        yield Far(dataset, location, stack)
