"""What a user's function takes, read from its source: data first, then typed parameters."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from relay.handoff.own.docstring import read_help
from relay.handoff.own.module import OwnCodeError, Source
from relay.handoff.own.names import read_chain

REQUIRED = object()
"""The default of a parameter that has none."""

SEED = "seed"
"""A parameter of this name gets the recipe's seed."""

SIMPLE: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str, "date": date, "Path": Path}
LISTS = ("list", "List", "typing.List", "Sequence", "collections.abc.Sequence")
EXPECTED = "expected int, float, bool, str, date, Path, Literal[...], list[...] of these, or one of them | None"


class Frame(StrEnum):
    """What a data argument, or a result, is."""

    PANDAS = "pandas.DataFrame"
    ARROW = "pyarrow.Table"
    BATCHES = "Iterator[pyarrow.RecordBatch]"
    POLARS = "polars.DataFrame"
    PATH = "pathlib.Path"
    PATHS = "list[pathlib.Path]"


FRAMES = {
    "pandas.DataFrame": Frame.PANDAS,
    "pyarrow.Table": Frame.ARROW,
    "polars.DataFrame": Frame.POLARS,
    "pathlib.Path": Frame.PATH,
}
STREAMS = ("Iterator", "Iterable", "Generator")


@dataclass(frozen=True)
class Argument:
    """A positional parameter that takes data."""

    name: str
    frame: Frame
    annotation: str = field(default="", compare=False)
    """As written; empty where it has none."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that a recipe may set."""

    name: str
    type: Any
    """For pydantic: int, Literal["a", "b"], list[str], int | None."""
    default: Any = REQUIRED
    help: str = ""


@dataclass(frozen=True)
class Signature:
    """What a function takes."""

    function: str
    shown: str
    """As messages name it: recipes/churn.py: clean."""
    data: tuple[Argument, ...]
    parameters: tuple[Parameter, ...]
    help: str = ""
    """The first paragraph of its docstring."""
    returns: Frame | None = None
    """By its annotation; None where that says nothing of a frame."""

    def match_data(self, names: Sequence[str]) -> "Signature":
        """The same with its data arguments in the order of these datasets.

        Where each argument has the name of a dataset, the names decide, else the order of both.
        """
        known = {argument.name.replace("-", "_"): argument for argument in self.data}
        wanted = [name.replace("-", "_") for name in names]
        return replace(self, data=tuple(known[name] for name in wanted)) if set(wanted) == set(known) else self

    @property
    def takes_seed(self) -> bool:
        """Whether it has a parameter for the recipe's seed."""
        return any(parameter.name == SEED for parameter in self.parameters)


@dataclass(frozen=True)
class _Scope:
    """What names in annotations and defaults mean in a file."""

    shown: str
    imported: dict[str, str] = field(default_factory=dict)
    """pd -> pandas, DataFrame -> pandas.DataFrame."""
    constants: dict[str, ast.expr] = field(default_factory=dict)

    def spell_out(self, node: ast.expr) -> str:
        """The full dotted name of an expression such as pd.DataFrame; empty where there is no such name."""
        names = read_chain(node)
        return ".".join([self.imported.get(names[0], names[0]), *names[1:]]) if names else ""


def read_signature(source: Source, function: ast.FunctionDef, data: int) -> Signature:
    """What a function takes.

    Args:
        source: its file.
        function: its definition.
        data: how many positional parameters take data.

    Raises:
        OwnCodeError: it takes too few data arguments, `*args`, or a parameter whose type or default is not understood.
    """
    scope = _read_scope(source, function.name)
    arguments = function.args
    for star, given in (("*", arguments.vararg), ("**", arguments.kwarg)):
        if given is not None:
            raise OwnCodeError(
                f"{scope.shown} takes {star}{given.arg}; name each parameter, so that a recipe can set it"
            )
    positional = [*arguments.posonlyargs, *arguments.args]
    if len(positional) < data:
        raise OwnCodeError(f"{scope.shown} takes {len(positional)} positional arguments; expected {data} for the data")
    defaults = dict(zip([item.arg for item in reversed(positional)], reversed(arguments.defaults), strict=False))
    defaults |= {
        item.arg: default
        for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    }
    words = read_help(ast.get_docstring(function) or "")
    return Signature(
        function=function.name,
        shown=scope.shown,
        data=tuple(
            Argument(
                item.arg,
                _read_frame(item.annotation, scope) or Frame.PANDAS,
                ast.unparse(item.annotation) if item.annotation is not None else "",
            )
            for item in positional[:data]
        ),
        parameters=tuple(
            _read_parameter(item, defaults.get(item.arg), scope, words.parameters)
            for item in (*positional[data:], *arguments.kwonlyargs)
        ),
        help=words.summary,
        returns=_read_frame(function.returns, scope),
    )


def _read_scope(source: Source, function: str) -> _Scope:
    scope = _Scope(f"{source.shown}: {function}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                scope.imported[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            scope.imported.update({item.asname or item.name: f"{node.module}.{item.name}" for item in node.names})
    for node in source.tree.body:
        if isinstance(node, ast.Assign):
            scope.constants.update({item.id: node.value for item in node.targets if isinstance(item, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            scope.constants[node.target.id] = node.value
    return scope


def _parse_annotation(node: ast.expr | None) -> ast.expr | None:
    """The expression of an annotation, also where it is written as a text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    return node


def _read_frame(annotation: ast.expr | None, scope: _Scope) -> Frame | None:
    node = _parse_annotation(annotation)
    if node is None:
        return None
    if isinstance(node, ast.Subscript):
        outer = scope.spell_out(node.value).rpartition(".")[2]
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        inner = scope.spell_out(items[0])
        if outer in STREAMS and inner == "pyarrow.RecordBatch":
            return Frame.BATCHES
        if outer in STREAMS:
            return FRAMES.get(inner)
        return Frame.PATHS if outer in ("list", "List") and inner == "pathlib.Path" else None
    return FRAMES.get(scope.spell_out(node))


def _read_parameter(item: ast.arg, default: ast.expr | None, scope: _Scope, words: Mapping[str, str]) -> Parameter:
    value = REQUIRED if default is None else _read_default(item.arg, default, scope)
    if item.annotation is not None:
        kind = _read_type(item.arg, item.annotation, scope)
    elif default is None:
        raise OwnCodeError(
            f"{scope.shown}: parameter {item.arg} has neither a type nor a default; add one, as in n: int = 3"
        )
    else:
        kind = _type_of(item.arg, value, scope)
    if isinstance(value, int) and not isinstance(value, bool) and kind is float:
        value = float(value)
    return Parameter(item.arg, kind, value, words.get(item.arg, ""))


def _read_type(name: str, annotation: ast.expr, scope: _Scope) -> Any:
    node = _parse_annotation(annotation)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _read_type(name, node.left, scope) | _read_type(name, node.right, scope)
    if isinstance(node, ast.Constant) and node.value is None:
        return type(None)
    if isinstance(node, ast.Subscript):
        outer = scope.spell_out(node.value)
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in ("Literal", "typing.Literal"):
            values = tuple(_read_default(name, choice, scope) for choice in items)
            return Literal[values]
        if outer in LISTS and len(items) == 1:
            inner: Any = _read_type(name, items[0], scope)
            return list[inner]
        if outer in ("Optional", "typing.Optional"):
            return _read_type(name, items[0], scope) | None
    dotted = scope.spell_out(node) if node is not None else ""
    kind = SIMPLE.get(dotted.removeprefix("datetime.").removeprefix("pathlib."))
    if kind is None:
        raise OwnCodeError(f"{scope.shown}: parameter {name} has the type {ast.unparse(annotation)}; {EXPECTED}")
    return kind


def _read_default(name: str, node: ast.expr, scope: _Scope) -> Any:
    if isinstance(node, ast.Name) and node.id in scope.constants:
        node = scope.constants[node.id]
    try:
        if isinstance(node, ast.Call):
            kind = SIMPLE.get(scope.spell_out(node.func).removeprefix("datetime.").removeprefix("pathlib."))
            if kind in (date, Path) and not node.keywords:
                return kind(*map(ast.literal_eval, node.args))
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        raise OwnCodeError(
            f"{scope.shown}: the default of {name}, {ast.unparse(node)}, is no plain value; write a number, text, "
            "truth value, list, date(...) or Path(...), or the name of a constant that holds one"
        ) from None
    return list(value) if isinstance(value, tuple) else value


def _type_of(name: str, value: Any, scope: _Scope) -> Any:
    """The type of a parameter that has only a default."""
    if isinstance(value, list) and value and len({type(item) for item in value}) == 1:
        inner: Any = type(value[0])
        return list[inner]
    for kind in (bool, int, float, str, date, Path):
        if isinstance(value, kind):
            return kind
    raise OwnCodeError(f"{scope.shown}: the type of {name} does not follow from its default {value!r}; {EXPECTED}")
