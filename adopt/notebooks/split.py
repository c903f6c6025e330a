"""Notebooks divided into stages."""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from adopt.notebooks.borders import Marks, find_literal, find_marks
from adopt.notebooks.findings import FROM_A_FILE, Found, find_refusals, find_remarks
from adopt.notebooks.flow import build_statements
from adopt.notebooks.gaps import DRAWN, Gap
from adopt.notebooks.heavy import describe_heavy, find_heavy
from adopt.notebooks.ingesting import Ingest, find_ingest
from adopt.notebooks.parts import find_split_pair, make_parts
from adopt.notebooks.plan import Border, BorderSource, NotebookError, Output, OutputKind, Refusal, RefusalKind, Split
from adopt.notebooks.records import Kind, Notebook, Run, Stage
from adopt.notebooks.slices import Flow, find_model_start, find_outputs, find_reads, find_slice


def split_notebooks(notebooks: Sequence[Notebook], run: Run, *, split: str = "") -> Split:
    """The stages of notebooks that have run: their statements, what crosses, what is left out, what is impossible.

    Args:
        notebooks: As they were read.
        run: What a run saw of them, without a failure.
        split: The value of `--split`; empty where it was not given.

    Raises:
        NotebookError: There is nothing to adopt: no result, or no data.
        UsageError: `--split` names no borders of this notebook.
    """
    flow = Flow(build_statements(notebooks, run))
    reads = find_reads(flow)
    marks = find_marks(notebooks, flow.statements, first_read=min(reads, default=-1), split=split)
    late = marks.model if marks.model is not None else _find_late(flow, reads)
    outputs = find_outputs(flow, late)
    main = [one for one in outputs if one.stage is Stage.MODEL] or list(outputs)
    _require(flow, main, reads)
    needed = flow.close(index for one in main for index in one.statements)
    constants = _find_constants(flow, needed)
    body = _find_body(flow, needed)
    ingest = find_ingest(flow, body, reads, constants, mark=marks.preprocess, end=late)
    if ingest.impossible and marks.preprocess is not None:
        ingest = find_ingest(flow, body, reads, constants, mark=None, end=late)
    everywhere = find_heavy(flow, body, notebooks[0].path.parent)
    heavy = {index: name for index, name in everywhere.items() if index not in ingest.statements}
    border, gap = _find_model(flow, body, ingest, marks, late, constants, heavy)
    placed, moved = _place_figures(outputs, gap, border.at)
    kept = find_slice(flow, [one for one in placed if one.stage is Stage.MODEL])
    body = _find_body(flow, kept.needed)
    first = Border(
        Stage.PREPROCESS, min((i for i in body if i not in ingest.statements), default=border.at), _of(marks)
    )
    at_reads = {index: name for index, name in everywhere.items() if index in ingest.statements & kept.needed}
    found = Found(flow, kept, placed, (first, border), ingest, gap, reads, at_reads)
    return Split(
        statements=flow.statements,
        slice=kept,
        borders=(first, border),
        parts=make_parts(flow, body, ingest.statements, (ingest.gap, gap), border.at, moved),
        definitions=tuple(sorted(kept.needed - set(body))),
        constants=_find_constants(flow, kept.needed),
        refusals=tuple(find_refusals(found)),
        remarks=tuple(find_remarks(found)),
    )


def _shows_table(flow: Flow) -> bool:
    shown = (one.record.shown for one in flow.statements)
    return any(value is not None and value.kind in (Kind.FRAME, Kind.SERIES) for value in shown)


def _require(flow: Flow, outputs: Sequence[Output], reads: Sequence[int]) -> None:
    """Raise an error where there is nothing to adopt."""
    if not reads:
        message = "No cell makes a frame, so that no data could be handed from stage to stage."
        raise NotebookError((Refusal(RefusalKind.NO_FRAME, message, FROM_A_FILE),))
    if not outputs:
        message = "No cell draws a figure, fits a model or shows a number, so that there is no result to keep."
        message += " Tables that are only shown do not count." if _shows_table(flow) else ""
        step = "Print a number, draw a figure or write a table with `to_csv` behind the cells that prepare the data."
        raise NotebookError((Refusal(RefusalKind.NO_RESULT, message, step),))


def _find_late(flow: Flow, reads: Sequence[int]) -> int:
    """Where the model begins at the latest: at its first fit or split of rows, first figure, or first number."""
    fit = find_model_start(flow, reads)
    if fit is not None:
        return fit
    last = max(reads, default=-1)
    outputs = find_outputs(flow, last + 1)
    drawn = [index for one in outputs if one.kind is OutputKind.FIGURE for index in one.statements if index > last]
    shown = [index for one in outputs if one.kind is not OutputKind.FIGURE for index in one.statements]
    return min(drawn or shown, default=len(flow.statements) - 1)


def _find_body(flow: Flow, needed: Iterable[int]) -> list[int]:
    """The needed statements that are neither imports nor definitions."""
    statements = (flow.statements[index] for index in sorted(needed))
    return [one.index for one in statements if not (one.is_import or one.is_definition)]


def _find_constants(flow: Flow, needed: Collection[int]) -> dict[str, int]:
    """Qualified name -> the only statement that binds it, to a literal that a recipe can set."""
    found = {}
    for index in sorted(needed):
        statement = flow.statements[index]
        name = find_literal(statement)
        qualified = f"{statement.place.book}:{name}"
        if (
            name
            and not name.startswith("_")
            and list(flow.find_defs(qualified)) == [index]
            and _is_parameter(statement.node)
        ):
            found[qualified] = index
    return found


def _is_parameter(node: ast.stmt) -> bool:
    """Whether a literal has a type that parameters of recipes have."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    value = ast.literal_eval(node.value)
    if isinstance(value, list):
        return len({type(item) for item in value}) == 1 and isinstance(value[0], bool | int | float | str)
    return isinstance(value, bool | int | float | str)


def _of(marks: Marks) -> BorderSource:
    return marks.source if marks.preprocess is not None else BorderSource.PROPOSED


def _find_model(
    flow: Flow,
    body: Sequence[int],
    ingest: Ingest,
    marks: Marks,
    late: int,
    constants: Collection[str],
    heavy: Mapping[int, str],
) -> tuple[Border, Gap]:
    """Where the model begins: where it is marked, if everything gets across there, otherwise at the narrowest gap.

    It begins before the first statement that needs a package of the model stage.
    """
    first = min(heavy, default=len(flow.statements))

    def find_gap(at: int) -> Gap:
        before = {index for index in body if index < at} | ingest.statements
        return Gap(flow, before, [index for index in body if index >= at and index not in before], constants)

    marked = find_gap(marks.model) if marks.model is not None else None
    if marks.model is not None and marks.model <= first and marked is not None and _is_possible(flow, marked):
        return Border(Stage.MODEL, marks.model, marks.source), marked
    late = min(late, first)
    early = max((index for index in ingest.statements if index < late), default=-1)
    places = sorted({late, *(index for index in body if early < index <= late)})
    gaps = {at: find_gap(at) for at in places}
    best = min(places, key=lambda at: (_cost(flow, gaps[at]), -at))
    if marked is None or marks.model is None:
        return Border(Stage.MODEL, best, BorderSource.PROPOSED), gaps[best]
    if marks.model > first:
        reason = describe_heavy(flow.statements[first], heavy[first])
        return Border(Stage.MODEL, best, marks.source, marks.model, reason), gaps[best]
    if _cost(flow, gaps[best]) >= _cost(flow, marked):
        return Border(Stage.MODEL, marks.model, marks.source), marked
    names = ", ".join(sorted({live.name.partition(":")[2] for live in (*marked.impossible, *marked.frames[1:])}))
    border = Border(Stage.MODEL, best, marks.source, marks.model, f"{names} cannot be handed on as frames")
    return border, gaps[best]


def _is_possible(flow: Flow, gap: Gap) -> bool:
    is_one = len(gap.frames) == 1 or bool(find_split_pair(flow, gap.frames))
    return is_one and not gap.impossible


def _cost(flow: Flow, gap: Gap) -> int:
    """What a border costs; the two sides of a split cost as much as one frame."""
    return gap.cost - (3 if find_split_pair(flow, gap.frames) else 0)


def _place_figures(outputs: Sequence[Output], gap: Gap, at: int) -> tuple[list[Output], frozenset[int]]:
    """The outputs, with each figure that the model can draw too, and the statements that move there for that."""
    frames = {live.name: live.made_by for live in gap.frames}
    moved: set[int] = set()
    placed = []
    for output in outputs:
        if output.kind is OutputKind.FIGURE and min(output.statements) < at:
            again = gap.find_again(output.statements, frames, states=DRAWN)
            output = replace(output, stage=Stage.PREPROCESS if again is None else Stage.MODEL)
            moved |= set(again or ())
        else:
            output = replace(output, stage=Stage.MODEL)
        placed.append(output)
    return placed, frozenset(moved)
