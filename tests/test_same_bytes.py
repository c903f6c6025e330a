"""The same recipe gives the same bytes on every Python that the project supports and that this machine has."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RECIPES = ("docstrings", "linear")


@cache
def find_pythons() -> list[str]:
    """Other supported Pythons: on the path, or where pyenv keeps them. One of each version."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python3.{minor}") for minor in range(11, 15)]
    candidates += [str(path) for path in sorted(kept.glob("3.1[1-4]*/bin/python3"))]
    found: dict[str, str] = {}
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in candidates:
        version = ask_version(python) if python else ""
        if version and version != ours:
            found.setdefault(version, python)
    return [found[version] for version in sorted(found)]


def ask_version(python: str) -> str:
    """`3.13`, or nothing when the program does not start."""
    code = "import sys; print(f'{sys.version_info.major}.{sys.version_info.minor}')"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def run_stages(python: str, folder: Path) -> dict[str, bytes]:
    """The bytes that ingest and preprocess write, by file."""
    for stage in ("ingest", "preprocess"):
        options = ["--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
        subprocess.run([python, "-m", stage, *RECIPES, *options], cwd=ROOT, check=True, capture_output=True)
    files = sorted((folder / "data").glob("*/*.parquet"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def bytes_here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return run_stages(sys.executable, tmp_path_factory.mktemp("here"))


@pytest.mark.skipif(not find_pythons(), reason="no other Python from 3.11 to 3.14 on this machine")
@pytest.mark.parametrize(
    "python",
    [pytest.param(python, marks=pytest.mark.slow if index else ()) for index, python in enumerate(find_pythons())],
)
def test_another_python_writes_the_same_bytes(python: str, bytes_here: dict[str, bytes], tmp_path: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--python", python, tmp_path / "venv"], check=True)
    there = str(tmp_path / "venv" / "bin" / "python")
    for stage in ("ingest", "preprocess"):
        lock = ["--require-hashes", "-r", ROOT / stage / "requirements.txt"]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", there, *lock], check=True)
    assert run_stages(there, tmp_path) == bytes_here
    assert len(bytes_here) == 2 * len(RECIPES)
