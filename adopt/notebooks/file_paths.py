"""Which files the functions read, and the parameters that name them."""

import ast
import os.path
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from adopt.notebooks.names import choose_free
from adopt.notebooks.parameters import Constant, refuse
from adopt.notebooks.path_texts import find_text_of
from adopt.notebooks.plan import Part, Split
from adopt.notebooks.records import Statement


@dataclass(frozen=True)
class FilePath:
    """A file that a part reads by a path in its text."""

    path: str
    """Relative to the notebook's folder; absolute where it is elsewhere."""
    parameter: str

    @property
    def place(self) -> str:
        """Where the copy lies below `data/<name>/`: `data/x.csv` for `../data/x.csv`."""
        path = PurePosixPath(self.path)
        return path.name if path.is_absolute() else "/".join(part for part in path.parts if part != "..")


@dataclass(frozen=True)
class FilePaths:
    """The files of a part."""

    by_text: Mapping[str, FilePath] = field(default_factory=dict)
    """Text of a path -> the file."""
    by_expression: Mapping[str, FilePath] = field(default_factory=dict)
    """Code that puts a path together, as `ast.unparse` writes it -> the file."""
    unused: frozenset[str] = frozenset()
    """Names that only such code reads."""

    @property
    def files(self) -> tuple[FilePath, ...]:
        """Each file once."""
        return tuple(dict.fromkeys([*self.by_text.values(), *self.by_expression.values()]))


def find_paths(part: Part, split: Split, constants: Mapping[str, Constant]) -> FilePaths:
    """The files that a part reads.

    Args:
        part: whose statements read files.
        split: all statements.
        constants: literals, one of which may hold a path.

    Raises:
        NotebookError: a file is read by a path that is not known before the cell runs.
    """
    passed = find_passed_on(part, split)
    statements = [split.statements[index] for index in part.statements]
    texts: dict[str, FilePath] = {}
    expressions: dict[str, FilePath] = {}
    taken = {name for statement in statements for name in statement.stores}
    for statement in statements:
        for path in statement.record.files_read:
            if path in passed or is_written_here(path, part, split):
                continue
            text = _find_text(path, statements, constants)
            made = [] if text is not None else [code for code, _ in _find_made(path, statement, split.statements)]
            if text is None and not made:
                raise refuse(
                    statement,
                    f"Cell {statement.place.cell} reads {path} by a path that is put together while it runs.",
                    f'Write each path as one text, such as "{path}", so that it can become a parameter. A loop can go '
                    "through a list of such texts.",
                )
            known = {one.path: one for one in (*texts.values(), *expressions.values())}
            file = known.get(path) or FilePath(path, _name_parameter(path, taken))
            taken.add(file.parameter)
            texts |= {text: texts.get(text, file)} if text is not None else {}
            expressions |= dict.fromkeys(made, file)
    return FilePaths(texts, expressions, _find_unused(statements, expressions, split.statements))


def find_passed_on(part: Part, split: Split) -> set[str]:
    """The files that a part does not read itself: another part gives it their frames."""
    passed = {one.file for one in (*part.takes, *part.gives) if one.file}
    assigned = (one.assigned_at for one in part.takes if one.assigned_at is not None)
    return passed | {path for index in assigned for path in split.statements[index].record.files_read}


def is_written_here(path: str, part: Part, split: Split) -> bool:
    """Whether a part reads a file that it has written itself."""
    return any(path in split.statements[index].record.files_written for index in part.statements)


def _find_text(path: str, statements: Iterable[Statement], constants: Mapping[str, Constant]) -> str | None:
    """The literal by which a file is named, in a statement or in a constant."""
    nodes = [node for statement in statements for node in ast.walk(statement.node)]
    nodes += [node for constant in constants.values() for node in ast.walk(constant.value)]
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_path_of(node.value, path):
            return node.value
    return None


def _find_made(path: str, statement: Statement, statements: Sequence[Statement]) -> Iterator[tuple[str, ast.expr]]:
    """The code in a statement that puts a path together of literals, such as `FOLDER + "orders.csv"`."""
    for node in ast.walk(statement.node):
        if isinstance(node, ast.BinOp | ast.Call | ast.JoinedStr):
            text = find_text_of(node, statement, statements)
            if text is not None and is_path_of(text, path):
                yield ast.unparse(node), node


def _find_unused(
    statements: Sequence[Statement], expressions: Collection[str], everything: Sequence[Statement]
) -> frozenset[str]:
    """The names that nothing reads once parameters stand in the place of the code that puts paths together."""
    if not expressions:
        return frozenset()
    left = {name for statement in statements for name in _find_left(statement.node, expressions)}
    read = {name for statement in statements for name in statement.loads} - left
    others = set(statements)
    elsewhere = {name for one in everything if one not in others for name in (*one.loads, *one.deferred)}
    inside = {name for one in statements for name in one.deferred}
    gone = read - elsewhere - inside
    while True:
        # What only the assignment of such a name reads is read no more either.
        assigned = {one.index for one in statements if one.stores and set(one.stores) <= gone}
        rest = [one for one in statements if one.index not in assigned]
        loads = {name for one in rest for name in _find_left(one.node, expressions)}
        more = {name for one in statements if one.index in assigned for name in one.loads} - loads - elsewhere - inside
        if more <= gone:
            return frozenset(gone)
        gone |= more


def _find_left(node: ast.AST, expressions: Collection[str]) -> Iterator[str]:
    """The names that a node reads outside of some code."""
    if isinstance(node, ast.BinOp | ast.Call | ast.JoinedStr) and ast.unparse(node) in expressions:
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _find_left(child, expressions)


def is_path_of(text: str, path: str) -> bool:
    """Whether a text names a file."""
    return bool(text) and "\n" not in text and os.path.normpath(text) == os.path.normpath(path)


def _name_parameter(path: str, taken: Collection[str]) -> str:
    stem = re.sub(r"\W+", "_", os.path.basename(path).split(".")[0].lower()).strip("_") or "file"  # noqa: PTH119
    return choose_free(f"{'file_' if stem[0].isdigit() else ''}{stem}_path", taken)
