"""What a training promises of its model to whoever serves it: `contract.json`, with rows and answers to check it by."""

import hashlib
from collections.abc import Mapping
from typing import Any

from relay.handoff.column import READING_KEYS, SERVED_KEYS, Column
from relay.handoff.recipe import Recipe
from relay.registry.contract import Cell, Contract, Example
from relay.registry.predictions import Predictions
from relay.registry.task import ModelTask

EXAMPLES = 5
"""Rows that a contract shows: enough to see a model that answers everything alike."""

DIGITS = 7
"""Significant digits of an example's answers: what a float32 has."""

NOTHING = Example(records=[], predictions=[], probabilities=None)


def promise_column(column: Column) -> Column:
    """The column without what only ingest needs, such as what a file calls it."""
    return column.model_copy(update=dict.fromkeys(READING_KEYS - SERVED_KEYS))


def promise_target(column: Column) -> Column:
    """The same of a column that no request has."""
    return promise_column(column).model_copy(update=dict.fromkeys(SERVED_KEYS))


def promise_key(recipe: Recipe) -> dict[str, Column]:
    """The column by which a caller may name a record, if the recipe has one."""
    return {name: promise_target(recipe.columns[name]) for name in recipe.with_role("id")}


def add_example(contract: Contract, records: list[dict[str, Cell]], predictions: Predictions) -> Contract:
    """The contract with records and the model's predictions for them."""
    numbers = contract.task == ModelTask.REGRESSION
    example = Example(
        records=records,
        predictions=[_shorten(answer) if numbers else answer for answer in predictions.predictions],
        probabilities=None
        if predictions.probabilities is None
        else [_shorten(share) for share in predictions.probabilities],
    )
    return contract.model_copy(update={"example": example})


def hash_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """Name -> SHA-256."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def _shorten(value: Any) -> float:
    return float(f"{value:.{DIGITS}g}")
