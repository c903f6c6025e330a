"""Frames and columns, for their fingerprints."""

import sys
from typing import Any, Protocol


class Target(Protocol):
    """What is fed: a fingerprint."""

    def write(self, text: str) -> None:
        """Add a text."""

    def write_bytes(self, data: Any) -> None:
        """Add bytes."""

    def feed(self, value: Any, depth: int) -> None:
        """Add a value."""


def feed_frame(to: Target, value: Any, depth: int) -> None:
    """Add a frame of pandas: names, index, attributes and columns."""
    to.feed(value.columns, depth)
    to.feed(value.index, depth)
    to.feed(value.attrs, depth)
    for position in range(value.shape[1]):
        _feed_column(to, value.iloc[:, position].array, depth)


def feed_series(to: Target, value: Any, depth: int) -> None:
    """Add a series of pandas."""
    to.write(repr(value.name))
    to.feed(value.index, depth)
    _feed_column(to, value.array, depth)


def feed_index(to: Target, value: Any, depth: int) -> None:
    """Add an index of pandas."""
    to.write(repr(list(value.names)))
    if type(value).__name__ == "RangeIndex":
        to.write(repr((value.start, value.stop, value.step)))
    elif type(value).__name__ == "MultiIndex":
        for level in range(value.nlevels):
            _feed_column(to, value.get_level_values(level).array, depth)
    else:
        _feed_column(to, value.array, depth)


def _feed_column(to: Target, array: Any, depth: int) -> None:
    """A column of pandas, by what is stored in it."""
    to.write(str(array.dtype))
    if getattr(array, "_pa_array", None) is not None:
        _feed_arrow(to, array._pa_array)
    elif hasattr(array, "codes"):
        to.feed(array.codes, depth)
        to.feed(array.categories, depth)
    elif hasattr(array, "_mask"):
        to.feed(array._mask, depth)
        to.feed(array._data, depth)
    elif hasattr(array, "_ndarray"):
        to.feed(array._ndarray, depth)
    else:
        to.feed(sys.modules["numpy"].asarray(array), depth)


def _feed_arrow(to: Target, chunked: Any) -> None:
    """An Arrow column as the bytes of its IPC message, which has no padding or null slots that are undefined."""
    arrow, compute = sys.modules["pyarrow"], sys.modules.get("pyarrow.compute")
    whole = chunked.combine_chunks() if hasattr(chunked, "chunks") else chunked
    to.write(f"{len(whole)}{whole.type}")
    is_large = arrow.types.is_large_string(whole.type)
    if not len(whole) or compute is None or not (is_large or arrow.types.is_string(whole.type)):
        to.write(repr(whole.to_pylist()))
        return
    lengths = compute.fill_null(compute.binary_length(whole), -1).to_numpy(zero_copy_only=False)
    to.write_bytes(lengths.tobytes())
    filled = compute.fill_null(whole, "")  # the text of a null slot is undefined
    numpy = sys.modules["numpy"]
    buffers = filled.buffers()
    ends = numpy.frombuffer(buffers[1], numpy.int64 if is_large else numpy.int32)[
        filled.offset : filled.offset + len(filled) + 1
    ]
    if buffers[2] is not None:
        to.write_bytes(memoryview(buffers[2])[int(ends[0]) : int(ends[-1])])


def feed_table(to: Target, value: Any, _: int) -> None:
    """Add a frame of polars or a table of Arrow."""
    table = value.to_arrow() if hasattr(value, "to_arrow") else value
    to.write(str(table.schema) if hasattr(table, "schema") else str(table.type))
    for column in table.columns if hasattr(table, "columns") else (table,):
        _feed_arrow(to, column)
