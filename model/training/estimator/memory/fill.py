"""Both sides of the processed rows with their numbers in one float32 array each, filled from row groups."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from model.training.estimator.limits import check_numbers
from model.training.estimator.memory.source import Rows
from model.training.estimator.rows import (
    NUMERIC,
    SIDES,
    SPLIT,
    Part,
    Split,
    check_target,
    find_columns,
    find_role,
    find_role_column,
    keep_counted,
    make_frame,
    number_groups,
    read_target,
    require_columns,
    require_rows,
    to_microseconds,
)
from relay.handoff.column import Column

Columns = Mapping[str, Column]


@dataclass(frozen=True)
class Counts:
    """Rows of a table by what becomes of them."""

    sides: Mapping[str, int]
    """train and test -> rows that count."""
    without_target: int
    without_weight: int


def fill_split(rows: Rows, columns: Columns, *, as_classes: bool) -> tuple[Split, list[str]]:
    """What `rows.read_split` gives, with numbers as float32; and the inputs with a number that float32 does not hold.

    Args:
        rows: with the declared columns and `split`.
        columns: the recipe's schema.
        as_classes: whether the target says which class a row belongs to.

    Raises:
        ModelError: a column is missing, a number is too far from zero, the target does not suit the estimator, or a
            side is empty.
    """
    target, inputs = check_columns(rows, columns, as_classes=as_classes)
    counts = count_rows(rows, columns, target)
    sides = {side: _Filling(columns, counts.sides[side], keeps_ids=side == "test") for side in SIDES}
    for table in list_tables(rows, columns, target):
        for side, filling in sides.items():
            filling.add(table.filter(pc.equal(table.column(SPLIT), side)))
    rounded = sides["train"].rounded | sides["test"].rounded
    split = Split(
        train=sides["train"].finish(),
        test=sides["test"].finish(),
        without_target=counts.without_target,
        without_weight=counts.without_weight,
    )
    return split, [name for name in inputs if name in rounded]


def check_columns(rows: Rows, columns: Columns, *, as_classes: bool) -> tuple[str, list[str]]:
    """The name of the target and those of the inputs.

    Raises:
        ModelError: a column is missing, or the target does not suit the estimator.
    """
    target, inputs = find_columns(columns)
    require_columns(rows.columns, [*inputs, target, SPLIT])
    check_target(target, columns[target], as_classes=as_classes)
    return target, inputs


def count_rows(rows: Rows, columns: Columns, target: str) -> Counts:
    """How many rows each side has, in one pass over a few columns.

    Raises:
        ModelError: a side is empty, or a weight is missing or negative.
    """
    weight = find_role(columns, "weight")
    found = {**dict.fromkeys(SIDES, 0), "target": 0, "weight": 0}
    for batch in rows.batches([target, SPLIT, *([weight] if weight else [])]):
        table = pa.Table.from_batches([batch])
        known, counted = keep_counted(table, columns, target)
        found["target"] += table.num_rows - known.num_rows
        found["weight"] += known.num_rows - counted.num_rows
        for side in SIDES:
            found[side] += int(pc.sum(pc.equal(counted.column(SPLIT), side)).as_py() or 0)
    for side in SIDES:
        require_rows(found[side], side, target, rows.count)
    return Counts({side: found[side] for side in SIDES}, found["target"], found["weight"])


def list_tables(rows: Rows, columns: Columns, target: str) -> Iterator[pa.Table]:
    """The rows that count, a row group at a time, their numbers checked.

    Raises:
        ModelError: a number is too far from zero.
    """
    start, what = 0, "the processed table" if rows.sample is None else "the sample"
    for batch in rows.batches():
        table = pa.Table.from_batches([batch])
        check_numbers(table, columns, what, start)
        start += table.num_rows
        yield keep_counted(table, columns, target)[1]


@dataclass
class _Filling:
    """The rows of one side, as far as they were read."""

    columns: Columns
    rows: int
    """How many there will be."""
    keeps_ids: bool
    rounded: set[str] = field(default_factory=set)
    filled: int = 0
    pieces: dict[str, list[Any]] = field(default_factory=dict)
    """What is no number, in pieces that are joined at the end."""

    def __post_init__(self) -> None:
        self.target, self.inputs = find_columns(self.columns)
        self.numbers = [name for name in self.inputs if self.columns[name].type in NUMERIC]
        # By columns: a frame takes it as it is, and each column of the frame lies in one piece.
        self.cells: npt.NDArray[np.float32] = np.empty((len(self.numbers), self.rows), np.float32)

    def add(self, table: pa.Table) -> None:
        """The next rows of this side."""
        end = self.filled + table.num_rows
        frame = make_frame(table.select(self.inputs), self.columns)
        for index, name in enumerate(self.numbers):
            doubles = frame[name].to_numpy()
            self.cells[index, self.filled : end] = doubles
            if name not in self.rounded and (self.cells[index, self.filled : end] != doubles)[~np.isnan(doubles)].any():
                self.rounded.add(name)
        others = {name: frame[name] for name in self.inputs if name not in self.numbers}
        for name, piece in {**others, **self._read_roles(table)}.items():
            self.pieces.setdefault(name, []).append(piece)
        self.filled = end

    def _read_roles(self, table: pa.Table) -> dict[str, Any]:
        """What else a part holds, under the names of its fields."""
        weight, group, time = (find_role_column(table, self.columns, role) for role in ("weight", "group", "time"))
        ids = [name for name, column in self.columns.items() if column.role == "id" and name in table.column_names]
        found = {
            "(target)": read_target(table, self.target),
            "(ids)": table.select(ids if self.keeps_ids else []),
            "(weights)": None if weight is None else weight.cast(pa.float64()).to_numpy(),
            "(groups)": group,
            "(times)": None if time is None else to_microseconds(time),
        }
        return {name: piece for name, piece in found.items() if piece is not None}

    def finish(self) -> Part:
        """All rows of this side; nothing may be added any more."""
        frame = pd.DataFrame(self.cells.T, columns=self.numbers, copy=False)
        for place, name in enumerate(self.inputs):
            if name not in self.numbers:
                frame.insert(place, name, pd.concat(self.pieces.pop(name), ignore_index=True))
        groups = self.pieces.get("(groups)")
        return Part(
            inputs=frame,
            target=np.concatenate(self.pieces.pop("(target)")),
            ids=pa.concat_tables(self.pieces["(ids)"]),
            weights=self._join("(weights)"),
            groups=None if groups is None else number_groups(pa.chunked_array([c for g in groups for c in g.chunks])),
            times=self._join("(times)"),
        )

    def _join(self, name: str) -> Any:
        return np.concatenate(self.pieces.pop(name)) if name in self.pieces else None
