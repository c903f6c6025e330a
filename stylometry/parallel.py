"""Threads for kernels, which run outside the interpreter lock."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def count_cores() -> int:
    """Number of cores this process may use."""
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
