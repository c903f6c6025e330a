"""How a recipe names the files that it reads, and a copy of a file in the data folder."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adopt.notes import Note
from relay.handoff.errors import UsageError
from relay.handoff.files import sync_folder
from relay.handoff.settings import ROOT

DATA = "data/"


def place_path(
    ingest: Mapping[str, Any], recipe_folder: Path, data_dir: Path
) -> tuple[dict[str, Any], dict[str, tuple[Note, ...]]]:
    """`[ingest]` with a path that holds wherever the recipe runs, and the evidence of its keys.

    Files in the data folder are named as `data/…`, those elsewhere in the project from the recipe's folder, and all
    others by their whole path, which is said.

    Args:
        ingest: the keys; paths in them are absolute or begin with `data/`.
        recipe_folder: where the recipe will be.
        data_dir: the data folder.
    """
    written = ingest.get("path")
    if not isinstance(written, str) or written.startswith(DATA):
        return dict(ingest), {}
    path = Path(written)
    if path.is_relative_to(data_dir):
        return {**ingest, "path": f"{DATA}{path.relative_to(data_dir).as_posix()}"}, {}
    if path.is_relative_to(ROOT) and recipe_folder.is_relative_to(ROOT):
        return {**ingest, "path": Path(os.path.relpath(path, recipe_folder)).as_posix()}, {
            "ingest.path": (Note("outside of the data folder, so containers cannot read it; --copy copies it there"),)
        }
    return {**ingest, "path": path.as_posix()}, {
        "ingest.path": (
            Note("outside of the project, so the recipe runs on this machine only; --copy copies it into data/"),
        )
    }


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
    data_dir.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if _is_same(source, target):
            return str(target)
        raise UsageError(
            f"--copy: {target} is there already, with other content, and is never overwritten",
            next_step="Rename one of the two files",
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        os.link(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(data_dir)
    return str(target)


def _is_same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(1 << 20):
            if block != second.read(1 << 20):
                return False
    return True
