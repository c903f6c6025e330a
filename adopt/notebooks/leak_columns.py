"""Which columns of a frame a statement takes, as far as its text and the run say it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from adopt.notebooks.leak_steps import Pending, UnclearError, find_root
from adopt.notebooks.records import Kind, Statement, Value
from adopt.notebooks.slices import Flow

SHAPE = ("columns", "index", "shape", "dtypes")
"""Attributes of a frame that a fit of its columns does not change."""


@dataclass(frozen=True)
class Reading:
    """A statement, and what its names held before it."""

    flow: Flow
    statement: Statement

    def find_value(self, name: str) -> Value | None:
        """What a name held."""
        return self.flow.find_value(f"{self.statement.place.book}:{name}", self.statement.index)

    def has_plain_index(self, name: str) -> bool:
        """Whether a name held a frame with the index 0, 1, 2 and so on."""
        value = self.find_value(name)
        return value is not None and value.frame is not None and value.frame.has_plain_index

    def list_columns(self, name: str) -> frozenset[str]:
        """The columns of a frame."""
        value = self.find_value(name)
        return frozenset(value.frame.columns) if value is not None and value.frame is not None else frozenset()

    def require_columns(self) -> None:
        """Raise an error where a subscript selects rows, as in `df[mask]`.

        Raises:
            UnclearError: it does.
        """
        for node in ast.walk(self.statement.node):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
                value = self.find_value(node.slice.id)
                if value is None or value.kind in (Kind.SERIES, Kind.ARRAY, Kind.FRAME):
                    raise UnclearError(f"{node.slice.id} may select rows")

    def name_columns(self, node: ast.expr) -> frozenset[str] | None:
        """The columns that a subscript names; None: its text and the run do not say it."""
        text = ast.unparse(node)
        if isinstance(node, ast.Name):
            value = self.find_value(node.id)
            text = value.text if value is not None else ""
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return None
        names = [found] if isinstance(found, str) else found
        is_known = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
        return frozenset(names) if is_known else None

    def find_columns(self, node: ast.expr) -> frozenset[str] | None:
        """The columns that an expression selects."""
        if isinstance(node, ast.Name):
            return self.list_columns(node.id) or None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr != "drop":
            return self.find_columns(node.func.value)
        if isinstance(node, ast.Attribute):
            return self.find_columns(node.value)
        if isinstance(node, ast.Subscript):
            is_place = isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2
            return self.name_columns(node.slice.elts[1] if is_place else node.slice)  # type: ignore[attr-defined]
        return None

    def carries(self, name: str, node: ast.expr, columns: tuple[str, ...] | None, pending: Pending) -> bool:
        """Whether an expression gives a frame with all columns that wait for a fit; no where it has none of them.

        Args:
            name: what is pending.
            node: the expression, which mentions it.
            columns: of the frame that it gave in the run; None: it gave no frame.
            pending: of the name.

        Raises:
            UnclearError: neither is certain.
        """
        if self.uses_only_others(name, pending, node):
            return False
        is_same = isinstance(node, ast.Name) or ast.unparse(node) == f"{name}.copy()"
        if find_root(node) == name and not pending.is_whole and not (pending.makes_columns and not is_same):
            self.require_columns()
            found = frozenset(columns) if columns is not None else self.find_columns(node)
            if columns is not None and (
                is_same or (pending.columns is not None and pending.columns <= frozenset(columns))
            ):
                return True
            if pending.columns is not None and found is not None and not pending.columns & found:
                return False
        raise UnclearError(f"{name} is used with what the fit made of all rows, and not only by its other columns")

    def uses_only_others(self, name: str, pending: Pending, node: ast.AST | None = None) -> bool:
        """Whether all that a tree takes of a frame is columns that wait for no fit, or its shape."""
        node = self.statement.node if node is None else node
        inside = [value for value in map(self.find_value, self.statement.loads) if value is not None]
        if pending.is_whole or any(name in value.function_reads for value in inside):
            return False
        uses = list(_find_uses(node, name))
        return bool(uses) and all(self._is_other(use, pending) for use in uses)

    def _is_other(self, use: ast.AST, pending: Pending) -> bool:
        if isinstance(use, ast.Attribute):
            return use.attr in SHAPE
        if isinstance(use, ast.Call):
            return True
        if not isinstance(use, ast.Subscript):
            return False
        names = self.name_columns(use.slice) if not isinstance(use.slice, ast.Name) else None
        return names is not None and pending.columns is not None and not names & pending.columns


def _find_uses(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """What is done with a name: `name[…]`, `name.word`, `len(name)`, or the name itself."""
    if isinstance(node, ast.Name):
        if node.id == name:
            yield node
        return
    inner = node.value if isinstance(node, ast.Subscript | ast.Attribute) else None
    is_length = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"
    if is_length and len(node.args) == 1:  # type: ignore[attr-defined]
        inner = node.args[0]  # type: ignore[attr-defined]
    if isinstance(inner, ast.Name) and inner.id == name:
        yield node
        inner_node = inner
    else:
        inner_node = None
    for child in ast.iter_child_nodes(node):
        if child is not inner_node:
            yield from _find_uses(child, name)
