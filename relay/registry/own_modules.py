"""The modules of a version's own code: two versions with different code live in one process, each with its own.

A user's modules are called `recipes.…` in every version. They are in `sys.modules` only while a model file is read; an
import statement of theirs finds the modules of the same version, whenever it runs.
"""

import builtins
import contextlib
import inspect
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from relay.handoff.own.failure import say_failure
from relay.handoff.own.module import PACKAGE
from relay.registry.own_code import AGAIN, CodeFiles, OwnCodeRefusedError

_LOADING = threading.RLock()
"""One version at a time is in `sys.modules`."""

LONGEST_WAIT_SECONDS = 30.0
"""How long an import statement waits while another thread loads a version."""


class OwnModules:
    """The modules of one version's own code, imported apart from those of any other version.

    Args:
        files: checked before, by `read_code` and `require_trusted`.
        stage: where a missing package must be pinned.

    Raises:
        OwnCodeRefusedError: a module cannot be imported.
    """

    def __init__(self, files: CodeFiles, stage: str = "serve") -> None:
        self._files, self._stage = files, stage
        self.folder = files.folder / PACKAGE
        """Of the user's files."""
        self._is_visible = False
        self._modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}
        _refuse_search()
        self._load(PACKAGE)
        with self.visible(), _keep_others():
            for name in files.contents:
                if name.endswith(".py"):
                    self._try_to_load(_name_module(name))

    @contextlib.contextmanager
    def visible(self) -> Iterator[None]:
        """While the model file is read, its types are found by name: here, and in no other version."""
        with _LOADING:
            hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_own(name)}
            sys.modules.update(self._modules)
            self._is_visible = True
            try:
                yield
            finally:
                self._is_visible = False
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
            raise self._explain_import(name, error) from error
        except BaseException as error:
            # Whatever the code of a user raises while it is imported, SystemExit among it.
            said = say_failure(error, self.folder)
            raise OwnCodeRefusedError(
                f"{name.replace('.', '/')}.py fails when it is imported: {said}", next_step=AGAIN
            ) from error

    def _explain_import(self, name: str, error: ImportError) -> OwnCodeRefusedError:
        missing = (error.name or "").partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and missing not in ("", PACKAGE):
            next_step = f"Add {missing} to {self._stage}/requirements.in, then run `make lock` and build again"
        else:
            next_step = AGAIN
        said = say_failure(error, self.folder)
        return OwnCodeRefusedError(f"{name.replace('.', '/')}.py cannot be imported here: {said}", next_step=next_step)

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
        if name in self._modules:  # the package above imports it
            return self._modules[name]
        self._modules[name] = module
        if self._is_visible:  # decorators such as dataclass look their module up while it runs
            sys.modules[name] = module
        try:
            exec(code, module.__dict__)  # noqa: S102 - checked by the one who made this
        except BaseException:
            del self._modules[name]
            if self._is_visible:
                sys.modules.pop(name, None)
            raise
        setattr(above, last, module)
        return module

    def _find(self, name: str) -> tuple[Path, CodeType | None] | None:
        """File and code of a module; no code for a folder without an `__init__.py`, and for `recipes` itself."""
        if name == PACKAGE:
            return self._files.folder / PACKAGE, None
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
            if level > len(package):
                raise ImportError("attempted relative import beyond top-level package")
            above = package[: len(package) - level + 1]
            name = ".".join([*above, *([name] if name else [])])
        if not _is_own(name):
            return builtins.__import__(name, globals, locals, fromlist or (), 0)
        # What is loaded is found without the lock: a request is not to wait until another version is loaded.
        module = self._modules.get(name)
        if module is None or not all(hasattr(module, one) for one in fromlist or ()):
            if not _LOADING.acquire(timeout=LONGEST_WAIT_SECONDS):
                raise ImportError(
                    f"{name} cannot be imported in a thread while another thread loads a version's modules"
                )
            try:
                module = self._load(name)
                self._load_below(module, fromlist or ())
            finally:
                _LOADING.release()
        return module if fromlist else self._modules[PACKAGE]

    def _load_below(self, module: ModuleType, names: Iterable[str]) -> None:
        """Load the modules of a package that an import statement names; `*` stands for its `__all__`."""
        for one in names:
            if one == "*":
                self._load_below(module, [name for name in vars(module).get("__all__", ()) if name != "*"])
            elif not hasattr(module, one) and self._find(f"{module.__name__}.{one}") is not None:
                self._load(f"{module.__name__}.{one}")


class _Search(MetaPathFinder):
    """Keeps `recipes` of a version from being found by the search path, where other files of that name may lie.

    An import statement of own code does not come here: `OwnModules` answers it. `importlib.import_module` does.
    """

    def find_spec(self, name: str, *_: Any, **__: Any) -> ModuleSpec | None:
        """Nothing: code of this program searches on, own code is refused."""
        if _is_own(name) and (_belongs_to_version(vars(sys.modules.get(PACKAGE, sys))) or _is_called_by_own_code()):
            raise ImportError(f"{name} is imported by its name as a text; use an import statement", name=name)
        return None


def _refuse_search() -> None:
    if not any(isinstance(finder, _Search) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Search())


def _belongs_to_version(names: Mapping[str, Any]) -> bool:
    """Whether the global names are those of a module of a version."""
    found = names.get("__builtins__")
    return isinstance(found, dict) and isinstance(getattr(found.get("__import__"), "__self__", None), OwnModules)


def _is_called_by_own_code() -> bool:
    frame = inspect.currentframe()
    while frame is not None:
        if _belongs_to_version(frame.f_globals):
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _keep_others() -> Iterator[None]:
    """Own code that replaces a module or a built-in function of the whole process is refused, and that is undone.

    Training does not notice: there own code has a process of its own. Here it would change what other versions answer.

    Raises:
        OwnCodeRefusedError: it has.
    """
    modules, functions = dict(sys.modules), dict(vars(builtins))
    try:
        yield
    finally:
        changed = [f"builtins.{name}" for name in _list_changed(functions, vars(builtins))]
        changed += [name for name in _list_changed(modules, sys.modules) if not _is_own(name)]
        vars(builtins).update(functions)
        sys.modules.update({name: modules[name] for name in changed if name in modules})
    if changed:
        raise OwnCodeRefusedError(
            f"the own code replaces {changed[0]} for the whole process, so other versions would answer otherwise",
            next_step=f"Change the object in your own module only. {AGAIN}",
        )


def _list_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names that mean something else now; packages such as setuptools remove modules, which changes nothing."""
    return [name for name, value in before.items() if name in after and after[name] is not value]


def _is_own(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def _name_module(file: str) -> str:
    """`recipes.churn` for recipes/churn.py."""
    return file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
