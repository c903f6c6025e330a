"""Raw rows become rows that keep every rule, ready for a model.

reads   data/raw/<recipe>.parquet
writes  data/processed/<recipe>.parquet, its receipt, rejected rows
"""

import sys
from typing import Any

from preprocess import __doc__ as description
from preprocess.parameters import DocumentsSection, PreprocessSection, TableSection, parse_parameters
from relay.handoff.code import HANDOFF, Code
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.run import Run, Stage
from relay.handoff.stage import main
from relay.tables.publish import publish_dataset

READS = "raw/{recipe}"
WRITES = "processed/{recipe}"

CODE = HANDOFF + Code(
    modules=("preprocess.__main__", "preprocess.documents", "preprocess.rules", "preprocess.split", "preprocess.table"),
    packages=("numpy",),
)


def preprocess(run: Run[PreprocessSection]) -> Receipt:
    """Load the raw rows, keep those that keep the rules, save them."""
    from preprocess.documents import documents_schema, prepare_documents  # Arrow is heavy: only when there is work
    from preprocess.table import prepare_table, table_schema

    raw, columns = run.read(), run.recipe.columns
    match run.parameters:
        case TableSection() as table:
            schema = table_schema(columns)
            blocks = prepare_table(raw.batches(), columns, table, run.recipe.seed)
        case DocumentsSection() as documents:
            schema = documents_schema(columns, documents)
            blocks = prepare_documents(raw.batches(), columns, documents)
    return run.write(
        schema,
        blocks,
        max_rejected_share=run.parameters.max_rejected_share,
        sources=lambda: raw.receipt.sources,
        rows_total=raw.receipt.rows,
    )


def check(run: Run[PreprocessSection]) -> None:
    """Make sure that columns and parameters go together, without data."""
    if isinstance(run.parameters, DocumentsSection):
        from preprocess.documents import check_columns

        check_columns(run.recipe.columns, run.parameters)


def read_columns(recipe: Recipe) -> dict[str, Any]:
    """The whole schema: its rules are checked here, its notes travel with the columns."""
    return {
        name: column.model_dump(mode="json", exclude={"source", "epoch"}) for name, column in recipe.columns.items()
    }


STAGE = Stage(
    name="preprocess",
    description=description or "",
    code=lambda _: CODE,
    reads=READS,
    after="ingest",
    writes=WRITES,
    parse=parse_parameters,
    work=preprocess,
    columns=read_columns,
    check=check,
    after_run=publish_dataset,
    uses_seed=lambda recipe: recipe.sections["preprocess"]["kind"] == "table",
)

if __name__ == "__main__":
    sys.exit(main(STAGE))
