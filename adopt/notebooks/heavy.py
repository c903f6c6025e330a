"""Statements that need a package which the images of ingest and preprocess lack: they belong to the model."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from adopt.notebooks.imports import find_beside, read_imports, used_names
from adopt.notebooks.records import Statement
from adopt.notebooks.slices import Flow

DRAWING = ("fig:", "set:")
"""Beginnings of what a statement defines that draws, or changes how things are drawn: it moves with its figure."""


def find_heavy(flow: Flow, body: Iterable[int], folder: Path) -> dict[int, str]:
    """Statement -> the package that only the model stage has.

    Args:
        flow: All statements.
        body: Indices of the needed statements that are neither imports nor definitions.
        folder: Of the notebooks: a module beside them is no package.
    """
    imports = read_imports(flow.statements, find_beside(folder))
    packages = {name: one.package for name, one in imports.by_name.items() if one.package in imports.heavy}
    inside = {
        name: used_names([one.node]) for one in flow.statements if one.is_definition for name in one.stores
    }  # fmt: skip
    found = {}
    for index in body:
        statement = flow.statements[index]
        if not any(name.startswith(DRAWING) for name in statement.defs):
            names = _reach(used_names([statement.node]), inside)
            heavy = sorted(packages[name] for name in names if name in packages)
            if heavy:
                found[index] = heavy[0]
    return found


def _reach(names: Collection[str], inside: Mapping[str, set[str]]) -> set[str]:
    """The names, and those that the functions and classes among them use."""
    found, waiting = set[str](), set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= inside.get(name, set()) - found
    return found


def describe_heavy(statement: Statement, package: str) -> str:
    """Why a border cannot be behind a statement."""
    return f"cell {statement.place.cell} needs {package}, which the preprocess stage does not have"
