"""A user's own function as preprocess, called once for each part of a raw dataset: here, or on workers of a cluster."""

import shutil
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow.parquet as pq

from preprocess.in_parts import count_taken_over
from preprocess.own_call import RawPart, plan_call
from preprocess.own_part import OwnPartTask, make_own_part
from preprocess.parameters import PreprocessSection, PythonSection, find_own
from preprocess.part import ORDER, Order
from relay.compute.engine import run_in_order
from relay.compute.opening import open_engine
from relay.compute.own_source import pack_own
from relay.handoff.errors import SchemaError
from relay.handoff.location import DatasetLocation
from relay.handoff.own.apart import locate_scratch
from relay.handoff.part_writer import FinishedParts, MadePart, find_part_folder, to_blocks
from relay.handoff.parts import PartPaths, put
from relay.handoff.receipt import Receipt
from relay.handoff.run import Run


def prepare_own_parts(
    run: Run[PreprocessSection],
    location: DatasetLocation,
    section: PythonSection,
    inputs: list[DatasetLocation],
    receipts: Sequence[Receipt],
) -> Receipt:
    """Let the function make a part of each raw part; gives the receipt.

    Here one after the other: how much memory a call takes is the function's own affair. On a cluster side by side.

    Args:
        run: of the stage.
        location: of the result.
        section: of the recipe.
        inputs: the raw datasets that the function reads, one of them in parts.
        receipts: of these.

    Raises:
        OwnCodeError: the function failed.
        SchemaError: what it gave has other columns, or too many rows break a rule.
    """
    function, folder = find_own(section, run.recipe), find_part_folder(location)
    put(folder / ORDER, Order(run.recipe.columns, section, run.recipe.seed).to_json())
    call = plan_call(run, function, inputs, per_part=True)
    data_dir = run.settings.data_dir
    scratch = locate_scratch(data_dir, f"{run.stage}-{run.recipe.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    made: list[MadePart] = []

    def keep(part: MadePart) -> MadePart:
        made.append(part)
        return part

    try:
        with open_engine(data_dir, threads=1, reads=call.list_files(data_dir)) as engine:
            source = None if engine.is_here else pack_own(function)
            below = [path.relative_to(data_dir).as_posix() for path in (folder, scratch)]
            tasks = [OwnPartTask(call, source, part, *below) for part in _list_parts(inputs, receipts)]
            coming = count_taken_over(run.name, run_in_order(engine, make_own_part, tasks))
            first = next(coming)
            schema = pq.read_schema(PartPaths(folder, 0).parquet)
            return run.write(
                location,
                schema,
                to_blocks(folder, schema, map(keep, chain([first], coming)), counts_anew=True),
                max_rejected_share=section.max_rejected_share,
                sources=lambda: [source for receipt in receipts for source in receipt.sources],
                facts=lambda: _sum_up(made, call.work.shown),
                sink=FinishedParts,
            )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _list_parts(inputs: Sequence[DatasetLocation], receipts: Sequence[Receipt]) -> list[RawPart]:
    """The parts of the one dataset that has them."""
    location, parts = next(
        (location, receipt.parts.files)
        for location, receipt in zip(inputs, receipts, strict=True)
        if receipt.parts is not None
    )
    firsts = accumulate((part.rows for part in parts), initial=1)
    return [
        RawPart(location.address, index, first) for index, (_, first) in enumerate(zip(parts, firsts, strict=False))
    ]


def _sum_up(made: Sequence[MadePart], shown: str) -> dict[str, Any]:
    """What the receipt says of all parts.

    Raises:
        SchemaError: some parts have the number of the raw row, or a split of the function's own, and others do not.
    """
    for name, words in {"way_back": "keep the way back to raw", "split_by": "have a column split"}.items():
        if len({part.facts[name] for part in made}) > 1:
            raise SchemaError(f"{shown}: the frames of some parts {words} and others do not")
    return {**made[0].facts, "rows_read": sum(part.facts["rows_read"] for part in made)}
