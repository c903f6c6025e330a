"""The processed dataset of a raw one in parts: part by part, by as many workers as there are."""

from collections.abc import Iterator
from itertools import accumulate

import pyarrow as pa
from loguru import logger

from preprocess.parameters import PreprocessSection, TableSection
from preprocess.part import ORDER, Order, PartTask, prepare_part
from preprocess.table import look_ahead
from relay.compute.engine import run_in_order
from relay.compute.opening import open_engine
from relay.handoff.location import DatasetLocation
from relay.handoff.part_writer import FinishedParts, MadePart, find_part_folder, to_blocks
from relay.handoff.parts import PartPaths, put
from relay.handoff.parts_dataset import PartsDataset
from relay.handoff.receipt import Receipt
from relay.handoff.run import Run


def prepare_in_parts(run: Run[PreprocessSection], location: DatasetLocation, raw: PartsDataset) -> Receipt:
    """Make a processed part of each raw part, and commit them; gives the receipt.

    Parts that a run with this key has left whole are not made again.

    Raises:
        SchemaError: too many rows were rejected, or none is left.
        DatasetDamagedError, DatasetReplacedError: the raw dataset is not what it was.
    """
    order = Order(run.recipe.columns, run.parameters, run.recipe.seed)
    order = _complete(order, raw)
    folder = find_part_folder(location)
    put(folder / ORDER, order.to_json())
    tasks = list_tasks(run, raw, folder.relative_to(run.settings.data_dir).as_posix())
    facts = order.splitter().facts if isinstance(run.parameters, TableSection) else {}
    with open_engine(run.settings.data_dir) as engine:
        made = count_taken_over(run.name, run_in_order(engine, prepare_part, tasks))
        return run.write(
            location,
            order.schema,
            to_blocks(folder, order.schema, made),
            max_rejected_share=run.parameters.max_rejected_share,
            sources=lambda: raw.receipt.sources,
            rows_total=raw.receipt.rows,
            facts=lambda: facts,
            sink=FinishedParts,
        )


def list_tasks(run: Run[PreprocessSection], raw: PartsDataset, folder: str) -> list[PartTask]:
    """One task for each raw part."""
    firsts = accumulate((part.rows for part in raw.files), initial=1)
    return [
        PartTask(
            raw=PartPaths(raw.folder, index).parquet.relative_to(run.settings.data_dir).as_posix(),
            sha256=part.sha256,
            first_row=first,
            folder=folder,
            index=index,
            is_last=index == len(raw.files) - 1,
        )
        for index, (part, first) in enumerate(zip(raw.files, firsts, strict=False))
    ]


def _complete(order: Order, raw: PartsDataset) -> Order:
    """The order with what is known of all parts only: warnings of ingest, and the moment that divides by time."""
    names = order.schema.names
    warnings = tuple(warning for warning in raw.receipt.warnings if warning.column in names)
    first_test = None
    if isinstance(order.section, TableSection) and order.section.split == "time":
        splitter = order.splitter()
        look_ahead(raw.batches, order.columns, splitter)
        assert splitter.first_test is not None  # noqa: S101 - it has found one, or raised
        first_test = splitter.first_test.cast(pa.timestamp("us", tz="UTC")).value
    return Order(order.columns, order.section, order.seed, warnings, first_test)


def count_taken_over(name: str, made: Iterator[MadePart]) -> Iterator[MadePart]:
    """The parts as they come; says how many a run before had left whole."""
    taken_over = 0
    for one in made:
        taken_over += one.is_taken_over
        yield one
    if taken_over:
        logger.info("{}: {:,} parts were whole from an earlier run", name, taken_over)
