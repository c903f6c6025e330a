"""How a recipe names the files that it reads, and a copy of a file in the data folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adopt.new_file import copy_new
from adopt.notes import Note
from relay.handoff.errors import UsageError
from relay.handoff.settings import ROOT

DATA = "data/"
IN_PROJECT = "outside of the data folder, so containers cannot read it"
OUTSIDE = "outside of the project, so the recipe runs on this machine only"
COPY = {False: "--copy copies the file into data/", True: "copy the folder into data/ and adopt that"}
"""Whether several files are read -> what to do about it."""


@dataclass(frozen=True)
class Folders:
    """Where a recipe and what it reads are."""

    recipe: Path
    """Of the recipe."""
    data: Path
    """The data folder of this command."""
    data_of_environment: Path
    """The one by which the source of a draft was named: another one where `--data-dir` says so."""


def place_path(ingest: Mapping[str, Any], folders: Folders) -> tuple[dict[str, Any], dict[str, tuple[Note, ...]]]:
    """`[ingest]` with a path that holds where the recipe runs, and its evidence.

    Files in the data folder are named as `data/…`, those elsewhere in the project from the recipe's folder, and all
    others by their whole path, which is said.

    Args:
        ingest: the keys; paths in them are absolute or begin with `data/`.
        folders: of the recipe and of the data.
    """
    written = ingest.get("path")
    if not isinstance(written, str):
        return dict(ingest), {}
    path = Path(written)
    if written.startswith(DATA):
        path = folders.data_of_environment / written.removeprefix(DATA)
    if path.is_relative_to(folders.data):
        return {**ingest, "path": f"{DATA}{path.relative_to(folders.data).as_posix()}"}, {}
    if path.is_relative_to(ROOT) and folders.recipe.is_relative_to(ROOT):
        shown, said = Path(os.path.relpath(path, folders.recipe)).as_posix(), IN_PROJECT
    else:
        shown, said = path.as_posix(), OUTSIDE
    return {**ingest, "path": shown}, {"path": (Note(f"{said}; {COPY['*' in written]}"),)}


def copy_file(given: str, data_dir: Path) -> str:
    """Copy a file into the data folder, never over another one; gives the path of the copy.

    Raises:
        UsageError: it is no file, or another file has its name there.
        OSError: the folder cannot be written.
    """
    source = Path(given).expanduser()
    if not source.is_file():
        raise UsageError(f"--copy {given}: only a file can be copied", next_step="Copy a folder into data/ by hand")
    target = data_dir / source.name
    if source.resolve().is_relative_to(data_dir.resolve()):
        return given
    if not target.exists():
        copy_new(source, target)
    elif not _is_same(source, target):
        raise UsageError(
            f"--copy: {target} is there already, with other content, and is never overwritten",
            next_step="Rename one of the two files",
        )
    return str(target)


def _is_same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(1 << 20):
            if block != second.read(1 << 20):
                return False
    return True
