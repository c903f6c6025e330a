"""The function of one stage: the statements of its part, with what crosses the borders as arguments and results."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst
import pandas as pd

from adopt.notebooks.file_paths import FilePath, find_paths
from adopt.notebooks.frames import FrameChange, drop_foreign, find_change
from adopt.notebooks.imports import used_names
from adopt.notebooks.leak_steps import Corrections
from adopt.notebooks.metrics import Metric, find_metrics
from adopt.notebooks.parameters import Constant, Globals
from adopt.notebooks.plan import Crossing, CrossingWay, OutputKind, Part, Split
from adopt.notebooks.records import Place, Stage, Statement
from adopt.notebooks.results import FigureEnd, find_figure_ends, find_model, find_tables, is_display
from adopt.notebooks.rewriting import Rewriting, rename_names
from adopt.notebooks.round_trip import write_round_trip
from adopt.notebooks.source_lines import Line, parse_lines, show_node
from adopt.notebooks.words import describe_part

FUNCTIONS = {Stage.INGEST: "load", Stage.PREPROCESS: "prepare", Stage.MODEL: "train"}


@dataclass(frozen=True)
class StageFunction:
    """A function of the recipe's module."""

    part: Part
    name: str
    body: str
    """Its lines behind the docstring, not indented."""
    docstring: str
    arguments: tuple[str, ...]
    """Frames that it takes."""
    parameters: Mapping[str, Constant] = field(default_factory=dict)
    """Name -> the literal that is its default."""
    paths: tuple[FilePath, ...] = ()
    metrics: tuple[Metric, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    """Name of the figure among the results -> the output of the notebook, such as `fig:0:3`."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Name -> the expression of the frame."""
    model: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """The names that its lines read."""
        return used_names([ast.parse(self.body)]) | ({"pd"} if self.arguments else set())


@dataclass(frozen=True)
class Context:
    """What all functions of the notebooks share."""

    split: Split
    lines: Mapping[Place, Line]
    constants: Mapping[str, Constant]
    globals: Globals
    frames: Mapping[tuple[Stage, str], pd.DataFrame]
    """Stage that it enters, and name there -> the frame that crosses, as the notebook had it."""
    seeds: Mapping[int, int] | None = None
    """For a twin: statement -> the seed that stands before it."""
    corrections: Corrections = field(default_factory=dict)
    """Statement -> the lines in its place, where leaks are corrected."""

    @property
    def module_constants(self) -> frozenset[int]:
        """Statements that stay at the top of the module."""
        return self.globals.of_module


def write_function(part: Part, context: Context, taken_metrics: Iterable[str] = ()) -> StageFunction:
    """The function of a part.

    Raises:
        NotebookError: a file is read by a path that is put together.
    """
    return _Writer(part, context, list(taken_metrics)).write()


class _Writer:
    def __init__(self, part: Part, context: Context, taken_metrics: list[str]) -> None:
        self._part, self._context, self._split = part, context, context.split
        self._metrics: list[Metric] = []
        self._taken = taken_metrics
        self._statements = [self._split.statements[index] for index in part.statements]
        self._is_model = part.stage == Stage.MODEL
        self._assigned = {one.assigned_at: one for one in part.takes if one.assigned_at is not None}
        self._paths = find_paths(part, self._split, context.constants)
        self._parameters = self._find_parameters()
        self._changes = {
            (one.stage, one.name): find_change(
                context.frames[one.stage, one.name], one.name, one.stage, is_sorted_out=bool(one.split)
            )
            for one in (*part.takes, *part.gives)
            if (one.stage, one.name) in context.frames
        }
        self._own = {name: self._find_free(name) for name in ("metrics", "figures")}
        self._with_metrics = {one.index for one in self._statements if self._is_model and find_metrics(one, ())}
        """Statements that print or show a number of the results."""
        self._ends = find_figure_ends(self._split, self._statements) if self._is_model else {}
        self._tables = find_tables(self._split, self._statements) if self._is_model else {}

    def write(self) -> StageFunction:
        body = [line for statement in self._statements for line in self._write(statement)]
        model = find_model(self._statements) if self._is_model else ""
        before = [*self._restore(), *self._open_results()]
        text = "".join(map(show_node, [*parse_lines("\n".join(before)), *body, *parse_lines(self._give(model))]))
        docstring = describe_part(self._statements, self._part.stage)
        remarks = [remark for one in self._part.gives for remark in self._change_of(one).remarks]
        return StageFunction(
            part=self._part,
            name=FUNCTIONS[self._part.stage],
            body=text,
            docstring=docstring,
            arguments=tuple(one.name for one in self._frames_taken()),
            parameters=self._parameters,
            paths=self._paths.files,
            metrics=tuple(self._metrics),
            figures={end.name: end.output for ends in self._ends.values() for end in ends},
            tables=self._tables,
            model=model,
            remarks=tuple(remarks),
        )

    def _frames_taken(self) -> list[Crossing]:
        ways = (CrossingWay.FRAME, CrossingWay.FILE)
        return [one for one in self._part.takes if one.way in ways]

    def _change_of(self, crossing: Crossing) -> FrameChange:
        return self._changes.get((crossing.stage, crossing.name), FrameChange("", (), ()))

    def _find_parameters(self) -> dict[str, Constant]:
        """The literals that the statements, or the functions that they call, read."""
        reached = {name for statement in self._statements for name in (*statement.uses, *statement.defs)}
        reached |= {
            f"{statement.place.book}:{name}"
            for statement in self._statements
            for function in statement.loads | statement.deferred
            for name in self._context.globals.of_functions.get(function, ())
        }
        return {
            constant.name: constant
            for qualified, constant in self._context.constants.items()
            if qualified in reached
            and constant.annotation
            and constant.statement not in self._context.module_constants
            and constant.name not in self._paths.unused
            and not self._names_file(constant.value)
        }

    def _find_free(self, name: str) -> str:
        """A name that the notebook does not have itself, as it has after `from sklearn import metrics`."""
        taken = used_names([one.node for one in self._split.statements])
        taken |= {bound for one in self._split.statements for bound in (*one.stores, *one.record.bound)}
        return next(one for one in (name, f"the_{name}", f"the_{name}_") if one not in taken)

    def _names_file(self, value: ast.expr) -> bool:
        """Whether a literal is a path that has a parameter, or a list of such paths."""
        return any(isinstance(one, ast.Constant) and one.value in self._paths.by_text for one in ast.walk(value))

    def _restore(self) -> Iterator[str]:
        for one in self._frames_taken():
            if one.split not in ("", one.name):
                yield f"{one.name} = {one.split}"
        for one in self._frames_taken():
            yield from self._change_of(one).restored
            if one.split:
                frames = [self._context.frames[side.stage, side.name] for side in self._frames_taken()]
                yield from drop_foreign(self._context.frames[one.stage, one.name], frames, one.name)

    def _open_results(self) -> Iterator[str]:
        if self._with_metrics:
            yield f"{self._own['metrics']} = {{}}"
        if self._ends:
            yield f"{self._own['figures']} = {{}}"

    def _write(self, statement: Statement) -> Iterator[Line]:
        """The lines that a statement becomes."""
        if statement.is_import or statement.is_definition or self._is_left_out(statement):
            return
        if statement.index in self._assigned:
            taken = self._assigned[statement.index]
            yield from parse_lines(f"{taken.given_name} = {taken.name}")
            return
        yield from self._seed(statement)
        if statement.index in self._context.corrections:
            yield from self._correct(statement.index)
            return
        names = [*self._taken, *(one.name for one in self._metrics)]
        found = find_metrics(statement, names) if statement.index in self._with_metrics else []
        line = self._context.lines[statement.place]
        if found:
            self._metrics += found
            for number, metric in enumerate(found):
                made = parse_lines(f"{self._own['metrics']}[{metric.name!r}] = {metric.expression}")[0]
                yield self._rewrite(made.with_changes(leading_lines=line.leading_lines if number == 0 else ()))
        else:
            yield self._rewrite(line)
        for end in self._ends.get(statement.index, ()):
            yield from parse_lines(f"{self._own['figures']}{_close_figure(end)}")

    def _correct(self, index: int) -> Iterator[Line]:
        """The lines in the place of a statement, with the comments of the statements that they come from."""
        for corrected in self._context.corrections[index]:
            above: Sequence[cst.EmptyLine] = ()
            if corrected.comments_of is not None:
                above = self._context.lines[self._split.statements[corrected.comments_of].place].leading_lines
            yield self._rewrite(parse_lines(corrected.text)[0].with_changes(leading_lines=above))

    def _is_left_out(self, statement: Statement) -> bool:
        is_parameter = any(one.statement == statement.index for one in self._parameters.values())
        is_path = self._is_path_constant(statement)
        is_read = any(one.way == CrossingWay.FILE and one.value_of == statement.index for one in self._part.takes)
        is_written = any(one.way == CrossingWay.FILE and one.made_by == statement.index for one in self._part.gives)
        is_module = statement.index in self._context.module_constants
        is_text = isinstance(statement.node, ast.Expr) and isinstance(statement.node.value, ast.Constant)
        is_output = statement.index in {index for one in self._outputs(OutputKind.FILE) for index in one}
        return (
            is_parameter or is_path or is_read or is_written or is_module or is_text
            or is_display(statement)
            or (is_output and isinstance(statement.node, ast.Expr))
            or self._is_progress(statement)
        )  # fmt: skip

    def _is_progress(self, statement: Statement) -> bool:
        """Whether it only prints or shows something that is no metric."""
        node = statement.node
        is_print = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "print"
        )
        shows = isinstance(node, ast.Expr) and statement.record.shown is not None and not statement.defs
        return (is_print or shows) and statement.index not in self._with_metrics

    def _is_path_constant(self, statement: Statement) -> bool:
        """Whether it assigns the path of a file, which is a parameter instead."""
        node = statement.node
        value = node.value if isinstance(node, ast.Assign) else None
        is_text = isinstance(value, ast.Constant) and value.value in self._paths.by_text
        is_folder = bool(statement.stores) and set(statement.stores) <= self._paths.unused
        return is_text or (isinstance(node, ast.Assign) and is_folder)

    def _outputs(self, kind: OutputKind) -> Iterator[tuple[int, ...]]:
        return (one.statements for one in self._split.slice.outputs if one.kind == kind)

    def _seed(self, statement: Statement) -> Sequence[Line]:
        seed = (self._context.seeds or {}).get(statement.index)
        if seed is None:
            return ()
        return parse_lines(f"import random as r_\nimport numpy as n_\nr_.seed({seed})\nn_.random.seed({seed})")

    def _rewrite(self, line: Line) -> Line:
        paths = {text: one.parameter for text, one in self._paths.by_text.items()}
        made = {code: one.parameter for code, one in self._paths.by_expression.items()}
        changed = line.visit(Rewriting(self._context.globals.of_functions, paths, made))
        assert isinstance(changed, cst.SimpleStatementLine | cst.BaseCompoundStatement)  # noqa: S101 - as it was
        return rename_names(changed, self._path_names())

    def _path_names(self) -> dict[str, str]:
        """Name of a constant that holds a path -> the parameter."""
        texts = self._paths.by_text
        values = {one.name: one.value for one in self._context.constants.values()}
        named = {name: value.value for name, value in values.items() if isinstance(value, ast.Constant)}
        return {name: texts[text].parameter for name, text in named.items() if isinstance(text, str) and text in texts}

    def _give(self, model: str) -> str:
        """The return statement."""
        if not self._is_model:
            return self._give_frames()
        parts = [f'"model": {model}'] if model else []
        parts += [f'"metrics": {self._own["metrics"]}'] if self._metrics else []
        parts += [f'"figures": {self._own["figures"]}'] if self._ends else []
        if self._tables:
            parts.append('"tables": {' + ", ".join(f"{name!r}: {text}" for name, text in self._tables.items()) + "}")
        return f"return {{{', '.join(parts)}}}"

    def _give_frames(self) -> str:
        gives = [one for one in self._part.gives if one.way in (CrossingWay.FRAME, CrossingWay.FILE)]
        texts = [self._expression(one) + self._change_of(one).given for one in gives]
        if len(gives) == 2 and all(one.split for one in gives):
            sides = ", ".join(f'{text}.assign(split="{one.split}")' for text, one in zip(texts, gives, strict=True))
            return f"return pd.concat([{sides}], ignore_index=True)"
        return f"return {', '.join(texts)}"

    def _expression(self, crossing: Crossing) -> str:
        """The frame that an earlier stage gives."""
        if crossing.way == CrossingWay.FRAME:
            return crossing.given_name or crossing.name
        written = self._split.statements[crossing.made_by].node
        reader = self._split.statements[crossing.value_of].node
        return write_round_trip(written, reader, is_same=crossing.is_same)


def _close_figure(end: FigureEnd) -> str:
    return f"[{end.name!r}] = {end.expression}\nplt.close({end.variable})"
