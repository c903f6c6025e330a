"""The data folder, as the machine on which a task runs sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from relay.handoff.errors import UsageError

_FOLDER: ContextVar[Path] = ContextVar("data folder of the task")


def data_folder() -> Path:
    """The folder below which the paths of the running task lie.

    Raises:
        UsageError: no task runs.
    """
    try:
        return _FOLDER.get()
    except LookupError:
        raise UsageError("the data folder of a task was asked for, and no task runs here") from None


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Let `data_folder` give this one, in this thread, until the context is left."""
    before = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(before)
