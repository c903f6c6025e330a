"""A copy of the notebooks' folder to run in: nothing is ever written into the folder itself."""

import ast
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from adopt.notebooks.magics import parse
from adopt.notebooks.plan import NotebookError, Refusal, RefusalKind
from adopt.notebooks.records import Notebook

LEFT_BEHIND = (
    *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints", ".mypy_cache"),
    *(".pytest_cache", ".ruff_cache", ".DS_Store", "mlruns", "wandb"),
)
MOST_BYTES = 4 * 2**30
"""Of the folder: each run copies it."""


def copy_folder(notebooks: Sequence[Notebook], to: Path) -> Path:
    """Copy the notebooks' folder, and what they name above it (`../data/x.csv`), into an empty folder.

    Args:
        notebooks: All in one folder.
        to: Where to; it need not exist.

    Returns:
        The copy of the notebooks' folder, somewhere in `to`.

    Raises:
        NotebookError: They are in different folders, or the folder is too large.
    """
    folder = find_folder(notebooks)
    above = sorted(_find_above(notebooks))
    levels = max((path.parts.count("..") for path in above), default=0)
    levels = min(levels, len(folder.parts) - 1)
    top = folder.parents[levels - 1] if levels else folder
    inside = to / folder.relative_to(top) if levels else to / folder.name
    _check_size([folder, *(folder / path for path in above if path.name != "..")])
    shutil.copytree(folder, inside, ignore=shutil.ignore_patterns(*LEFT_BEHIND), dirs_exist_ok=True)
    for path in above:
        _copy_above(folder / path, inside / path)
    return inside


def find_folder(notebooks: Sequence[Notebook]) -> Path:
    """The folder that all notebooks are in.

    Raises:
        NotebookError: They are in different folders.
    """
    folders = {notebook.path.resolve().parent for notebook in notebooks}
    if len(folders) > 1:
        names = " and ".join(sorted(map(str, folders)))
        message = f"The notebooks are in different folders: {names}."
        raise NotebookError((Refusal(RefusalKind.OTHER, message, "Put them into one folder."),))
    return folders.pop()


def _find_above(notebooks: Iterable[Notebook]) -> set[PurePosixPath]:
    """What the texts name above the folder, down to the first name: `../data/x.csv` is `../data`."""
    found = set()
    for notebook in notebooks:
        for cell in notebook.cells:
            for node in ast.walk(parse(cell.text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(".."):
                    found.add(_shorten(PurePosixPath(node.value.split("\n")[0][:500])))
    return {path for path in found if path.parts[:1] == ("..",)}


def _shorten(path: PurePosixPath) -> PurePosixPath:
    ups = next((i for i, part in enumerate(path.parts) if part != ".."), len(path.parts))
    return PurePosixPath(*path.parts[: ups + 1])


def _copy_above(source: Path, to: Path) -> None:
    """A file or folder above; of a folder that is only named as `..` its Python files, which can be imported."""
    if source.name == "..":
        for module in source.glob("*.py"):
            _copy_above(module, to / module.name)
        for package in source.glob("*/__init__.py"):
            _copy_above(package.parent, to / package.parent.name)
    elif source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns(*LEFT_BEHIND), dirs_exist_ok=True)
    elif source.is_file() and not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, to)


def _check_size(paths: Iterable[Path]) -> None:
    total = 0
    for path in paths:
        files = path.rglob("*") if path.is_dir() else (path,)
        total += sum(file.stat().st_size for file in files if file.is_file() and not set(LEFT_BEHIND) & set(file.parts))
        if total > MOST_BYTES:
            message = f"{path.resolve()} holds more than {MOST_BYTES / 2**30:.0f} GiB, and each run needs a copy of it."
            step = "Put the notebook and the files that it reads into a folder of their own."
            raise NotebookError((Refusal(RefusalKind.OTHER, message, step),))
