"""Rows on both sides of each split of an estimator's trees: where a rounding error would give another answer."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from model.training.estimator.onnx.graph import Preparation
from model.training.estimator.onnx.trees import Ensemble, Forest

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

MOST_SPLITS = 30_000
"""Splits of a larger forest that are checked, evenly spread: four rows each take a forest a few seconds."""


def list_border_rows(
    trees: Ensemble, preparation: Preparation, typical: pd.DataFrame, flags: Sequence[str]
) -> pd.DataFrame:
    """Raw rows that reach the splits: at the threshold, just below, just above, and without a value.

    Args:
        trees: of an estimator behind that preparation.
        preparation: turns raw columns into the ones that the trees compare.
        typical: rows whose cells fill the columns that no split on the way to a node looks at.
        flags: the columns that hold 0 or 1 only.
    """
    # Forests that differ in their leaf values only have the same splits.
    forests = list({forest.thresholds.tobytes(): forest for forest in trees.forests}.values())
    step = max(1, -(-sum(len(forest.find_splits()) for forest in forests) // MOST_SPLITS))
    # Where the preparation rounds, a double beside a border may be rounded over it: both neighbours are looked at.
    precisions = {trees.in_float32, preparation.rounds or trees.in_float32}
    prepared = [
        _find_borders(forest, forest.find_splits()[::step], columns=len(preparation.order), in_float32=in_float32)
        for forest in forests
        for in_float32 in sorted(precisions)
    ]
    return _undo(np.concatenate(prepared), preparation, typical, flags)


def _find_borders(forest: Forest, splits: Places, *, columns: int, in_float32: bool) -> Floats:
    """Prepared cells (4 * splits, columns); infinite where any value will do, NaN where the value is missing."""
    cells = _reach(forest, splits, columns, in_float32=in_float32)
    features, borders = forest.features[splits], forest.thresholds[splits]
    # An infinite threshold parts rows with a value, whichever it is, from those without.
    own = cells[np.arange(len(splits)), features]
    borders = np.where(np.isinf(borders), np.where(np.isfinite(own), own, 0.0), borders)
    below, above = _neighbours(borders, in_float32=in_float32)
    variants = []
    for values in (below, _round_down(borders, in_float32=in_float32), above, np.full(len(splits), np.nan)):
        variant = cells.copy()
        variant[np.arange(len(splits)), features] = values
        variants.append(variant)
    return np.concatenate(variants)


def _reach(forest: Forest, splits: Places, columns: int, *, in_float32: bool) -> Floats:
    """Cells (splits, columns) with which a row comes to each split: the thresholds themselves on the way there."""
    parents = np.full(len(forest.is_leaf), -1)
    inner = forest.find_splits()
    parents[forest.left[inner]] = parents[forest.right[inner]] = inner
    shape = (len(splits), columns)
    low, high, is_missing = np.full(shape, -np.inf), np.full(shape, np.inf), np.zeros(shape, bool)
    nodes, rows = splits, np.arange(len(splits))
    while len(rows):
        above = parents[nodes]
        has_parent = above >= 0
        rows, nodes, above = rows[has_parent], nodes[has_parent], above[has_parent]
        is_left = forest.left[above] == nodes
        features, borders = forest.features[above], forest.thresholds[above]
        at = (rows, features)
        high[at] = np.where(is_left, np.minimum(high[at], borders), high[at])
        low[at] = np.where(is_left, low[at], np.maximum(low[at], borders))
        is_missing[at] |= ~is_left & np.isinf(borders)
        nodes = above
    just_above = _neighbours(low, in_float32=in_float32)[1]
    cells = np.where(np.isfinite(high), _round_down(high, in_float32=in_float32), high)
    cells = np.where(np.isinf(cells) & np.isfinite(low), just_above, cells)
    return np.where(is_missing, np.nan, cells)


def _round_down(values: Floats, *, in_float32: bool) -> Floats:
    """The largest values that are at most these, of the numbers that the trees compare."""
    if not in_float32:
        return values
    rounded = values.astype(np.float32)
    down = np.where(rounded > values, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    return down.astype(np.float64)


def _neighbours(values: Floats, *, in_float32: bool) -> tuple[Floats, Floats]:
    """The last numbers below and the first ones above, of the numbers that the trees compare."""
    at_most = _round_down(values, in_float32=in_float32)
    kind = np.float32 if in_float32 else np.float64
    below, above = (np.nextafter(at_most.astype(kind), kind(end)) for end in (-np.inf, np.inf))
    return below.astype(np.float64), above.astype(np.float64)


def _undo(prepared: Floats, preparation: Preparation, typical: pd.DataFrame, flags: Sequence[str]) -> pd.DataFrame:
    """The raw rows that are prepared to these cells, or to the nearest ones."""
    typical = typical.iloc[: len(prepared)]
    raw = typical.to_numpy(np.float64)[np.arange(len(prepared)) % len(typical)]
    cells = prepared * preparation.scales + preparation.means
    for column, source in enumerate(preparation.order.tolist()):
        given = cells[:, column]
        if source >= len(preparation.fills):  # whether a value was missing
            name = source - len(preparation.fills)
            raw[:, name] = np.where(np.isfinite(given) & (given > 0.5), np.nan, raw[:, name])
        else:
            raw[:, source] = np.where(np.isinf(given), raw[:, source], given)
    frame = pd.DataFrame(raw, columns=typical.columns)
    frame[list(flags)] = frame[list(flags)].round().clip(0, 1)
    return frame
