"""The schema's rules: which rows of a typed table break one, and which."""

import math
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relay.handoff.column import Column

Mask = NDArray[np.bool_]


def find_broken(table: pa.Table, columns: Mapping[str, Column]) -> dict[str, Mask]:
    """Rule in words -> rows that break it, shape (n,); rules that all rows keep are left out."""
    found = {}
    for name, column in columns.items():
        for rule, mask in _check_column(table.column(name), column).items():
            if mask.any():
                found[f"{name}: {rule}"] = mask
    return found


def _check_column(values: pa.ChunkedArray, column: Column) -> dict[str, Mask]:
    broken = {}
    if not column.null and values.null_count:
        broken["null"] = _mask(values.is_null())
    if column.type == "float":
        broken |= _check_finite(values)
    if column.role == "weight":
        broken |= _check_weights(values)
    if column.min is not None or column.max is not None:
        broken |= _check_range(values, column)
    if column.allowed is not None:
        allowed = pa.array(column.allowed).cast(values.type)
        broken[f"not one of {column.allowed}"] = _mask(pc.and_(values.is_valid(), pc.invert(pc.is_in(values, allowed))))
    return broken


def _check_weights(values: pa.ChunkedArray) -> dict[str, Mask]:
    least = pc.min(values).as_py()
    if least is None or not least < 0:
        return {}
    return {"a negative weight": _mask(pc.fill_null(pc.less(values, 0), False))}


def _check_finite(values: pa.ChunkedArray) -> dict[str, Mask]:
    # A sum is not finite when a value is not: one pass finds nothing to look for, as a rule.
    total = pc.sum(values).as_py()
    if total is None or np.isfinite(total):
        return {}
    return {"not a finite number": _mask(pc.fill_null(pc.invert(pc.is_finite(values)), False))}


def _check_range(values: pa.ChunkedArray, column: Column) -> dict[str, Mask]:
    # The extremes first: when they keep the range, so does every row.
    extremes = pc.min_max(values).as_py()
    broken = {}
    if column.min is not None and extremes["min"] is not None and extremes["min"] < column.min:
        lowest = math.ceil(column.min) if column.type == "int" else column.min
        broken[f"below {column.min:g}"] = _mask(pc.fill_null(pc.less(values, _fit(lowest)), False))
    if column.max is not None and extremes["max"] is not None and extremes["max"] > column.max:
        highest = math.floor(column.max) if column.type == "int" else column.max
        broken[f"above {column.max:g}"] = _mask(pc.fill_null(pc.greater(values, _fit(highest)), False))
    return broken


def _fit(limit: float) -> float:
    """A limit that Arrow can compare whole numbers with exactly: none beyond 64 bits."""
    return max(-(2**63), min(2**63 - 1, limit)) if isinstance(limit, int) else limit


def _mask(values: pa.ChunkedArray) -> Mask:
    mask: Mask = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    return mask
