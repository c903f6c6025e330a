"""The modules of a version's own code: two versions with different code live in one process, each with its own.

A user's modules are called `recipes.…` in every version. They are in `sys.modules` only while a model file is read; an
import statement of theirs finds the modules of the same version, whenever it runs.
"""

import builtins
import contextlib
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from relay.handoff.own.module import PACKAGE
from relay.registry.own_code import CodeFiles, OwnCodeRefusedError

_LOADING = threading.RLock()
"""One version at a time is in `sys.modules`."""


class OwnModules:
    """The modules of one version's own code, imported apart from those of any other version.

    Args:
        files: checked before, by `read_code` and `require_trusted`.

    Raises:
        OwnCodeRefusedError: a module cannot be imported.
    """

    def __init__(self, files: CodeFiles) -> None:
        self._files = files
        self.folder = files.folder / PACKAGE
        """Of the user's files."""
        self._modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}
        for name in files.contents:
            if name.endswith(".py"):
                with _LOADING, self.visible():
                    self._try_to_load(_name_module(name))

    @contextlib.contextmanager
    def visible(self) -> Iterator[None]:
        """While the model file is read, its types are found by name: here, and in no other version."""
        with _LOADING:
            hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_own(name)}
            self._load(PACKAGE)
            sys.modules.update(self._modules)
            try:
                yield
            finally:
                for name in [name for name in sys.modules if _is_own(name)]:
                    self._modules.setdefault(name, sys.modules[name])
                    del sys.modules[name]
                sys.modules.update(hidden)

    def defines(self, kind: str) -> bool:
        """Whether a type or function, such as recipes.churn.Offers, is made in this code, not merely named there."""
        module, _, name = kind.rpartition(".")
        found = vars(self._modules[module]).get(name) if module in self._modules else None
        return found is not None and getattr(found, "__module__", None) in self._modules

    def _try_to_load(self, name: str) -> None:
        try:
            self._load(name)
        except OwnCodeRefusedError:
            raise
        except ImportError as error:
            missing = error.name or str(error)
            raise OwnCodeRefusedError(
                f"{name.replace('.', '/')}.py cannot be imported here: {error}",
                next_step=f"Add {missing.partition('.')[0]} to serve/requirements.in, then `make lock` and build again",
            ) from error
        except BaseException as error:
            # Whatever the code of a user raises while it is imported, SystemExit among it.
            raise OwnCodeRefusedError(
                f"{name.replace('.', '/')}.py fails when it is imported: {type(error).__name__}: {error}"
            ) from error

    def _load(self, name: str) -> ModuleType:
        if name in self._modules:
            return self._modules[name]
        found = self._find(name)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r} in the code of this version", name=name)
        file, code = found
        module = ModuleType(name)
        is_package = code is None or file.name == "__init__.py"
        module.__dict__["__builtins__"] = self._builtins
        module.__package__ = name if is_package else name.rpartition(".")[0]
        if is_package:
            module.__path__ = [str(file.parent if code is not None else file)]
        if code is None:
            self._modules[name] = module
            return module
        module.__file__ = str(file)
        parent, _, last = name.rpartition(".")
        above = self._load(parent)
        self._modules[name] = module
        try:
            exec(code, module.__dict__)  # noqa: S102 - checked by the one who made this
        except BaseException:
            del self._modules[name]
            raise
        setattr(above, last, module)
        return module

    def _find(self, name: str) -> tuple[Path, CodeType | None] | None:
        """File and code of a module; no code for a folder without an `__init__.py`."""
        stem = name.replace(".", "/")
        for file in (f"{stem}/__init__.py", f"{stem}.py"):
            if file in self._files.contents:
                path = self._files.folder / file
                return path, compile(self._files.contents[file], str(path), "exec", dont_inherit=True)
        if any(file.startswith(f"{stem}/") for file in self._files.contents):
            return self._files.folder / stem, None
        return None

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - as the interpreter calls it
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """As `__import__`, and what is below `recipes` is the code of this version."""
        if level:
            package = str((globals or {}).get("__package__") or "").split(".")
            above = package[: len(package) - level + 1]
            name = ".".join([*above, *([name] if name else [])])
        if not _is_own(name):
            return builtins.__import__(name, globals, locals, fromlist or (), 0)
        if name in self._modules and not fromlist:
            return self._modules[PACKAGE]
        with _LOADING:
            module = self._load(name)
            for one in fromlist or ():
                if not hasattr(module, one) and self._find(f"{name}.{one}") is not None:
                    self._load(f"{name}.{one}")
        return module if fromlist else self._load(PACKAGE)


def _is_own(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def _name_module(file: str) -> str:
    """`recipes.churn` for recipes/churn.py."""
    return file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
