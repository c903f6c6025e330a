"""The parts into which an input column divides rows: the same for every version that is compared by one contract."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from relay.registry.contract import Cell, Segment

Names = npt.NDArray[Any]


def name_parts(segment: Segment) -> list[str]:
    """The names of a segment's parts, in order and no two alike: `age < 41`, `41 <= age < 52`, …, `age is missing`."""
    column, known = segment.column, [f"{segment.column} = {_show_value(value)}" for value in segment.values]
    texts = [f"{border:.12g}" for border in segment.borders]
    if len(set(texts)) < len(texts):  # borders that differ beyond twelve digits
        texts = [repr(float(border)) for border in segment.borders]
    if texts:
        middle = [f"{low} <= {column} < {high}" for low, high in pairwise(texts)]
        known = [f"{column} < {texts[0]}", *middle, f"{column} >= {texts[-1]}"]
    return [*known, *([] if texts else [f"{column} is another value"]), f"{column} is missing"]


def _show_value(value: Any) -> str:
    """A value as it can be seen; an empty text is one."""
    return str(value) if str(value).strip() else f'"{value}"'


def assign_parts(segment: Segment, cells: Sequence[Cell] | Names) -> Names:
    """The name of the part that each cell belongs to (n,); None and NaN are missing."""
    names = name_parts(segment)
    return np.array([names[_find_part(segment, cell, len(names))] for cell in cells], dtype=object)


def _find_part(segment: Segment, cell: Any, parts: int) -> int:
    if cell is None or cell != cell:  # NaN alone differs from itself
        return parts - 1
    if segment.borders:
        return int(np.searchsorted(segment.borders, float(cell), side="right"))
    return segment.values.index(cell) if cell in segment.values else parts - 2
