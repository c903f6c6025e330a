"""Rows drawn from the declared columns: made-up data that keeps the contract."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from handoff.errors import RecipeError
from handoff.receipt import Origin
from handoff.recipe import Column
from handoff.run import Run
from handoff.schema import contract_schema
from handoff.writer import Block
from ingest.parameters import FormulaSection, SyntheticSection

BLOCK_ROWS = 65_536
DEFAULT_WIDTH = 1.0
FIRST_MOMENT = np.datetime64("2020-01-01T00:00:00", "us")
SECONDS_OF_A_YEAR = 31_536_000

Values = NDArray[Any]
"""One drawn column, shape (rows,)."""


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

    def blocks(self) -> Iterator[Block]:
        """The rows, drawn block by block."""
        generator = np.random.default_rng(self.seed)
        schema = contract_schema(self.columns)
        for start in range(0, self.parameters.rows, BLOCK_ROWS):
            count = min(BLOCK_ROWS, self.parameters.rows - start)
            yield Block(table=pa.table(self._draw(generator, start, count), schema=schema), read=count)

    def _draw(self, generator: np.random.Generator, start: int, count: int) -> dict[str, pa.Array]:
        drawn: dict[str, Values] = {}
        for name, column in self.columns.items():
            formula = self.parameters.formula.get(name)
            if formula is not None:
                drawn[name] = compute_column(generator, drawn, formula, name)
            elif column.role == "id" and column.type == "int":
                drawn[name] = np.arange(start + 1, start + count + 1)
            else:
                drawn[name] = draw_column(generator, column, count)
        arrays = {}
        for name, column in self.columns.items():
            nulls = generator.random(count) < self.parameters.null_share if column.null else None
            arrays[name] = pa.array(drawn[name], mask=nulls)
        return arrays


def draw_column(generator: np.random.Generator, column: Column, count: int) -> Values:
    """Values spread evenly over what a column allows, shape (count,)."""
    if column.allowed is not None:
        return np.array(column.allowed)[generator.integers(0, len(column.allowed), count)]
    low, high = find_range(column)
    if column.type == "float":
        return generator.uniform(low, high, count)
    if column.type == "int":
        return generator.integers(math.ceil(low), math.floor(high), count, endpoint=True)
    if column.type == "bool":
        return generator.random(count) < 0.5
    if column.type == "time":
        return FIRST_MOMENT + generator.integers(0, SECONDS_OF_A_YEAR, count).astype("timedelta64[s]")
    return np.array([f"{word:06x}" for word in generator.integers(0, 1 << 24, count)])


def find_range(column: Column) -> tuple[float, float]:
    """The smallest and the largest value to draw: as declared, and from 0 or 1 wide where an end is not."""
    if column.min is not None:
        return column.min, column.min + DEFAULT_WIDTH if column.max is None else column.max
    high = DEFAULT_WIDTH if column.max is None else column.max
    return min(0.0, high - DEFAULT_WIDTH), high


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
    for name, column in columns.items():
        low, high = find_range(column)
        if column.type == "int" and math.ceil(low) > math.floor(high):
            raise RecipeError(f"[columns] {name}: no whole number lies from min {low:g} to max {high:g}")


def compute_column(
    generator: np.random.Generator, drawn: dict[str, Values], formula: FormulaSection, name: str
) -> Values:
    """Slope · x + intercept + noise, shape and order of x.

    Raises:
        RecipeError: the formula names a column that is not declared before it.
    """
    if formula.of not in drawn:
        raise RecipeError(
            f'[ingest] formula.{name}.of: "{formula.of}" is no column above {name}; there are {list(drawn)}'
        )
    x = drawn[formula.of].astype(np.float64)
    return formula.slope * x + formula.intercept + generator.normal(0.0, formula.noise_sd, len(x))


def open_source(run: Run[SyntheticSection]) -> SyntheticSource:
    """The source of a recipe.

    Raises:
        RecipeError: the columns cannot be drawn as declared.
    """
    check_columns(run.parameters, run.recipe.columns)
    return SyntheticSource(run.parameters, run.recipe.columns, run.recipe.seed)
