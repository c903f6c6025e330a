"""Arrow arrays of any type as one of a few plain ones, and casts that mark what does not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


LOOKS = {
    pa.int64().id: r"^[+-]?[0-9]",
    pa.float64().id: r"^[+-]?([0-9.]+([eE][+-]?[0-9]+)?$|[nNiI])",
    pa.timestamp("us").id: r"^[0-9]{4}-[0-9]{2}",
}
"""Id of a type -> a pattern that every text matches which Arrow reads as a value of it, and some others."""


@dataclass(frozen=True)
class Cast:
    """Values in the declared type."""

    values: pa.Array
    bad: Mask | None = None
    """Where a cell could not be read; its value is null. None: every cell could."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """A way in which cells are written, where that tells how to read the column -> the first cell of that kind."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """One of these ways, where a warning says how often it occurs -> the number of cells."""


def merge(*masks: Mask | None) -> Mask | None:
    """Where one of the masks is set; None where none is."""
    found = [mask for mask in masks if mask is not None and mask.any()]
    return np.logical_or.reduce(found) if found else None


def to_mask(flags: pa.Array) -> Mask:
    """Flags as a mask; a null is no flag."""
    mask: Mask = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
    return mask


def first_index(mask: Mask) -> int:
    """Where the mask is set first."""
    return int(np.argmax(mask))


def join(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The values as one array."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):  # no rows, or more than one array may hold
        return pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], values.type)
    return array


def simplify(array: pa.Array) -> Cast:
    """The same values as text, 64-bit floats, or the type that they have; bytes that are no UTF-8 are bad."""
    if isinstance(array.type, pa.UuidType):
        return Cast(pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string()))
    if isinstance(array.type, pa.BaseExtensionType):
        return simplify(array.storage)
    if pa.types.is_dictionary(array.type):
        return simplify(array.dictionary_decode())
    if pa.types.is_run_end_encoded(array.type):
        return simplify(pc.run_end_decode(array))
    if is_bytes(array.type):
        text, broken = convert(array.cast(pa.binary()), pa.string())
        return Cast(text, broken)
    if is_text(array.type):
        return Cast(array.cast(pa.string()))
    if pa.types.is_floating(array.type):
        return Cast(_drop_nan(array.cast(pa.float64())))  # every smaller float is a 64-bit one too
    return Cast(array)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of the type are texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether values of the type are numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values of the type are bytes, which may be text."""
    if pa.types.is_decimal(kind):
        return False
    is_long = pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
    return bool(pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind) or is_long)


def convert(array: pa.Array, target: pa.DataType) -> tuple[pa.Array, Mask | None]:
    """The array in the target type, null and marked where a value does not parse."""
    try:
        return array.cast(target), None
    except pa.ArrowInvalid:
        looks = LOOKS.get(target.id) if pa.types.is_string(array.type) else None
    if looks is None:
        return _convert_halves(array, target)
    # One pass sorts out what cannot be meant: without it each such cell would cost some casts.
    likely = pc.match_substring_regex(array, looks)
    values, bad = _convert_halves(pc.if_else(likely, array, pa.scalar(None, pa.string())), target)
    return values, merge(bad, to_mask(pc.invert(likely)))


def _convert_halves(array: pa.Array, target: pa.DataType) -> tuple[pa.Array, Mask | None]:
    """As `convert`.

    Arrow refuses a whole array for one bad value: halves are tried until the bad ones are alone, so that a few bad
    values among n cost about log n casts each.
    """
    try:
        return array.cast(target), None
    except pa.ArrowInvalid:
        if len(array) == 1:
            return pa.nulls(1, target), np.ones(1, bool)
    middle = len(array) // 2
    (left, left_bad), (right, right_bad) = (
        _convert_halves(array[:middle], target),
        _convert_halves(array[middle:], target),
    )
    bad = np.zeros(len(array), bool)
    bad[:middle] = False if left_bad is None else left_bad
    bad[middle:] = False if right_bad is None else right_bad
    return pa.concat_arrays([left, right]), bad


def refuse_all(array: pa.Array, target: pa.DataType) -> Cast:
    """Nulls: no value of the array's type has a meaning in the target type."""
    return Cast(pa.nulls(len(array), target), merge(to_mask(array.is_valid())))


def _drop_nan(floats: pa.Array) -> pa.Array:
    nan = pc.is_nan(floats)
    if not pc.any(nan).as_py():
        return floats
    return pc.if_else(pc.fill_null(nan, False), pa.scalar(None, pa.float64()), floats)
