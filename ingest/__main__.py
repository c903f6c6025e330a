"""A source outside becomes one typed Parquet file.

reads   what `[ingest]` in the recipe names: URLs, files, a database, a formula, installed packages
writes  data/raw/<recipe>.parquet, its receipt, rejected rows; what came is kept in data/raw/source/<recipe>/
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loguru import logger

from ingest import __doc__ as description
from ingest.parameters import FormatSection, IngestSection, SqlSection, parse_parameters
from ingest.sources import open_source
from relay.handoff.code import HANDOFF, Code
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.run import Run, Stage
from relay.handoff.stage import main
from relay.tables.publish import publish_dataset

READS = None
WRITES = "raw/{recipe}"

CODE = HANDOFF + Code(
    modules=(
        *("ingest.__main__", "ingest.cast", "ingest.column_range", "ingest.corpus", "ingest.drawing"),
        *("ingest.formats", "ingest.prose", "ingest.rawfile", "ingest.sources"),
    ),
    packages=("ijson", "numpy"),
)
"""How bytes become rows. How they are fetched is not part of it: the key holds the SHA-256 of what came."""


def find_inputs(run: Run[IngestSection]) -> dict[str, str]:
    """Fetch what is due, and identify it."""
    return open_source(run).inputs()


def ingest(run: Run[IngestSection]) -> Receipt:
    """Load the source, cast it to the schema, save it."""
    from relay.handoff.schema import arrow_schema  # Arrow is heavy: only when there is work

    source = open_source(run)
    return run.write(
        arrow_schema(run.recipe.columns),
        source.blocks(),
        max_rejected_share=run.parameters.max_rejected_share,
        sources=source.origins,
        rows_total=source.rows_total,
    )


def check(run: Run[IngestSection]) -> None:
    """Make sure that the source can be asked and its format is known, without asking it."""
    from ingest.formats import check_format
    from ingest.sources.http import HttpSource
    from ingest.sources.sql import has_order

    source = open_source(run)
    if isinstance(run.parameters, SqlSection) and not has_order(run.parameters):
        logger.info("{}: [ingest] without order by: rows in another order count as changed", run.name)
    if isinstance(run.parameters, FormatSection):
        names = (
            [Path(urlsplit(wanted.url).path).name for wanted in source.wanted] if isinstance(source, HttpSource) else []
        )
        check_format(run.parameters, names)


def read_columns(recipe: Recipe) -> dict[str, Any]:
    """The part of the schema that raw rows depend on: all but the rules, which preprocess checks."""
    rules = {"min", "max", "allowed"} if recipe.sections["ingest"]["source"] != "synthetic" else set()
    return {name: column.model_dump(mode="json", exclude=rules) for name, column in recipe.columns.items()}


STAGE = Stage(
    name="ingest",
    description=description or "",
    code=lambda _: CODE,
    reads=READS,
    writes=WRITES,
    parse=parse_parameters,
    inputs=find_inputs,
    work=ingest,
    columns=read_columns,
    check=check,
    after_run=publish_dataset,
    uses_seed=lambda recipe: recipe.sections["ingest"]["source"] == "synthetic",
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
