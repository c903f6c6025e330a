"""Tasks of stylometry on the workers of a cluster: what all of them read lies in one file below the data folder."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from loguru import logger

from model.training.authorship.far import Far
from relay.compute.engine import run_in_order
from relay.compute.folder import data_folder
from relay.compute.shared import share_arrays, take_arrays
from stylometry.chunks import Chunks
from stylometry.compiled import describe_target
from stylometry.parallel import Arrays, Elsewhere

Task = TypeVar("Task")
Result = TypeVar("Result")

FEWEST_CHUNKS = 5_000
"""Chunks from which on a cluster compares them: the distances of fewer take this machine some seconds."""


@dataclass(frozen=True)
class SharedTask:
    """What is done with which arrays."""

    work: Callable[[Arrays, Any], Any]
    arrays: str
    """Their file, below the data folder."""
    task: Any


@dataclass(frozen=True)
class Done:
    """What a task gave, and for which processor its kernels were compiled."""

    value: Any
    target: str


class FarTasks:
    """Runs tasks on the workers of a cluster.

    Args:
        far: the cluster.
    """

    def __init__(self, far: Far) -> None:
        self._far = far

    def run_each(
        self, work: Callable[[Arrays, Task], Result], shared: Arrays, tasks: Sequence[Task], *, is_exact: bool
    ) -> Iterator[Result]:
        """The result of `work(shared, task)` for each task, in the order of the tasks; see `stylometry.parallel`.

        Raises:
            ComputeError: the cluster cannot be used, or was lost.
            OSError: the data folder cannot be written.
        """
        file = self._far.folder / share_arrays(self._far.data_dir / self._far.folder, shared)
        asked = [SharedTask(work, file.as_posix(), task) for task in tasks]
        here, others = describe_target(), []
        for task, done in zip(tasks, run_in_order(self._far.engine, do_shared, asked), strict=True):
            if is_exact or done.target == here:
                yield done.value
            else:
                others.append(done.target)
                yield work(shared, task)
        (self._far.data_dir / file).unlink()
        if others:
            logger.warning(
                "{:,} of {:,} tasks were done again on this machine ({}), because the processor of a worker ({}) may "
                "give other last digits",
                len(others),
                len(tasks),
                _shorten(here),
                _shorten(others[0]),
            )


def _shorten(target: str) -> str:
    """A processor without the list of its instructions."""
    return " ".join(target.split()[:2])


def choose_elsewhere(far: Far | None, chunks: Chunks) -> Elsewhere | None:
    """What compares so many chunks; None: this machine."""
    return None if far is None or len(chunks) < FEWEST_CHUNKS else FarTasks(far)


def do_shared(task: SharedTask) -> Done:
    """What a task gives; run by an engine of `relay.compute`."""
    return Done(task.work(take_arrays(data_folder() / task.arrays), task.task), describe_target())
