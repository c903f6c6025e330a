"""The statements of one source file of own code: what it defines, what it imports, and what else it does."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.handoff.own.module import PACKAGE, Source

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

MAIN_GUARDS = ("__name__ == '__main__'", "'__main__' == __name__")


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
    if isinstance(node, DEFINITIONS):  # a decorator of one's own may keep what it decorates
        return any(_root(decorator) in file.definitions for decorator in node.decorator_list)
    return not _is_main_guard(node)


def _is_main_guard(node: ast.stmt) -> bool:
    """Whether it is `if __name__ == "__main__":`, which never holds in a stage."""
    return isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test) in MAIN_GUARDS


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
