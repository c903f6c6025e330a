"""Parquet: each type of Arrow that a file can hold, in each type of column; the hidden index of pandas."""

import io
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relay.handoff.errors import SchemaError

Read = Callable[..., Any]

MOMENT = datetime(2024, 3, 5, 10, 30, tzinfo=UTC)
LOCAL = MOMENT.replace(tzinfo=None)
NO = "rejected"


def pack(**columns: Any) -> bytes:
    """A Parquet file of columns."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def extend(kind: pa.DataType, values: list[Any]) -> pa.Array:
    """Values of an extension type."""
    return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))


NUMBERS = {"int": 2, "float": 2.0, "category": "2", "bool": NO}
WORDS = {"text": "2024-03-05", "category": "2024-03-05", "time": MOMENT.replace(hour=0, minute=0)}
CLOCK = {"text": "10:30:00", "time": NO, "int": NO, "float": NO, "bool": NO}
MOMENTS = {"time": MOMENT, "text": "2024-03-05 10:30:00", "int": NO, "float": NO, "bool": NO}
TEXT = {"text": "2", "int": 2, "float": 2.0, "category": "2"}

CASES: dict[str, tuple[pa.Array, dict[str, Any]]] = {
    **{str(kind): (pa.array([2], kind), NUMBERS) for kind in (pa.int8(), pa.uint8(), pa.int32(), pa.uint64())},
    "half_float": (pa.array(np.array([2.0], np.float16)), {"int": 2, "float": 2.0}),
    "float": (pa.array([1.5], pa.float32()), {"float": 1.5, "text": "1.5", "int": NO}),
    "bool": (pa.array([True]), {"bool": True, "int": 1, "float": 1.0, "text": "true", "time": NO}),
    "null": (pa.nulls(1), dict.fromkeys(("int", "float", "bool", "category", "text", "time"))),
    **{
        str(kind): (pa.array([Decimal("1.125")], kind), {"float": 1.125, "text": "1.125", "int": NO})
        for kind in (pa.decimal32(6, 3), pa.decimal64(12, 3), pa.decimal128(20, 3), pa.decimal256(60, 3))
    },
    "date32": (pa.array([LOCAL.date()], pa.date32()), WORDS | {"int": NO, "float": NO, "bool": NO}),
    "date64": (pa.array([LOCAL.date()], pa.date64()), WORDS),
    **{str(kind): (pa.array([time(10, 30)], kind), CLOCK) for kind in (pa.time32("s"), pa.time32("ms"))},
    **{str(kind): (pa.array([time(10, 30)], kind), CLOCK) for kind in (pa.time64("us"), pa.time64("ns"))},
    **{str(kind): (pa.array([LOCAL], kind), MOMENTS) for kind in map(pa.timestamp, ("s", "ms", "us", "ns"))},
    "zone": (pa.array([LOCAL], pa.timestamp("ms", "America/New_York")), {
        "time": MOMENT, "text": "2024-03-05 05:30:00-0500",
    }),
    "offset": (pa.array([LOCAL], pa.timestamp("ns", "+02:00")), {"time": MOMENT}),
    **{
        str(kind): (pa.array([timedelta(seconds=1.5)], kind), {"float": 1.5, "text": "1.5", "int": NO, "time": NO})
        for kind in map(pa.duration, ("ms", "us", "ns"))
    },
    "dictionary": (pa.array(["2"]).dictionary_encode(), TEXT),
    "dictionary_of_numbers": (pa.array([2]).dictionary_encode(), NUMBERS),
    **{str(kind): (pa.array(["2"], kind), TEXT) for kind in (pa.string(), pa.large_string(), pa.string_view())},
    **{str(kind): (pa.array([b"2"], kind), TEXT) for kind in (pa.binary(), pa.large_binary(), pa.binary_view())},
    "fixed_size_binary": (pa.array([b"2"], pa.binary(1)), TEXT),
    "no_text": (pa.array([b"\xff"]), {"text": NO, "category": NO, "int": NO}),
    "uuid": (extend(pa.uuid(), [uuid.UUID(int=5).bytes]), {"text": str(uuid.UUID(int=5)), "int": NO}),
    "json": (extend(pa.json_(), ['{"a":1}']), {"text": '{"a":1}', "float": NO}),
    "bool8": (extend(pa.bool8(), [1]), {"bool": True, "int": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), CASES.values(), ids=CASES)
def test_a_value_of_each_type_is_cast_or_rejected(read: Read, values: pa.Array, expected: dict[str, Any]) -> None:
    columns = {kind: {"type": kind, "null": True} for kind in expected}
    for kind, wanted in expected.items():
        reading = read("x.parquet", pack(**{kind: values}), {kind: columns[kind]})
        found = reading.rows[0][kind] if reading.rows else NO
        assert (type(found), found) == (type(wanted), wanted), kind


NESTED = (pa.list_(pa.int64()), pa.list_(pa.int64(), 1), pa.large_list(pa.int8()), pa.struct({"a": pa.int64()}))


@pytest.mark.parametrize("kind", [*NESTED, pa.map_(pa.string(), pa.int64())], ids=str)
def test_a_type_with_several_values_is_refused_with_its_name(read: Read, kind: pa.DataType) -> None:
    values = pa.array([{"a": 1} if pa.types.is_struct(kind) else [("a", 1)] if pa.types.is_map(kind) else [1]], kind)
    name = re.escape(str(kind).partition("<")[0])
    with pytest.raises(SchemaError, match=rf'column "x" holds {name}<.*; expected one value a cell'):
        read("x.parquet", pack(x=values), {"x": {"type": "text"}})
    assert read("x.parquet", pack(x=values, n=[1]), {"n": {"type": "int"}}, extra_columns="drop").rows == [{"n": 1}]


def test_nanoseconds_have_no_fraction_where_it_is_zero(read: Read) -> None:
    values = pa.array([1_500, 1_000_000_000, 1_000_000_001], pa.timestamp("ns"))
    texts = [row["x"] for row in read("x.parquet", pack(x=values), {"x": {"type": "text"}}).rows]
    assert texts == ["1970-01-01 00:00:00.0000015", "1970-01-01 00:00:01", "1970-01-01 00:00:01.000000001"]


def write_frame(frame: pd.DataFrame) -> bytes:
    """A Parquet file as pandas writes it."""
    file = io.BytesIO()
    frame.to_parquet(file)
    return file.getvalue()


def test_the_hidden_index_of_pandas_is_left_out_unless_it_is_declared(read: Read) -> None:
    content = write_frame(pd.DataFrame({"age": [7, 9], "day": [date(2024, 3, 5)] * 2}, index=[5, 1]))
    assert "__index_level_0__" in pq.read_schema(io.BytesIO(content)).names
    columns = {"age": {"type": "int"}, "day": {"type": "time"}}
    assert [row["age"] for row in read("x.parquet", content, columns).rows] == [7, 9]
    kept = read("x.parquet", content, columns | {"label": {"type": "int", "from": "__index_level_0__"}})
    assert [row["label"] for row in kept.rows] == [5, 1]


def test_an_index_with_a_name_is_a_column(read: Read) -> None:
    frame = pd.DataFrame({"age": [36]}, index=pd.Index(["a"], name="id"))
    with pytest.raises(SchemaError, match='unexpected column "id"'):
        read("x.parquet", write_frame(frame), {"age": {"type": "int"}})


@pytest.mark.parametrize("keep", ["", 'extra_columns = "keep"'])
def test_what_is_left_out_is_said(desk: Any, keep: str) -> None:
    (desk.data / "x.parquet").write_bytes(write_frame(pd.DataFrame({"age": [7, 36]}, index=[5, 1])))
    recipe = f"""
    title = "People"
    [ingest]
    source = "file"
    path = "data/x.parquet"
    {keep}
    [preprocess]
    kind = "table"
    [columns]
    age = {{ type = "int", role = "input" }}
    [model]
    kind = "estimator"
    """
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    assert desk.rows("raw/desk") == [{"age": 7}, {"age": 36}]
    assert any("the hidden index of pandas is not read (__index_level_0__)" in line for line in desk.said("ingest"))
    assert desk.receipt("raw/desk").sources[0].found == {"hidden index": "__index_level_0__"}
