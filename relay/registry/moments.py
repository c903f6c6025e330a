"""Moments of records as pandas takes them; relay.reading tells what a text means."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from relay.reading.iso import EPOCH, EXPECTED, MICROSECOND, read_iso

if TYPE_CHECKING:  # an ONNX model needs none of it
    import pandas as pd

    from relay.registry.contract import Cell

MISSING = int(np.iinfo(np.int64).min)
"""What NumPy and pandas take for a missing moment."""


def make_moments(cells: "Sequence[Cell]") -> "pd.Series":
    """The cells of records as pandas has moments, datetime64[us, UTC]; None is missing."""
    counts = [MISSING if cell is None else _count(str(cell)) for cell in cells]
    return from_counts(np.array(counts, np.int64))


def from_counts(microseconds: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "pd.Series":
    """Microseconds since 1970 (n,) as pandas has moments, datetime64[us, UTC]; `MISSING` is missing."""
    import pandas as pd

    return pd.Series(microseconds.view("datetime64[us]")).dt.tz_localize("UTC")


def _count(text: str) -> int:
    moment = read_iso(text)
    if moment is None:
        raise ValueError(f"{text!r} is no moment; expected {EXPECTED}")
    return (moment - EPOCH) // MICROSECOND
