"""Leaks corrected: rows are divided first, transformers fit on the training side, and transform both sides."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from adopt.notebooks.findings import find_cells, name_cells
from adopt.notebooks.leak_columns import Reading
from adopt.notebooks.leak_steps import (
    CorrectedLine,
    Corrections,
    Pending,
    Step,
    UnclearError,
    Use,
    find_names,
    has_frame,
    list_pairs,
    name_function,
    name_transformer,
    read_use,
    write_columns,
    write_fit,
    write_side,
    write_whole,
)
from adopt.notebooks.leaks import Leak, find_leaks
from adopt.notebooks.plan import NotebookError, Refusal, RefusalKind, Split
from adopt.notebooks.records import Stage, Statement
from adopt.notebooks.slices import SPLITTING, Flow

DIVIDING = "train_test_split"


def correct_leaks(split: Split) -> Corrections:
    """The statements of the model stage that change so that no fit sees the test rows; empty without a leak.

    Raises:
        NotebookError: a leak cannot be corrected safely; it says in which cell, and why.
    """
    flow = Flow(split.statements)
    needed = [split.statements[index] for index in sorted(split.slice.needed)]
    leaks = {one.statement: one for one in find_leaks(flow, needed)}
    if not leaks:
        return {}
    model = {index for part in split.parts if part.stage == Stage.MODEL for index in part.statements}
    others = {index for part in split.parts if part.stage != Stage.MODEL for index in part.statements}
    for index in leaks:
        if index not in model or index in others:
            raise _refuse(flow, leaks[index], index, "the fit is not in the model stage alone")
    return _Walk(flow, leaks).walk([split.statements[index] for index in sorted(model)])


def _refuse(flow: Flow, leak: Leak, where: int, why: str) -> NotebookError:
    at = leak.statement
    place = name_cells(flow, [at] if at == where else [at, where])
    message = f"The fit of {leak.transformer} on all rows cannot be corrected safely ({place}): {why}."
    step = f"In the notebook, call {DIVIDING} first and fit on the training rows, or leave out --correct-leaks, which"
    return NotebookError(
        (Refusal(RefusalKind.LEAK, message, f"{step} keeps the leak.", find_cells(flow, [at, where])),)
    )


@dataclass
class _Walk:
    """The statements of the model stage, from the first one to the last one."""

    flow: Flow
    leaks: Mapping[int, Leak]
    pending: dict[str, Pending] = field(default_factory=dict)
    spent: dict[str, Pending] = field(default_factory=dict)
    """Names whose values were divided."""
    fits: dict[str, tuple[int, Use]] = field(default_factory=dict)
    """Transformer -> its `fit`, which waits for `transform`."""
    unfitted: dict[str, int] = field(default_factory=dict)
    """Transformers that are fitted after the split only, and where the notebook fits them."""
    lines: dict[int, list[CorrectedLine]] = field(default_factory=dict)

    def walk(self, statements: Iterable[Statement]) -> Corrections:
        """The corrected lines.

        Raises:
            NotebookError: a leak cannot be corrected safely.
        """
        for statement in statements:
            try:
                self._take(statement)
            except UnclearError as error:
                leak = self.leaks.get(statement.index) or self._find_waiting(statement)
                raise _refuse(self.flow, leak, statement.index, str(error)) from None
        for index in [*self.unfitted.values(), *(one for one in self.leaks if one not in self.lines)]:
            leak = self.leaks[index]
            raise _refuse(self.flow, leak, leak.split, f"its rows do not reach a call of {DIVIDING}")
        return self.lines

    def _find_waiting(self, statement: Statement) -> Leak:
        """The leak with which a statement is in conflict."""
        used = _plain(statement.uses | statement.defs)
        steps = [step for name, one in {**self.spent, **self.pending}.items() if name in used for step in one.steps]
        found = [step.statement for step in steps if step.statement in self.leaks]
        found += [at for name, at in self.unfitted.items() if name in used]
        return self.leaks[min(found or self.leaks)]

    def _take(self, statement: Statement) -> None:
        node = statement.node
        if statement.index in self.leaks:
            self._defer(statement)
        elif self._applies(node):
            self._defer_transform(statement)
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and name_function(node.value) == DIVIDING
            and find_names(node.value) & self.pending.keys()
        ):
            self._divide(statement, node, node.value)
        else:
            self._keep(statement)

    def _applies(self, node: ast.stmt) -> bool:
        """Whether a statement is the `transform` of a waiting `fit`."""
        calls = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
        return any(
            isinstance(call, ast.Attribute) and call.attr == "transform" and find_names(call.value) & self.fits.keys()
            for call in calls
        )

    def _defer(self, statement: Statement) -> None:
        """Take a fit away from its place."""
        node, use, made = name_transformer(statement.node, read_use(statement.node, ("fit", "fit_transform")))
        assert isinstance(use.transformer, ast.Name)  # noqa: S101 - it has a name now
        name = use.transformer.id
        if (
            made
            and name not in statement.stores
            and any(name in one.loads | one.stores for one in self.flow.statements)
        ):
            raise UnclearError(f"the transformer has no name, and {name} is taken")
        if name in self.unfitted:
            raise UnclearError(f"{name} is fitted twice before the rows are divided")
        self._require_alone(statement, name)
        self.lines[statement.index] = [CorrectedLine(made)] if made else []
        if use.method == "fit":
            self.fits[name] = (statement.index, use)
        else:
            self._add(statement, node, use, ())
        self.unfitted[name] = statement.index

    def _require_alone(self, statement: Statement, transformer: str) -> None:
        """Raise an error where a statement changes more than its target and its transformer."""
        node = statement.node
        target = find_names(node.targets[0]) if isinstance(node, ast.Assign) and len(node.targets) == 1 else set()
        changed = {*statement.record.bound, *statement.record.changed}
        if other := sorted(changed - target - {transformer}):
            raise UnclearError(f"it changes {other[0]} as well")

    def _defer_transform(self, statement: Statement) -> None:
        use = read_use(statement.node, ("transform",))
        name = use.transformer.id if isinstance(use.transformer, ast.Name) else ""
        if name not in self.fits:
            raise UnclearError("the transformer is not used by its name")
        at, fit = self.fits.pop(name)
        self.lines[statement.index] = []
        if ast.dump(fit.argument) != ast.dump(use.argument):
            raise UnclearError(f"{name} is fitted on other rows than it transforms")
        self._require_alone(statement, name)
        is_part = isinstance(statement.node, ast.Assign) and isinstance(statement.node.targets[0], ast.Subscript)
        fits = Step(at, write_fit(fit, fit.root if is_part else ""), fit.labels, is_only_fit=True)
        self._add(statement, statement.node, use, (fits,))

    def _add(self, statement: Statement, node: ast.stmt, use: Use, before: tuple[Step, ...]) -> None:
        """Note what a statement does, for after the split."""
        reading = Reading(self.flow, statement)
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            raise UnclearError("the fit is not an assignment of its own")
        reading.require_columns()
        target = node.targets[0]
        if not isinstance(target, ast.Name):
            self._add_columns(reading, node, use, before)
            return
        was = self.pending.get(use.root) if isinstance(use.argument, ast.Name) else None
        if was is None and find_names(use.argument) & self.pending.keys():
            raise UnclearError("it takes a part of what another fit changes")
        is_plain = not has_frame(node) or reading.has_plain_index(use.root)
        step = Step(statement.index, write_whole(node, use, has_plain_index=is_plain), use.labels)
        base, steps = (was.base, was.steps) if was else (use.argument, ())
        self.pending[target.id] = Pending(base, (*steps, *before, step), None, is_whole=True)
        self.spent.pop(target.id, None)

    def _add_columns(self, reading: Reading, node: ast.Assign, use: Use, before: tuple[Step, ...]) -> None:
        made, root, named = write_columns(node, use)
        step = Step(reading.statement.index, made, use.labels)
        was = self.pending.get(root, Pending(ast.Name(root, ast.Load())))
        changed, taken = reading.name_columns(named), reading.find_columns(use.argument)
        columns = None
        if changed is not None and taken is not None and was.columns is not None:
            columns = changed | taken | was.columns
        makes = was.makes_columns or changed is None or not changed <= reading.list_columns(root)
        steps = (*was.steps, *before, step)
        self.pending[root] = replace(was, steps=steps, columns=columns, makes_columns=makes)

    def _divide(self, statement: Statement, node: ast.Assign, call: ast.Call) -> None:
        """Divide the rows as they were before the fits, and put the steps behind."""
        names = [one.id for one in getattr(node.targets[0], "elts", ()) if isinstance(one, ast.Name)]
        if len(names) != 2 * len(call.args) or len(set(names)) != len(names) or len(node.targets) != 1:
            raise UnclearError(f"the sides of {DIVIDING} do not all have names of their own")
        if any(find_names(word.value) & self.pending.keys() for word in call.keywords):
            raise UnclearError("the split itself depends on what is fitted")
        sides = {ast.dump(one): names[2 * number] for number, one in enumerate(call.args)}
        found: list[tuple[Step, str, str]] = []
        bases: list[ast.expr] = []
        for number, argument in enumerate(call.args):
            train, test = names[2 * number : 2 * number + 2]
            pending = self._find_divided(statement, argument, train)
            bases.append(pending.base if pending is not None else argument)
            found += [(step, train, test) for step in (pending.steps if pending is not None else ())]
        text = ast.unparse(ast.Assign(node.targets, ast.Call(call.func, bases, call.keywords), lineno=0))
        lines = [CorrectedLine(text, statement.index)]
        for step, train, test in sorted(found, key=lambda one: one[0].statement):
            lines += self._write_step(step, train, test, sides)
        self.lines[statement.index] = lines
        done = {step.statement for step, _, _ in found}
        self.unfitted = {name: at for name, at in self.unfitted.items() if at not in done}
        for name in [name for name, one in self.pending.items() if {step.statement for step in one.steps} <= done]:
            self.spent[name] = self.pending.pop(name)
        self.spent = {name: one for name, one in self.spent.items() if name not in names}

    def _find_divided(self, statement: Statement, argument: ast.expr, train: str) -> Pending | None:
        """What is pending of an argument of the split."""
        if isinstance(argument, ast.Name):
            return self.pending.get(argument.id)
        for name in find_names(argument) & self.pending.keys():
            columns = _list_columns(statement, train)
            if Reading(self.flow, statement).carries(name, argument, columns, self.pending[name]):
                return replace(self.pending[name], base=argument)
        return None

    def _write_step(self, step: Step, train: str, test: str, sides: Mapping[str, str]) -> Iterator[CorrectedLine]:
        labels = ""
        if step.labels is not None and not (isinstance(step.labels, ast.Constant) and step.labels.value is None):
            labels = sides.get(ast.dump(step.labels), "")
            if not labels or find_names(step.labels) & self.pending.keys():
                raise UnclearError("the labels that the fit takes are not divided by the same call")
        yield CorrectedLine(write_side(step.template, train, labels), step.statement)
        if not step.is_only_fit:
            yield CorrectedLine(write_side(step.template, test, is_test=True))

    def _keep(self, statement: Statement) -> None:
        """Leave a statement where it is."""
        reading = Reading(self.flow, statement)
        used, defined = _plain(statement.uses), _plain(statement.defs)
        if early := sorted(used & self.unfitted.keys()):
            raise UnclearError(f"{early[0]} is used before the rows are divided")
        if SPLITTING.search(statement.text) and used & self.pending.keys():
            raise UnclearError("the rows are divided several times there; put the transformer into a Pipeline instead")
        carried = dict(self._find_carried(reading))
        for name in sorted(used & (self.pending.keys() | self.spent.keys())):
            one = self.pending.get(name) or self.spent[name]
            if name not in carried.values() and not reading.uses_only_others(name, one):
                raise UnclearError(f"{name} is used with what the fit made of all rows")
        self._require_unchanged(used, defined, carried)
        for made, name in carried.items():
            self.pending[made] = replace(self.pending[name], base=ast.Name(made, ast.Load()))
        self.spent = {name: one for name, one in self.spent.items() if name not in defined or name in used}

    def _require_unchanged(self, used: set[str], defined: set[str], carried: Mapping[str, str]) -> None:
        """Raise an error where a statement changes what a later fit needs."""
        needs = {name for _, use in self.fits.values() for name in find_names(use.argument)}
        for name, one in self.pending.items():
            words = {name, *find_names(one.base), *(word for step in one.steps for word in find_names(step.template))}
            needs |= words - ({name} if name in used and not one.is_whole else set())
        if changed := sorted(needs & defined - carried.keys()):
            raise UnclearError(f"{changed[0]} changes between the fit and the split")

    def _find_carried(self, reading: Reading) -> Iterator[tuple[str, str]]:
        """Names that get the columns that wait for a fit, and of which name they get them."""
        for made, value in list_pairs(reading.statement.node):
            for name in find_names(value) & self.pending.keys():
                if reading.carries(name, value, _list_columns(reading.statement, made), self.pending[name]):
                    yield made, name


def _plain(names: Iterable[str]) -> set[str]:
    return {name.partition(":")[2] for name in names}


def _list_columns(statement: Statement, name: str) -> tuple[str, ...] | None:
    """The columns of a frame that a statement makes; None where it makes another thing."""
    value = statement.record.values.get(name)
    return value.frame.columns if value is not None and value.frame is not None else None
