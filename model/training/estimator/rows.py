"""From the processed table to what scikit-learn takes: inputs and target of the training and of the test rows.

preprocess says in the column `split` on which side a row is; nothing here draws rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.errors import ModelError
from relay.handoff.recipe import Column

SPLIT = "split"
NUMERIC = ("int", "float", "bool")


@dataclass(frozen=True)
class Part:
    """Rows of one side."""

    inputs: pd.DataFrame
    """Numbers and truth values as float64 with NaN for missing, categories as text."""
    target: npt.NDArray[Any]
    ids: pa.Table
    """The id column, or no column at all."""

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: npt.NDArray[np.int64]) -> "Part":
        """Some of the rows, by their indices."""
        return Part(self.inputs.iloc[rows], self.target[rows], self.ids.take(rows))


@dataclass(frozen=True)
class Split:
    """Rows to learn from, rows to be judged on, and how many had no target to learn or judge by."""

    train: Part
    test: Part
    without_target: int


def read_split(table: pa.Table, columns: Mapping[str, Column], *, as_classes: bool) -> Split:
    """The rows of a processed table by side; those without a target are left out and counted.

    Args:
        table: with the declared columns and `split`, which says "train" or "test".
        columns: the recipe's schema.
        as_classes: whether the target says which class a row belongs to.

    Raises:
        ModelError: a column is missing, the target does not suit the estimator, or a side is empty.
    """
    target, inputs = find_columns(columns)
    _require(table, [*inputs, target, SPLIT])
    check_target(target, columns[target], as_classes=as_classes)
    known = table.filter(pc.is_valid(table.column(target)))
    sides = {}
    for side in ("train", "test"):
        rows = known.filter(pc.equal(known.column(SPLIT), side))
        if not rows.num_rows:
            raise ModelError(
                f"no {side} row with a {target} among {table.num_rows:,} rows: expected rows on both sides; "
                "give ingest more rows, or change [preprocess] test_share"
            )
        sides[side] = _read_part(rows, columns, target)
    return Split(**sides, without_target=table.num_rows - known.num_rows)


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
        if columns[name].type not in (*NUMERIC, "category"):
            as_category = ', or type = "category" if its values repeat' if columns[name].type == "text" else ""
            raise ModelError(
                f"[columns] {name}: an estimator takes int, float, bool and category, not {columns[name].type}; "
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
    """Columns of a table as the pipeline takes them: float64 with NaN, categories as text.

    Whole numbers beyond 2^53 become the nearest double, as in every request that is answered later.
    """
    return pd.DataFrame(
        {
            name: table.column(name).cast(pa.float64(), safe=False).to_numpy()
            if columns[name].type in NUMERIC
            else pd.Series(table.column(name).to_pylist(), dtype="str")
            for name in table.column_names
        }
    )


def _read_part(rows: pa.Table, columns: Mapping[str, Column], target: str) -> Part:
    _, inputs = find_columns(columns)
    ids = [name for name, column in columns.items() if column.role == "id" and name in rows.column_names]
    return Part(
        inputs=make_frame(rows.select(inputs), columns),
        target=np.asarray(rows.column(target).to_pylist()),
        ids=rows.select(ids),
    )


def _require(table: pa.Table, names: list[str]) -> None:
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise ModelError(
            f"the processed table has no column {', '.join(missing)}; it has {', '.join(table.column_names)}. "
            "Run preprocess again, and compare [columns] with what it writes"
        )
