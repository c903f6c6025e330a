"""A user's function in tasks: its source travels as text, so that a worker needs no folder of recipes."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from relay.compute.errors import ComputeError
from relay.handoff.own.loading import OwnFinder, admit, load_function
from relay.handoff.own.module import PACKAGE, OwnFolder, Source

if TYPE_CHECKING:  # reads sources, which only the sender does
    from relay.handoff.own.function import OwnFunction

MOST_BYTES = 1_000_000
"""Of all source files of a function: they travel with each task."""


@dataclass(frozen=True)
class OwnSource:
    """A user's function as its source files. Small and picklable: a part of a task."""

    module: str
    """Dotted, such as recipes.churn."""
    function: str
    files: tuple[tuple[str, bool, bytes], ...]
    """Dotted module, whether it is a package, and the bytes of its file."""

    @property
    def sha256(self) -> str:
        """Of all files, with their names."""
        digest = sha256()
        for module, is_package, content in self.files:
            digest.update(f"{module} {is_package} {len(content)}\n".encode() + content)
        return digest.hexdigest()


def pack_own(function: "OwnFunction") -> OwnSource:
    """The function with each file that it needs, as its key names them.

    Raises:
        OwnCodeError: a file cannot be read.
        ComputeError: a file was changed since the key was made, there is too much of it, or its package reads data that
            lies beside the source.
    """
    shown = function.signature.shown
    folder = OwnFolder(function.recipe.path.parent)
    sources = [folder.find(name.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")) for name in
               function.reach.files]  # fmt: skip
    found = {source.shown: source for source in sources if source is not None}
    changed = [name for name, digest in function.reach.files.items() if _hash(found.get(name)) != digest]
    if changed:
        raise ComputeError(f"{changed[0]} was changed while the stage ran", next_step="Run it again.")
    beside = [name for name in function.reach.code if name.partition(": ")[0] not in function.reach.files]
    if beside:
        raise ComputeError(
            f"{shown} cannot run on a cluster: {beside[0]} lies beside its source and would not be on the workers",
            next_step="Move the file below data/ and name it in the arguments, or run without DASK_SCHEDULER_ADDRESS.",
        )
    if sum(len(source.content) for source in found.values()) > MOST_BYTES:
        raise ComputeError(f"{shown} cannot run on a cluster: its source has more than {MOST_BYTES / 1e6:g} MB")
    files = tuple((source.module, source.is_package, source.content) for _, source in sorted(found.items()))
    return OwnSource(function.source.module, function.signature.function, files)


def _hash(source: Source | None) -> str:
    return sha256(source.content).hexdigest() if source is not None else ""


@dataclass
class _Loaded:
    """A function in this process, and the modules that belong to it."""

    finder: OwnFinder
    function: Callable[..., Any]
    modules: dict[str, ModuleType]


_LOADED: dict[str, _Loaded] = {}
_LOCK = Lock()


def load_own(source: OwnSource) -> Callable[..., Any]:
    """The function, compiled once in each process; only the files that were packed can be imported by it.

    For workers: in the process of a stage own code is not imported, there it runs in a process apart.

    Raises:
        OwnCodeError: the module has no such function once it was imported.
        Exception: what importing it raises.
    """
    digest = f"{source.sha256} {source.module} {source.function}"
    with _LOCK:
        _put_away()
        known = _LOADED.get(digest)
        if known is not None:
            sys.modules.update(known.modules)
            admit(known.finder)
            return known.function
        finder = _make_finder(source)
        function = load_function(finder, source.module, source.function)
        modules = {name: module for name, module in sys.modules.items() if _is_own(name)}
        _LOADED[digest] = _Loaded(finder, function, modules)
        return function


def _put_away() -> None:
    """Take the modules of other versions out of the way of imports; their functions keep them."""
    for loaded in _LOADED.values():
        if loaded.finder in sys.meta_path:
            loaded.modules.update({name: module for name, module in sys.modules.items() if _is_own(name)})
            sys.meta_path.remove(loaded.finder)
    for name in [name for name in sys.modules if _is_own(name)]:
        del sys.modules[name]


def _make_finder(source: OwnSource) -> OwnFinder:
    """A finder that has all files in memory, below a folder that does not exist."""
    folder = Path("/sent") / PACKAGE
    sources: dict[str, Source | None] = {}
    for module, is_package, content in source.files:
        below = folder.joinpath(*module.split(".")[1:])
        path = below / "__init__.py" if is_package else below.with_suffix(".py")
        sources[module] = Source(path, module, is_package, content)
    finder = OwnFinder(folder, {one.shown: _hash(one) for one in sources.values() if one is not None})
    finder.sources = OwnFolder(folder, sources)
    return finder


def _is_own(module: str) -> bool:
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")
