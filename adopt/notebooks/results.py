"""What the model's function gives beside metrics: figures, tables, the model."""

import ast
import os.path
import re
from collections.abc import Sequence
from dataclasses import dataclass

from adopt.notebooks.names import choose_free
from adopt.notebooks.plan import OutputKind, Split
from adopt.notebooks.records import Kind, Statement

DISPLAY_CALLS = re.compile(r"(?:^|\.)(?:show|savefig|display|tight_layout_show)$")
LONGEST_NAME = 60


@dataclass(frozen=True)
class FigureEnd:
    """Where a figure is complete."""

    name: str
    """Among the results, from its title or from what it is about."""
    expression: str
    """The figure, such as `fig` or `plt.gcf()`."""
    variable: str
    """What `plt.close` takes; empty for the current one."""
    output: str
    """`fig:0:3`."""


def find_figure_ends(split: Split, statements: Sequence[Statement]) -> dict[int, list[FigureEnd]]:
    """Statement -> the figures that are complete behind it.

    A notebook shows and closes its figures when a cell ends, so that the next `plt.plot` begins a new one; a function
    has no cells.
    """
    here = {statement.index: statement for statement in statements}
    found: dict[int, list[FigureEnd]] = {}
    taken: set[str] = set()
    for output in (one for one in split.slice.outputs if one.kind == OutputKind.FIGURE):
        drawing = [here[index] for index in output.statements if index in here and not is_display(here[index])]
        if not drawing:
            continue
        name = _name_figure(drawing, taken)
        taken.add(name)
        variable = next((one for statement in drawing for one in _figure_variables(statement)), "")
        end = FigureEnd(name, variable or "plt.gcf()", variable, output.name)
        found.setdefault(drawing[-1].index, []).append(end)
    return found


def _figure_variables(statement: Statement) -> list[str]:
    """The names that a statement binds to a figure itself."""
    values = statement.record.values
    return [
        name
        for name in statement.record.bound
        if name in values and values[name].kind == Kind.FIGURE and values[name].type.endswith(".Figure")
    ]


def _name_figure(drawing: Sequence[Statement], taken: set[str]) -> str:
    titles = _list_texts(drawing, ("title", "set_title", "suptitle"))
    labels = _list_texts(drawing, ("ylabel", "set_ylabel", "xlabel", "set_xlabel"))
    return choose_free(slug(titles[0] if titles else labels[-1] if labels else "figure"), taken)


def _list_texts(drawing: Sequence[Statement], methods: Sequence[str]) -> list[str]:
    """The literals that are the first arguments of calls of some methods."""
    return [
        str(node.args[0].value)
        for statement in drawing
        for node in ast.walk(statement.node)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in methods
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]


def slug(text: str) -> str:
    """Words as a name of a file."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:LONGEST_NAME].strip("_") or "figure"


def is_display(statement: Statement) -> bool:
    """Whether a statement only shows or saves a figure."""
    node = statement.node
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    return bool(DISPLAY_CALLS.search(ast.unparse(node.value.func)))


def find_tables(split: Split, statements: Sequence[Statement]) -> dict[str, str]:
    """Name -> expression of each frame that the statements write into a file."""
    here = {statement.index: statement for statement in statements}
    found = {}
    for output in (one for one in split.slice.outputs if one.kind in (OutputKind.FILE, OutputKind.TABLE)):
        for statement in (here[index] for index in output.statements if index in here):
            call = statement.node.value if isinstance(statement.node, ast.Expr) else None
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and re.match("to_(csv|parquet|excel|json|feather)$", call.func.attr)
            ):
                found[slug(os.path.basename(output.name).split(".")[0])] = ast.unparse(call.func.value)  # noqa: PTH119
    return found


def find_model(statements: Sequence[Statement]) -> str:
    """The fitted model that the notebook ends with; empty where it fits none.

    Of a search over parameters it is the best estimator: the search itself holds scorers and splits, which are not
    kept with a model, and predicts with that estimator.
    """
    fitted = ""
    for statement in statements:
        for name, value in statement.record.values.items():
            if value.kind == Kind.MODEL and value.is_fitted:
                is_search = value.type.endswith("SearchCV")
                is_refitted = not any("refit" in one.text and name in one.stores for one in statements)
                fitted = f"{name}.best_estimator_" if is_search and is_refitted else name
    return fitted
