"""Raw rows become rows that keep every rule, ready for a model.

reads   data/raw/<recipe>.parquet
writes  data/processed/<recipe>.parquet, its receipt, rejected rows
"""

import sys
from itertools import chain
from typing import Any

from preprocess import __doc__ as description
from preprocess.parameters import DocumentsSection, PreprocessSection, TableSection, parse_parameters
from relay.handoff.code import HANDOFF, Code
from relay.handoff.column import READING_KEYS
from relay.handoff.location import DatasetLocation
from relay.handoff.program import main
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.run import Run
from relay.handoff.stage import Stage
from relay.tables.publish import publish_dataset

READS = "raw/{recipe}"
READS_FROM = "ingest"
WRITES = "processed/{recipe}"

CODE = HANDOFF + Code(
    modules=(
        *("preprocess.__main__", "preprocess.documents", "preprocess.rules", "preprocess.split", "preprocess.table"),
        *("relay.handoff.preparation", "relay.handoff.texts"),
    ),
    packages=("numpy",),
)


class Preprocess(Stage[PreprocessSection]):
    """The stage that checks the rules of the columns and gives rows to train on."""

    name = "preprocess"
    description = description or ""
    reads = READS
    writes = WRITES

    def parse(self, recipe: Recipe) -> PreprocessSection:
        """`[preprocess]`, typed by its kind."""
        return parse_parameters(recipe)

    def location(self, run: Run[PreprocessSection]) -> DatasetLocation:
        """The processed dataset."""
        return run.dataset(WRITES)

    def code(self, _: Run[PreprocessSection]) -> Code:
        """The same for every kind."""
        return CODE

    def inputs(self, run: Run[PreprocessSection]) -> dict[str, str]:
        """The raw dataset."""
        return run.identify(run.dataset(READS, READS_FROM))

    def schema(self, run: Run[PreprocessSection]) -> dict[str, Any]:
        """The whole schema: its rules are checked here, its notes travel with the columns."""
        others = set(READING_KEYS)
        return {name: column.model_dump(mode="json", exclude=others) for name, column in run.recipe.columns.items()}

    def uses_seed(self, run: Run[PreprocessSection]) -> bool:
        """Only the split of a table depends on it."""
        return run.parameters.kind == "table"

    def check(self, run: Run[PreprocessSection]) -> None:
        """Make sure that columns and parameters go together, without data."""
        if isinstance(run.parameters, DocumentsSection):
            from preprocess.documents import check_columns

            check_columns(run.recipe.columns, run.parameters)

    def work(self, run: Run[PreprocessSection]) -> Receipt:
        """Load the raw rows, keep those that keep the rules, save them."""
        from preprocess.documents import documents_schema, prepare_documents  # Arrow is heavy: only when there is work
        from preprocess.table import prepare_table, table_schema
        from relay.handoff.writer import Block

        raw, columns = run.read(run.dataset(READS, READS_FROM)), run.recipe.columns
        match run.parameters:
            case TableSection() as table:
                schema = table_schema(columns)
                blocks = prepare_table(raw.batches(), columns, table, run.recipe.seed)
            case DocumentsSection() as documents:
                schema = documents_schema(columns, documents)
                blocks = prepare_documents(raw.batches(), columns, documents)
        kept = tuple(warning for warning in raw.receipt.warnings if warning.column in schema.names)
        return run.write(
            self.location(run),
            schema,
            chain(blocks, [Block(schema.empty_table(), read=0, warnings=kept)]),
            max_rejected_share=run.parameters.max_rejected_share,
            sources=lambda: raw.receipt.sources,
            rows_total=raw.receipt.rows,
        )

    def after_run(self, run: Run[PreprocessSection], receipt: Receipt) -> None:
        """Publish the dataset as a table, where a database is configured."""
        publish_dataset(run, self.location(run), receipt)


STAGE = Preprocess()

if __name__ == "__main__":
    sys.exit(main(STAGE))
