"""Divided by time or by group, and weights that break a rule."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from preprocess.parameters import TableSection
from preprocess.rules import find_broken
from preprocess.split import Splitter
from preprocess.table import prepare_table
from relay.handoff.column import Column
from relay.handoff.errors import SchemaError

START = datetime(2024, 1, 1, tzinfo=UTC)
BY_TIME = TableSection(kind="table", split="time", test_share=0.25)
COLUMNS = {
    "at": Column(type="time", role="time", null=True),
    "x": Column(type="float", role="input", min=0),
}
KIND = pa.timestamp("us", tz="UTC")


class Raw:
    """Raw rows in batches of two, and how often they were read."""

    def __init__(self, days: list[int | None], x: list[float]) -> None:
        moments = [None if day is None else START + timedelta(days=day) for day in days]
        self.table = pa.table({"at": pa.array(moments, KIND), "x": pa.array(x)})
        self.passes = 0

    def read(self) -> Iterator[pa.RecordBatch]:
        self.passes += 1
        yield from self.table.to_batches(max_chunksize=2)


def divide(raw: Raw) -> tuple[list[Any], Splitter]:
    splitter = Splitter(COLUMNS, BY_TIME, 42)
    blocks = list(prepare_table(raw.read, COLUMNS, splitter))
    table = pa.concat_tables([block.table for block in blocks])
    return [(row["x"], row["split"]) for row in table.to_pylist()], splitter


def test_the_latest_rows_test_and_the_receipt_says_from_when_on() -> None:
    raw = Raw([3, 1, 2, 4, None], [3.0, 1.0, 2.0, 4.0, 5.0])
    found, splitter = divide(raw)
    assert found == [(3.0, "train"), (1.0, "train"), (2.0, "train"), (4.0, "test"), (5.0, "train")]
    assert splitter.facts == {"split_by": "time", "first_test_utc": "2024-01-05T00:00:00+00:00"}
    assert raw.passes == 2


def test_rejected_rows_do_not_move_the_border() -> None:
    found, splitter = divide(Raw([1, 2, 3, 4, 900, 901], [1.0, 2.0, 3.0, 4.0, -1.0, -1.0]))
    assert [side for _, side in found] == ["train", "train", "train", "test"]
    assert splitter.facts["first_test_utc"] == "2024-01-05T00:00:00+00:00"


def test_one_moment_cannot_be_divided() -> None:
    with pytest.raises(SchemaError, match="at least two different times"):
        divide(Raw([1, 1, None], [1.0, 2.0, 3.0]))


def test_two_passes_keep_times_only() -> None:
    columns = {**COLUMNS, "text": Column(type="text", role="input")}
    width, batches = 20_000, 100

    def read() -> Iterator[pa.RecordBatch]:
        for number in range(batches):
            moments = pa.array(np.arange(100) + number * 100, pa.int64()).cast(pa.timestamp("us")).cast(KIND)
            yield pa.record_batch({"at": moments, "x": pa.array(np.ones(100)), "text": pa.array(["t" * width] * 100)})

    before = pa.total_allocated_bytes()
    most = 0
    for _ in prepare_table(read, columns, Splitter(columns, BY_TIME, 42)):
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < width * 100 * batches / 10


def test_rows_of_one_group_are_on_one_side() -> None:
    columns = {"person": Column(type="category", role="group"), "x": Column(type="float", role="input")}
    table = pa.table({"person": [f"p{row // 5}" for row in range(500)], "x": np.arange(500.0)})
    splitter = Splitter(columns, TableSection(kind="table"), 42)
    (block,) = prepare_table(lambda: iter(table.combine_chunks().to_batches()), columns, splitter)
    sides = block.table.to_pandas().groupby("person")["split"].nunique()
    assert sides.max() == 1
    assert splitter.facts == {"split_by": "group"}


@pytest.mark.parametrize("kind", ["int", "float"])
def test_a_negative_or_missing_weight_breaks_a_rule(kind: Any) -> None:
    column = Column(type=kind, role="weight")
    cells = pa.array([1, -2, 0, None], pa.int64() if kind == "int" else pa.float64())
    broken = find_broken(pa.table({"w": cells}), {"w": column})
    found = {rule: np.flatnonzero(mask).tolist() for rule, mask in broken.items()}
    assert found == {"w: null": [3], "w: a negative weight": [1]}


@pytest.mark.parametrize("wrong", [{"type": "category"}, {"type": "float", "null": True}])
def test_a_weight_is_a_number_in_each_row(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a weight needs the type int or float, and no null"):
        Column(role="weight", **wrong)
