"""Tasks in threads of this process."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Generic, TypeVar

from relay.compute.errors import TaskEndedError
from relay.compute.folder import in_folder

Task = TypeVar("Task")
Result = TypeVar("Result")


def count_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class LocalEngine:
    """Runs tasks in threads; a single one needs no thread, and runs when its result is asked for.

    Threads rather than processes: most of the time goes to Arrow and NumPy, which run outside the interpreter lock, a
    thread needs no copy of its result, and it starts at once.

    Args:
        data_dir: what `data_folder` gives in a task.
        threads: how many tasks run at the same time; None: as many as there are cores.
    """

    def __init__(self, data_dir: Path, threads: int | None = None) -> None:
        self.slots = max(1, count_cores() if threads is None else threads)
        self._data_dir = data_dir
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="task") if self.slots > 1 else None

    @property
    def name(self) -> str:
        """The engine as the log names it."""
        return f"{self.slots} threads of this machine" if self.slots > 1 else "one thread of this machine"

    @property
    def shares_processes(self) -> bool:
        """Whether two tasks may run in one process at the same time."""
        return self.slots > 1

    @property
    def is_here(self) -> bool:
        """Tasks run in this process."""
        return True

    def submit(self, work: Callable[[Task], Result], task: Task) -> "Threaded[Result] | Deferred[Result]":
        """A pending result of `work(task)`."""
        if self._pool is None:
            return Deferred(lambda: self._call(work, task))
        return Threaded(self._pool.submit(self._call, work, task))

    def close(self) -> None:
        """Give up what has not begun, and wait for the rest."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _call(self, work: Callable[[Task], Result], task: Task) -> Result:
        with in_folder(self._data_dir):
            try:
                return work(task)
            except SystemExit as error:  # it would end the stage without a message
                raise TaskEndedError(
                    f"a task asked to exit with {error.code!r}, expected a result: {task!r}"
                ) from error


class Deferred(Generic[Result]):
    """A task that runs in the caller's thread, when its result is asked for."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call

    def result(self) -> Result:
        """Run the task."""
        return self._call()

    def cancel(self) -> None:
        """Nothing has begun."""

    def wait(self) -> None:
        """Nothing runs."""


class Threaded(Generic[Result]):
    """A task in a thread."""

    def __init__(self, future: Future[Result]) -> None:
        self._future = future

    def result(self) -> Result:
        """What the task gave, once it has ended."""
        return self._future.result()

    def cancel(self) -> None:
        """Give the task up, unless it has begun."""
        self._future.cancel()

    def wait(self) -> None:
        """Return once the task no longer runs."""
        wait([self._future])
