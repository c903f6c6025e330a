"""What is said of a division: what makes it impossible, and what a person should know."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adopt.notebooks.flow import find_plain_name
from adopt.notebooks.gaps import Gap, Live
from adopt.notebooks.ingesting import Ingest
from adopt.notebooks.leaks import find_leaks
from adopt.notebooks.names import WHOLE_SCOPE, find_calls
from adopt.notebooks.parts import find_split_pair
from adopt.notebooks.plan import Border, CellRef, Output, OutputKind, Refusal, RefusalKind, Remark, Slice
from adopt.notebooks.records import Kind, Stage, Statement
from adopt.notebooks.slices import Flow
from relay.handoff.wording import list_words

FROM_A_FILE = "Write it to a file once, as with `DataFrame.to_csv`, and take it from `pd.read_csv`."
"""What to do with data that is in no file."""
OF_SKLEARN = re.compile(r"load_(iris|wine|breast_cancer|digits|diabetes|linnerud)|fetch_california_housing")
"""Datasets of scikit-learn that come as frames too."""
IN_PLACE = re.compile(r"inplace\s*=\s*True")


@dataclass(frozen=True)
class Found:
    """Everything that is known of a division."""

    flow: Flow
    slice: Slice
    outputs: Sequence[Output]
    """Of the model, and figures that are left out."""
    borders: tuple[Border, Border]
    ingest: Ingest
    gap: Gap
    """Before the model."""
    reads: Sequence[int]
    heavy_reads: Mapping[int, str] = field(default_factory=dict)
    """Statement of ingest -> the package that ingest does not have."""

    @property
    def needed(self) -> list[Statement]:
        """The needed statements, in order."""
        return [self.flow.statements[index] for index in sorted(self.slice.needed)]


def find_refusals(found: Found) -> Iterator[Refusal]:
    """Why the notebooks cannot be written as stages."""
    first = [*_find_unrelated(found)] or [*_find_unread(found)]
    yield from first or (*_find_impossible(found), *_find_second_frames(found))
    for statement in found.needed:
        where = _capitalise(name_cells(found.flow, [statement.index]))
        if statement.has_magic:
            message = f"{where} needs a magic or a shell line: `{statement.text.splitlines()[0]}`."
            step = "Write it in Python, or run it once by hand and keep its result beside the notebook."
            yield Refusal(RefusalKind.MAGIC, message, step, find_cells(found.flow, [statement.index]))
        calls = {name for name in find_calls(statement.node) if name in WHOLE_SCOPE and name in statement.loads}
        if calls:
            message = f"{where} calls {sorted(calls)[0]}(), which can read and bind any name."
            step = "Name the variables that it is about."
            yield Refusal(RefusalKind.OTHER, message, step, find_cells(found.flow, [statement.index]))


def find_remarks(found: Found) -> Iterator[Remark]:
    """What a person should know of the division."""
    flow = found.flow
    for border in found.borders:
        if border.moved_from is not None:
            before, now = (name_cells(flow, [at]) for at in (border.moved_from, border.at))
            text = f"The {border.stage} stage begins at {now}, not at {before}: {border.reason}."
            yield Remark("border_moved", text, find_cells(flow, [border.at, border.moved_from]))
    for statement in flow.statements:
        is_idle = not (statement.record.changed or statement.record.bound or statement.is_definition)
        if IN_PLACE.search(statement.text) and is_idle and not statement.record.error:
            text = f"{_capitalise(name_cells(flow, [statement.index]))} was meant to change something in place and"
            text += (
                f" changed nothing: `{statement.text.splitlines()[0]}`. The stages do without it, as the notebook did."
            )
            yield Remark("nothing_in_place", text, find_cells(flow, [statement.index]))
    for output in found.outputs:
        if output.kind is OutputKind.FIGURE and output.stage is not Stage.MODEL:
            where = name_cells(flow, output.statements)
            text = f"The figure of {where} is left out: it shows data that does not reach the model stage."
            yield Remark("figure_left_out", text, find_cells(flow, output.statements))
    yield from _find_leaks(found)
    for live in found.gap.random_states:
        made, used = name_cells(flow, [live.made_by]), name_cells(flow, [live.used_by])
        text = f"{_capitalise(used)} draws random numbers that continue those of {made}, which another stage draws."
        text += f" A parameter random_state or a seed in {used} makes it independent."
        yield Remark("random_state", text, find_cells(flow, [live.made_by, live.used_by]))
    for index in _find_moved_reads(found):
        text = f"What {name_cells(flow, [index])} reads is read by the ingest stage."
        yield Remark("read_moved", text, find_cells(flow, [index]))


def _find_moved_reads(found: Found) -> list[int]:
    """The reads that stand behind statements that work with frames already."""
    working = (
        one.index
        for one in found.needed
        if one.index not in found.ingest.statements and any(v.kind is Kind.FRAME for v in one.record.values.values())
    )
    first = min(working, default=len(found.flow.statements))
    return [index for index in found.reads if index > first and index in found.ingest.statements]


def find_cells(flow: Flow, indices: Iterable[int]) -> tuple[CellRef, ...]:
    """The cells of some statements."""
    places = (flow.statements[index].place for index in indices if index < len(flow.statements))
    return tuple(dict.fromkeys(CellRef(place.book, place.cell) for place in places))


def name_cells(flow: Flow, indices: Iterable[int]) -> str:
    """The cells of some statements in words; of several notebooks with the number of the notebook, from 1."""
    has_several = flow.statements[-1].place.book > 0
    cells = find_cells(flow, indices)
    names = [f"notebook {one.book + 1}, cell {one.cell}" if has_several else f"cell {one.cell}" for one in cells]
    return list_words(names) if names else ""


def _capitalise(text: str) -> str:
    return text[0].upper() + text[1:]


def _find_unread(found: Found) -> Iterator[Refusal]:
    """Data that never is in a frame, or that ingest cannot read: datasets of scikit-learn, data that is generated."""
    has_frame = any(value.kind is Kind.FRAME for one in found.needed for value in one.record.values.values())
    reads = [index for index in found.reads if index in found.slice.needed]
    if has_frame and not found.heavy_reads:
        return
    # Of data that is drawn or typed nothing is a read: then the first array stands for it.
    arrays = [one.index for one in found.needed if any(v.kind is Kind.ARRAY for v in one.record.values.values())]
    at = sorted(found.heavy_reads)[:1] if has_frame else (reads or arrays or [found.needed[0].index])[:1]
    where = name_cells(found.flow, at)
    called = next((name for index in at for name in find_calls(found.flow.statements[index].node)), "")
    if has_frame:
        package = found.heavy_reads[at[0]]
        message = f"{_capitalise(where)} makes the data with {package}, which the ingest stage does not have."
    else:
        message = f"{_capitalise(where)} brings the data, and no cell makes a frame of it. Only frames are handed on."
    step = FROM_A_FILE
    if OF_SKLEARN.fullmatch(called):
        name = called.partition("_")[2]
        write = f'{called}(as_frame=True).frame.to_csv("{name}.csv", index=False)'
        step = f'Write it to a file once, `{write}`, and take it from `pd.read_csv("{name}.csv")`.'
    yield Refusal(RefusalKind.NO_FRAME, message, step, find_cells(found.flow, at))


def _find_impossible(found: Found) -> Iterator[Refusal]:
    seen = set()
    for gap, stage in ((found.ingest.gap, Stage.PREPROCESS), (found.gap, Stage.MODEL)):
        for live in gap.impossible:
            if (live.name, live.made_by) not in seen:
                seen.add((live.name, live.made_by))
                yield _refuse_crossing(found.flow, live)
        if not gap.frames and not gap.impossible:
            message = f"No frame reaches the {stage} stage, so that it would not depend on the data."
            yield Refusal(RefusalKind.NO_FRAME, message, "Use the data that was read in the cells behind the border.")


def _refuse_crossing(flow: Flow, live: Live) -> Refusal:
    is_file = live.name.startswith("file:")
    what = f"the file {find_plain_name(live.name)}" if is_file else f"{find_plain_name(live.name)} ({live.kind})"
    made, used = name_cells(flow, [live.made_by]), name_cells(flow, [live.used_by])
    message = f"{_capitalise(made)} makes {what}, and {used} in a later stage uses it. Only frames are handed on,"
    message += " and it cannot be computed again from them."
    step = f"Move the border with --split, or compute {find_plain_name(live.name)} in the cells that use it."
    if live.kind in (Kind.SERIES, Kind.ARRAY):
        step = f"Put {find_plain_name(live.name)} into the frame as a column, or move the border with --split."
    return Refusal(RefusalKind.CANNOT_CROSS, message, step, find_cells(flow, [live.made_by, live.used_by]))


def _find_second_frames(found: Found) -> Iterator[Refusal]:
    """The model takes one frame, or the two sides of a split."""
    frames = list({(live.name, live.made_by): live for live in found.gap.frames}.values())
    if len(frames) < 2 or find_split_pair(found.flow, frames):
        return
    late = [index for index in found.reads if index >= found.borders[1].at]
    names = " and ".join(find_plain_name(live.name) for live in frames)
    cells = find_cells(found.flow, [live.made_by for live in frames])
    message = f"The model stage would need {len(frames)} frames, {names}, and it takes one."
    if late:
        message += f" {_capitalise(name_cells(found.flow, late))} reads data behind the border."
    step = "Join them before the border, or give them the same columns and the names train and test."
    yield Refusal(RefusalKind.LATE_READ if late else RefusalKind.CANNOT_CROSS, message, step, cells)


def _find_unrelated(found: Found) -> Iterator[Refusal]:
    """Results that have no data in common belong to two pipelines."""
    groups: list[tuple[set[int], list[int]]] = []
    for output in found.outputs:
        needed = found.flow.close(output.statements)
        reads = {index for index in found.reads if index in needed}
        if not reads or output.stage is not Stage.MODEL:
            continue
        joined = [group for group in groups if group[0] & reads]
        groups = [group for group in groups if not group[0] & reads]
        read = reads.union(*(group[0] for group in joined))
        groups.append((read, [*output.statements, *(index for group in joined for index in group[1])]))
    if len(groups) > 1:
        parts = [
            f"{_name_reads(found.flow, sorted(reads))}, shown in {name_cells(found.flow, sorted(results))}"
            for reads, results in groups
        ]
        message = f"The notebook has {len(groups)} data sets that no result has in common: {'; '.join(parts)}."
        step = "Put each into a notebook of its own."
        files = {tuple(_list_files(found.flow, sorted(reads))) for reads, _ in groups}
        if len(files) == 1 and files != {()}:
            message = (
                f"The notebook reads the same data {len(groups)} times, for different results: {'; '.join(parts)}."
            )
            step = "Read it once and copy the frame, or put what belongs to each read into a notebook of its own."
        cells = find_cells(found.flow, sorted(index for reads, _ in groups for index in reads))
        yield Refusal(RefusalKind.UNRELATED_DATA, message, step, cells)


def _name_reads(flow: Flow, reads: Sequence[int]) -> str:
    """The files or addresses that are read, and where."""
    files = _list_files(flow, reads)
    where = name_cells(flow, reads)
    return f"{', '.join(files)} ({where})" if files else f"that of {where}"


def _list_files(flow: Flow, reads: Iterable[int]) -> list[str]:
    records = [flow.statements[index].record for index in reads]
    return list(dict.fromkeys(name for record in records for name in (*record.files_read, *record.urls)))


def _find_leaks(found: Found) -> Iterator[Remark]:
    """Transformers that were fitted on all rows before these were divided."""
    flow = found.flow
    for leak in find_leaks(flow, found.needed):
        where, then = name_cells(flow, [leak.statement]), name_cells(flow, [leak.split])
        text = f"{_capitalise(where)} fits {leak.transformer} on all rows, and {then} divides them afterwards:"
        text += " the test rows have influenced the training rows."
        yield Remark("leak", text, find_cells(flow, [leak.statement, leak.split]))
