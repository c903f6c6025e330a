"""Parquet as a source: typed already, cast to the schema all the same."""

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relay.handoff.errors import SchemaError, SourceError

Read = Callable[..., Any]

PEOPLE = {"name": {"type": "text"}, "age": {"type": "int"}}


def pack(**columns: Any) -> bytes:
    """A Parquet file of columns."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_rows_are_read_in_order_whatever_the_order_of_the_columns(read: Read) -> None:
    reading = read("x.parquet", pack(age=[36, None], name=["Ada", "Bo"]), PEOPLE)
    assert reading.rows == [{"name": "Ada", "age": 36}, {"name": "Bo", "age": None}]


def test_values_that_do_not_match_the_schema_cost_their_row(read: Read) -> None:
    reading = read("x.parquet", pack(age=[36.0, 36.5, 77.0], name=["Ada", "Bo", "Cy"]), PEOPLE)
    assert [row["age"] for row in reading.rows] == [36, 77]
    assert reading.rejected == [(2, "age: not a whole number", {"name": "Bo", "age": "36.5"})]


def test_row_numbers_count_on_over_batches(read: Read) -> None:
    ages = ["1"] * 70_000 + ["x"]
    assert [number for number, *_ in read("x.parquet", pack(age=ages), {"age": {"type": "int"}}).rejected] == [70_001]


def test_columns_are_matched_as_in_every_format(read: Read) -> None:
    with pytest.raises(SchemaError, match=r'x\.parquet: unexpected column "shoe"'):
        read("x.parquet", pack(age=[1], name=["a"], shoe=[2]), PEOPLE)
    with pytest.raises(SchemaError, match=r"x\.parquet: column age is missing"):
        read("x.parquet", pack(name=["a"]), PEOPLE)
    assert read("x.parquet", pack(age=[1], name=["a"], shoe=[2]), PEOPLE, extra_columns="drop").read == 1


@pytest.mark.parametrize("values", [[[1, 2]], [{"a": 1}]], ids=["list", "struct"])
def test_a_column_with_more_than_one_value_a_cell_is_refused(read: Read, values: list[Any]) -> None:
    with pytest.raises(SchemaError, match=r'column "age" holds (list|struct)<.*; expected one value a cell'):
        read("x.parquet", pack(age=values), {"age": {"type": "int"}})


@pytest.mark.parametrize("cut", [4, 40, -1])
def test_a_cut_file_is_refused(read: Read, cut: int) -> None:
    with pytest.raises(SourceError, match=r"x\.parquet: not a whole Parquet file"):
        read("x.parquet", pack(age=[1, 2, 3])[:cut], {"age": {"type": "int"}})


def test_a_file_of_another_format_is_refused(read: Read) -> None:
    with pytest.raises(SourceError, match="not a whole Parquet file"):
        read("x.parquet", "age\n1\n2\n", {"age": {"type": "int"}})
