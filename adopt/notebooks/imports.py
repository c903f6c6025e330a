"""Which imports a module needs, where they stand, and which of its packages a stage's image has."""

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adopt.notebooks.records import Statement
from relay.handoff.own.packages import name_distributions
from relay.handoff.settings import ROOT

LIGHT_STAGES = ("ingest", "preprocess")
"""Stages whose images lack most packages for models; each loads the whole module."""


@dataclass(frozen=True)
class Import:
    """One imported name."""

    name: str
    """As the code calls it."""
    text: str
    """The import, on one line."""
    module: str
    """Dotted, such as sklearn.linear_model."""

    @property
    def package(self) -> str:
        """The first part of the module."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Imports:
    """All imports of the notebooks by the names that they bind, and which of them are files beside them."""

    by_name: Mapping[str, Import]
    beside: frozenset[str]
    """Modules that lie beside the notebook."""
    heavy: frozenset[str] = field(default_factory=frozenset)
    """Packages that the images of ingest and preprocess lack."""

    def find(self, names: Iterable[str]) -> list[Import]:
        """The imports behind names, sorted as a formatter sorts them."""
        found = {name: self.by_name[name] for name in names if name in self.by_name}
        return sorted(found.values(), key=lambda one: (one.module, one.text))

    def split(self, names: Iterable[str]) -> tuple[list[Import], list[Import]]:
        """The imports that can stand at the top of a module, and those that belong inside functions."""
        found = self.find(names)
        return [one for one in found if one.package not in self.heavy], [
            one for one in found if one.package in self.heavy
        ]


def read_imports(statements: Sequence[Statement], beside: frozenset[str]) -> Imports:
    """The imports of the notebooks; star imports are taken apart.

    Args:
        statements: all statements.
        beside: names of the modules beside the notebooks.
    """
    found: dict[str, Import] = {}
    for statement in statements:
        for node in ast.walk(statement.node) if not statement.is_definition else ():
            if isinstance(node, ast.Import):
                found |= {_bound(alias): _describe(alias) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= _read_from(node, statement)
    packages = {one.package for one in found.values()}
    return Imports(found, beside, frozenset(_find_heavy(packages - beside)))


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _describe(alias: ast.alias) -> Import:
    text = f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
    return Import(_bound(alias), text, alias.name)


def _read_from(node: ast.ImportFrom, statement: Statement) -> dict[str, Import]:
    module = node.module or ""
    names = {alias.asname or alias.name: alias for alias in node.names if alias.name != "*"}
    if any(alias.name == "*" for alias in node.names):
        names = {name: ast.alias(name) for name in statement.record.bound if not name.startswith("_")}
    return {
        name: Import(
            name, f"from {module} import {alias.name}" + (f" as {alias.asname}" if alias.asname else ""), module
        )
        for name, alias in names.items()
    }


def _find_heavy(packages: Iterable[str]) -> set[str]:
    """The packages that a stage before the model lacks."""
    foreign = sorted(set(packages) - sys.stdlib_module_names)
    locks = [ROOT / stage / "requirements.txt" for stage in LIGHT_STAGES]
    return {name for lock in locks if lock.is_file() for name in name_distributions(foreign, lock)[1]}


def find_beside(folder: Path) -> frozenset[str]:
    """Names of the Python modules beside the notebooks."""
    files = {path.stem for path in folder.glob("*.py") if path.stem.isidentifier()}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return frozenset(files | packages)


def used_names(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that code reads, wherever in it."""
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}


def needs_at_once(node: ast.stmt) -> set[str]:
    """The names that a function or class needs while it is defined: bases, decorators, defaults, annotations."""
    if isinstance(node, ast.ClassDef):
        inside = [part for part in node.body if not isinstance(part, ast.FunctionDef)]
        methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
        parts: list[ast.AST] = [*node.bases, *node.keywords, *node.decorator_list, *inside]
        return used_names(parts) | {name for method in methods for name in needs_at_once(method)}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
        annotations = [item.annotation for item in (*node.args.args, *node.args.kwonlyargs) if item.annotation]
        returns = [node.returns] if node.returns else []
        return used_names([*defaults, *annotations, *returns, *node.decorator_list])
    return set()
