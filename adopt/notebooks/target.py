"""Which column a notebook's model predicts, and from which columns, found in the calls of `fit`."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from adopt.notebooks.records import Statement


@dataclass(frozen=True)
class Learned:
    """What a call of `fit` takes, as columns of the frame that crosses."""

    target: str
    inputs: tuple[str, ...] | None
    """None where the text does not say it."""
    cell: int


def find_learned(statements: Sequence[Statement], columns: Sequence[str]) -> Learned | None:
    """Target and inputs of the last model that is fitted; None where no column can be told.

    Args:
        statements: of the model's part, in order.
        columns: of the frame that crosses.
    """
    known = _Values(columns)
    found = None
    for statement in statements:
        for node in ast.walk(statement.node):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("fit", "cross_val_score")
            ):
                arguments = [*node.args, *(word.value for word in node.keywords if word.arg in ("X", "y"))]
                target = known.column(arguments[1]) if len(arguments) > 1 else None
                if target is not None:
                    inputs = known.columns_of(arguments[0])
                    found = Learned(target, tuple(inputs) if inputs is not None else None, statement.place.cell)
        known.assign(statement.node)
    return found


class _Values:
    """Names -> the columns that they hold, as far as assignments say it."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._all = list(columns)
        self._single: dict[str, str] = {}
        self._several: dict[str, list[str]] = {}
        self._lists: dict[str, list[str]] = {}

    def assign(self, node: ast.stmt) -> None:
        """Take in an assignment."""
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Name):
            self._bind(target.id, value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for name, part in zip(target.elts, value.elts, strict=False):
                if isinstance(name, ast.Name):
                    self._bind(name.id, part)
        elif (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Call)
            and "train_test_split" in ast.unparse(value.func)
        ):
            sides = [argument for argument in value.args for _ in range(2)]
            for name, part in zip(target.elts, sides, strict=False):
                if isinstance(name, ast.Name):
                    self._bind(name.id, part)

    def _bind(self, name: str, value: ast.expr) -> None:
        for known in (self._single, self._several, self._lists):
            known.pop(name, None)
        if (texts := _read_texts(value)) is not None:
            self._lists[name] = texts
        elif (column := self.column(value)) is not None:
            self._single[name] = column
        elif (columns := self.columns_of(value)) is not None:
            self._several[name] = columns

    def column(self, node: ast.expr) -> str | None:
        """The one column that an expression is."""
        if isinstance(node, ast.Name):
            return self._single.get(node.id)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in self._all:
            return str(node.slice.value)
        if isinstance(node, ast.Attribute) and node.attr in self._all:
            return node.attr
        if isinstance(node, ast.Attribute) and node.attr == "values":
            return self.column(node.value)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("pop", "to_numpy", "astype", "ravel")
        ):
            texts = _read_texts(node.args[0]) if node.func.attr == "pop" and node.args else None
            return texts[0] if texts else self.column(node.func.value)
        return None

    def columns_of(self, node: ast.expr) -> list[str] | None:
        """The columns that an expression has."""
        if isinstance(node, ast.Name):
            return self._several.get(node.id)
        if isinstance(node, ast.Subscript):
            listed = self._list(node.slice)
            return listed if listed is not None and set(listed) <= set(self._all) else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "drop":
            words = {word.arg: word.value for word in node.keywords}
            dropped = self._list(words.get("columns", node.args[0] if node.args else ast.Constant(None)))
            before = self.columns_of(node.func.value) or self._all
            return [name for name in before if name not in dropped] if dropped else None
        return None

    def _list(self, node: ast.expr) -> list[str] | None:
        if isinstance(node, ast.Name):
            return self._lists.get(node.id)
        return _read_texts(node)


def _read_texts(node: ast.expr) -> list[str] | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    if isinstance(value, str):
        return [value]
    return (
        list(value)
        if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value)
        else None
    )
