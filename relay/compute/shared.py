"""Files below the data folder that the tasks of one run share: what is too large to travel with a task or back."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from relay.handoff.files import open_new
from relay.handoff.parts import find_temporary

Array = npt.NDArray[Any]


@contextmanager
def open_shared(data_dir: Path, owner: str) -> Iterator[Path]:
    """A new folder, relative to the data folder, until the context is left; what a killed run left is removed.

    Args:
        data_dir: the folder that all machines see.
        owner: whose folder it is. One run of an owner goes on at a time: its lock is the caller's.

    Raises:
        OSError: the data folder cannot be written.
    """
    # A name of its own: a task of a killed run that is still under way finds its folder gone.
    folder = _locate(owner) / uuid4().hex
    remove_shared(data_dir, owner)
    (data_dir / folder).mkdir(parents=True)
    try:
        yield folder
    finally:
        remove_shared(data_dir, owner)


def remove_shared(data_dir: Path, owner: str) -> None:
    """Remove what the runs of an owner have shared."""
    shutil.rmtree(data_dir / _locate(owner), ignore_errors=True)


def write_arrays(path: Path, arrays: Sequence[Array]) -> None:
    """Put arrays into a file, whole or not at all, whichever processes write it at the same time.

    Raises:
        OSError: the folder is gone or cannot be written.
    """
    temporary = find_temporary(path)
    try:
        with open_new(temporary) as file:
            for array in arrays:
                np.save(file, array, allow_pickle=False)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path) -> list[Array]:
    """The arrays of a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it was not written by `write_arrays`.
    """
    found = []
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            found.append(np.load(file, allow_pickle=False))
    return found


def _locate(owner: str) -> Path:
    return Path(".state", "shared", owner)
