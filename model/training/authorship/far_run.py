"""Where tasks of a training run: on this machine or, where there is much to do, on the workers of a cluster."""

import hashlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from loguru import logger
from threadpoolctl import threadpool_limits

from model.training.authorship.arithmetic import describe_arithmetic
from model.training.authorship.far import Far
from relay.compute.engine import run_in_order
from relay.compute.errors import ComputeError
from relay.compute.folder import data_folder
from relay.compute.local import LocalEngine
from stylometry.parallel import Run, count_cores, on_one_core, run_here

Task = TypeVar("Task")
Result = TypeVar("Result")

MOST_KEPT_BYTES = 64 << 20
"""Of what all tasks share, so much stays in a worker's memory from one task to the next."""


@dataclass(frozen=True)
class SharedTask(Generic[Task]):
    """A task whose work lies in a file."""

    path: str
    """Of the pickled work, below the data folder."""
    sha256: str
    task: Task


@dataclass(frozen=True)
class Made(Generic[Result]):
    """What a worker gives."""

    result: Result
    arithmetic: str
    """See `describe_arithmetic`."""


@contextmanager
def open_run(far: Far | None, *, is_worth_it: bool, threads: int = 1) -> Iterator[Run]:
    """What runs tasks, until the context is left; the results are the same to the last bit wherever they run.

    Numerical libraries work with one thread meanwhile: with more, they form sums in another order.

    Args:
        far: the cluster, where there is one.
        is_worth_it: whether there is so much to do that a cluster is joined.
        threads: how many tasks this machine does at the same time.
    """
    with threadpool_limits(1):
        if far is not None and is_worth_it:
            yield partial(run_far, far)
        elif threads == 1:
            yield run_here
        else:
            yield partial(run_in_threads, threads)


def run_in_threads(threads: int, work: Callable[[Task], Result], tasks: Sequence[Task], /) -> Iterator[Result]:
    """The result of each task, done in threads of this machine that each take one core."""
    with _open_local(threads) as engine:
        yield from run_in_order(engine, partial(_do_alone, work), tasks)


def run_far(far: Far, work: Callable[[Task], Result], tasks: Sequence[Task], /) -> Iterator[Result]:
    """The result of each task, done by workers; where one calculates otherwise, this machine does the task again.

    The work goes to them by a file, which each worker reads once; it is removed at the end.

    Raises:
        ComputeError: the cluster cannot be used, or was lost.
        OSError: the data folder cannot be written.
    """
    content = pickle.dumps(work, 5)
    digest = hashlib.sha256(content).hexdigest()
    path = far.folder / digest
    (far.data_dir / path).write_bytes(content)
    sent = [SharedTask(path.as_posix(), digest, task) for task in tasks]
    here, others = describe_arithmetic(), set()
    try:
        for task, one in zip(tasks, run_in_order(far.engine, do_shared, sent), strict=True):
            if one.arithmetic == here:
                yield one.result
                continue
            if one.arithmetic not in others:
                others.add(one.arithmetic)
                logger.warning(
                    "a worker calculates otherwise, so its tasks are done on this machine again; there: {}; here: {}",
                    one.arithmetic,
                    here,
                )
            yield _do_alone(work, task)
    finally:
        (far.data_dir / path).unlink(missing_ok=True)


def do_shared(shared: SharedTask[Any]) -> Made[Any]:
    """What the work gives for a task; run by an engine of `relay.compute`.

    Raises:
        ComputeError: the file of the work is not that of the task.
    """
    path = data_folder() / shared.path
    is_small = path.stat().st_size <= MOST_KEPT_BYTES
    work = (_read_once if is_small else _read)(path, shared.sha256)
    with threadpool_limits(1):
        return Made(_do_alone(work, shared.task), describe_arithmetic())


def _read(path: Path, sha256: str) -> Callable[[Any], Any]:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ComputeError(f"{path} is not what the stage wrote", next_step="Run the same command again.")
    work: Callable[[Any], Any] = pickle.loads(content)  # noqa: S301 - its hash came with the task
    return work


_read_once = lru_cache(maxsize=1)(_read)


def _do_alone(work: Callable[[Task], Result], task: Task) -> Result:
    with on_one_core():
        return work(task)


@contextmanager
def _open_local(threads: int) -> Iterator[LocalEngine]:
    engine = LocalEngine(Path(), threads)  # its tasks read no files
    try:
        yield engine
    finally:
        engine.close()


def choose_threads(bytes_of_a_task: int, most_bytes: int) -> int:
    """How many tasks this machine does at the same time within so much memory."""
    return max(1, min(count_cores(), most_bytes // max(1, bytes_of_a_task)))
