"""Which names statements use, as Python's scopes have it: a local variable is no function of the same name.

The walk keeps its own stack, so that a chain of a thousand calls or sums does not end it.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relay.handoff.own.names import read_chain

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
CATCHES = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")
"""Exceptions whose handler lets a missing module pass."""

_AT_NAME = re.compile(r"@(\w+)")
"""How `query` and `eval` of pandas name a variable or function of the caller."""


@dataclass(frozen=True)
class Use:
    """A name that is read, with the attributes after it: `a.b.c`."""

    name: str
    attributes: tuple[str, ...] = ()
    is_local: bool = False
    """Whether the name is a variable of the function in which it stands."""


@dataclass(frozen=True)
class Imported:
    """An import statement that runs."""

    node: ast.Import | ast.ImportFrom
    may_fail: bool
    """Whether the code handles it if the module is not there."""


@dataclass(frozen=True)
class _Waiting:
    node: ast.AST
    local: frozenset[str]
    may_fail: bool


def list_uses(nodes: Iterable[ast.AST]) -> Iterator[Use | Imported]:
    """Every name that the statements use, and every import that they run, in no particular order."""
    stack = [_Waiting(node, frozenset(), may_fail=False) for node in nodes]
    while stack:
        here = stack.pop()
        node, local = here.node, here.local
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield Imported(node, here.may_fail)
        elif isinstance(node, ast.Name):
            yield Use(node.id, (), node.id in local)
        elif isinstance(node, ast.Attribute) and (chain := read_chain(node)):
            yield Use(chain[0], tuple(chain[1:]), chain[0] in local)
        else:
            if isinstance(node, ast.Attribute):
                yield Use("", (node.attr,), is_local=True)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (Use(name) for name in _AT_NAME.findall(node.value))
            stack += _open(here)


def _open(here: _Waiting) -> Iterator[_Waiting]:
    """What stands below a node, each part in its scope."""
    node, local = here.node, here.local
    inside = local
    if isinstance(node, SCOPES):
        mine, of_module = _list_locals(node)
        inside = (local - of_module) | mine
    elif isinstance(node, COMPREHENSIONS):
        inside = local | {name for part in node.generators for name in _list_stored(part.target)}
    for name, part in _list_children(node):
        scope = local if isinstance(node, SCOPES) and name != "body" else inside
        if isinstance(node, COMPREHENSIONS) and name == "generators":
            yield _Waiting(part.iter, local if part is node.generators[0] else inside, here.may_fail)  # type: ignore[attr-defined]
            yield from (_Waiting(test, inside, here.may_fail) for test in part.ifs)  # type: ignore[attr-defined]
            continue
        may_fail = here.may_fail or (isinstance(node, ast.Try) and name == "body" and _handles_missing(node))
        yield _Waiting(_read_annotation(part) if name in ("annotation", "returns") else part, scope, may_fail)


def _list_children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        if name == "body" and _is_for_types(node):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST) and not _is_text(part):
                yield name, part


def _is_for_types(node: ast.AST) -> bool:
    """Whether it is `if TYPE_CHECKING:`, whose body never runs."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Name | ast.Attribute):
        return False
    return read_chain(node.test)[-1:] == ["TYPE_CHECKING"]


def _is_text(node: ast.AST) -> bool:
    """Whether it is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _read_annotation(node: ast.AST) -> ast.AST:
    """An annotation in quotes as what it says."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return node
    return node


def _handles_missing(node: ast.Try) -> bool:
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(kind is None or getattr(kind, "id", "") in CATCHES for kind in kinds):
            return True
    return False


def _list_locals(function: Scope) -> tuple[set[str], set[str]]:
    """The names that a function binds, and those that it declares global; an import is followed by its name."""
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters += [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    found = {argument.arg for argument in parameters}
    if isinstance(function, ast.Lambda):
        return found, set()
    elsewhere: set[str] = set()
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Global):
            elsewhere |= set(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, COMPREHENSIONS):  # only `:=` binds outside of it
            found |= {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)}
        elif not isinstance(node, ast.Lambda):
            stack += ast.iter_child_nodes(node)
    return found - elsewhere, elsewhere


def _list_stored(target: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
