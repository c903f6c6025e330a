"""Whether a dataset holds the rows of a notebook's frame, bit for bit, once both have the recipe's types."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.errors import SchemaError
from relay.handoff.own.frames import from_frame

ADDED = ("split", "raw_row")
"""Columns that Relay adds to a dataset."""
LONGEST_CELL = 60
TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


@dataclass(frozen=True)
class FrameVerdict:
    """How a dataset compares with a frame."""

    differences: tuple[str, ...]
    """One sentence for each column that differs, with its first differing cell; empty: equal."""
    changes: tuple[str, ...]
    """What the cast to the recipe's types changed: types, index, order of columns."""


def compare_frame(expected: pd.DataFrame, found: pa.Table) -> FrameVerdict:
    """How a dataset differs from the notebook's frame.

    Args:
        expected: as the notebook had it at the border.
        found: the rows of the dataset, in their order, in the recipe's types.
    """
    changes: list[str] = []
    frame = _write_out(_take_index(expected, changes), changes)
    try:
        table = from_frame(frame, "the notebook")
    except SchemaError as error:
        return FrameVerdict((str(error),), tuple(changes))
    names = [name for name in found.column_names if not _is_added(name, table)]
    differences = list(_compare_names(table.column_names, names))
    shared = [name for name in names if name in table.column_names]
    if shared != [name for name in table.column_names if name in shared]:
        changes.append(f"the columns stand in the order {', '.join(shared)}")
    if table.num_rows != found.num_rows:
        differences.append(f"{table.num_rows:,} rows in the notebook, {found.num_rows:,} in the recipe")
        return FrameVerdict(tuple(differences), tuple(changes))
    for name in shared:
        differences += _compare_column(name, table.column(name), found.column(name), changes)
    return FrameVerdict(tuple(differences), tuple(changes))


def _is_added(name: str, table: pa.Table) -> bool:
    return (name in ADDED or name.endswith("_raw_row")) and name not in table.column_names


def _take_index(frame: pd.DataFrame, changes: list[str]) -> pd.DataFrame:
    """The frame with the named levels of its index as columns, as the recipe keeps them."""
    levels = [str(level) for level in frame.index.names if level is not None]
    if levels:
        changes.append(f"the index {', '.join(levels)} became a column")
        names = {str(name) for name in frame.columns}
        kept = frame.reset_index(drop=True)
        for position, level in enumerate(name for name in frame.index.names if name is not None):
            if str(level) not in names:
                kept.insert(position, level, frame.index.get_level_values(str(level)))
        return kept
    is_plain = isinstance(frame.index, pd.RangeIndex) and (frame.index.start, frame.index.step) == (0, 1)
    if not is_plain:
        changes.append("the numbers of the index, which has no name, were dropped")
    return frame.reset_index(drop=True)


def _write_out(frame: pd.DataFrame, changes: list[str]) -> pd.DataFrame:
    """The frame with intervals and periods as texts, which no dataset has a type for."""
    for position, name in enumerate(frame.columns):
        kind = frame.dtypes.iloc[position]
        kind = kind.categories.dtype if isinstance(kind, pd.CategoricalDtype) else kind
        if isinstance(kind, pd.IntervalDtype | pd.PeriodDtype):
            texts = frame.iloc[:, position].astype("object").map(str, na_action="ignore")
            frame = frame.assign(**{str(name): texts})
            changes.append(f"column {name} has intervals or periods, which are kept as text")
    return frame


def _compare_names(expected: list[str], found: list[str]) -> Iterator[str]:
    if missing := [name for name in expected if name not in found]:
        yield f"in the notebook only: the columns {', '.join(missing)}"
    if extra := [name for name in found if name not in expected]:
        yield f"in the recipe only: the columns {', '.join(extra)}"


def _compare_column(name: str, expected: pa.ChunkedArray, found: pa.ChunkedArray, changes: list[str]) -> Iterator[str]:
    try:
        values = _cast(expected, found.type)
    except (pa.ArrowException, TypeError, ValueError) as error:
        yield f"column {name}: {' '.join(str(error).split())}"
        return
    if not expected.type.equals(found.type) and not (_is_text(expected.type) and _is_text(found.type)):
        changes.append(f"column {name} was {_name_type(expected.type)} and is {_name_type(found.type)}")
    differing = _find_differing(values, found.combine_chunks())
    if differing.size:
        row = int(differing[0])
        cells = f"{differing.size:,} of {len(found):,} cells differ" if differing.size > 1 else "1 cell differs"
        yield (
            f"column {name}: {cells}, the first in row {row + 1:,}: {_show(values[row])} in the notebook, "
            f"{_show(found[row])} in the recipe"
        )


def _cast(values: pa.ChunkedArray, into: pa.DataType) -> pa.Array:
    whole = values.combine_chunks()
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    return whole.cast(into)


def _find_differing(expected: pa.Array, found: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The numbers of the rows, from 0, whose cells are not the same bits."""
    found = pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
    nulls, other_nulls = (pc.is_null(one).to_numpy(zero_copy_only=False) for one in (expected, found))
    if pa.types.is_floating(found.type):
        bits = [
            one.fill_null(0).to_numpy(zero_copy_only=False).view(f"u{found.type.bit_width // 8}")
            for one in (expected, found)
        ]
        unequal = bits[0] != bits[1]
    else:
        equal = pc.equal(expected, found).fill_null(other_nulls.all() if len(found) == 0 else True)
        unequal = ~equal.to_numpy(zero_copy_only=False).astype(bool)
    unequal &= ~nulls & ~other_nulls
    return np.flatnonzero(unequal | (nulls != other_nulls))


def _is_text(kind: pa.DataType) -> bool:
    return any(check(kind) for check in TEXTS)


def _name_type(kind: pa.DataType) -> str:
    return "text" if _is_text(kind) else str(kind)


def _show(value: pa.Scalar) -> str:
    plain = value.as_py()
    text = "missing" if plain is None else repr(plain) if isinstance(plain, str | float) else str(plain)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
