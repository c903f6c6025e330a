"""Folders that cost seconds to make: made once for all processes of a test run."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` has filled, by whichever process of pytest-xdist came first; copy it to change it."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each process has its own folder below that of the run
    folder, made = base / "once" / name, base / "once" / f"{name}.made"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(base / "once" / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what is left of an attempt that failed
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
