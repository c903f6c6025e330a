"""Put recipes, modules and data in their places: all of them or none, and nothing that a person has edited is lost."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adopt.notebooks.report import read_written
from relay.handoff.errors import UsageError
from relay.handoff.recipe_file import SUBCOMMANDS

RECIPES, DATA = "recipes", "data"
REPORT_JSON, REPORT_HTML = "report.json", "report.html"


class NameTakenError(UsageError):
    """Files of that name are there, and adopt did not write them as they are."""

    kind = "name_taken"


@dataclass(frozen=True)
class Places:
    """The folders that an adoption writes to."""

    recipes: Path
    data: Path
    name: str
    """Of the recipe."""

    @property
    def report(self) -> Path:
        """The folder of the report."""
        return self.data / "adopted" / self.name

    def find(self, shown: str) -> Path:
        """The file that `recipes/…` or `data/…` means."""
        folder, _, rest = shown.partition("/")
        return (self.recipes if folder == RECIPES else self.data) / rest

    def list_there(self) -> list[str]:
        """The files of this name in `recipes/`, as one types them: the recipe, its module, its package."""
        module = self.name.replace("-", "_")
        found = [self.recipes / f"{self.name}.toml", *(self.recipes / f"{one}.py" for one in {module, self.name})]
        found += sorted(path for path in (self.recipes / module).rglob("*") if "__pycache__" not in path.parts)
        return [f"{RECIPES}/{path.relative_to(self.recipes).as_posix()}" for path in found if path.is_file()]


def require_free(places: Places) -> dict[str, str]:
    """The files of an earlier adoption that are as it wrote them, and that may be written again: path -> SHA-256.

    Raises:
        NameTakenError: there is a recipe or module of this name that adopt did not write, or that was edited.
        UsageError: no recipe may have the name.
    """
    if places.name in SUBCOMMANDS:
        raise UsageError(
            f'"{places.name}" is a subcommand of `python -m model`, so no recipe may have that name',
            next_step="Choose another with --name",
        )
    path = places.report / REPORT_JSON
    written = read_written(path.read_text(encoding="utf-8")) if path.is_file() else {}
    there = {*places.list_there(), *(name for name in written if places.find(name).is_file())}
    for name in sorted(there):
        if written.get(name) != _hash(places.find(name)):
            state = "was edited after it was adopted" if name in written else "is there already"
            raise NameTakenError(
                f"{name} {state}, and is never overwritten",
                next_step=f"Choose another name with --name, such as {places.name}_2, or move the file away",
            )
    return {name: digest for name, digest in written.items() if name in there}


@contextmanager
def set_aside(places: Places, names: Mapping[str, str], scratch: Path) -> Iterator[list[str]]:
    """Move files of an earlier adoption away; they come back unless the list that is given says `done` at the end."""
    moved = []
    done: list[str] = []
    try:
        for number, name in enumerate(names):
            aside = scratch / f"before-{number}"
            shutil.move(places.find(name), aside)
            moved.append((aside, places.find(name)))
        yield done
    finally:
        for aside, path in moved:
            if not done:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(aside, path)


def hash_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each content."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def place_files(places: Places, files: Mapping[str, bytes]) -> None:
    """Write new files, all or none.

    Args:
        places: the folders.
        files: path as one types it, `recipes/…` or `data/…` -> content.

    Raises:
        NameTakenError: one is there already, with other content.
        OSError: a folder cannot be written; nothing is left then.
    """
    made: list[Path] = []
    try:
        for name, content in files.items():
            path = places.find(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.startswith(f"{DATA}/") and path.is_file() and path.read_bytes() == content:
                continue
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            temporary.write_bytes(content)
            try:
                os.link(temporary, path)
            except FileExistsError:
                raise NameTakenError(f"{name} is there already", next_step="Choose another name with --name") from None
            finally:
                temporary.unlink()
            made.append(path)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
            _remove_empty(path.parent, places)
        raise


def write_report_files(places: Places, texts: Mapping[str, str]) -> None:
    """Write the report; one of before is replaced."""
    places.report.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        temporary = places.report / f".{name}.{os.getpid()}.tmp"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(places.report / name)


def _remove_empty(folder: Path, places: Places) -> None:
    while folder not in (places.recipes, places.data) and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
