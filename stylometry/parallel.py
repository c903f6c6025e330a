"""Threads for kernels, which run outside the interpreter lock; and what runs them elsewhere, if the caller has it."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy.typing as npt

Arrays: TypeAlias = tuple[npt.NDArray[Any], ...]

Task = TypeVar("Task")
Result = TypeVar("Result")


_ALONE: ContextVar[bool] = ContextVar("on one core", default=False)


class Run(Protocol):
    """Gives the result of each task in the order of the tasks: `run_here`, or what has workers elsewhere."""

    def __call__(self, work: Callable[[Task], Result], tasks: Sequence[Task], /) -> Iterator[Result]:
        """The results, one by one.

        Args:
            work: takes all that it reads from its task and its arguments: a function at the top of a module, or a
                `functools.partial` of one, whose arguments are the same for all tasks and may be large.
            tasks: small.
        """
        ...


def run_here(work: Callable[[Task], Result], tasks: Sequence[Task], /) -> Iterator[Result]:
    """The result of each task, done when it is asked for."""
    return map(work, tasks)


@contextmanager
def on_one_core() -> Iterator[None]:
    """Let `count_cores` give 1 in this thread: others do tasks beside it."""
    before = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(before)


def count_cores() -> int:
    """Number of cores this process may use, or 1 within `on_one_core`."""
    if _ALONE.get():
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_each(work: Callable[[Task], Result], tasks: Iterable[Task], *, threads: int) -> list[Result]:
    """Return the result of each task, in the order of the tasks; one thread means no pool at all.

    Threads of Python rather than numba's own: those abort the process when two callers meet in them, as a web page
    and a service would.
    """
    if threads <= 1:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, tasks))


class Elsewhere(Protocol):
    """Runs tasks in other processes, perhaps on other machines, where `run_each` runs them in threads of this one."""

    def run_each(
        self, work: Callable[[Arrays, Task], Result], shared: Arrays, tasks: Sequence[Task], *, is_exact: bool
    ) -> Iterator[Result]:
        """The result of `work(shared, task)` for each task, in the order of the tasks.

        Args:
            work: A function at the top of a module of ours.
            shared: Contiguous arrays that all tasks read; they reach each process once.
            tasks: Small.
            is_exact: Whether every processor gives the same bits, as with integers. If not, what a processor gives
                for which kernels are compiled otherwise than here is not taken.
        """
