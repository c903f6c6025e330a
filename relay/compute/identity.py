"""What must be the same on all machines of a run, so that each gives the same bytes: Python, packages, our code."""

import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from relay.handoff.files import hash_file
from relay.handoff.settings import ROOT

PACKAGES = (
    *("pyarrow", "numpy", "pandas", "scipy", "scikit-learn", "numba", "onnx", "onnxruntime", "skl2onnx", "skops"),
    *("xgboost", "lightgbm"),
    *("dask", "distributed", "cloudpickle"),
)
"""Those that decide bytes, and those that carry tasks."""

FOLDERS = ("relay", "stylometry", "drift", "ingest", "preprocess", "model", "monitor")
"""Of ours, from which tasks are."""


def describe_machine() -> dict[str, str]:
    """Python, processor and packages of this process, by name; packages that are not there are left out."""
    found = {"Python": "{}.{}".format(*sys.version_info), "processor": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def hash_code() -> dict[str, str]:
    """The SHA-256 of each of our source files, by its path below the project.

    Hashed once in a process: an edit after that is not what a worker has loaded.
    """
    files = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): hash_file(path) for path in files}
