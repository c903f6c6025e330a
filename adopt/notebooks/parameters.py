"""Which values become parameters of the functions: literals, and globals that functions read."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adopt.notebooks.plan import CellRef, NotebookError, Refusal, RefusalKind, Split
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
        raise refuse(
            statement,
            f"Cell {statement.place.cell}: the class {_defined_name(statement)} reads {name}, which is no literal "
            "assigned once.",
            f"Pass {name} to the class as an argument of __init__.",
        )
    return constant.statement


def _require_no_global_writes(statement: Statement) -> None:
    for node in ast.walk(statement.node):
        if isinstance(node, ast.Global):
            raise refuse(
                statement,
                f"Cell {statement.place.cell}: {_defined_name(statement)} writes the global variable {node.names[0]}.",
                "Return the value, and assign it where the function is called.",
                RefusalKind.GLOBAL_WRITE,
            )


def refuse(statement: Statement, message: str, next_step: str, kind: RefusalKind = RefusalKind.OTHER) -> NotebookError:
    """The error that a statement has no place in a stage."""
    cells = (CellRef(statement.place.book, statement.place.cell),)
    return NotebookError((Refusal(kind, message, next_step, cells),))
