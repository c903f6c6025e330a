"""Importing a user's modules from bytes that were read and hashed before, as the package `recipes`."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from relay.handoff.own.module import PACKAGE, OwnCodeError, OwnFolder
from relay.handoff.settings import ROOT

PASSED_ON = "RELAY_OWN_CODE"
"""Variable that names folder and files to the processes that own code starts."""

WORKERS = Path(__file__).parent / "workers"
"""Holds the package `recipes` of those processes."""


class OwnFinder(MetaPathFinder, Loader):
    """Finds modules below `recipes`, and runs only files whose SHA-256 was given.

    Args:
        folder: where the files lie.
        files: name, such as recipes/churn.py, -> SHA-256.
    """

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        self.refused: list[str] = []
        """What was asked for and may not run, in words: code of a user may catch the error."""
        self.folder = folder
        self.sources = OwnFolder(folder)
        """The files as they were read once."""

    def find_spec(self, name: str, *_: Any, **__: Any) -> ModuleSpec | None:
        """The module of that name below `recipes`, or None for others."""
        if name == PACKAGE:
            spec = ModuleSpec(name, self, is_package=True)
            spec.submodule_search_locations = [str(self.folder)]
            return spec
        if not name.startswith(f"{PACKAGE}."):
            return None
        source = self.sources.find(name)
        if source is None:
            return None
        spec = ModuleSpec(name, self, origin=str(source.path), is_package=source.is_package)
        spec.has_location = True
        if source.is_package:
            spec.submodule_search_locations = [str(source.path.parent)]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        """A plain module."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's source, unless it is not the one that was hashed."""
        source = self.sources.find(module.__name__)
        if source is None:  # the package `recipes` itself
            return
        expected = self.files.get(source.shown)
        if expected is None:
            self._refuse(f"{source.shown} is loaded while the code runs, but no import statement that counts names it")
        if sha256(source.content).hexdigest() != expected:
            self._refuse(f"{source.shown} was changed while the stage ran: run it again")
        exec(compile(source.content, str(source.path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102

    def get_source(self, name: str) -> str | None:
        """The text, for tracebacks and `inspect`."""
        source = self.sources.find(name)
        return source.text if source is not None else None

    def get_filename(self, name: str) -> str:
        """The path, for `inspect`."""
        source = self.sources.find(name)
        if source is None:
            raise ImportError(name)
        return str(source.path)

    def _refuse(self, why: str) -> None:
        self.refused.append(why)
        raise ImportError(why)


def write_environment(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """The variables by which processes that own code starts find the same files, and no others of the same name."""
    path = os.pathsep.join(map(str, (WORKERS, ROOT)))
    return {PASSED_ON: json.dumps([str(folder), dict(files)]), "PYTHONPATH": path}


def read_environment() -> tuple[Path, dict[str, str]]:
    """The folder and the files of `write_environment`; none where the variable is not set."""
    folder, files = json.loads(os.environ.get(PASSED_ON) or '[".", {}]')
    return Path(folder), files


def admit(finder: OwnFinder) -> None:
    """Let import statements find a user's modules."""
    if finder not in sys.meta_path:
        sys.meta_path.insert(0, finder)
    sys.dont_write_bytecode = True  # the folder belongs to the user


def load_function(finder: OwnFinder, module: str, function: str) -> Callable[..., Any]:
    """A function of a user's module, which is imported now.

    Raises:
        OwnCodeError: the module has no such function once it was imported.
    """
    admit(finder)
    loaded = importlib.import_module(module)
    found = getattr(loaded, function, None)
    if not callable(found):
        raise OwnCodeError(f"{module.replace('.', '/')}.py: {function} is no function any more once it was imported")
    function_of_user: Callable[..., Any] = found
    return function_of_user


def is_defined(kind: str) -> bool:
    """Whether a user's module makes this type or function, such as recipes.churn.Offers.

    What a module merely imports, such as `os.system`, is not its own: nothing may be called by that name.
    """
    module, _, name = kind.rpartition(".")
    try:
        found = vars(importlib.import_module(module)).get(name)
    except (ImportError, ValueError):  # ValueError: no name at all
        return False
    return str(getattr(found, "__module__", "")).startswith(f"{PACKAGE}.")
