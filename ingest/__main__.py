"""A source outside becomes one typed Parquet file.

reads   what `[ingest]` in the recipe names: URLs, files, a database, a formula, installed packages
writes  data/raw/<recipe>.parquet, or its parts, its receipt, rejected rows; what came is kept in
        data/raw/source/<recipe>/
"""

import os
import sys
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from loguru import logger

from ingest import __doc__ as description
from ingest.own_function import find_own
from ingest.parameters import FormatSection, IngestSection, SqlSection, parse_parameters
from ingest.sources import open_source
from relay.handoff.code import HANDOFF, Code
from relay.handoff.column import CellKeys, OpenColumns
from relay.handoff.location import DatasetLocation
from relay.handoff.program import main
from relay.handoff.receipt import Origin, Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.run import Run
from relay.handoff.settings import DASK_SCHEDULER_ADDRESS
from relay.handoff.stage import Stage
from relay.tables.publish import publish_dataset

if TYPE_CHECKING:  # an unchanged run needs no Arrow, and a recipe without own code nothing of it
    from relay.handoff.block import MakeSink
    from relay.handoff.own.function import OwnFunction

READS = None
WRITES = "raw/{recipe}"

CODE = HANDOFF + Code(
    modules=(
        *("ingest.__main__", "ingest.column_range", "ingest.corpus", "ingest.drawing", "ingest.file_tasks"),
        *("ingest.prose", "ingest.reading", "ingest.sources", "relay.handoff.wording", "relay.reading"),
    ),
    packages=("ijson", "numpy", "openpyxl"),
)
"""How bytes become rows. How they are fetched is not part of it: the key holds the SHA-256 of what came."""

OWN = Code(modules=("ingest.own_frames", "ingest.own_rows"))


class Ingest(Stage[IngestSection]):
    """The stage that loads a source, casts it to the schema and saves it."""

    name = "ingest"
    description = description or ""
    reads = READS
    writes = WRITES

    def parse(self, recipe: Recipe) -> IngestSection:
        """`[ingest]`, typed by its source."""
        return parse_parameters(recipe)

    def location(self, run: Run[IngestSection]) -> DatasetLocation:
        """The raw dataset."""
        return run.dataset(WRITES)

    def own(self, run: Run[IngestSection]) -> "OwnFunction | None":
        """The function that gives the rows, or reads the files."""
        return find_own(run.parameters, run.recipe)

    def code(self, run: Run[IngestSection]) -> Code:
        """The same for every source, and a user's function where the recipe names one."""
        own = self.own(run)
        return CODE if own is None else CODE + OWN + own.code

    def inputs(self, run: Run[IngestSection]) -> dict[str, str]:
        """Fetch what is due, and identify it."""
        return open_source(run).inputs()

    def schema(self, run: Run[IngestSection]) -> dict[str, Any]:
        """The part of the schema that raw rows depend on: all but the rules, which preprocess checks."""
        rules = {"min", "max", "allowed"} if run.parameters.source != "synthetic" else set()
        return {name: column.model_dump(mode="json", exclude=rules) for name, column in run.recipe.raw_columns.items()}

    def uses_seed(self, run: Run[IngestSection]) -> bool:
        """Drawn rows depend on it, and a user's function may."""
        return run.parameters.source == "synthetic" or self.own(run) is not None

    def check(self, run: Run[IngestSection]) -> None:
        """Make sure that the source can be asked and its format is known, without asking it."""
        from ingest.sources.http import HttpSource
        from ingest.sources.sql import has_order
        from relay.reading.columns import open_columns
        from relay.reading.formats import check_format

        source, section = open_source(run), run.parameters
        if isinstance(section, CellKeys):
            open_columns(run.recipe.raw_columns, section)
        if isinstance(section, SqlSection) and not has_order(section):
            logger.info("{}: [ingest] without order by: rows in another order count as changed", run.name)
        if isinstance(section, FormatSection):
            wanted = source.wanted if isinstance(source, HttpSource) else []
            check_format(section, [Path(urlsplit(one.url).path).name for one in wanted])

    def repeats_source(self, run: Run[IngestSection]) -> bool:
        """A function that gives the rows is called again; what was downloaded or queried is not."""
        return run.parameters.source == "python"

    def work(self, run: Run[IngestSection]) -> Receipt:
        """Load the source, cast it to the schema, save it."""
        from relay.handoff.schema import arrow_schema  # Arrow is heavy: only when there is work

        source = open_source(run)
        _say_where(run)
        columns = run.recipe.raw_columns
        schema, blocks = arrow_schema(columns), source.blocks()
        if isinstance(columns, OpenColumns):  # what else the source brings is known from its first rows
            first = next(blocks)
            schema, blocks = first.table.schema, chain([first], blocks)
        receipt = run.write(
            self.location(run),
            schema,
            blocks,
            max_rejected_share=run.parameters.max_rejected_share,
            sources=lambda: self._require_same(run, source.origins()),
            rows_total=source.rows_total,
            sink=_choose_sink(run.parameters.part_rows),
        )
        for warning in receipt.warnings:
            logger.warning("{}: {}", run.name, warning.text)
        return receipt

    def _require_same(self, run: Run[IngestSection], origins: list[Origin]) -> list[Origin]:
        """Where the rows came from, when that is what the key names.

        Raises:
            InputChangedError: a source was replaced since the key was made.
        """
        own = self.own(run)
        files = {} if own is None else own.inputs(run.settings.data_dir)
        run.require_inputs([*(origin.sha256 for origin in origins), *files.values()])
        return origins

    def after_run(self, run: Run[IngestSection], receipt: Receipt) -> None:
        """Publish the dataset as a table, where a database is configured."""
        publish_dataset(run, self.location(run), receipt)


def _say_where(run: Run[IngestSection]) -> None:
    """Say that a cluster has no part in this, where there is one."""
    section = run.parameters
    if DASK_SCHEDULER_ADDRESS.of(os.environ):
        if not isinstance(section, FormatSection):
            logger.info('{}: source = "{}" is read on this machine, not on the cluster', run.name, section.source)
        elif section.format == "python":
            logger.info("{}: an own function reads the files on this machine, not on the cluster", run.name)


def _choose_sink(part_rows: int) -> "MakeSink | None":
    """Where the rows go: parts, or None for one file."""
    from relay.handoff.part_writer import StreamedParts

    return partial(StreamedParts, most_rows=part_rows) if part_rows else None


STAGE = Ingest()

if __name__ == "__main__":
    sys.exit(main(STAGE))
