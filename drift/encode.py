"""Columns as a table of numbers for a classifier."""

from collections import Counter

import numpy as np

from drift.columns import Column, Columns, Floats, read_values
from drift.errors import DriftError

LEAST_ROWS = 5
"""Rows of both sides together that a category needs to be told from others: an identifier must tell nothing."""


def rank_categories(reference: list[str | None], block: list[str | None]) -> dict[str, int]:
    """Category -> its rank among the rows of both sides, the most frequent first; without those of under five rows.

    Both sides count alike, so that without a shift nothing tells a row of one from a row of the other.
    """
    counts = Counter(value for value in [*reference, *block] if value is not None)
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    return {value: rank for rank, value in enumerate(ordered) if counts[value] >= LEAST_ROWS}


def encode_ordinal(reference: Columns, block: Columns) -> tuple[Floats, Floats]:
    """Both as tables (rows, columns), NaN for missing; categories by their rank, and -1 for rare ones.

    Raises:
        DriftError: The columns differ.
    """
    ours, theirs = list[Floats](), list[Floats]()
    for column, other in pair_columns(reference, block):
        if column.kind == "number":
            ours.append(read_values("number", column.values))
            theirs.append(read_values("number", other.values))
        else:
            before = read_values("category", column.values).tolist()
            after = read_values("category", other.values).tolist()
            ranks = rank_categories(before, after)
            ours.append(_look_up(before, ranks))
            theirs.append(_look_up(after, ranks))
    return _stack(ours), _stack(theirs)


def pair_columns(reference: Columns, block: Columns) -> list[tuple[Column, Column]]:
    """Each column of the reference with that of the block.

    Raises:
        DriftError: The block lacks one, or has it as another kind.
    """
    others = {column.name: column for column in block}
    for column in reference:
        if column.name not in others or others[column.name].kind != column.kind:
            raise DriftError(f"the block has no column {column.name} of kind {column.kind}, which the reference has")
    return [(column, others[column.name]) for column in reference]


def _look_up(values: list[str | None], ranks: dict[str, int]) -> Floats:
    return np.array([np.nan if value is None else ranks.get(value, -1) for value in values], np.float64)


def _stack(columns: list[Floats]) -> Floats:
    return np.column_stack(columns) if columns else np.empty((0, 0))
