"""A column of a source in the type that the recipe declares."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.column import Column
from relay.handoff.schema import ARROW_TYPES
from relay.reading.arrow import Cast, is_number, join, merge, refuse_all, simplify
from relay.reading.clock_text import describe_clock
from relay.reading.moments import read_moment
from relay.reading.numbers import describe_durations, find_missing_numbers, read_float, read_int
from relay.reading.words import read_category, read_text, read_truth, write_numbers


def read_column(values: pa.Array | pa.ChunkedArray, column: Column) -> Cast:
    """The values in the column's declared type; a cell that could not be read is null and marked.

    Args:
        values: texts, or values that already have a type; shape (n,).
        column: its type, and how its cells are written.

    Raises:
        AmbiguousCellError: a cell can be read in two ways.
    """
    array = join(values)
    target = ARROW_TYPES[column.type]
    if pa.types.is_null(array.type):
        return Cast(array.cast(target))
    if array.type == pa.int64() and target == array.type and not column.missing:
        return Cast(array)
    plain = simplify(array)
    cast = _READERS[column.type](plain.values, column)
    return replace(cast, bad=merge(plain.bad, cast.bad))


def _read_words(array: pa.Array, column: Column) -> Cast:
    return read_text(write_words(array), column)


def _read_category(array: pa.Array, column: Column) -> Cast:
    return read_category(write_words(array), column)


def write_words(array: pa.Array) -> pa.Array:
    """Values of any plain type as texts, the same for each type that may hold them."""
    if pa.types.is_duration(array.type):
        return describe_durations(array)
    if pa.types.is_temporal(array.type):
        return describe_clock(array)
    return write_numbers(array) if is_number(array.type) else array.cast(pa.string())


def _read_truth(array: pa.Array, column: Column) -> Cast:
    if pa.types.is_boolean(array.type):
        return Cast(array)
    if pa.types.is_string(array.type):
        return read_truth(array, column)
    if is_number(array.type):
        floats = array.cast(pa.float64(), safe=False)
        missing = pc.is_in(floats, find_missing_numbers(column, floats.type))
        return read_truth(pc.if_else(missing, pa.scalar(None, pa.float64()), floats), column)
    return refuse_all(array, pa.bool_())


_READERS = {
    "text": _read_words,
    "category": _read_category,
    "float": read_float,
    "int": read_int,
    "bool": _read_truth,
    "time": read_moment,
}
