"""How far from zero a number may lie: in the rows that a model learns from, and in the records that it answers."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Context

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.pipeline import Pipeline

from relay.handoff.column import LARGEST_INT
from relay.handoff.errors import ModelError
from relay.handoff.recipe import Column
from relay.handoff.wording import count
from relay.registry.contract import LARGEST_FLOAT

FURTHEST = 1.8e19
"""Standard deviations from the mean that a model takes: the square of a larger number does not fit 32 bits."""


def check_numbers(
    table: pa.Table, columns: Mapping[str, Column], what: str = "the processed table", start: int = 0
) -> None:
    """Make sure that each number of inputs and target can be computed with.

    Args:
        table: processed rows.
        columns: the recipe's schema.
        what: names the rows in the message.
        start: rows before those of the table.

    Raises:
        ModelError: one is too far from zero; names the column, the row and the value.
    """
    for name, column in columns.items():
        if column.type != "float" or column.role not in ("input", "target") or name not in table.column_names:
            continue
        is_beyond = pc.greater(pc.abs(table.column(name)), LARGEST_FLOAT)
        if not pc.any(is_beyond).as_py():
            continue
        beyond = np.flatnonzero(pc.fill_null(is_beyond, False).to_numpy())
        first = int(beyond[0])
        raise ModelError(
            f"{name} is {table.column(name)[first].as_py()} in row {start + first + 1:,} of {what} "
            f"({count(len(beyond), 'such row')} of {table.num_rows:,}), expected a number within {LARGEST_FLOAT} of "
            "zero: a model computes in 32 bits in places, where larger numbers become infinite",
            next_step=f"Declare min and max of {name} in [columns], so that preprocess rejects such rows; if they are "
            "more than 1% of the rows, raise [preprocess] max_rejected_share too",
        )


def find_limits(fitted: Pipeline, columns: Mapping[str, Column], known: list[pd.DataFrame]) -> dict[str, float]:
    """Input -> how far from zero the model takes a number, where that is less than its type allows.

    Args:
        fitted: from `model.training.estimator.pipeline`.
        columns: the recipe's schema.
        known: the inputs that the model has learned from or was judged on; it takes these in any case.
    """
    limits = {}
    for _, steps, names in fitted["prepare"].transformers_:
        scaler = getattr(steps, "named_steps", {}).get("scale")
        if scaler is None or "parts" in steps.named_steps:  # moments lie within the years 1 to 9999
            continue
        for index, name in enumerate(names):
            seen = max((float(frame[name].abs().fillna(0).max()) for frame in known), default=0.0)
            most = LARGEST_INT if columns[name].type == "int" else LARGEST_FLOAT
            limit = _find_limit(float(scaler.mean_[index]), float(scaler.scale_[index]), seen)
            if limit < most:
                limits[name] = limit
    return limits


def _find_limit(mean: float, scale: float, seen: float) -> float:
    """How far from zero a number of a column may lie, at the two digits that a message shows."""
    return max(round_down(FURTHEST * scale - abs(mean)), seen)


def round_down(number: float) -> float:
    """A number at two significant digits, towards zero."""
    return float(Context(prec=2, rounding=ROUND_DOWN).create_decimal_from_float(number))
