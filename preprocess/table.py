"""Tables: rules checked, ignored columns dropped, train and test marked."""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from preprocess.rules import split_by_rules
from preprocess.split import SPLIT, Splitter
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import Column
from relay.handoff.schema import arrow_field
from relay.handoff.writer import Block

SPLIT_FIELD = pa.field(SPLIT, pa.string(), metadata={"description": "train, or test: never shown to a model"})


def table_schema(columns: Mapping[str, Column]) -> pa.Schema:
    """The Arrow schema of the processed table: the used columns, and `split`."""
    return extend_schema(columns, [SPLIT_FIELD])


def extend_schema(columns: Mapping[str, Column], added: list[pa.Field]) -> pa.Schema:
    """The Arrow schema of the used columns, then the fields that preprocess adds.

    Raises:
        RecipeError: a column has the name of an added field.
    """
    used = used_columns(columns)
    for item in added:
        if item.name in used:
            raise RecipeError(
                f"[columns] {item.name}: preprocess adds a column of this name",
                next_step=f'Rename yours, for example to my_{item.name}, and add from = "{item.name}" to it',
            )
    return pa.schema([*(arrow_field(name, columns[name]) for name in used), *added])


def used_columns(columns: Mapping[str, Column]) -> list[str]:
    """The columns that are not ignored."""
    return [name for name, column in columns.items() if column.role != "ignore"]


def prepare_table(
    read: Callable[[], Iterator[pa.RecordBatch]], columns: Mapping[str, Column], splitter: Splitter, first_row: int = 1
) -> Iterator[Block]:
    """The rows that keep the rules, marked train or test; the others rejected. Any size; two passes where time divides.

    Args:
        read: gives the raw rows, from their beginning each time.
        columns: the schema.
        splitter: of the recipe.
        first_row: number of the first raw row.
    """
    schema = table_schema(columns)
    if splitter.section.split == "time" and splitter.first_test is None:
        look_ahead(read, columns, splitter)
    for block in splitter.mark(_check_rules(read(), columns, first_row)):
        yield Block(block.table.cast(schema), block.read, block.rejected)


def look_ahead(read: Callable[[], Iterator[pa.RecordBatch]], columns: Mapping[str, Column], splitter: Splitter) -> None:
    """Let the splitter find the moment that divides by time, among the rows that keep the rules.

    Raises:
        SchemaError: all rows have one moment.
    """
    times = [name for name, column in columns.items() if column.role == "time"]
    kept = _check_rules(read(), columns)
    splitter.look_ahead(Block(block.table.select(times[:1]), block.read) for block in kept)


def _check_rules(
    batches: Iterator[pa.RecordBatch], columns: Mapping[str, Column], first_row: int = 1
) -> Iterator[Block]:
    """The used columns of the rows that keep the rules."""
    for batch in batches:
        kept, rejected = split_by_rules(pa.Table.from_batches([batch]), columns, first_row)
        yield Block(table=kept.select(used_columns(columns)), read=batch.num_rows, rejected=rejected)
        first_row += batch.num_rows
