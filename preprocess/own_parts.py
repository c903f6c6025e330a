"""A user's own function as preprocess, called once for each part of a raw dataset."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from loguru import logger

from preprocess.own import OwnRows, RawPart
from preprocess.parameters import PreprocessSection, PythonSection, find_own
from relay.handoff import interrupt
from relay.handoff.errors import SchemaError
from relay.handoff.location import DatasetLocation
from relay.handoff.own.function import OwnFunction
from relay.handoff.part_writer import FinishedParts, MadePart, find_made, find_part_folder, make_part, to_blocks
from relay.handoff.parts import PartPaths
from relay.handoff.receipt import Receipt
from relay.handoff.run import Run


def prepare_own_parts(
    run: Run[PreprocessSection],
    location: DatasetLocation,
    section: PythonSection,
    inputs: list[DatasetLocation],
    receipts: Sequence[Receipt],
) -> Receipt:
    """Let the function make a part of each raw part, one after the other; gives the receipt.

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
    parts = _list_parts(inputs, receipts)
    made: list[MadePart] = []
    coming = _make(run, section, function, inputs, parts, folder)
    first = next(coming)
    schema = pq.read_schema(PartPaths(folder, 0).parquet)

    def keep(part: MadePart) -> MadePart:
        made.append(part)
        return part

    return run.write(
        location,
        schema,
        to_blocks(folder, schema, map(keep, chain([first], coming)), counts_anew=True),
        max_rejected_share=section.max_rejected_share,
        sources=lambda: [source for receipt in receipts for source in receipt.sources],
        facts=lambda: _sum_up(made, function),
        sink=FinishedParts,
    )


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


def _make(
    run: Run[PreprocessSection],
    section: PythonSection,
    function: OwnFunction,
    inputs: list[DatasetLocation],
    parts: list[RawPart],
    folder: Path,
) -> Iterator[MadePart]:
    """The parts in order; the function is not called for those that a run before left whole."""
    taken_over = 0
    for part in parts:
        interrupt.check()
        paths = PartPaths(folder, part.index)
        one = find_made(paths)
        if one is None:
            with OwnRows(run, section, function, inputs, part) as rows:
                one = make_part(paths, rows.schema, rows.blocks(), facts=lambda rows=rows: rows.facts)  # type: ignore[misc]
        taken_over += one.is_taken_over
        yield one
    if taken_over:
        logger.info("{}: {:,} parts were whole from an earlier run", run.name, taken_over)


def _sum_up(made: Sequence[MadePart], function: OwnFunction) -> dict[str, Any]:
    """What the receipt says of all parts.

    Raises:
        SchemaError: some parts have the number of the raw row, or a split of the function's own, and others do not.
    """
    for name, words in {"way_back": "keep the way back to raw", "split_by": "have a column split"}.items():
        if len({part.facts[name] for part in made}) > 1:
            raise SchemaError(f"{function.signature.shown}: the frames of some parts {words} and others do not")
    return {**made[0].facts, "rows_read": sum(part.facts["rows_read"] for part in made)}
