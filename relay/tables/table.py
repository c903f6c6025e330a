"""The table that a dataset becomes, and the list in which the database says what it holds.

Needs no Arrow: an unchanged stage asks here whether its dataset is published.
"""

from dataclasses import dataclass

from relay.handoff.database import name_table, quote_name
from relay.handoff.errors import UsageError
from relay.handoff.location import DatasetLocation
from relay.tables.connection import Database, DatabaseError, quote_text

LONGEST_NAME = 63
"""Bytes. PostgreSQL cuts longer names without a word, and two recipes would share a table.

Source: PostgreSQL 17, 4.1.1 Identifiers and Key Words.
"""

NOT_THERE = ("42P01", "3F000")
"""Undefined table, undefined schema."""


@dataclass(frozen=True)
class Table:
    """Where the rows of a stage's dataset of a recipe stand."""

    schema: str
    name: str
    stage: str
    recipe: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        """As SQL takes it."""
        return f"{quote_name(self.schema)}.{quote_name(self.name)}"


def find_table(location: DatasetLocation) -> Table:
    """The table of a dataset.

    Raises:
        UsageError: the recipe's name is too long for one.
    """
    schema, _, recipe = location.address.partition("/")
    name = name_table(recipe)
    if len(name.encode()) > LONGEST_NAME:
        raise UsageError(
            f"recipe {recipe}: {len(name.encode())} bytes make the name of its table {name}, PostgreSQL takes "
            f"{LONGEST_NAME}; give the recipe's file a shorter name"
        )
    return Table(schema, name, location.stage, recipe)


def is_published(database: Database, table: Table, fingerprint: str) -> bool:
    """Whether the database says that the table holds the dataset of this fingerprint.

    Raises:
        DatabaseError: it cannot be asked.
    """
    # Without bound values: they would need Arrow.
    of_dataset = " and ".join(
        f"{column} = {quote_text(value)}"
        for column, value in {"stage": table.stage, "recipe": table.recipe, "fingerprint": fingerprint}.items()
    )
    is_there = f"to_regclass({quote_text(table.quoted)}) is not null"
    try:
        return database.execute(f"select 1 from relay.datasets where {of_dataset} and {is_there}") == 1  # noqa: S608
    except DatabaseError as error:
        if error.state in NOT_THERE:  # nothing was ever published here
            return False
        raise
