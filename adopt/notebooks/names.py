"""The names that a statement's text reads and binds."""

import ast
import re
import symtable
from collections.abc import Collection, Iterator
from dataclasses import dataclass

FORMULAS = {"ols", "glm", "logit", "probit", "poisson", "wls", "gls", "mixedlm", "dmatrices", "dmatrix", "from_formula"}
"""Functions whose texts name columns and functions."""
WORD = re.compile(r"[A-Za-z_]\w*")
WHOLE_SCOPE = {"globals", "locals", "exec", "eval"}
"""Functions that can read and bind any name."""


@dataclass(frozen=True)
class Names:
    """What a statement reads and binds at the top level of its notebook."""

    loads: frozenset[str]
    """Read when the statement runs."""
    deferred: frozenset[str]
    """Read when a function that it makes is called."""
    stores: frozenset[str]
    """Bound or deleted."""


def choose_free(name: str, taken: Collection[str]) -> str:
    """The name, with a number behind it where it is taken."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def find_names(text: str, node: ast.stmt) -> Names:
    """The names of a top-level statement.

    Args:
        text: Its source.
        node: Its tree.
    """
    table = symtable.symtable(text, "<cell>", "exec")
    symbols = table.get_symbols()
    loads = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    stores = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    inner, written = _find_inner(table)
    # `x += 1` is no reference for symtable.
    loads |= {
        one.target.id for one in ast.walk(node) if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name)
    }
    quoted = set(_find_quoted(node))
    stores |= written
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return Names(frozenset(loads), frozenset(inner | quoted), frozenset(stores | {node.name}))
    # A lambda or comprehension of an expression may run at once.
    return Names(frozenset(loads | inner | quoted), frozenset(inner), frozenset(stores))


def _find_inner(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """The notebook's names that functions inside a statement read, and those that they bind by `global`."""
    reads: set[str] = set()
    writes: set[str] = set()
    waiting = list(table.get_children())
    while waiting:
        one = waiting.pop()
        waiting += one.get_children()
        for symbol in one.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                reads.add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                writes.add(symbol.get_name())
    return reads, writes


def _find_quoted(node: ast.stmt) -> Iterator[str]:
    """Names in texts that are code: `df.query("a > @limit")`, `eval("x + 1")`, formulas."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            name = find_function_name(call)
            for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
                if isinstance(argument, ast.JoinedStr) or _is_text(argument):
                    text = ast.unparse(argument)
                    if name in ("query", "eval"):
                        yield from re.findall(r"@([A-Za-z_]\w*)", text)
                    if (name in WHOLE_SCOPE and isinstance(call.func, ast.Name)) or (name in FORMULAS and "~" in text):
                        yield from WORD.findall(text)


def find_function_name(call: ast.Call) -> str:
    """The last word of what is called: `fit` of `model.fit(x)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def find_calls(node: ast.AST) -> Iterator[str]:
    """The last word of everything that is called in a tree."""
    return (find_function_name(call) for call in ast.walk(node) if isinstance(call, ast.Call))


def find_source(text: str, node: ast.stmt) -> str:
    """The source of a top-level statement, with its decorators."""
    decorators = getattr(node, "decorator_list", [])
    if decorators:
        return "\n".join(text.splitlines()[decorators[0].lineno - 1 : node.end_lineno])
    return ast.get_source_segment(text, node) or ast.unparse(node)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
