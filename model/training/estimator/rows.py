"""From the processed table to what scikit-learn takes: inputs and target of the training and of the test rows.

preprocess says in the column `split` on which side a row is; nothing here draws rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.errors import ModelError
from relay.handoff.recipe import Column
from relay.registry.moments import MISSING, from_counts

SPLIT = "split"
SIDES = ("train", "test")
NUMERIC = ("int", "float", "bool")


Weights = npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class Part:
    """Rows of one side."""

    inputs: pd.DataFrame
    """Numbers and truth values as float64 with NaN for missing, categories as text, times as moments in UTC."""
    target: npt.NDArray[Any]
    ids: pa.Table
    """The id column, or no column at all."""
    weights: Weights = None
    """How much each row counts (n,), above 0; None where no column has the role weight: all rows count alike."""
    groups: npt.NDArray[np.int64] | None = None
    """A number for the group that each row belongs to (n,); None where no column has the role group."""
    times: npt.NDArray[np.int64] | None = None
    """Microseconds since 1970 in UTC (n,); None where no column has the role time. A missing one is the earliest."""

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: npt.NDArray[np.int64]) -> "Part":
        """Some of the rows, by their indices."""
        others = (pick(values, rows) for values in (self.weights, self.groups, self.times))
        return Part(self.inputs.iloc[rows], self.target[rows], self.ids.take(rows), *others)


@dataclass(frozen=True)
class Split:
    """Rows to learn from, rows to be judged on, and how many were left out."""

    train: Part
    test: Part
    without_target: int
    """Rows that have no target to learn or judge by."""
    without_weight: int = 0
    """Rows whose weight is 0: they count nowhere."""
    learned: int | None = None
    """Rows that the model learns from, where `train` holds only some of them."""

    @property
    def train_rows(self) -> int:
        """Rows that the model learns from."""
        return len(self.train) if self.learned is None else self.learned


def pick(values: Any, rows: npt.NDArray[Any]) -> Any:
    """Some of the values, by indices or truth values; None where there are no values."""
    return None if values is None else values[rows]


def read_split(table: pa.Table, columns: Mapping[str, Column], *, as_classes: bool) -> Split:
    """The rows of a processed table by side; those without a target or of weight 0 are left out and counted.

    Args:
        table: with the declared columns and `split`, which says "train" or "test".
        columns: the recipe's schema.
        as_classes: whether the target says which class a row belongs to.

    Raises:
        ModelError: a column is missing, the target does not suit the estimator, or a side is empty.
    """
    target, inputs = find_columns(columns)
    require_columns(table.column_names, [*inputs, target, SPLIT])
    check_target(target, columns[target], as_classes=as_classes)
    known, counted = keep_counted(table, columns, target)
    sides = {}
    for side in SIDES:
        rows = counted.filter(pc.equal(counted.column(SPLIT), side))
        require_rows(rows.num_rows, side, target, table.num_rows)
        sides[side] = read_part(rows, columns, target)
    return Split(
        train=sides["train"],
        test=sides["test"],
        without_target=table.num_rows - known.num_rows,
        without_weight=known.num_rows - counted.num_rows,
    )


def require_rows(found: int, side: str, target: str, rows: int) -> None:
    """Make sure that a side has rows.

    Raises:
        ModelError: it has none.
    """
    if not found:
        raise ModelError(
            f"no {side} row with a {target} among {rows:,} rows: expected rows on both sides; "
            "give ingest more rows, or change [preprocess] test_share"
        )


def keep_counted(table: pa.Table, columns: Mapping[str, Column], target: str) -> tuple[pa.Table, pa.Table]:
    """The rows with a target, and those of them whose weight is above 0.

    Raises:
        ModelError: a weight is negative or missing.
    """
    known = table.filter(pc.is_valid(table.column(target)))
    return known, _keep_weighed(known, columns)


def find_role(columns: Mapping[str, Column], role: str) -> str | None:
    """The first column of a role; None where there is none."""
    return next((name for name, column in columns.items() if column.role == role), None)


def _keep_weighed(table: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """The rows whose weight is above 0.

    Raises:
        ModelError: there is no such column, or a weight is negative or missing: preprocess rejects such rows.
    """
    name = find_role(columns, "weight")
    if name is None:
        return table
    require_columns(table.column_names, [name])
    weights = table.column(name).cast(pa.float64())
    least = pc.min(weights).as_py()
    if weights.null_count or (least is not None and not least >= 0):
        raise ModelError(
            f"[columns] {name}: a weight is missing or negative; expected 0 or more in each row",
            next_step="Run preprocess again: it rejects such rows.",
        )
    return table.filter(pc.greater(weights, 0.0))


def find_columns(columns: Mapping[str, Column]) -> tuple[str, list[str]]:
    """The name of the target and those of the inputs.

    Raises:
        ModelError: there is no target or no input, or an input that an estimator cannot take.
    """
    targets = [name for name, column in columns.items() if column.role == "target"]
    inputs = [name for name, column in columns.items() if column.role == "input"]
    if not targets or not inputs:
        missing = 'role = "target"' if not targets else 'role = "input"'
        raise ModelError(f"[columns]: no column with {missing}; an estimator learns one target from some inputs")
    for name in inputs:
        if columns[name].type not in (*NUMERIC, "category", "time"):
            as_category = ', or type = "category" if its values repeat' if columns[name].type == "text" else ""
            raise ModelError(
                f"[columns] {name}: an estimator takes int, float, bool, category and time, not {columns[name].type}; "
                f'give it role = "ignore"{as_category}'
            )
    return targets[0], inputs


def check_target(name: str, column: Column, *, as_classes: bool) -> None:
    """Make sure that a classifier gets classes and a regressor numbers.

    Raises:
        ModelError: the column is of the other kind.
    """
    if as_classes and column.allowed is None and column.type not in ("bool", "category"):
        raise ModelError(
            f"[columns] {name}: a classifier needs classes, found {column.type} without allowed values; "
            "add for instance allowed = [0, 1], or choose a regressor"
        )
    if not as_classes and column.type not in ("int", "float"):
        raise ModelError(f"[columns] {name}: a regressor needs numbers, found {column.type}; choose a classifier")


def make_frame(table: pa.Table, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Columns of a table as the pipeline takes them: float64 with NaN, categories as text, times as moments in UTC.

    Whole numbers beyond 2^53 become the nearest double, as in every request that is answered later.
    """
    return pd.DataFrame({name: _read_cells(table.column(name), columns[name]) for name in table.column_names})


def widen(cells: Any) -> Any:
    """The cells of a column, or of a frame, with float64 in place of float32."""
    if isinstance(cells, pd.Series):
        return cells.astype(np.float64) if cells.dtype == np.float32 else cells
    narrow = [name for name, kind in cells.dtypes.items() if kind == np.float32]
    return cells.astype(dict.fromkeys(narrow, np.float64)) if narrow else cells


def _read_cells(values: pa.ChunkedArray, column: Column) -> Any:
    if column.type in NUMERIC:
        return values.cast(pa.float64(), safe=False).to_numpy()
    if column.type == "time":
        return from_counts(to_microseconds(values))
    return pd.Series(values.to_pylist(), dtype="str")


def to_microseconds(values: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Moments as whole numbers (n,); a missing one is the smallest, which NumPy and pandas take for missing."""
    found = pc.fill_null(values.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), MISSING)
    moments: npt.NDArray[np.int64] = found.to_numpy()
    return moments


def read_part(rows: pa.Table, columns: Mapping[str, Column], target: str) -> Part:
    """The rows of one side, each of which has a target."""
    _, inputs = find_columns(columns)
    ids = [name for name, column in columns.items() if column.role == "id" and name in rows.column_names]
    weight, group, time = (find_role_column(rows, columns, role) for role in ("weight", "group", "time"))
    return Part(
        inputs=make_frame(rows.select(inputs), columns),
        target=read_target(rows, target),
        ids=rows.select(ids),
        weights=None if weight is None else weight.cast(pa.float64()).to_numpy(),
        groups=None if group is None else number_groups(group),
        times=None if time is None else to_microseconds(time),
    )


def read_target(rows: pa.Table, name: str) -> npt.NDArray[Any]:
    """What there is to learn (n,)."""
    return np.asarray(rows.column(name).to_pylist())


def find_role_column(rows: pa.Table, columns: Mapping[str, Column], role: str) -> pa.ChunkedArray | None:
    """The column of a role, such as weight, in a table; None if the table has no such column."""
    name = find_role(columns, role)
    return None if name is None or name not in rows.column_names else rows.column(name)


def number_groups(values: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A number per row, equal for rows of one group (n,); rows without one are a group of their own."""
    codes = values.combine_chunks().dictionary_encode(null_encoding="encode")
    codes = codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes
    numbers: npt.NDArray[np.int64] = codes.indices.to_numpy().astype(np.int64)
    return numbers


def require_columns(found: Sequence[str], names: Sequence[str]) -> None:
    """Make sure that a table has some columns.

    Args:
        found: its columns.
        names: of the ones that it needs.

    Raises:
        ModelError: it lacks one.
    """
    missing = [name for name in names if name not in found]
    if missing:
        raise ModelError(
            f"the processed table has no column {', '.join(missing)}; it has {', '.join(found)}. "
            "Run preprocess again, and compare [columns] with what it writes"
        )
