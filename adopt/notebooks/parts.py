"""The statements of each stage, and the frames that it takes and gives."""

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, count
from keyword import iskeyword
from pathlib import PurePath

from adopt.notebooks.flow import find_plain_name, is_variable
from adopt.notebooks.gaps import Gap, Live, Way
from adopt.notebooks.plan import Crossing, CrossingWay, Part
from adopt.notebooks.records import Kind, Stage, Statement
from adopt.notebooks.slices import Flow

HANDED_ON = (CrossingWay.FRAME, CrossingWay.FILE)


def make_parts(
    flow: Flow, body: Collection[int], ingest: Collection[int], gaps: tuple[Gap, Gap], at: int, moved: Collection[int]
) -> tuple[Part, ...]:
    """The parts in the order in which they run: one of ingest for each frame, preprocess, model.

    Args:
        flow: All statements.
        body: The needed statements that are neither imports nor definitions.
        ingest: Those of ingest.
        gaps: Before preprocess, and before the model.
        at: Where the model begins.
        moved: Statements before it that draw figures of frames that cross: the model runs them.
    """
    first, second = (_make_crossings(flow, gap, stage) for gap, stage in zip(gaps, list(Stage)[1:], strict=True))
    second = tuple(_hand_through(crossing, ingest) for crossing in second)
    passed = {
        index for one in (*first, *second) if one.way is CrossingWay.FILE for index in (one.made_by, one.value_of)
    }
    passed |= {one.value_of for one in second if one.file}
    given = flow.close(one.made_by for one in second if one.way in HANDED_ON)
    preprocess = _sort({i for i in body if i < at and i not in ingest} | _find_repeated(first), given, passed)
    assigned = {one.assigned_at for one in first if one.assigned_at is not None}
    preprocess = tuple(sorted({*preprocess, *assigned}))
    taken = tuple(one for one in first if _is_taken(flow, one, preprocess, second))
    later = {i for i in body if i >= at and i not in ingest} | set(moved) | _find_repeated(second)
    return (
        *_make_ingests(flow, ingest, [one for one in taken if one.way in HANDED_ON], passed),
        Part(Stage.PREPROCESS, Stage.PREPROCESS, preprocess, taken, _handed(second)),
        Part(Stage.MODEL, Stage.MODEL, _sort(later, later, passed), second),
    )


def find_split_pair(flow: Flow, frames: Sequence[Live]) -> dict[str, str]:
    """Qualified name -> `train` or `test`, where two frames are the two sides of a split; otherwise nothing.

    They have the same columns, but for one that each may lack: the target in the test rows, an id in the training rows.
    """
    if len(frames) != 2:
        return {}
    values = [flow.find_value(frame.name, frame.made_by + 1) for frame in frames]
    columns = [set(value.frame.columns) if value is not None and value.frame is not None else None for value in values]
    if columns[0] is None or columns[1] is None:
        return {}
    if max(len(columns[0] - columns[1]), len(columns[1] - columns[0])) > 1 or not columns[0] & columns[1]:
        return {}
    is_test = ["test" in frame.name.lower() or "valid" in frame.name.lower() for frame in frames]
    if is_test[0] == is_test[1]:
        is_test = [columns[0] < columns[1], columns[1] < columns[0]]
    if is_test[0] == is_test[1]:
        return {}
    return {frame.name: "test" if test else "train" for frame, test in zip(frames, is_test, strict=True)}


def _make_crossings(flow: Flow, gap: Gap, stage: Stage) -> tuple[Crossing, ...]:
    sides = find_split_pair(flow, gap.frames) if stage is Stage.MODEL else {}
    names = _name_twins(flow, gap) if stage is Stage.PREPROCESS else {}
    found = []
    for way in sorted(gap.ways, key=lambda way: way.live.made_by):
        live, own = way.live, find_plain_name(way.live.name)
        if way.way is CrossingWay.FILE:
            found.append(_make_file_crossing(flow, way, stage))
        elif way.way is not None:
            name = names.get((live.name, live.made_by))
            crossing = Crossing(
                stage=stage,
                name=name or (own if is_variable(live.name) else live.name),
                way=way.way,
                kind=live.kind,
                made_by=live.made_by,
                value_of=live.made_by,
                given_name=own,
                statements=way.statements,
                split=sides.get(live.name, ""),
                assigned_at=live.made_by if name else None,
            )
            found.append(crossing)
    return tuple(found)


def _name_twins(flow: Flow, gap: Gap) -> dict[tuple[str, int], str]:
    """Name and maker -> another name, for frames of ingest whose name means something else before they are read."""
    handed = sorted((live.made_by, live.name) for live in gap.frames if is_variable(live.name))
    taken = {name for statement in flow.statements for name in (*statement.stores, *statement.loads)}
    found = {}
    for maker, name in handed:
        uses = (name in flow.statements[i].uses | flow.statements[i].defs for i in gap.after if i < maker)
        is_twin = sum(other == name for _, other in handed) > 1
        if is_twin or any(uses):
            found[name, maker] = _find_free_name(flow, name, maker, taken)
            taken.add(found[name, maker])
    return found


def _find_free_name(flow: Flow, name: str, maker: int, taken: Collection[str]) -> str:
    """A name for a frame: its file's, if nothing else has it, or its own with a number."""
    files = flow.statements[maker].record.files_read
    stem = re.sub(r"\W+", "_", PurePath(files[0]).stem).lower() if files else ""
    plain = find_plain_name(name)
    numbered = (f"{plain}_{number}" for number in count(2))
    names = chain([stem] if stem.isidentifier() and not iskeyword(stem) else [], numbered)
    return next(one for one in names if one not in taken)


def _make_file_crossing(flow: Flow, way: Way, stage: Stage) -> Crossing:
    """A frame that is written in one part and read in a later one."""
    writer, reader = flow.statements[way.live.made_by], flow.statements[way.live.used_by]
    frames = [name for name, value in reader.record.values.items() if value.kind is Kind.FRAME]
    name = next((name for name in frames if name in reader.stores), frames[0])
    given = _find_written(writer)
    before = flow.find_value(f"{writer.place.book}:{given}", writer.index + 1) if given else None
    is_same = before is not None and before.fingerprint == reader.record.values[name].fingerprint
    path = find_plain_name(way.live.name)
    return Crossing(
        stage, name, CrossingWay.FILE, Kind.FRAME, writer.index, reader.index, given, path, is_same, way.statements
    )


def _find_written(writer: Statement) -> str:
    """The name of the frame in `df.to_parquet(…)`; empty where it is an expression."""
    call = writer.node.value if isinstance(writer.node, ast.Expr) else None
    owner = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else ""


def _hand_through(crossing: Crossing, ingest: Collection[int]) -> Crossing:
    """A file that ingest writes and the model reads is an argument of preprocess already: it hands it on as it is."""
    if crossing.way is not CrossingWay.FILE or crossing.made_by not in ingest:
        return crossing
    fields = {**vars(crossing), "way": CrossingWay.FRAME, "given_name": crossing.name}
    return Crossing(**fields)


def _find_repeated(crossings: Iterable[Crossing]) -> set[int]:
    return {index for one in crossings if one.way not in HANDED_ON for index in one.statements}


def _handed(crossings: Iterable[Crossing]) -> tuple[Crossing, ...]:
    return tuple(one for one in crossings if one.way in HANDED_ON)


def _sort(indices: Iterable[int], needed: Collection[int], without: Collection[int]) -> tuple[int, ...]:
    return tuple(sorted(index for index in set(indices) if index in needed and index not in without))


def _is_taken(flow: Flow, crossing: Crossing, statements: Sequence[int], second: Iterable[Crossing]) -> bool:
    """Whether preprocess uses what enters it, or hands it on to the model as it is."""
    if crossing.way not in HANDED_ON:
        return bool(set(crossing.statements) & set(statements))
    if any(one.made_by == crossing.made_by and one.name == crossing.name for one in second):
        return True
    if crossing.way is CrossingWay.FILE:
        book, maker = flow.statements[crossing.value_of].place.book, crossing.value_of
    else:
        book, maker = flow.statements[crossing.made_by].place.book, crossing.made_by
    name = f"{book}:{crossing.given_name if crossing.assigned_at is not None else crossing.name}"
    used = any(name in flow.statements[i].uses and flow.find_def(name, i) == maker for i in statements)
    return used or any(one.made_by == maker for one in second)


def _make_ingests(
    flow: Flow, ingest: Collection[int], handed: Sequence[Crossing], passed: Collection[int]
) -> Iterable[Part]:
    for one in handed:
        statements = _sort(flow.close([one.made_by]), ingest, passed)
        yield Part(Stage.INGEST, one.name, statements, (), (one,))
