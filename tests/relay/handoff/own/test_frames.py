"""Frames on their way to own code and back."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse

from relay.handoff.errors import SchemaError
from relay.handoff.own.frames import as_pandas, from_frame, to_frame, to_pandas
from relay.handoff.own.signature import Frame

TABLE = pa.table(
    {
        "n": pa.array([1, 2, 3], pa.int64()),
        "gap": pa.array([1, None, 3], pa.int64()),
        "x": pa.array([0.1, None, float("inf")], pa.float64()),
        "flag": pa.array([True, False, True]),
        "name": pa.array(["a", "NA", None]),
        "when": pa.array([datetime(2024, 1, 31, tzinfo=UTC)] * 3, pa.timestamp("us", tz="UTC")),
    }
)


def test_a_pandas_frame_has_the_types_that_are_promised_and_numbers_its_rows() -> None:
    frame = to_pandas(TABLE, "raw_row")
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "n": "int64",
        "gap": "float64",
        "x": "float64",
        "flag": "bool",
        "name": "str",
        "when": "datetime64[us, UTC]",
    }
    assert (list(frame.index), frame.index.name, frame["name"].tolist()[:2]) == ([1, 2, 3], "raw_row", ["a", "NA"])


@pytest.mark.parametrize("kind", [Frame.PANDAS, Frame.ARROW])
def test_what_goes_there_and_back_is_equal(kind: Frame) -> None:
    back = from_frame(to_frame(TABLE, kind), "f").select(TABLE.column_names)
    assert back.cast(TABLE.schema).equals(TABLE)


def test_changing_the_frame_changes_nothing_else() -> None:
    frame = to_pandas(TABLE)
    frame["n"] = 0
    frame.loc[0, "x"] = 5.0
    assert (TABLE.column("n").to_pylist(), TABLE.column("x")[0].as_py()) == ([1, 2, 3], 0.1)


def test_large_whole_numbers_with_gaps_are_refused_in_pandas_and_kept_in_arrow() -> None:
    table = pa.table({"n": pa.array([2**53 + 1, None], pa.int64())})
    with pytest.raises(SchemaError, match=r"column n has missing cells and whole numbers above 2\^53"):
        to_pandas(table)
    assert to_frame(table, Frame.ARROW).equals(table)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pd.DataFrame({"a": pd.Categorical(["x", "y", "x"])}), {"a": ["x", "y", "x"]}),
        (
            pd.DataFrame({"a": np.array([0.1, 0.2], np.float32)}),
            {"a": [float(np.float32(0.1)), float(np.float32(0.2))]},
        ),
        (pd.DataFrame({"a": [None, "NA"]}), {"a": [None, "NA"]}),
        (pd.DataFrame({1: [1]}), {"1": [1]}),
        (pd.DataFrame({"height(cm)": [1], "1stFlrSF": [2]}), {"height(cm)": [1], "1stFlrSF": [2]}),
        (pd.Series([1, 2], name="a"), {"a": [1, 2]}),
        (np.array([[1, 2], [3, 4]]), {"a": [1, 3], "b": [2, 4]}),
        (np.array([5, 6]), None),
    ],
)
def test_each_kind_of_result_becomes_a_table(given: Any, expected: dict[str, list[Any]] | None) -> None:
    if expected is None:
        with pytest.raises(SchemaError, match="an array of the shape 2; expected 2 columns: a, b"):
            from_frame(given, "f", ["a", "b"])
    else:
        assert from_frame(given, "f", ["a", "b"]).to_pydict() == expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, r"f gave None \(does it end with `return`\?\)"),
        (3, "f gave int; expected a DataFrame or an Arrow table"),
        ((1, 2), "f gave tuple of 2; expected"),
        (scipy.sparse.eye(3), "f gave a sparse matrix, which is no table"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "the column a twice"),
        (pd.DataFrame({"a": [1, "x", object()]}), "the column a with mixed values"),
    ],
)
def test_what_is_no_table_is_refused(given: Any, why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        from_frame(given, "f")


class Special(pd.DataFrame):
    """A subclass, as geopandas has one."""


def test_a_frame_of_a_subclass_is_a_frame_and_what_pandas_draws_is_none() -> None:
    frame = pd.DataFrame({"a": [1]})
    assert from_frame(Special(frame), "clean").to_pydict() == {"a": [1]}
    assert as_pandas(frame["a"]) is not None
    assert as_pandas(frame.groupby("a")) is None
    with pytest.raises(SchemaError, match="clean gave DataFrameGroupBy; expected a DataFrame"):
        from_frame(frame.groupby("a"), "clean")
