"""Which values become parameters of the functions: literals, globals that functions read, paths of files."""

import ast
import os.path
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adopt.notebooks.plan import CellRef, NotebookError, Part, Refusal, RefusalKind, Split
from adopt.notebooks.records import Statement


@dataclass(frozen=True)
class Constant:
    """A literal that is assigned once."""

    name: str
    statement: int
    value: ast.expr
    annotation: str
    """`int`, `list[str]`, …; empty where a recipe has no type for it: then it stays a statement."""


@dataclass(frozen=True)
class Globals:
    """What functions and classes of the notebook read beside their arguments."""

    of_functions: Mapping[str, tuple[str, ...]]
    """Function -> the variables that it reads, through the functions that it calls as well. They become parameters."""
    of_module: frozenset[int]
    """Statements that assign literals which classes read: they stay statements of the module."""


def find_constants(split: Split) -> dict[str, Constant]:
    """Qualified name -> literal that is assigned once."""
    found = {}
    for qualified, index in split.constants.items():
        node = split.statements[index].node
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is not None:
            name = qualified.partition(":")[2]
            found[qualified] = Constant(name, index, value, annotate(value))
    return found


def annotate(node: ast.expr) -> str:
    """The type of a literal as a parameter's annotation; empty where recipes have none for it."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ""
    if isinstance(value, bool | int | float | str):
        return type(value).__name__
    if isinstance(value, list) and value and len(kinds := {type(item) for item in value}) == 1:
        kind = kinds.pop()
        return f"list[{kind.__name__}]" if kind in (bool, int, float, str) else ""
    return ""


def find_globals(split: Split, constants: Mapping[str, Constant]) -> Globals:
    """What functions and classes read of the notebook's variables.

    Raises:
        NotebookError: a function writes a global variable, or a class reads one that changes.
    """
    definitions = [split.statements[index] for index in split.definitions]
    names = {_defined_name(statement) for statement in definitions if statement.is_definition}
    imported = {name for statement in definitions if statement.is_import for name in statement.record.bound}
    read: dict[str, set[str]] = {}
    of_module: set[int] = set()
    for statement in (one for one in definitions if one.is_definition):
        variables = set(statement.deferred) - names - imported
        _require_no_global_writes(statement)
        if isinstance(statement.node, ast.ClassDef):
            of_module |= {_require_constant(statement, name, constants) for name in variables}
        else:
            read[_defined_name(statement)] = variables
    own = {constants_name(constants, index) for index in of_module}
    _pass_on(definitions, read)
    return Globals(
        {name: tuple(sorted(found - own)) for name, found in read.items() if found - own}, frozenset(of_module)
    )


def _pass_on(definitions: Iterable[Statement], read: dict[str, set[str]]) -> None:
    """A function that calls one with further parameters needs them too."""
    functions = [one for one in definitions if _defined_name(one) in read]
    for _ in functions:
        for statement in functions:
            mine = read[_defined_name(statement)]
            for called in statement.deferred & read.keys():
                mine |= read[called]


def _defined_name(statement: Statement) -> str:
    return str(getattr(statement.node, "name", ""))


def constants_name(constants: Mapping[str, Constant], statement: int) -> str:
    """The name that a statement assigns."""
    return next((constant.name for constant in constants.values() if constant.statement == statement), "")


def _require_constant(statement: Statement, name: str, constants: Mapping[str, Constant]) -> int:
    constant = constants.get(f"{statement.place.book}:{name}")
    if constant is None:
        raise _refuse(
            statement,
            f"Cell {statement.place.cell}: the class {_defined_name(statement)} reads {name}, which is no literal "
            "assigned once.",
            f"Pass {name} to the class as an argument of __init__.",
        )
    return constant.statement


def _require_no_global_writes(statement: Statement) -> None:
    for node in ast.walk(statement.node):
        if isinstance(node, ast.Global):
            raise _refuse(
                statement,
                f"Cell {statement.place.cell}: {_defined_name(statement)} writes the global variable {node.names[0]}.",
                "Return the value, and assign it where the function is called.",
                RefusalKind.GLOBAL_WRITE,
            )


def _refuse(statement: Statement, message: str, next_step: str, kind: RefusalKind = RefusalKind.OTHER) -> NotebookError:
    cells = (CellRef(statement.place.book, statement.place.cell),)
    return NotebookError((Refusal(kind, message, next_step, cells),))


@dataclass(frozen=True)
class FilePath:
    """A file that a part reads by a path in its text."""

    path: str
    """Relative to the notebook's folder."""
    parameter: str


def find_paths(
    part: Part, split: Split, constants: Mapping[str, Constant], passed_on: Iterable[str]
) -> dict[str, FilePath]:
    """Text of a path -> the parameter that takes its place.

    Args:
        part: whose statements read files.
        split: all statements.
        constants: literals, one of which may hold a path.
        passed_on: files that the notebooks write themselves and that cross a border.

    Raises:
        NotebookError: a file is read by a path that is put together.
    """
    found: dict[str, FilePath] = {}
    taken = {name for index in part.statements for name in split.statements[index].stores}
    for statement in (split.statements[index] for index in part.statements):
        for path in statement.record.files_read:
            if path in passed_on or is_written_here(path, part, split):
                continue
            text = _find_text(path, [split.statements[index] for index in part.statements], constants)
            if text is None:
                raise _refuse(
                    statement,
                    f"Cell {statement.place.cell} reads {path} by a path that is put together from parts.",
                    f'Write the path as one text, such as "{path}", so that it can become a parameter.',
                )
            if text not in found:
                found[text] = FilePath(path, _name_parameter(path, taken))
                taken.add(found[text].parameter)
    return found


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


def is_path_of(text: str, path: str) -> bool:
    """Whether a text names a file."""
    return bool(text) and "\n" not in text and os.path.normpath(text) == os.path.normpath(path)


def _name_parameter(path: str, taken: Iterable[str]) -> str:
    stem = re.sub(r"\W+", "_", os.path.basename(path).split(".")[0].lower()).strip("_") or "file"  # noqa: PTH119
    name = f"{'file_' if stem[0].isdigit() else ''}{stem}_path"
    base, number = name, 2
    while base in set(taken):
        base, number = f"{name}_{number}", number + 1
    return base
