"""A progress bar on a terminal, and nothing where nobody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

from tqdm import tqdm


@contextmanager
def show_progress(name: str, total: int | None, unit: str) -> Iterator[Callable[[int], object]]:
    """Gives a function that moves the bar on by a number of units.

    Args:
        name: stands before the bar.
        total: units in all, None when nobody knows.
        unit: rows, B (bytes, shown as kB and MB), chunks.
    """
    # tqdm's own lock is shared with child processes, and a kill would leave its semaphore behind; we have none.
    tqdm.set_lock(RLock())
    # disable=None: tqdm keeps silent when standard error is not a terminal.
    with tqdm(
        desc=name, total=total, unit=unit, unit_scale=True, disable=None, leave=False, mininterval=0.2, delay=0.5
    ) as bar:
        yield bar.update
