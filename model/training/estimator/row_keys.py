"""A name for each row that stays the same from one version of a model to the next, so that both can be compared."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from model.training.estimator.rows import Part

BLOCK_ROWS = 65_536
"""Rows whose cells are Python objects at the same time."""

KEY_CHARS = 16
"""Hexadecimal digits of a digest: 64 bits keep a billion rows apart."""


def name_rows(part: Part) -> pa.Array:
    """A text a row (n,): its id; where there is none, the digest of its inputs and target.

    Rows of equal content are numbered in the order in which they come.
    """
    seen: Counter[str] = Counter()
    keys = []
    for start in range(0, len(part), BLOCK_ROWS):
        for key in _list_keys(part, slice(start, start + BLOCK_ROWS)):
            seen[key] += 1
            keys.append(key if seen[key] == 1 else f"{key}-{seen[key]}")
    return pa.array(keys, pa.string())


def _list_keys(part: Part, rows: slice) -> Iterator[str]:
    """The key of each row by itself."""
    targets, inputs = part.target[rows].tolist(), part.inputs.iloc[rows]
    ids = part.ids.column(0)[rows].to_pylist() if part.ids.num_columns else [None] * len(targets)
    contents = zip(*(inputs[name].tolist() for name in inputs.columns), strict=True)
    for own, cells, target in zip(ids, contents, targets, strict=True):
        yield _digest([*cells, target]) if own is None else str(own)


def _digest(cells: list[object]) -> str:
    # None and NaN both say "missing", and JSON would write them apart.
    text = json.dumps([None if cell != cell else cell for cell in cells], default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_CHARS]


def _plain(cell: object) -> object:
    return cell.item() if isinstance(cell, np.generic) else str(cell)
