"""Numbers that a notebook prints or shows, and the expressions that they come from."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adopt.notebooks.names import choose_free
from adopt.notebooks.records import Kind, Statement

NUMBER = re.compile(r"[-+]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)")
LONGEST_NAME = 40
LONGEST_TEXT = 10_000
"""Characters; a longer text is a listing and no number with its name."""

WRAPPERS = ("np.float64", "np.float32", "np.int64", "np.int32")


@dataclass(frozen=True)
class Metric:
    """A number among the results."""

    name: str
    """In `metrics`, such as `rmse`."""
    expression: str
    """What the notebook computes it by."""
    statement: int
    """Index of the statement that prints or shows it."""
    format: str | None
    """How the notebook writes it: a format specification such as `.2f`, a percent format such as `%.2f`, or empty for
    `str`. None: it is shown as the value of a cell."""
    shown: str
    """As the notebook wrote it in the run."""


@dataclass(frozen=True)
class _Piece:
    """A part of a printed text: a constant, or an expression with its format."""

    text: str = ""
    expression: ast.expr | None = None
    format: str = ""


def find_metrics(statement: Statement, taken: Iterable[str]) -> list[Metric]:
    """The numbers that a statement prints or shows; empty where it shows none.

    Args:
        statement: an expression, such as a call of `print`.
        taken: names that other metrics have.
    """
    if not isinstance(statement.node, ast.Expr):
        return []
    names, found = set(taken), []
    for label, piece, shown in _read(statement):
        name = _choose_name(label, piece, names)
        names.add(name)
        assert piece.expression is not None  # noqa: S101 - constants were passed over
        form = piece.format if _is_print(statement.node.value) else None
        found.append(Metric(name, ast.unparse(piece.expression), statement.index, form, shown))
    return found


def _read(statement: Statement) -> Iterator[tuple[str, _Piece, str]]:
    """Label, expression and written number of each number."""
    assert isinstance(statement.node, ast.Expr)  # noqa: S101 - the caller looked
    call = statement.node.value
    if isinstance(call, ast.Call) and _is_print(call):
        yield from _match(list(_list_pieces(call)), statement.record.stdout)
    elif statement.record.shown is not None and statement.record.shown.kind == Kind.NUMBER:
        yield "", _Piece(expression=call), statement.record.shown.text


def _is_print(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "display")


def _match(pieces: list[_Piece], printed: str) -> Iterator[tuple[str, _Piece, str]]:
    """The expressions of a printed text that were numbers in the run: the pieces are held against what it printed."""
    if len(printed) > LONGEST_TEXT:
        return
    pattern = "".join(re.escape(piece.text) if piece.expression is None else "(.*?)" for piece in pieces)
    found = re.fullmatch(rf"{pattern}\s*", printed, re.DOTALL)
    if found is None:
        return
    written = iter(found.groups())
    label = ""
    for piece in pieces:
        if piece.expression is None:
            label = label + piece.text
            continue
        text = next(written)
        if NUMBER.fullmatch(text.strip()) and not isinstance(piece.expression, ast.Constant):
            yield label, piece, text.strip()
        label = ""


def _list_pieces(call: ast.Call) -> Iterator[_Piece]:
    """What a call of print writes, in order."""
    words = {word.arg: word.value for word in call.keywords}
    separator = _constant(words.get("sep"), " ")
    for number, argument in enumerate(call.args):
        if number:
            yield _Piece(separator)
        yield from _take_apart(argument)


def _constant(node: ast.expr | None, default: str) -> str:
    return str(node.value) if isinstance(node, ast.Constant) and node.value is not None else default


def _take_apart(node: ast.expr) -> Iterator[_Piece]:
    if isinstance(node, ast.Constant):
        yield _Piece(str(node.value))
    elif isinstance(node, ast.JoinedStr):
        yield from (_read_field(part) for part in node.values)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _is_text(node.left):
        yield from _take_percent(str(node.left.value), node.right)  # type: ignore[attr-defined]
    elif (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and (_has_text(node.left) or _has_text(node.right))
    ):
        yield from _take_apart(node.left)
        yield from _take_apart(_without_str(node.right))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        yield from _take_format(node) if _is_text(node.func.value) else (_Piece(expression=node),)
    else:
        yield _Piece(expression=_without_str(node))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _has_text(node: ast.expr) -> bool:
    """Whether a sum joins texts."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _has_text(node.left) or _has_text(node.right)
    return _is_text(node) or isinstance(node, ast.JoinedStr)


def _without_str(node: ast.expr) -> ast.expr:
    """`x` for `str(x)`."""
    is_str = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str"
    return node.args[0] if is_str and len(node.args) == 1 else node  # type: ignore[attr-defined]


def _read_field(part: ast.expr) -> _Piece:
    if isinstance(part, ast.Constant):
        return _Piece(str(part.value))
    assert isinstance(part, ast.FormattedValue)  # noqa: S101 - an f-string holds nothing else
    specification = part.format_spec
    values = specification.values if isinstance(specification, ast.JoinedStr) else []
    return _Piece(expression=part.value, format="".join(_constant(value, "") for value in values))


def _take_percent(text: str, values: ast.expr) -> Iterator[_Piece]:
    """`"%.2f of %d" % (a, b)`."""
    given = iter(values.elts if isinstance(values, ast.Tuple) else [values])
    for part in re.split(r"(%[-+# 0]*\d*(?:\.\d+)?[a-zA-Z%])", text):
        if part == "%%":
            yield _Piece("%")
        elif part.startswith("%") and (value := next(given, None)) is not None:
            yield _Piece(expression=value, format=part)
        else:
            yield _Piece(part)


def _take_format(call: ast.Call) -> Iterator[_Piece]:
    """`"{:.2f} of {}".format(a, b)`."""
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - the caller looked
    assert isinstance(call.func.value, ast.Constant)  # noqa: S101
    words = {word.arg: word.value for word in call.keywords}
    count = 0
    for part in re.split(r"(\{[^{}]*\})", str(call.func.value.value)):
        field = re.fullmatch(r"\{(\w*)(?:![rsa])?(?::([^}]*))?\}", part)
        if field is None:
            yield _Piece(part.replace("{{", "{").replace("}}", "}"))
            continue
        key, form = field[1], field[2] or ""
        place = int(key) if key.isdigit() else count
        count += 1
        value = words.get(key) if key and not key.isdigit() else (call.args[place] if place < len(call.args) else None)
        yield _Piece(expression=value, format=form) if value is not None else _Piece(part)


def _choose_name(label: str, piece: _Piece, taken: set[str]) -> str:
    """A name from the words before a number, else from the expression."""
    words = re.split(r"[\n;|]|, ", label.strip(" :=,([{-\t"))[-1]
    name = _slug(words) or _slug(_name_expression(piece.expression))
    return choose_free(name or "value", taken)


def _name_expression(node: ast.expr | None) -> str:
    if isinstance(node, ast.Call):
        inner = node.args[0] if _is_rounding(node) and node.args else node.func
        return _name_expression(inner)
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _name_expression(node.value)
    return node.id if isinstance(node, ast.Name) else ""


def _is_rounding(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ("round", "float", "int", "len", "abs")


def _slug(text: str) -> str:
    word = re.sub(r"\W+", "_", text.strip().lower()).strip("_")[:LONGEST_NAME].strip("_")
    if not word or word.isdigit():
        return ""
    return f"value_{word}" if word[0].isdigit() else word


def is_shown_as(metric: Metric, value: float) -> bool:
    """Whether a number, written as the notebook writes it, is what the notebook wrote."""
    texts = {str(value), repr(value), str(float(value))}
    if metric.format:
        texts.add(metric.format % value if metric.format.startswith("%") else format(value, metric.format))
    shown = metric.shown
    for wrapper in WRAPPERS:
        shown = shown.removeprefix(f"{wrapper}(")
    return shown.rstrip(")") in {text.strip() for text in texts}
