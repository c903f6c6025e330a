"""Which path some code puts together, as far as literals say it."""

import ast
import os.path
from collections.abc import Sequence

from adopt.notebooks.records import Statement

JOIN = ("os.path.join", "path.join", "join")
PATH = ("Path", "pathlib.Path", "PurePath", "pathlib.PurePath", "str", "os.fspath")
DEEPEST = 20


def find_text_of(node: ast.expr, statement: Statement, statements: Sequence[Statement]) -> str | None:
    """The text that an expression gives; None where it is made of more than literals, and names of such texts.

    Args:
        node: part of the statement.
        statement: which reads the names.
        statements: all statements: a name counts if it is assigned once, before.
    """
    return _Folding(statement, statements).fold(node, DEEPEST)


class _Folding:
    def __init__(self, statement: Statement, statements: Sequence[Statement]) -> None:
        self._statement, self._statements = statement, statements

    def fold(self, node: ast.expr | None, depth: int) -> str | None:
        if depth == 0 or node is None:
            return None
        if isinstance(node, ast.Constant):
            return str(node.value) if isinstance(node.value, str | int) else None
        if isinstance(node, ast.Name):
            return self.fold(self._find_assigned(node.id), depth - 1)
        if isinstance(node, ast.JoinedStr):
            return self._join("", [self._fold_piece(one, depth - 1) for one in node.values])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div):
            parts = [self.fold(side, depth - 1) for side in (node.left, node.right)]
            return self._join("" if isinstance(node.op, ast.Add) else "/", parts)
        return self._fold_call(node, depth - 1) if isinstance(node, ast.Call) and not node.keywords else None

    def _fold_piece(self, node: ast.expr, depth: int) -> str | None:
        if not isinstance(node, ast.FormattedValue):
            return self.fold(node, depth)
        return self.fold(node.value, depth) if node.conversion == -1 and node.format_spec is None else None

    def _fold_call(self, node: ast.Call, depth: int) -> str | None:
        parts = [self.fold(one, depth) for one in node.args]
        name = ast.unparse(node.func)
        if name in JOIN or name in PATH:
            return self._join("/", parts)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath":
            return self._join("/", [self.fold(node.func.value, depth), *parts])
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            text = self.fold(node.func.value, depth)
            return None if text is None else _format(text, parts)
        return None

    def _join(self, by: str, parts: Sequence[str | None]) -> str | None:
        texts = [one for one in parts if one is not None]
        if len(texts) < len(parts) or not texts:
            return None
        return os.path.join(*texts) if by else "".join(texts)  # noqa: PTH118 - "./x" stays as it is

    def _find_assigned(self, name: str) -> ast.expr | None:
        """What a name was assigned, if that was done once."""
        book = self._statement.place.book
        makers = [one for one in self._statements if one.place.book == book and f"{book}:{name}" in one.defs]
        node = makers[0].node if len(makers) == 1 and makers[0].index < self._statement.index else None
        is_alone = isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        return node.value if isinstance(node, ast.Assign) and is_alone else None


def _format(text: str, parts: Sequence[str | None]) -> str | None:
    known = [one for one in parts if one is not None]
    try:
        return text.format(*known) if len(known) == len(parts) else None
    except (IndexError, KeyError, ValueError):
        return None
