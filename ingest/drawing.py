"""Drawing made-up rows: numbers from a seeded generator, columns by the schema."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingest.column_range import find_range
from ingest.parameters import FormulaSection, SyntheticSection
from relay.handoff.recipe import Column
from relay.handoff.schema import arrow_schema
from relay.handoff.writer import Block

BLOCK_ROWS = 65_536
FIRST_MOMENT = np.datetime64("2020-01-01T00:00:00", "us")
SECONDS_OF_A_YEAR = 31_536_000

Values = NDArray[Any]
"""One drawn column, shape (rows,)."""


def draw_blocks(parameters: SyntheticSection, columns: Mapping[str, Column], seed: int) -> Iterator[Block]:
    """The rows of a recipe, block by block; the same arguments give the same rows."""
    generator = np.random.default_rng(seed)
    schema = arrow_schema(columns)
    for start in range(0, parameters.rows, BLOCK_ROWS):
        count = min(BLOCK_ROWS, parameters.rows - start)
        arrays = _draw_block(generator, parameters, columns, start, count)
        yield Block(table=pa.table(arrays, schema=schema), read=count)


def _draw_block(
    generator: np.random.Generator, parameters: SyntheticSection, columns: Mapping[str, Column], start: int, count: int
) -> dict[str, pa.Array]:
    drawn: dict[str, Values] = {}
    for name, column in columns.items():
        formula = parameters.formula.get(name)
        if formula is not None:
            drawn[name] = compute_column(generator, drawn, formula)
        elif column.role == "id" and column.type == "int":
            drawn[name] = np.arange(start + 1, start + count + 1)
        else:
            drawn[name] = draw_column(generator, column, count)
    arrays = {}
    for name, column in columns.items():
        nulls = generator.random(count) < parameters.null_share if column.null else None
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


def compute_column(generator: np.random.Generator, drawn: Mapping[str, Values], formula: FormulaSection) -> Values:
    """Slope · x + intercept + noise, shape and order of x."""
    x = drawn[formula.of].astype(np.float64)
    return formula.slope * x + formula.intercept + generator.normal(0.0, formula.noise_sd, len(x))
