"""Raw rows become rows that keep every rule, ready for a model.

reads   data/raw/<recipe>.parquet, or its parts
writes  data/processed/<recipe>.parquet, or its parts, its receipt, rejected rows
"""

import sys
from itertools import chain
from typing import TYPE_CHECKING, Any

from preprocess import __doc__ as description
from preprocess.parameters import (
    DocumentsSection,
    FrequenciesSection,
    PreprocessSection,
    PythonSection,
    TableSection,
    check_parts,
    find_own,
    find_parts,
    parse_parameters,
)
from relay.handoff.code import HANDOFF, Code
from relay.handoff.column import READING_KEYS
from relay.handoff.location import DatasetLocation
from relay.handoff.program import main
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.run import Run
from relay.handoff.stage import Stage
from relay.tables.publish import publish_dataset

if TYPE_CHECKING:  # an unchanged run needs no Arrow, and a recipe without own code nothing of it
    from relay.handoff.dataset import Dataset
    from relay.handoff.own.function import OwnFunction

READS = "raw/{recipe}"
READS_FROM = "ingest"
WRITES = "processed/{recipe}"

CODE = HANDOFF + Code(
    modules=(
        *("preprocess.__main__", "preprocess.documents", "preprocess.frequencies"),
        *("preprocess.in_parts", "preprocess.part"),
        *("preprocess.rules", "preprocess.split", "preprocess.table"),
        *("relay.handoff.preparation", "relay.handoff.rules", "relay.handoff.sides", "relay.handoff.texts"),
        "relay.handoff.wording",
    ),
    packages=("numpy",),
)

READING = (
    *("ambiguous", "arrow", "cell_advice", "cells", "clock_text", "columns", "conform", "expected", "iso"),
    *("listing", "marks", "moment_text", "moments", "number_text", "numbers", "spellings", "words", "written_dates"),
)
OWN = Code(
    modules=(
        *("preprocess.own", "preprocess.own_call", "preprocess.own_part", "preprocess.own_parts"),
        "preprocess.own_rows",
        *(f"relay.reading.{name}" for name in READING),
    )
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

    def own(self, run: Run[PreprocessSection]) -> "OwnFunction | None":
        """The function that makes the rows."""
        return find_own(run.parameters, run.recipe) if isinstance(run.parameters, PythonSection) else None

    def code(self, run: Run[PreprocessSection]) -> Code:
        """The same for every kind, and a user's function where that makes the rows."""
        own = self.own(run)
        return CODE if own is None else CODE + OWN + own.code

    def inputs(self, run: Run[PreprocessSection]) -> dict[str, str]:
        """The raw datasets, and the files that arguments name."""
        found: dict[str, str] = {}
        for location in _find_raw(run):
            found |= run.identify(location)
        own = self.own(run)
        return found if own is None else found | own.inputs(run.settings.data_dir)

    def schema(self, run: Run[PreprocessSection]) -> dict[str, Any]:
        """The whole schema: its rules are checked here, its notes travel with the columns."""
        others = set(READING_KEYS)
        return {name: column.model_dump(mode="json", exclude=others) for name, column in run.recipe.columns.items()}

    def uses_seed(self, run: Run[PreprocessSection]) -> bool:
        """The split of rows depends on it, and a user's function may."""
        return run.parameters.kind not in ("documents", "frequencies")

    def check(self, run: Run[PreprocessSection]) -> None:
        """Make sure that columns and parameters go together, without data."""
        if isinstance(run.parameters, DocumentsSection):
            from preprocess.documents import check_columns

            check_columns(run.recipe.columns, run.parameters)
        if isinstance(run.parameters, FrequenciesSection):
            from preprocess.frequencies import check_frequencies

            check_frequencies(run.recipe)
        if isinstance(run.parameters, PythonSection):
            check_parts(run.parameters, find_parts(run.recipe))

    def work(self, run: Run[PreprocessSection]) -> Receipt:
        """Load the raw rows, keep those that keep the rules, save them."""
        if isinstance(run.parameters, PythonSection):
            return self._work_apart(run, run.parameters)
        self.check(run)
        from preprocess.documents import documents_schema, prepare_documents  # Arrow is heavy: only when there is work
        from preprocess.frequencies import frequencies_schema, prepare_frequencies
        from preprocess.split import Splitter
        from preprocess.table import prepare_table, table_schema
        from relay.handoff.writer import Block

        raw, columns = run.read(run.dataset(READS, READS_FROM)), run.recipe.columns
        if raw.receipt.parts is not None:
            return self._work_in_parts(run, raw)
        splitter: Splitter | None = None
        match run.parameters:
            case TableSection() as table:
                schema = table_schema(columns)
                splitter = Splitter(columns, table, run.recipe.seed)
                blocks = prepare_table(raw.batches, columns, splitter)
            case DocumentsSection() as documents:
                schema = documents_schema(columns, documents)
                blocks = prepare_documents(raw.batches(), columns, documents)
            case FrequenciesSection() as frequencies:
                schema = frequencies_schema(columns)
                blocks = prepare_frequencies(raw.batches(), columns, frequencies)
        kept = tuple(warning for warning in raw.receipt.warnings if warning.column in schema.names)
        return run.write(
            self.location(run),
            schema,
            chain(blocks, [Block(schema.empty_table(), read=0, warnings=kept)]),
            max_rejected_share=run.parameters.max_rejected_share,
            sources=lambda: raw.receipt.sources,
            rows_total=raw.receipt.rows,
            facts=lambda: {} if splitter is None else splitter.facts,
        )

    def _work_in_parts(self, run: Run[PreprocessSection], raw: "Dataset") -> Receipt:
        """Make a part of each raw part."""
        from preprocess.in_parts import prepare_in_parts
        from relay.handoff.parts_dataset import PartsDataset

        assert isinstance(raw, PartsDataset)  # noqa: S101 - its receipt names parts
        return prepare_in_parts(run, self.location(run), raw)

    def _work_apart(self, run: Run[PreprocessSection], section: PythonSection) -> Receipt:
        """Let a user's function make the rows."""
        from preprocess.own import OwnRows
        from preprocess.own_call import plan_call
        from preprocess.part import Order
        from relay.handoff.own.apart import locate_scratch

        inputs = _find_raw(run)
        receipts = [run.read(location).receipt for location in inputs]
        in_parts = [receipt.recipe for receipt in receipts if receipt.parts is not None]
        check_parts(section, in_parts)
        if in_parts:
            from preprocess.own_parts import prepare_own_parts

            return prepare_own_parts(run, self.location(run), section, inputs, receipts)
        call = plan_call(run, find_own(section, run.recipe), inputs)
        order = Order(run.recipe.columns, section, run.recipe.seed)
        data_dir = run.settings.data_dir
        scratch = locate_scratch(data_dir, f"{run.stage}-{run.recipe.name}")
        with OwnRows(call, order, data_dir, scratch) as rows:
            return run.write(
                self.location(run),
                rows.schema,
                rows.blocks(),
                max_rejected_share=section.max_rejected_share,
                sources=lambda: [source for receipt in receipts for source in receipt.sources],
                facts=lambda: rows.facts,
            )

    def after_run(self, run: Run[PreprocessSection], receipt: Receipt) -> None:
        """Publish the dataset as a table, where a database is configured."""
        publish_dataset(run, self.location(run), receipt)


def _find_raw(run: Run[PreprocessSection]) -> list[DatasetLocation]:
    """The raw datasets that the recipe's rows are made of."""
    return [run.dataset(READS.format(recipe=name), READS_FROM) for name in run.recipe.reads]


STAGE = Preprocess()

if __name__ == "__main__":
    sys.exit(main(STAGE))
