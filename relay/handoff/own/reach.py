"""What decides the result of a user's function, found by reading the source, never by importing it.

It is the text of the function, of every function and class that it reaches by name, of all other top-level statements
of the module, and the same for each file below the recipe's folder that these import; and the packages that these
files import. Where the source looks a name up while it runs (`globals()`, `eval`), all of the file counts.
"""

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from relay.handoff.files import hash_file
from relay.handoff.own.module import PACKAGE, OwnCodeError, OwnFolder, Source, list_functions, require_inside
from relay.handoff.own.names import SourceFile, list_targets, sort_out
from relay.handoff.own.scopes import Imported, Use, list_uses
from relay.handoff.recipe_file import suggest_nearest

LOOKS_UP = frozenset(
    ("eval", "exec", "globals", "vars", "__import__", "__globals__", "__subclasses__", "import_module")
)
"""Names by which a function may reach any other one: then all of the file counts."""

CALLED_BY_PYTHON = frozenset(("__getattr__", "__dir__"))
"""Functions of a module that Python calls by itself."""

REGISTERS = ("__init_subclass__", "metaclass", "__set_name__")
"""Words by which defining a class can do anything: then all of the file counts."""


@dataclass(frozen=True)
class Reach:
    """What a function's result depends on, beside its arguments."""

    code: dict[str, str]
    """`recipes/churn.py: clean` -> SHA-256 of its text, `recipes/churn.py` -> SHA-256 of the other statements, and
    other files of a package by their names."""
    imports: tuple[str, ...]
    """Top-level names of the packages that the files import, beside those of Python itself and of `recipes`."""
    files: dict[str, str]
    """Name of each source file that is executed -> SHA-256 of all its bytes: what a process may load."""


class _Follower:
    """Follows names from one function through the files of a folder."""

    def __init__(self, folder: OwnFolder) -> None:
        self.folder = folder
        self.files: dict[str, SourceFile] = {}
        self.reached: set[tuple[str, str]] = set()
        self.executed: set[str] = set()
        self.imports: set[str] = set()
        self._waiting: list[tuple[SourceFile, Iterable[ast.AST]]] = []
        self._asked: set[tuple[str, str]] = set()

    def follow(self, module: str, function: str) -> None:
        """Reach a function of a module, and all that it needs."""
        self._execute(module)
        self._reach(module, function)
        while self._waiting or self._register_classes():
            file, nodes = self._waiting.pop()
            for use in list_uses(nodes):
                if isinstance(use, Imported):
                    self._run_import(file, use)
                    continue
                if not use.is_local:
                    self._use(file, use.name, use.attributes)
                if not LOOKS_UP.isdisjoint((use.name, *use.attributes)) or _is_module_table(use):
                    self._reach_all(file)

    def _register_classes(self) -> bool:
        """Reach the classes of all files where defining a class can do anything; gives whether some were new."""
        if not any(word in self.files[module].source.text for module in self.executed for word in REGISTERS):
            return False
        for module in sorted(self.executed):
            for name, nodes in self.files[module].definitions.items():
                if any(isinstance(node, ast.ClassDef) for node in nodes):
                    self._reach(module, name)
        return bool(self._waiting)

    def _execute(self, module: str) -> bool:
        """A module is imported, with the packages above it; gives whether it is a file of the folder."""
        parts = module.split(".")
        return [self._execute_one(".".join(parts[:depth])) for depth in range(2, len(parts) + 1)][-1:] == [True]

    def _execute_one(self, module: str) -> bool:
        if module not in self.files:
            source = self.folder.find(module)
            if source is None:
                return False
            self.files[module] = sort_out(source)
        file = self.files[module]
        if module not in self.executed:
            self.executed.add(module)
            self._waiting.append((file, file.others))
            if any(word in file.source.text for word in REGISTERS):
                self._reach_all(file)
            for name in CALLED_BY_PYTHON & file.definitions.keys():
                self._reach(module, name)
        return True

    def _run_import(self, file: SourceFile, statement: Imported) -> None:
        for _, target in list_targets(statement.node, file.package):
            package = target.module.partition(".")[0]
            if package != PACKAGE:
                self.imports |= {package} - sys.stdlib_module_names
                continue
            if target.module != PACKAGE and not self._execute(target.module):
                if statement.may_fail:
                    continue
                shown, line = target.module.replace(".", "/"), statement.node.lineno
                raise OwnCodeError(f"{file.source.shown}, line {line}: there is no {shown}.py")
            if target.attribute not in ("", "*"):
                self._execute(f"{target.module}.{target.attribute}")

    def _use(self, file: SourceFile, name: str, attributes: tuple[str, ...]) -> None:
        """A name is read in a file, followed by attributes."""
        if name in file.definitions:
            self._reach(file.source.module, name)
        for target in file.bindings.get(name, ()):
            if target.module.partition(".")[0] == PACKAGE:
                self._walk(target.module, (target.attribute, *attributes) if target.attribute else attributes)
        for module in file.stars:
            self._reach(module, name)

    def _walk(self, module: str, steps: tuple[str, ...]) -> None:
        """From a module along attributes: through modules below it, to a name in the last one."""
        if module != PACKAGE:
            self._execute(module)
        for step in steps:
            if module != PACKAGE and self._reach(module, step):
                return
            if not self._execute(f"{module}.{step}"):
                if not step.startswith("__"):
                    return  # a variable, which is among the other statements
                break  # `__dict__` and its like may give any name
            module = f"{module}.{step}"
        if module in self.files:  # a module as a value: any of its names may be used
            self._reach_all(self.files[module])

    def _reach(self, module: str, name: str) -> bool:
        """A name of a module is used; gives whether it is a definition, or an imported name, of that module."""
        if not self._execute(module):
            return False
        file = self.files[module]
        if name in file.definitions:
            if (module, name) not in self.reached:
                self.reached.add((module, name))
                self._waiting.append((file, file.definitions[name]))
            return True
        if (module, name) in self._asked:
            return name in file.bindings  # files may import a name from each other
        self._asked.add((module, name))
        if name in file.bindings:
            self._use(file, name, ())
            return True
        found = [self._reach(star, name) for star in file.stars]  # each of them: which one binds it is not known
        return any(found)

    def _reach_all(self, file: SourceFile) -> None:
        for name in file.definitions:
            self._reach(file.source.module, name)


def _is_module_table(use: Use) -> bool:
    """Whether it is `sys.modules`, in which a file finds itself."""
    return use.name == "sys" and use.attributes[:1] == ("modules",)


def find_reach(source: Source, function: str, folder: OwnFolder) -> Reach:
    """What a function's result depends on.

    Args:
        source: the recipe's module.
        function: its name in it.
        folder: where the module and the files that it imports lie.

    Raises:
        OwnCodeError: there is no such function, or a file cannot be read.
    """
    require_function(source, function)
    follower = _Follower(folder)
    follower.follow(source.module, function)
    code: dict[str, str] = {}
    for module in sorted(follower.executed):
        file = follower.files[module]
        code[file.source.shown] = _digest(file.source, file.others)
        for name in sorted(name for where, name in follower.reached if where == module):
            code[f"{file.source.shown}: {name}"] = _digest(file.source, file.definitions[name])
    return Reach(
        code=code | _hash_packages(follower),
        imports=tuple(sorted(follower.imports)),
        files=_hash_sources(follower),
    )


def find_needed(names: Iterable[str], folder: OwnFolder) -> dict[str, str]:
    """The files without which objects of some types cannot be loaded: name -> SHA-256 of all their bytes.

    Args:
        names: dotted names of classes and functions, such as recipes.own_parts.Offers.
        folder: where the modules lie.

    Raises:
        OwnCodeError: a file cannot be read.
    """
    follower = _Follower(folder)
    for name in names:
        parts = name.split(".")
        modules = [".".join(parts[:depth]) for depth in range(len(parts) - 1, 1, -1)]
        module = next((module for module in modules if folder.find(module) is not None), None)
        if module is not None:
            follower.follow(module, parts[module.count(".") + 1])
    return _hash_sources(follower) | _hash_packages(follower)


def _hash_sources(follower: _Follower) -> dict[str, str]:
    """Name -> SHA-256 of each source file that is executed."""
    sources = (follower.files[module].source for module in sorted(follower.executed))
    return {source.shown: sha256(source.content).hexdigest() for source in sources}


def _hash_packages(follower: _Follower) -> dict[str, str]:
    """Name -> SHA-256 of the other files of each package."""
    found: dict[str, str] = {}
    for module in sorted(follower.executed):
        source = follower.files[module].source
        if module.count(".") == 1 and source.is_package:
            found |= _hash_data(source, follower.folder)
    return found


def require_function(source: Source, function: str) -> ast.FunctionDef:
    """The function of that name in a module.

    Raises:
        OwnCodeError: it has no such function; the message names the nearest one.
    """
    functions = list_functions(source)
    if function not in functions:
        has = ", ".join(functions) or "none"
        raise OwnCodeError(
            f"{source.shown} has no function {function}{suggest_nearest(function, functions)}; it has {has}"
        )
    return functions[function]


def cut_text(source: Source, nodes: Iterable[ast.stmt]) -> str:
    """The lines of statements without what stands between them; the key holds the SHA-256 of this text."""
    lines = source.lines
    pieces = []
    for node in nodes:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        pieces.append("\n".join([*lines[first - 1 : node.end_lineno], ""]))
    return "".join(pieces)


def _digest(source: Source, nodes: Iterable[ast.stmt]) -> str:
    return sha256(cut_text(source, nodes).encode()).hexdigest()


def _hash_data(package: Source, folder: OwnFolder) -> dict[str, str]:
    """Name -> SHA-256 of the files of a package that are no source, whatever their size."""
    found = {}
    for path in sorted(package.path.parent.rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            shown = require_inside(path, folder.folder)
            try:
                found[shown] = hash_file(path)
            except OSError as error:
                raise OwnCodeError(f"{shown}: cannot be read: {error.strerror}") from None
    return found
