"""What a column is: a name, a kind, and values of which some are missing."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Kind: TypeAlias = Literal["number", "category"]
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]
Values: TypeAlias = npt.NDArray[Any]
"""Of numbers float64 with NaN for missing; of categories objects: str, or None for missing."""


class Column(NamedTuple):
    """A column of rows.

    Attributes:
        name: Name of the column.
        kind: "number" (integers, floats, booleans, seconds since 1970, the length of a text) or "category".
        values: (rows,) float64 with NaN for missing; for categories an object array of str, and None for missing.
    """

    name: str
    kind: Kind
    values: Values


Columns: TypeAlias = Sequence[Column]


def read_values(kind: Kind, values: npt.ArrayLike) -> Values:
    """The values in the form that this library works with, missing ones among them (rows,).

    Integers and booleans become float64; a category that is not a str is written by `str`; None and NaN are missing.
    """
    if kind == "number":
        return np.asarray(values, np.float64)
    objects = np.asarray(values, object)
    kept = [None if value is None or value != value else str(value) for value in objects.tolist()]
    found = np.empty(len(kept), object)
    found[:] = kept
    return found


def find_missing(kind: Kind, values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which values are missing: NaN among numbers, None or NaN among categories (rows,)."""
    read = read_values(kind, values)
    if kind == "number":
        return np.isnan(read)
    return np.fromiter((value is None for value in read), np.bool_, len(read))


def drop_missing(kind: Kind, values: npt.ArrayLike) -> Values:
    """The values that are not missing, in their order (rows without missing,)."""
    read = read_values(kind, values)
    if kind == "number":
        return read[~np.isnan(read)]
    return read[np.fromiter((value is not None for value in read), np.bool_, len(read))]
