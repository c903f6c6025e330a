"""Files that the user put there: one, several, or a pattern. They are read where they lie, not copied."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.parameters import FileSection
from ingest.reading import read_rows
from relay.handoff.data_recipe import require_in_data
from relay.handoff.errors import SourceError
from relay.handoff.receipt import Origin
from relay.handoff.recipe import Column
from relay.handoff.recipe_file import show_path
from relay.handoff.run import Run
from relay.reading.rawfile import RawFile
from relay.reading.sets import distinguish

if TYPE_CHECKING:
    from relay.handoff.writer import Block


@dataclass(frozen=True)
class FileSource:
    """The files of a recipe."""

    run: Run[FileSection]

    @cached_property
    def files(self) -> list[RawFile]:
        """The files, those of a pattern by name.

        Raises:
            SourceError: nothing lies there, or one file is named twice.
        """
        written = self.run.parameters.path
        found = [file for path in ([written] if isinstance(written, str) else written) for file in self._find(path)]
        _refuse_repetition(found)
        items = distinguish([file.name for file in found])
        return [replace(file, item=item) for file, item in zip(found, items, strict=True)]

    def inputs(self) -> dict[str, str]:
        """Name -> SHA-256 of each file."""
        return {file.name: file.origin.sha256 for file in self.files}

    def origins(self) -> list[Origin]:
        """Path, size and SHA-256 of each file."""
        return [file.described for file in self.files]

    @property
    def rows_total(self) -> None:
        """Nobody knows before reading."""
        return

    def blocks(self) -> "Iterator[Block]":
        """The rows of all files, in the schema's types."""
        columns: dict[str, Column] = self.run.recipe.raw_columns
        data_dir = self.run.settings.data_dir
        return read_rows(self.files, self.run.parameters, columns, data_dir, data_dir / "raw", self.run.recipe.name)

    def _find(self, written: str) -> list[RawFile]:
        folder, pattern = self._folder(written)
        paths = sorted(folder.glob(pattern)) if "*" in pattern else [folder / pattern]
        files = [path for path in paths if path.is_file()]
        if self.run.recipe.is_in_data:
            for path in files:
                require_in_data(path, self.run.settings.data_dir, show_path(self.run.recipe.path))
        if not files:
            raise SourceError(f'no file {folder / pattern}: put it there, or correct [ingest] path = "{written}"')
        prefix = written[: len(written) - len(pattern)]
        return [self._describe(path, prefix + path.relative_to(folder).as_posix()) for path in files]

    def _folder(self, written: str) -> tuple[Path, str]:
        """The folder that a path counts from, and the path below it."""
        if written.startswith("data/"):
            return self.run.settings.data_dir, written.removeprefix("data/")
        if Path(written).is_absolute():
            return Path("/"), written.removeprefix("/")
        return self.run.recipe.path.parent, written

    def _describe(self, path: Path, name: str) -> RawFile:
        digest = self.run.fingerprints.of(path)
        return RawFile(name, path.stem, path, Origin(where=str(path), sha256=digest, bytes=path.stat().st_size))


def _refuse_repetition(files: list[RawFile]) -> None:
    seen: dict[tuple[int, int], str] = {}
    for file in files:
        found = file.path.stat()
        other = seen.get((found.st_dev, found.st_ino))
        if other is not None:
            named = f"{file.name} is named twice" if file.name == other else f"{file.name} and {other} are one file"
            raise SourceError(f"{named}, and its rows would count twice; name it once in [ingest] path")
        seen[found.st_dev, found.st_ino] = file.name


def open_source(run: Run[FileSection]) -> FileSource:
    """The source of a recipe."""
    return FileSource(run)
