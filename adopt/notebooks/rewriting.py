"""Changes inside statements: variables passed to functions, paths of files, imports of helper modules."""

import ast
from collections.abc import Mapping

import libcst as cst
from libcst import matchers

from adopt.notebooks.source_lines import Line

_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


class Rewriting(cst.CSTTransformer):
    """Passes variables on to functions that read them, and names files by parameters.

    `f(x)` becomes `f(x, k=k)`, and `f` as a value `partial(f, k=k)`.

    Args:
        passed: function -> the variables that it needs.
        paths: text of a path -> the parameter that takes its place.
        made: code that puts a path together, as `ast.unparse` writes it -> the parameter.
    """

    def __init__(
        self, passed: Mapping[str, tuple[str, ...]], paths: Mapping[str, str], made: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._passed, self._paths, self._made = passed, paths, made or {}
        self.uses_partial = False
        self._not_values: set[cst.CSTNode] = set()

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - names of libcst
        """A called function is no value."""
        self._not_values.add(node.func)

    def visit_Attribute(self, node: cst.Attribute) -> None:  # noqa: N802
        """The name behind a dot is no variable."""
        self._not_values.add(node.attr)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        """The name that is defined is no value."""
        self._not_values.add(node.name)

    def visit_Param(self, node: cst.Param) -> None:  # noqa: N802
        """A parameter is a name of its own."""
        self._not_values.add(node.name)

    def visit_Arg(self, node: cst.Arg) -> None:  # noqa: N802
        """The keyword of an argument is no variable."""
        if node.keyword is not None:
            self._not_values.add(node.keyword)

    def leave_BinaryOperation(  # noqa: N802
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BaseExpression:
        """Put a parameter in the place of `FOLDER + "orders.csv"`."""
        return self._find_made(original_node) or updated_node

    def leave_FormattedString(  # noqa: N802
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.BaseExpression:
        """Put a parameter in the place of `f"{FOLDER}/orders.csv"`."""
        return self._find_made(original_node) or updated_node

    def _find_made(self, node: cst.BaseExpression) -> cst.Name | None:
        """The parameter that takes the place of code which puts a path together."""
        if not self._made:
            return None
        code = ast.unparse(ast.parse(f"({cst.Module([]).code_for_node(node)})"))
        return cst.Name(self._made[code]) if code in self._made else None

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        """Add the variables that the called function reads."""
        name = original_node.func
        if (path := self._find_made(original_node)) is not None:
            return path
        if not isinstance(name, cst.Name) or name.value not in self._passed:
            return updated_node
        added = [cst.Arg(cst.Name(key), cst.Name(key), equal=_TIGHT) for key in self._passed[name.value]]
        return updated_node.with_changes(args=[*updated_node.args, *added])

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802
        """Bind the variables that a function reads where it is handed on."""
        if original_node.value not in self._passed or original_node in self._not_values:
            return updated_node
        self.uses_partial = True
        keys = ", ".join(f"{key}={key}" for key in self._passed[original_node.value])
        return cst.parse_expression(f"partial({original_node.value}, {keys})")

    def leave_SimpleString(  # noqa: N802
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.BaseExpression:
        """Put a parameter in the place of a path."""
        value = original_node.evaluated_value
        return cst.Name(self._paths[value]) if isinstance(value, str) and value in self._paths else updated_node


def add_parameters(function: cst.FunctionDef, names: tuple[str, ...]) -> cst.FunctionDef:
    """The function with further parameters, by keyword only."""
    parameters = function.params
    has_star = parameters.kwonly_params or isinstance(parameters.star_arg, cst.Param)
    added = [cst.Param(cst.Name(name)) for name in names]
    return function.with_changes(
        params=parameters.with_changes(
            kwonly_params=[*parameters.kwonly_params, *added],
            star_arg=parameters.star_arg if has_star else cst.ParamStar(),
        )
    )


class RelativeImports(cst.CSTTransformer):
    """Imports files beside the module by a dot.

    Args:
        beside: names of the modules that lie there.
    """

    def __init__(self, beside: frozenset[str]) -> None:
        super().__init__()
        self._beside = beside

    def leave_ImportFrom(  # noqa: N802
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom:
        """`from helper import f` becomes `from .helper import f`."""
        module = original_node.module
        first = module
        while isinstance(first, cst.Attribute):
            first = first.value  # type: ignore[assignment]
        if original_node.relative or not isinstance(first, cst.Name) or first.value not in self._beside:
            return updated_node
        return updated_node.with_changes(relative=[cst.Dot()], whitespace_after_from=cst.SimpleWhitespace(" "))

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """`import helper` becomes `from . import helper`."""
        if not matchers.matches(original_node, matchers.SimpleStatementLine([matchers.Import()])):
            return updated_node
        statement = original_node.body[0]
        assert isinstance(statement, cst.Import)  # noqa: S101 - it matched
        mine = [alias for alias in statement.names if alias.evaluated_name in self._beside]
        others = [alias for alias in statement.names if alias not in mine]
        if not mine:
            return updated_node
        comma = cst.MaybeSentinel.DEFAULT
        made = [
            cst.ImportFrom(
                module=None,
                relative=[cst.Dot()],
                names=[alias.with_changes(comma=comma) for alias in mine],
            )
        ]
        lines = [updated_node.with_changes(body=made)]
        if others:
            rest = cst.Import([alias.with_changes(comma=comma) for alias in others])
            lines.insert(0, updated_node.with_changes(body=[rest]))
            lines[1] = lines[1].with_changes(leading_lines=[])
        return cst.FlattenSentinel(lines)


def rename_names(line: Line, names: Mapping[str, str]) -> Line:
    """The line with other names for some of its names."""
    if not names:
        return line

    class Rename(cst.CSTTransformer):
        def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802
            return updated_node.with_changes(value=names.get(original_node.value, original_node.value))

    changed = line.visit(Rename())
    assert isinstance(changed, cst.SimpleStatementLine | cst.BaseCompoundStatement)  # noqa: S101 - as it was
    return changed
