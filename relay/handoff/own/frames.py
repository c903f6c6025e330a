"""Frames on their way between a stage and own code: Arrow tables become what a function asks for, and back.

An input frame has the schema's types. In pandas these are int64 (float64 with NaN where a cell is missing), float64,
bool (object with None where one is missing), str and datetime64[us, UTC].
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.errors import SchemaError
from relay.handoff.own.signature import Frame

if TYPE_CHECKING:
    import pandas as pd

LARGEST_EXACT = 2**53
"""Up to here a float holds every whole number."""

RAW_ROW = "raw_row"
"""Name of the index of a frame in preprocess: the row's number in the raw dataset, from 1."""


def to_pandas(table: pa.Table, row_name: str = "", first_row: int = 1) -> "pd.DataFrame":
    """A table as a DataFrame of its own memory, which own code may change.

    Args:
        table: rows in the schema's types.
        row_name: name of an index with the number of each row; without one it is 0, 1, 2, ….
        first_row: the number of the first row.

    Raises:
        SchemaError: a column has missing cells and whole numbers that a float cannot hold.
    """
    import pandas as pd

    _require_exact(table)
    frame: pd.DataFrame = table.to_pandas(
        date_as_object=False, split_blocks=True, self_destruct=False, ignore_metadata=True
    )
    for name, item in zip(table.column_names, table.schema, strict=True):
        if pa.types.is_string(item.type):
            frame[name] = frame[name].astype("str")
    if row_name:
        frame.index = pd.RangeIndex(first_row, first_row + len(frame), name=row_name)
    return frame.copy()


def _require_exact(table: pa.Table) -> None:
    for name, values in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_integer(values.type) and values.null_count:
            extremes = pc.min_max(values).as_py().values()
            if any(value is not None and abs(value) > LARGEST_EXACT for value in extremes):
                raise SchemaError(
                    f"column {name} has missing cells and whole numbers above 2^53, which a pandas column of floats "
                    "would change",
                    next_step="Take the frame as pyarrow.Table: annotate the parameter with it.",
                )


def to_frame(table: pa.Table, kind: Frame, row_name: str = "", first_row: int = 1) -> Any:
    """A table as the frame that a function asks for; batches are an iterator over the table's own.

    Raises:
        SchemaError: polars is not installed.
    """
    if kind is Frame.PANDAS:
        return to_pandas(table, row_name, first_row)
    if kind is Frame.BATCHES:
        return iter(table.to_batches())
    if kind is Frame.POLARS:
        return _import_polars().from_arrow(table)
    return table


def from_frame(given: Any, shown: str, names: Sequence[str] = ()) -> pa.Table:
    """What a function gave as one Arrow table, in the types it came with; the index of a DataFrame is left out.

    Args:
        given: a pandas or polars DataFrame, a Series with a name, an Arrow table or batch, or a NumPy array.
        shown: the function, for messages.
        names: of the columns, for an array.

    Raises:
        SchemaError: it is something else, or Arrow has no type for a column.
    """
    if isinstance(given, pa.Table):
        return decode(given)
    if isinstance(given, pa.RecordBatch):
        return decode(pa.Table.from_batches([given]))
    module, kind = type(given).__module__.partition(".")[0], type(given).__name__
    if module == "polars" and kind == "DataFrame":
        return decode(given.to_arrow())
    frame = as_pandas(given)
    if frame is not None:
        return _from_pandas(frame, shown)
    if module == "numpy" and kind == "ndarray":
        return _from_array(given, shown, names)
    if module == "scipy":
        raise SchemaError(
            f"{shown} gave a sparse matrix, which is no table",
            next_step="Vectorise in the model's Pipeline, where sparse matrices may pass from step to step.",
        )
    raise SchemaError(f"{shown} gave {describe_value(given)}; expected a DataFrame or an Arrow table")


def as_pandas(given: Any) -> "pd.DataFrame | None":
    """A pandas DataFrame, also of a subclass, or a Series, as a DataFrame; None for all else."""
    pandas = sys.modules.get("pandas")  # who gives such a value has imported it
    if pandas is None or not isinstance(given, pandas.DataFrame | pandas.Series):
        return None
    frame: pd.DataFrame = given.to_frame() if isinstance(given, pandas.Series) else given
    return frame


def keep_index(frame: "pd.DataFrame", is_wanted: Callable[[str], bool]) -> tuple["pd.DataFrame", list[str]]:
    """The frame with levels of its index as its first columns, and the names of the levels that are dropped.

    Args:
        frame: its index may have several levels; those without a name are dropped without a word.
        is_wanted: whether a name becomes a column; one that is a column already does not.
    """
    names, levels = {str(name) for name in frame.columns}, list(frame.index.names)
    wanted = [
        (level, str(name))
        for level, name in enumerate(levels)
        if name is not None and str(name) not in names and is_wanted(str(name))
    ]
    dropped = {str(name) for name in levels if name is not None} - {name for _, name in wanted}
    kept = frame.reset_index(drop=True)
    for position, (level, name) in enumerate(wanted):
        kept.insert(position, name, frame.index.get_level_values(level).to_numpy())
    return kept, sorted(dropped)


def decode(table: pa.Table) -> pa.Table:
    """The table with categories as their values: each batch then stands for itself."""
    for index, item in enumerate(table.schema):
        if pa.types.is_dictionary(item.type):
            table = table.set_column(index, item.name, table.column(index).cast(item.type.value_type))
    return table


def describe_value(value: Any) -> str:
    """A value of the wrong kind in words: None, 3 values (tuple), str."""
    if value is None:
        return "None (does it end with `return`?)"
    size = f" of {len(value):,}" if isinstance(value, list | tuple | dict | set) else ""
    return f"{type(value).__name__}{size}"


def _from_pandas(frame: "pd.DataFrame", shown: str) -> pa.Table:
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SchemaError(f"{shown} gave a frame with the column {repeated[0]} twice; name each column once")
    columns = []
    for position, name in enumerate(names):
        try:
            column = pa.Array.from_pandas(frame.iloc[:, position])
        except (pa.ArrowException, TypeError, ValueError) as error:
            words = " ".join(str(error).split())
            raise SchemaError(f"{shown} gave the column {name} with mixed values: {words}") from None
        columns.append(column)
    return decode(pa.table(dict(zip(names, columns, strict=True))))


def _from_array(array: Any, shown: str, names: Sequence[str]) -> pa.Table:
    shape = "x".join(map(str, array.shape))
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.shape[1] != len(names):
        raise SchemaError(
            f"{shown} gave an array of the shape {shape}; expected {len(names)} columns: {', '.join(names)}"
        )
    return pa.table({name: pa.array(array[:, index]) for index, name in enumerate(names)})


def _import_polars() -> Any:
    try:
        return import_module("polars")
    except ModuleNotFoundError:
        raise SchemaError("the function asks for a polars.DataFrame, and polars is not installed") from None
