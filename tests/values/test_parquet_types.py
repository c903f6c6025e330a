"""A value that has a type keeps its value: it is never written as text and read again."""

import io
import math
import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from checkout import Project
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.recipe import Column
from relay.reading.cells import read_column

RECIPE = """
title = "Types"
[ingest]
source = "file"
path = "{folder}/values.parquet"
[preprocess]
kind = "table"
[columns]
n = { type = "int", role = "id" }
COLUMNS
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


def pack(columns: dict[str, pa.Array]) -> bytes:
    """A Parquet file of the columns and a number for each row."""
    count = len(next(iter(columns.values())))
    file = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array(range(count)), **columns}), file)
    return file.getvalue()


def declare(**types: str) -> str:
    """A recipe with columns of these types."""
    lines = (f'{name} = {{ type = "{kind}", role = "input", null = true }}' for name, kind in types.items())
    return RECIPE.replace("COLUMNS", "\n".join(lines))


def test_floats_widen_exactly_durations_are_seconds_and_nan_is_no_value(project: Project) -> None:
    draw = random.Random(5)
    numbers = [3.9059999, 0.1, 16_777_217.0, math.nan, *(draw.gauss(0, 1e6) for _ in range(96))]
    seconds = [1, 90, -3, None, *(draw.randint(-(10**6), 10**6) for _ in range(96))]
    units = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
    columns = {
        "single": pa.array(numbers, pa.float32()),
        "half": pa.array(np.clip(numbers, -6e4, 6e4).astype(np.float16), pa.float16()),
        "double": pa.array(numbers, pa.float64()),
        "words": pa.array(numbers, pa.float64()),
    }
    columns |= {
        f"{name}_{unit}": pa.array([None if one is None else one * per for one in seconds], pa.duration(unit))
        for unit, per in units.items()
        for name in ("float", "int", "text")
    }
    kinds = {"single": "float", "half": "float", "double": "float", "words": "category"}
    kinds |= {name: name.partition("_")[0] for name in columns if "_" in name}
    project.write("values.parquet", pack(columns))
    recipe = project.recipe(declare(**kinds))
    assert project.run("ingest", recipe).exit_code == 0
    rows = project.rows("raw/values")
    widened = {
        "single": np.array(numbers, np.float32).astype(np.float64).tolist(),
        "half": np.clip(numbers, -6e4, 6e4).astype(np.float16).astype(np.float64).tolist(),
        "double": numbers,
    }
    for name, expected in widened.items():
        assert [row[name] for row in rows] == [None if math.isnan(one) else one for one in expected], name
    assert rows[3]["words"] is None
    for unit in units:
        assert [row[f"float_{unit}"] for row in rows] == seconds, unit
        assert [row[f"int_{unit}"] for row in rows] == seconds, unit
        assert [row[f"text_{unit}"] for row in rows] == [None if one is None else str(one) for one in seconds]
    # A null is allowed here, so no row is rejected.
    assert project.run("preprocess", recipe).exit_code == 0
    assert len(project.rows("processed/values")) == len(rows)


def read(array: pa.Array, kind: str, **column: Any) -> list[Any]:
    """The values of the array, "bad" where one has none of the type."""
    cast = read_column(array, Column.model_validate({"type": kind, "role": "input", **column}))
    bad = np.zeros(len(array), bool) if cast.bad is None else cast.bad
    return ["bad" if is_bad else value for value, is_bad in zip(cast.values.to_pylist(), bad, strict=True)]


NOON = datetime(2024, 1, 31, 12, 0, 0, 5, tzinfo=UTC)

TYPED: list[tuple[pa.Array, str, list[Any]]] = [
    (pa.array([1, None], pa.int8()), "float", [1.0, None]),
    (pa.array([2**53 + 1]), "float", [float(2**53)]),
    (pa.array([2**64 - 1], pa.uint64()), "float", [float(2**64)]),
    (pa.array([2**64 - 1, 7], pa.uint64()), "int", ["bad", 7]),
    (pa.array([1.5, 2.0, math.nan, math.inf], pa.float16()), "int", ["bad", 2, None, "bad"]),
    (pa.array([True, False, None]), "int", [1, 0, None]),
    (pa.array([True, False, None]), "float", [1.0, 0.0, None]),
    (pa.array([1, 0, 2, None], pa.uint8()), "bool", [True, False, "bad", None]),
    (pa.array([1.0, 0.0, 0.5, math.nan]), "bool", [True, False, "bad", None]),
    (pa.array([Decimal("1.00"), Decimal("0.00"), Decimal("2.00")]), "bool", [True, False, "bad"]),
    (pa.array([Decimal("1.000"), Decimal("2.500"), None]), "float", [1.0, 2.5, None]),
    (pa.array([Decimal("1.000"), Decimal("2.500"), None]), "int", [1, "bad", None]),
    (pa.array([Decimal("1.000")], pa.decimal256(50, 3)), "int", [1]),
    (pa.array([1500, 1], pa.duration("ms")), "int", ["bad", "bad"]),
    (pa.array([1500], pa.duration("ms")), "text", ["1.5"]),
    (pa.array([-1], pa.duration("ns")), "category", ["-0.000000001"]),
    (pa.array([1], pa.duration("s")), "time", ["bad"]),
    (pa.array([1], pa.duration("s")), "bool", ["bad"]),
    (pa.array([date(2024, 1, 31)]), "time", [datetime(2024, 1, 31, tzinfo=UTC)]),
    (pa.array([date(2024, 1, 31)], pa.date64()), "time", [datetime(2024, 1, 31, tzinfo=UTC)]),
    (pa.array([NOON], pa.timestamp("us", tz="Asia/Tokyo")), "time", [NOON]),
    (pa.array([2**60], pa.timestamp("us")), "time", ["bad"]),
    (pa.array([NOON], pa.timestamp("us")), "int", ["bad"]),
    (pa.array([date(2024, 1, 31)]), "text", ["2024-01-31"]),
    (pa.array([time(12, 30)]), "float", ["bad"]),
    (pa.array([time(12, 30), None]), "time", ["bad", None]),
    (pa.array(["1.5", None]).dictionary_encode(), "float", [1.5, None]),
    (pa.array([0.5, 0.5], pa.float32()).dictionary_encode(), "float", [0.5, 0.5]),
    (pa.array(["7"], pa.string_view()), "int", [7]),
    (pa.array([b"7", b"x"], pa.binary(1)), "int", [7, "bad"]),
    (pa.array([b"a", b"\xff"], pa.binary_view()), "text", ["a", "bad"]),
    (pa.array([20_240_131.0, math.nan]), "time", [datetime(2024, 1, 31, tzinfo=UTC), None]),
    (pa.array([1, -999]), "int", [1, None]),
    (pa.array([1, 0, -999, 2]), "bool", [True, False, None, "bad"]),
    (pa.array([1.0, -999.0]), "bool", [True, None]),
    (pa.array([1, 0, 2**64 - 1], pa.uint64()), "bool", [True, False, "bad"]),
]


@pytest.mark.parametrize(("array", "kind", "expected"), TYPED, ids=[f"{array.type} {kind}" for array, kind, _ in TYPED])
def test_each_type_of_arrow_has_one_meaning_in_each_type_of_a_column(
    array: pa.Array, kind: str, expected: list[Any]
) -> None:
    assert read(array, kind, missing=["-999"]) == expected


@given(st.lists(st.floats(width=32)))
def test_any_float_of_32_bits_is_the_same_float_of_64_bits(values: list[float]) -> None:
    assert read(pa.array(values, pa.float32()), "float") == [None if math.isnan(value) else value for value in values]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.sampled_from(["s", "ms", "us", "ns"]))
def test_any_duration_is_its_seconds_to_the_nearest_float(counts: list[int], unit: str) -> None:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    assert read(pa.array(counts, pa.duration(unit)), "float") == [count / per_second for count in counts]


@given(st.lists(st.decimals(-(10**20), 10**20, places=9)))
def test_any_decimal_is_the_nearest_float(values: list[Decimal]) -> None:
    assert read(pa.array(values, pa.decimal128(38, 9)), "float") == [float(value) for value in values]


@given(st.lists(st.timedeltas(-timedelta(days=10**6), timedelta(days=10**6))))
def test_a_duration_of_python_is_its_total_seconds(values: list[timedelta]) -> None:
    assert read(pa.array(values, pa.duration("us")), "float") == [value / timedelta(seconds=1) for value in values]
