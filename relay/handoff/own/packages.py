"""The packages that own code imports: under which names a lock pins them, and which ones it does not."""

import re
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

from relay.handoff.code import list_pinned
from relay.handoff.own.module import OwnCodeError

DISTRIBUTIONS = {
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "psycopg2": "psycopg2-binary",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
"""Packages that are imported by another name than they are installed by."""


def name_distributions(imports: Iterable[str], lock: Path) -> tuple[dict[str, str], list[str]]:
    """Import name -> distribution in the lock, and the import names that the lock does not pin.

    Args:
        imports: top-level names, such as sklearn.
        lock: a stage's `requirements.txt`.
    """
    pinned = list_pinned(lock)
    found, missing = {}, []
    for name in imports:
        choices = (DISTRIBUTIONS.get(name, ""), _normalise(name))
        known = next((choice for choice in choices if choice in pinned), None) or _look_up(name, pinned)
        if known is None:
            missing.append(name)
        else:
            found[name] = known
    return found, missing


def require_pinned(imports: Iterable[str], stage: str, lock: Path, shown: str, folder: Path) -> list[str]:
    """The distributions of what own code imports, as the stage's lock names them.

    Args:
        imports: top-level names.
        stage: whose lock it is.
        lock: its `requirements.txt`.
        shown: the file, for messages.
        folder: of the recipe: a file there is imported with a dot.

    Raises:
        OwnCodeError: the lock does not pin one; the message names the file that needs it, or the way to import a file
            of the folder.
    """
    found, missing = name_distributions(imports, lock)
    if beside := [name for name in missing if is_beside(name, folder)]:
        raise OwnCodeError(
            f"{shown} imports {beside[0]}, which is a file beside the recipe and no package",
            next_step=f"Write `from .{beside[0]} import …`.",
        )
    if missing:
        names = ", ".join(map(guess_distribution, missing))
        raise OwnCodeError(
            f"{shown} imports {', '.join(missing)}, which {stage}/requirements.txt does not pin",
            next_step=f"Add {names} to {stage}/requirements.in, then run `make lock`.",
        )
    return sorted(set(found.values()))


def is_beside(name: str, folder: Path) -> bool:
    """Whether an import name is a file, or a package, of the recipe's folder."""
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()


def guess_distribution(name: str) -> str:
    """What one installs to import a name, as far as that is known."""
    return DISTRIBUTIONS.get(name, _normalise(name))


def _look_up(name: str, pinned: frozenset[str]) -> str | None:
    """By what is installed: slower, for names that tell nothing."""
    for distribution in packages_distributions().get(name, ()):
        if _normalise(distribution) in pinned:
            return _normalise(distribution)
    return None


def _normalise(name: str) -> str:
    """A distribution's name as locks write it. Source: PEP 503, "Normalized Names"."""
    return re.sub(r"[-_.]+", "-", name).lower()
