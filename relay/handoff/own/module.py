"""The module beside a recipe: which files it may consist of, and what they hold."""

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from relay.handoff.errors import RelayError
from relay.handoff.recipe import Recipe
from relay.handoff.settings import RECIPES_DIR

PACKAGE = "recipes"
"""The package that a user's modules see themselves in, wherever the folder lies."""

LARGEST_FILE = 5_000_000
"""Bytes of one source file; more is data, not code."""

LARGEST_DATA = 100_000_000
"""Bytes of all files together that a model's own code reads from beside it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class OwnCodeError(RelayError):
    """A user's own code cannot be read, or failed.

    Args:
        message: what happened, in one line.
        lines: lines of the user's own files, which follow the message.
        next_step: what to do next.
    """

    kind = "own_code"

    def __init__(self, message: str, *, lines: tuple[str, ...] = (), next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join((super().__str__(), *self.lines))


@dataclass(frozen=True)
class Source:
    """One source file: its bytes were read once, so that what is hashed is what runs."""

    path: Path
    module: str
    """Dotted, such as recipes.churn."""
    is_package: bool
    content: bytes

    @property
    def shown(self) -> str:
        """As keys and messages name it, the same on every machine: recipes/churn.py."""
        parts = self.module.split(".")
        return "/".join(parts) + ("/__init__.py" if self.is_package else ".py")

    @cached_property
    def text(self) -> str:
        """The text with equal line ends.

        Raises:
            OwnCodeError: it is not UTF-8.
        """
        try:
            return self.content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            raise OwnCodeError(f"{self.shown}: not UTF-8: {error}") from None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, as the parser numbers them."""
        return self.text.split("\n")

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text.

        Raises:
            OwnCodeError: it is not Python.
        """
        try:
            return ast.parse(self.text, self.shown)
        except (SyntaxError, ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}" if line else ""
            what = error.msg if isinstance(error, SyntaxError) else str(error)
            raise OwnCodeError(f"{self.shown}{where}: not valid Python: {what}") from None


@dataclass
class OwnFolder:
    """The folder of a recipe as the package `recipes`: each source file in it is read at most once."""

    folder: Path
    _sources: dict[str, Source | None] = field(default_factory=dict)

    def find(self, module: str) -> Source | None:
        """The source of a dotted module below `recipes`, or None where there is no such file.

        Raises:
            OwnCodeError: it lies outside the folder (a symbolic link), is too large, or cannot be read.
        """
        if module not in self._sources:
            self._sources[module] = self._read(module)
        return self._sources[module]

    @property
    def sources(self) -> list[Source]:
        """What was read so far, by module."""
        return [source for _, source in sorted(self._sources.items()) if source is not None]

    def _read(self, module: str) -> Source | None:
        package, *parts = module.split(".")
        if package != PACKAGE or not parts or not all(map(_NAME.fullmatch, parts)):
            return None
        stem = self.folder.joinpath(*parts)
        for path, is_package in ((stem / "__init__.py", True), (stem.with_name(f"{stem.name}.py"), False)):
            if path.is_file():
                return Source(path, module, is_package, read_inside(path, self.folder))
        return None


def read_inside(path: Path, folder: Path) -> bytes:
    """The bytes of a file of own code.

    Raises:
        OwnCodeError: it lies outside the folder (a symbolic link), is too large, or cannot be read.
    """
    shown = require_inside(path, folder)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise OwnCodeError(f"{shown}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise OwnCodeError(f"{shown}: more than {LARGEST_FILE / 1e6:g} MB; a source file may not be larger")
    return content


def require_inside(path: Path, folder: Path) -> str:
    """How keys and messages name a file of own code.

    Raises:
        OwnCodeError: it lies outside the folder (a symbolic link).
    """
    shown = f"{PACKAGE}/{path.relative_to(folder).as_posix()}"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise OwnCodeError(f"{shown}: a symbolic link out of {folder}; own code must lie in that folder")
    return shown


def require_outside(folder: Path, data_dir: Path) -> None:
    """Return where a folder of own code lies outside the data folder: what was fetched or sent there never runs.

    Raises:
        OwnCodeError: it lies in it.
    """
    if folder.resolve().is_relative_to(data_dir.resolve()) and folder.resolve() != RECIPES_DIR.resolve():
        raise OwnCodeError(
            f"{folder} lies in the data folder {data_dir}; own code is never run from there",
            next_step="Move the recipe and its module to recipes/",
        )


def module_name(recipe: Recipe) -> str:
    """The module that belongs to a recipe: recipes.a_b for a-b.toml."""
    return f"{PACKAGE}.{recipe.name.replace('-', '_')}"


def find_source(recipe: Recipe, folder: OwnFolder | None = None) -> Source:
    """The module beside a recipe.

    Raises:
        OwnCodeError: it is not there, or cannot be read.
    """
    module = module_name(recipe)
    source = (folder or OwnFolder(recipe.path.parent)).find(module)
    if source is None:
        path = recipe.path.with_name(f"{module.partition('.')[2]}.py")
        raise OwnCodeError(f"{path} is not there, and the recipe names a function of its own", next_step="Write it")
    return source


def has_module(recipe: Recipe) -> bool:
    """Whether there is a module, or a package, beside a recipe."""
    stem = recipe.path.with_name(module_name(recipe).partition(".")[2])
    return stem.with_name(f"{stem.name}.py").is_file() or (stem / "__init__.py").is_file()


def list_functions(source: Source) -> dict[str, ast.FunctionDef]:
    """The functions of a module by name, the last definition of each."""
    return {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}
