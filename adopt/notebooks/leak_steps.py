"""Statements that fit or apply a transformer, read so that they can be written for one side of a split."""

import ast
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

SIDE = "_side_"
"""Stands in a template for the name of a side."""
SELECTING = ("loc", "iloc", "values")
CONVERTING = ("copy", "to_numpy", "reshape", "astype")
SHAPING = ("toarray", "todense", "astype", "to_numpy", "copy")
CONTAINERS = ("DataFrame", "array", "asarray")


@dataclass(frozen=True)
class CorrectedLine:
    """A line of the corrected function."""

    text: str
    comments_of: int | None = None
    """The statement whose comments stand above it."""


Corrections = Mapping[int, Sequence[CorrectedLine]]
"""Statement -> the lines in its place."""


class UnclearError(Exception):
    """A statement has a form that cannot be corrected safely; the text says why."""


@dataclass(frozen=True)
class Step:
    """What happens to each side after the split."""

    statement: int
    """Where the notebook does it to all rows."""
    template: ast.AST
    """With `SIDE` in the place of the side's name."""
    labels: ast.expr | None = None
    is_only_fit: bool = False


@dataclass(frozen=True)
class Pending:
    """A name whose value is made after the split only."""

    base: ast.expr
    """What is divided in its place."""
    steps: tuple[Step, ...] = ()
    columns: frozenset[str] | None = frozenset()
    """The columns that the steps take and change; None: not known."""
    is_whole: bool = False
    """Whether the steps change all of it."""
    makes_columns: bool = False
    """Whether it may get columns that it has not before the steps."""


@dataclass(frozen=True)
class Use:
    """A call such as `scaler.fit_transform(X, y)` inside a statement."""

    call: ast.Call
    transformer: ast.expr
    method: str
    argument: ast.expr
    labels: ast.expr | None
    """What supervised transformers take as well."""

    @property
    def root(self) -> str:
        """The name of what it takes; empty where that is no selection of a name."""
        return find_root(self.argument)


def read_use(node: ast.AST, methods: tuple[str, ...]) -> Use:
    """The only call of these methods.

    Raises:
        UnclearError: there is another number of them, or further arguments.
    """
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call) and _find_method(one) in methods]
    if len(calls) != 1:
        raise UnclearError("the fit is not one call in a statement of its own")
    call = calls[0]
    words = {word.arg: word.value for word in call.keywords}
    given = [*call.args, *(words[name] for name in ("X", "y") if name in words)]
    if not given or len(given) > 2 or set(words) - {"X", "y"} or any(isinstance(one, ast.Starred) for one in given):
        raise UnclearError("the fit takes other arguments than rows and labels")
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - its method has a name
    return Use(call, call.func.value, call.func.attr, given[0], given[1] if len(given) == 2 else None)


def _find_method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def find_root(node: ast.expr) -> str:
    """The name that an expression selects columns of, without any work on rows; empty for other expressions."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and node.attr in SELECTING:
        return find_root(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_drop = node.func.attr == "drop" and _drops_columns(node)
        return find_root(node.func.value) if is_drop or node.func.attr in CONVERTING else ""
    if isinstance(node, ast.Subscript):
        return find_root(node.value) if _keeps_rows(node) else ""
    return ""


def _drops_columns(call: ast.Call) -> bool:
    words = {word.arg: word.value for word in call.keywords}
    if "inplace" in words:
        return False
    axis = words.get("axis", call.args[1] if len(call.args) > 1 else None)
    is_axis = isinstance(axis, ast.Constant) and axis.value in (1, "columns")
    return is_axis or ("columns" in words and not call.args and "index" not in words)


def _keeps_rows(node: ast.Subscript) -> bool:
    """Whether a subscript selects columns: by names, or by `[:, …]`."""
    is_place = isinstance(node.value, ast.Attribute) and node.value.attr in SELECTING
    if is_place or isinstance(node.slice, ast.Tuple):
        first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else None
        return isinstance(first, ast.Slice) and first.lower is first.upper is first.step is None
    if isinstance(node.slice, ast.Constant):
        return isinstance(node.slice.value, str)
    return isinstance(node.slice, ast.List | ast.Name)


def find_names(node: ast.AST) -> set[str]:
    """All names in a tree."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def write_whole(node: ast.Assign, use: Use, *, has_plain_index: bool) -> ast.Assign:
    """`Z = scaler.fit_transform(X)` for a side: the side holds X before, and Z afterwards.

    Raises:
        UnclearError: something else happens to the rows.
    """
    _require_wrapper(node.value, use.call)
    made = _Replace(use, replaces_root=False).visit(copy.deepcopy(node))
    assert isinstance(made, ast.Assign)  # noqa: S101 - as it was
    made.targets = [ast.Name(SIDE, ast.Store())]
    frames = [one for one in ast.walk(made.value) if isinstance(one, ast.Call) and name_function(one) == "DataFrame"]
    for frame in frames:
        if all(word.arg != "index" for word in frame.keywords):
            if not has_plain_index:
                raise UnclearError("the new frame has another index than its rows, which a split would mix")
            frame.keywords.append(ast.keyword("index", ast.Attribute(ast.Name(SIDE, ast.Load()), "index", ast.Load())))
    if use.root and use.root in find_names(made.value):
        raise UnclearError(f"the statement uses {use.root} beside the fit")
    return made


def has_frame(node: ast.Assign) -> bool:
    """Whether the statement puts rows into a new frame."""
    return any(isinstance(one, ast.Call) and name_function(one) == "DataFrame" for one in ast.walk(node.value))


def _require_wrapper(node: ast.expr, call: ast.Call) -> None:
    """Raise an error where the result of a call is not handed on row by row."""
    while node is not call:
        if not isinstance(node, ast.Call):
            raise UnclearError("more than the fit happens in its statement")
        if isinstance(node.func, ast.Attribute) and node.func.attr in SHAPING and call in ast.walk(node.func.value):
            node = node.func.value
        elif name_function(node) in CONTAINERS and node.args:
            node = node.args[0]
        else:
            raise UnclearError("more than the fit happens in its statement")


def name_function(call: ast.Call) -> str:
    """The last word of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def write_columns(node: ast.Assign, use: Use) -> tuple[ast.Assign, str, ast.expr]:
    """`df[cols] = scaler.fit_transform(df[cols])` for a side, the name of the frame, and the columns.

    Raises:
        UnclearError: it fills columns of one frame from another, or changes rows.
    """
    target = node.targets[0]
    root = find_root(target) if isinstance(target, ast.Subscript) else ""
    _require_wrapper(node.value, use.call)
    if not root or root != use.root:
        raise UnclearError("it fills a frame from something else than columns of the same frame")
    assert isinstance(target, ast.Subscript)  # noqa: S101 - it has a root
    columns = target.slice.elts[1] if isinstance(target.slice, ast.Tuple) else target.slice
    made = _Replace(use, replaces_root=True).visit(copy.deepcopy(node))
    assert isinstance(made, ast.Assign)  # noqa: S101 - as it was
    return made, root, columns


class _Replace(ast.NodeTransformer):
    """Puts the side in the place of what a transformer takes."""

    def __init__(self, use: Use, *, replaces_root: bool) -> None:
        self._root, self._replaces_root = use.root, replaces_root
        self._argument = ast.dump(use.argument)

    def visit(self, node: ast.AST) -> ast.AST:
        is_argument = isinstance(node, ast.expr) and ast.dump(node) == self._argument and not self._replaces_root
        is_root = isinstance(node, ast.Name) and node.id == self._root and self._replaces_root
        if is_argument or is_root:
            return ast.Name(SIDE, ast.Load())
        if isinstance(node, ast.Attribute) and node.attr == "index" and find_root(node.value) == self._root != "":
            return ast.Attribute(ast.Name(SIDE, ast.Load()), "index", ast.Load())
        visited: ast.AST = super().visit(node)
        return visited


def write_side(template: ast.AST, side: str, labels: str = "", *, is_test: bool = False) -> str:
    """The line of one side: the training rows fit, the test rows are only transformed."""
    made = copy.deepcopy(template)
    for node in ast.walk(made):
        if isinstance(node, ast.Name) and node.id == SIDE:
            node.id = side
        if isinstance(node, ast.Call) and _find_method(node) in ("fit", "fit_transform"):
            _write_call(node, labels, is_test=is_test)
    return ast.unparse(ast.fix_missing_locations(made))


def _write_call(call: ast.Call, labels: str, *, is_test: bool) -> None:
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - its method has a name
    rows = call.args[0] if call.args else next(word.value for word in call.keywords if word.arg == "X")
    has_labels = len(call.args) > 1 or any(word.arg == "y" for word in call.keywords)
    call.keywords = []
    call.args = [rows, *([ast.Name(labels, ast.Load())] if has_labels and labels and not is_test else [])]
    if is_test:
        call.func.attr = "transform"


def write_fit(use: Use, root: str = "") -> ast.AST:
    """`scaler.fit(X)` for a side, which holds X, or with a root the frame of which X is a part."""
    rows: ast.expr = ast.Name(SIDE, ast.Load())
    if root:
        rows = copy.deepcopy(use.argument)
        for node in ast.walk(rows):
            if isinstance(node, ast.Name) and node.id == root:
                node.id = SIDE
    given = [rows, *([use.labels] if use.labels is not None else [])]
    return ast.Expr(ast.Call(ast.Attribute(use.transformer, "fit", ast.Load()), given, []))


def name_transformer(node: ast.stmt, use: Use) -> tuple[ast.stmt, Use, str]:
    """The statement with a name for its transformer, and the line that makes the transformer, if there is one.

    Raises:
        UnclearError: more than a fit happens in it.
    """
    if not isinstance(node, ast.Assign | ast.Expr):
        raise UnclearError("the fit is not a statement of its own")
    is_alone = isinstance(node, ast.Expr) and node.value is use.call
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    is_made = isinstance(node, ast.Assign) and node.value is use.call and isinstance(target, ast.Name)
    if use.method == "fit" and is_made and isinstance(target, ast.Name):
        named = ast.Name(target.id, ast.Load())
        return node, replace(use, transformer=named), f"{target.id} = {ast.unparse(use.transformer)}"
    if isinstance(use.transformer, ast.Name) and (use.method != "fit" or is_alone):
        return node, use, ""
    if not isinstance(use.transformer, ast.Call) or use.method == "fit":
        raise UnclearError("the fit is not a statement of its own")
    word = name_class(use.transformer)
    made = f"{word} = {ast.unparse(use.transformer)}"
    node = copy.deepcopy(node)
    call = read_use(node, (use.method,)).call
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - its method has a name
    call.func.value = ast.Name(word, ast.Load())
    return node, read_use(node, (use.method,)), made


def name_class(call: ast.Call) -> str:
    """A name for what a class makes: `standard_scaler` for `StandardScaler()`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name_function(call)).lower()


def list_pairs(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Name and value of an assignment such as `X = a` or `X, y = a, b`; nothing for other statements."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = [(one.id, part) for one, part in zip(target.elts, value.elts, strict=True) if isinstance(one, ast.Name)]
        yield from pairs if len(pairs) == len(target.elts) else ()
