import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import stylometry

COUNT = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from stylometry import count_ngrams, keep_whole
    counts = count_ngrams(keep_whole(["abab", "bab"], [None, None]))
    import stylometry.distance
print(counts.ngrams, [str(warning.message).split(":")[0] for warning in caught])
"""


def run_copy(folder: Path, code: str, **environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def copy_package(folder: Path) -> Path:
    source = Path(stylometry.__file__).parent
    shutil.copytree(source, folder / "stylometry", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.slow
def test_without_a_folder_to_write_kernels_are_compiled_in_memory_and_that_is_said_once(tmp_path: Path) -> None:
    copy_package(tmp_path)
    # A file where a folder is wanted stops every user, root as well.
    blocked = tmp_path / "file"
    blocked.touch()
    (tmp_path / "stylometry" / "__pycache__").touch()
    actual = run_copy(
        tmp_path,
        COUNT,
        NUMBA_CACHE_DIR=f"{blocked}/cache",
        HOME=f"{blocked}/home",
        XDG_CACHE_HOME=f"{blocked}/home",
    )
    said = "stylometry compiles its kernels in memory, some seconds in each process"
    assert actual == f"['aba', 'bab'] ['{said}']"


def test_importing_the_package_imports_neither_numba_nor_scipy_nor_scikit_learn(tmp_path: Path) -> None:
    code = "import sys, stylometry, stylometry.chunks; print({'numba', 'scipy', 'sklearn'} & set(sys.modules))"
    assert run_copy(copy_package(tmp_path), code) == "set()"


def test_every_public_name_can_be_imported() -> None:
    assert [name for name in stylometry.__all__ if not hasattr(stylometry, name)] == []
