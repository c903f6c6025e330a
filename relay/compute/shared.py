"""Files below the data folder that the tasks of one run share: what is too large to travel with a task or back."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from math import prod
from mmap import ACCESS_READ, mmap
from os import SEEK_CUR
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from numpy.lib.format import read_array_header_1_0, read_magic

from relay.compute.errors import ComputeError
from relay.handoff.files import hash_file, open_new
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


def share_arrays(folder: Path, arrays: Sequence[Array]) -> str:
    """The name of a new file with these arrays in a folder: its SHA-256.

    Raises:
        OSError: the folder is gone or cannot be written.
    """
    path = folder / f"{uuid4().hex}.new"
    write_arrays(path, arrays)
    name = hash_file(path)
    path.replace(folder / name)
    return name


@lru_cache(maxsize=1)
def take_arrays(path: Path) -> tuple[Array, ...]:
    """The arrays of a file that `share_arrays` made, read once for the tasks of a process.

    Raises:
        OSError: it cannot be read.
        ComputeError: it holds something else.
    """
    if (found := hash_file(path)) != path.name:
        raise ComputeError(f"{path} has the SHA-256 {found[:12]}…: it is not what this run has written there")
    return tuple(read_arrays(path))


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


def map_arrays(path: Path) -> list[Array]:
    """The same, read-only, as they are used: without memory of their own, which costs more time than to read them.

    Raises:
        OSError, ValueError: as `read_arrays`.
    """
    found = []
    with path.open("rb") as file:
        content = mmap(file.fileno(), 0, access=ACCESS_READ)
        while file.tell() < len(content):
            read_magic(file)
            shape, _, dtype = read_array_header_1_0(file)
            array = np.frombuffer(content, dtype, prod(shape), file.tell())
            found.append(array.reshape(shape))
            file.seek(array.nbytes, SEEK_CUR)
    return found


def _locate(owner: str) -> Path:
    return Path(".state", "shared", owner)
