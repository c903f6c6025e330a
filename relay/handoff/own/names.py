"""The statements of one source file of own code: what it defines, what it imports, and what else it does."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.handoff.own.module import PACKAGE, Source

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

BUILT_IN_DECORATORS = frozenset(("classmethod", "property", "staticmethod"))

WRAPPING_MODULES = frozenset(("abc", "contextlib", "dataclasses", "enum", "functools", "numba", "typing"))
"""Modules whose decorators wrap a function or class and keep no list of them."""

_DECLARES = (*DEFINITIONS, ast.Assign, ast.AnnAssign, ast.Pass)
"""Statements of a class that only give it attributes."""


@dataclass(frozen=True)
class Import:
    """What an import statement binds a name to."""

    module: str
    attribute: str = ""
    """The name in the module; empty for the module itself, `*` for all names."""


@dataclass
class SourceFile:
    """One file of own code while it is followed."""

    source: Source
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    bindings: dict[str, list[Import]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Modules of the folder all names of which are imported."""
    others: list[ast.stmt] = field(default_factory=list)

    @property
    def package(self) -> str:
        """What relative imports count from."""
        return self.source.module if self.source.is_package else self.source.module.rpartition(".")[0]


def sort_out(source: Source) -> SourceFile:
    """The definitions, imported names and other statements of a file."""
    file = SourceFile(source)
    for node in source.tree.body:
        if isinstance(node, DEFINITIONS):
            file.definitions.setdefault(node.name, []).append(node)
    file.others = [node for node in source.tree.body if _runs_on_import(node, file)]
    for found in ast.walk(source.tree):
        if isinstance(found, ast.Import | ast.ImportFrom):
            for name, target in list_targets(found, file.package):
                if target.attribute == "*":
                    file.stars += [target.module] if target.module.partition(".")[0] == PACKAGE else []
                else:
                    file.bindings.setdefault(name, []).append(target)
    return file


def _runs_on_import(node: ast.stmt, file: SourceFile) -> bool:
    """Whether a statement does more than define a name when the file is imported."""
    if isinstance(node, DEFINITIONS):  # a decorator may keep what it decorates, and a class may run statements
        if not all(_is_harmless(decorator, file) for decorator in node.decorator_list):
            return True
        return isinstance(node, ast.ClassDef) and not all(isinstance(part, _DECLARES) for part in _without_texts(node))
    return not _is_main_guard(node)


def _is_harmless(decorator: ast.expr, file: SourceFile) -> bool:
    """Whether a decorator is known to do no more than wrap: all others may register what they decorate."""
    root = _root(decorator)
    targets = file.bindings.get(root, [])
    if not targets:
        return root in BUILT_IN_DECORATORS and root not in file.definitions
    return all(target.module.partition(".")[0] in WRAPPING_MODULES for target in targets)


def _without_texts(node: ast.ClassDef) -> list[ast.stmt]:
    return [part for part in node.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]


def _is_main_guard(node: ast.stmt) -> bool:
    """Whether it is `if __name__ == "__main__":`, which never holds in a stage."""
    if not isinstance(node, ast.If) or node.orelse or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    found = {side.id if isinstance(side, ast.Name) else getattr(side, "value", None) for side in sides}
    return found == {"__name__", "__main__"} and isinstance(node.test.ops[0], ast.Eq)


def list_targets(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Import]]:
    """Each name that an import statement binds, and to what."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, Import(alias.name)
            else:
                yield alias.name.partition(".")[0], Import(alias.name.partition(".")[0])
                if "." in alias.name:
                    yield "", Import(alias.name)  # it is imported all the same
        return
    module = node.module or ""
    if node.level:
        parts = package.split(".")
        base = ".".join(parts[: len(parts) - node.level + 1])
        module = ".".join(filter(None, (base, module)))
    for alias in node.names:
        yield alias.asname or alias.name, Import(module, alias.name)


def read_chain(node: ast.expr) -> list[str]:
    """The names of `a.b.c`; empty where it does not begin with a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def _root(node: ast.expr) -> str:
    """The first name of a decorator, or nothing."""
    inner = node.func if isinstance(node, ast.Call) else node
    return inner.id if isinstance(inner, ast.Name) else (read_chain(inner) or [""])[0]
