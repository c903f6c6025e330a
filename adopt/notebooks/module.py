"""The files of a recipe's own code: its module, and the helper modules that came with the notebooks."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from adopt.notebooks.emit import Context, StageFunction
from adopt.notebooks.imports import Import, Imports, needs_at_once, used_names
from adopt.notebooks.records import Stage, Statement
from adopt.notebooks.rewriting import RelativeImports, Rewriting, add_parameters
from adopt.notebooks.source_lines import Line, parse_lines, show_node

PARTS = "parts"
"""What the name of the file ends in that holds classes for the model, whose packages other stages lack."""


@dataclass(frozen=True)
class Code:
    """The module of one recipe."""

    recipe: str
    files: Mapping[str, str]
    """Path below recipes/ -> text."""
    functions: tuple[StageFunction, ...]


@dataclass(frozen=True)
class _Definition:
    """A function or class of the notebooks as it stands in the module."""

    name: str
    line: Line
    node: ast.stmt
    reads: frozenset[str]
    is_heavy: bool
    """Whether the images of earlier stages cannot even define it."""


def write_code(
    recipe: str,
    functions: Sequence[StageFunction],
    context: Context,
    imports: Imports,
    *,
    title: str,
    helpers: Mapping[str, str],
) -> Code:
    """The module of a recipe, and helper modules beside it.

    Args:
        recipe: name of the recipe.
        functions: one for each stage that it has.
        context: of the notebooks.
        imports: of the notebooks.
        title: first line of the module.
        helpers: module beside the notebook -> its text, those that are needed.
    """
    writer = _Module(recipe.replace("-", "_"), functions, context, imports, helpers)
    return Code(recipe, writer.write(title), tuple(functions))


class _Module:
    def __init__(
        self,
        name: str,
        functions: Sequence[StageFunction],
        context: Context,
        imports: Imports,
        helpers: Mapping[str, str],
    ) -> None:
        self._name, self._functions, self._context, self._imports = name, functions, context, imports
        self._helpers = helpers
        self._uses_partial = False
        self._definitions = self._find_definitions()

    def write(self, title: str) -> dict[str, str]:
        light = [one for one in self._definitions if not one.is_heavy]
        heavy = [one for one in self._definitions if one.is_heavy]
        body = [self._write_definition(one) for one in light]
        body += [self._write_function(function, heavy) for function in self._functions]
        head = self._head(light, [name for function in self._functions for name in function.names])
        texts = {"": self._finish(title, head, body)}
        if heavy:
            inside = [self._write_definition(one, imports_inside=False) for one in heavy]
            names = {name for one in heavy for name in one.reads | needs_at_once(one.node)}
            lines = [one.text for one in self._imports.find(names)]
            lines += [f"from .{self._name} import {one.name}" for one in light if one.name in names]
            texts[PARTS] = self._finish("What only the model needs.", "\n".join(lines), inside)
        return self._place(texts)

    def _place(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Path below recipes/ -> text: one file, or a package where helper modules come along."""
        if not self._helpers:
            return {f"{self._name}{f'_{part}' if part else ''}.py": text for part, text in texts.items()}
        files = {f"{self._name}/{part or '__init__'}.py": text for part, text in texts.items()}
        beside = RelativeImports(self._imports.beside)
        return files | {
            f"{self._name}/{name}.py": cst.parse_module(text).visit(beside).code for name, text in self._helpers.items()
        }

    def _find_definitions(self) -> list[_Definition]:
        statements = [self._context.split.statements[index] for index in self._context.split.definitions]
        made = {one.name: one for one in map(self._define, statements) if one is not None}
        wanted = {name for function in self._functions for name in function.names} & made.keys()
        while more := {name for one in wanted for name in made[one].reads & made.keys()} - wanted:
            wanted |= more
        return [one for name, one in made.items() if name in wanted]

    def _define(self, statement: Statement) -> _Definition | None:
        if not statement.is_definition:
            return None
        name = str(getattr(statement.node, "name", ""))
        rewriting = Rewriting(self._context.globals.of_functions, {})
        line = self._context.lines[statement.place].visit(rewriting)
        self._uses_partial |= rewriting.uses_partial
        if isinstance(line, cst.FunctionDef) and name in self._context.globals.of_functions:
            line = add_parameters(line, self._context.globals.of_functions[name])
        assert isinstance(line, cst.BaseCompoundStatement)  # noqa: S101 - a definition stays one
        node = ast.parse(show_node(line)).body[0]
        _, heavy = self._imports.split(needs_at_once(node))
        return _Definition(name, line, node, frozenset(used_names([node])), bool(heavy))

    def _write_definition(self, definition: _Definition, *, imports_inside: bool = True) -> str:
        line = definition.line
        _, heavy = self._imports.split(definition.reads)
        if imports_inside and heavy and isinstance(line, cst.FunctionDef):
            line = _insert(line, heavy)
        return show_node(line.with_changes(leading_lines=[one for one in line.leading_lines if one.comment]))

    def _write_function(self, function: StageFunction, heavy: Sequence[_Definition]) -> str:
        inside = self._imports.split(function.names)[1]
        lines = [one.text for one in inside]
        parts = [one.name for one in heavy if one.name in function.names]
        dot = f".{PARTS}" if self._helpers else f".{self._name}_{PARTS}"
        lines += [f"from {dot} import {', '.join(sorted(parts))}"] if parts else []
        if "plt" in function.names and not any(one.name == "plt" for one in inside):
            lines.append("import matplotlib.pyplot as plt")
        body = parse_lines("\n".join([*sorted(lines), "", function.body]))
        made = cst.parse_statement(f"def {function.name}({self._sign(function)}){_returns(function)}: pass")
        block = cst.IndentedBlock([*parse_lines(_quote(function.docstring)), *body])
        return show_node(made.with_changes(body=block))

    def _sign(self, function: StageFunction) -> str:
        sides = [one.split for one in function.part.takes if one.split]  # a model function takes them by these names
        names = sorted(sides, reverse=True) or function.arguments
        data = [f"{name}: pd.DataFrame" for name in names]
        words = [f"{one.parameter}: Path" for one in function.paths]
        words += [f"{one.name}: {one.annotation} = {ast.unparse(one.value)}" for one in function.parameters.values()]
        return ", ".join([*data, *(["*", *words] if words else [])])

    def _head(self, definitions: Iterable[_Definition], names: Iterable[str]) -> str:
        used = {*names} | {name for one in definitions for name in one.reads}
        top, _ = self._imports.split(used)
        lines = [one.text for one in top]
        lines += ["from functools import partial"] if self._uses_partial or "partial" in used else []
        lines += ["from pathlib import Path"] if any(function.paths for function in self._functions) else []
        needs_pandas = any(function.arguments or function.part.stage != Stage.MODEL for function in self._functions)
        lines += ["import pandas as pd"] if needs_pandas else []
        lines += ["import io"] if any("io.StringIO(" in function.body for function in self._functions) else []
        constants = [
            self._context.lines[self._context.split.statements[index].place]
            for index in sorted(self._context.module_constants)
        ]
        return "\n".join(
            [*dict.fromkeys(lines), "", *(show_node(line) for line in constants if self._reads(line, used))]
        )

    def _reads(self, line: Line, used: set[str]) -> bool:
        target = ast.parse(show_node(line)).body[0]
        return any(isinstance(node, ast.Name) and node.id in used for node in ast.walk(target))

    def _finish(self, title: str, head: str, body: Sequence[str]) -> str:
        text = "\n\n\n".join([f'"""{title}"""\n\n{head}', *body])
        if self._imports.beside:
            text = cst.parse_module(text).visit(RelativeImports(self._imports.beside)).code
        return format_code(text)


def _returns(function: StageFunction) -> str:
    return " -> pd.DataFrame" if function.part.stage != Stage.MODEL else ""


def _insert(function: cst.FunctionDef, imports: Sequence[Import]) -> cst.FunctionDef:
    """The function with imports behind its docstring."""
    body = function.body
    if not isinstance(body, cst.IndentedBlock):
        return function
    lines = parse_lines("\n".join(one.text for one in imports))
    at = 1 if function.get_docstring() is not None else 0
    return function.with_changes(body=body.with_changes(body=[*body.body[:at], *lines, *body.body[at:]]))


def _quote(docstring: str) -> str:
    """A docstring that stands inside a function."""
    lines = docstring.replace("\n", "\n    ").replace("\n    \n", "\n\n")
    return f'"""{lines}{chr(10) + "    " if chr(10) in lines else ""}"""'


def format_code(text: str) -> str:
    """The text as ruff sorts and formats it.

    Raises:
        subprocess.CalledProcessError: it is not Python.
    """
    for command in (
        ["check", "--select", "I,F401", "--fix", "--exit-zero", "--quiet", "-"],
        ["format", "--quiet", "-"],
    ):
        text = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "120"],
            input=text, capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
    return text


def find_helpers(folder: Path, imports: Imports) -> dict[str, str]:
    """Module beside the notebooks -> its text: those that are imported, and those that these import."""
    found: dict[str, str] = {}
    waiting = [one.package for one in imports.by_name.values()]
    while waiting:
        name = waiting.pop()
        path = folder / f"{name}.py"
        if name in found or name not in imports.beside or not path.is_file():
            continue
        found[name] = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(found[name])):
            if isinstance(node, ast.Import):
                waiting += [alias.name.partition(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                waiting.append((node.module or "").partition(".")[0])
    return found
