"""Rows drawn from the declared columns: made-up data that matches the schema."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.column_range import find_range
from ingest.parameters import SyntheticSection
from relay.handoff.errors import RecipeError
from relay.handoff.receipt import Origin
from relay.handoff.recipe import Column
from relay.handoff.run import Run

if TYPE_CHECKING:
    from relay.handoff.writer import Block


@dataclass(frozen=True)
class SyntheticSource:
    """Draws rows from a seeded generator; the same recipe gives the same rows anywhere."""

    parameters: SyntheticSection
    columns: dict[str, Column]
    seed: int

    def inputs(self) -> dict[str, str]:
        """Nothing: the parameters say it all."""
        return {}

    def origins(self) -> list[Origin]:
        """Nothing came from outside."""
        return []

    @property
    def rows_total(self) -> int:
        """As many as the recipe asks for."""
        return self.parameters.rows

    def blocks(self) -> "Iterator[Block]":
        """The rows, drawn block by block."""
        from ingest.drawing import draw_blocks  # numpy and Arrow are heavy: only when there is work

        return draw_blocks(self.parameters, self.columns, self.seed)


def check_columns(parameters: SyntheticSection, columns: dict[str, Column]) -> None:
    """Check that every column can be drawn or computed.

    Raises:
        RecipeError: a formula is for no declared number, or reads none, or no whole number lies in a range.
    """
    for name, formula in parameters.formula.items():
        if name not in columns or columns[name].type != "float":
            raise RecipeError(f'[ingest] formula.{name}: expected a column of type "float" of that name in [columns]')
        if formula.of in columns and columns[formula.of].type not in ("int", "float"):
            raise RecipeError(f'[ingest] formula.{name}.of: "{formula.of}" is no number')
        above = list(columns)[: list(columns).index(name)]
        if formula.of not in above:
            raise RecipeError(
                f'[ingest] formula.{name}.of: "{formula.of}" is no column above {name}; there are {above}'
            )
    for name, column in columns.items():
        low, high = find_range(column)
        if column.type == "int" and math.ceil(low) > math.floor(high):
            raise RecipeError(f"[columns] {name}: no whole number lies from min {low:g} to max {high:g}")


def open_source(run: Run[SyntheticSection]) -> SyntheticSource:
    """The source of a recipe.

    Raises:
        RecipeError: the columns cannot be drawn as declared.
    """
    check_columns(run.parameters, run.recipe.raw_columns)
    return SyntheticSource(run.parameters, run.recipe.raw_columns, run.recipe.seed)
