"""A dataset equals a notebook's frame when the bits are the same after the cast to the recipe's types."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from adopt.notebooks.equal_frames import compare_frame

ROWS: dict[str, Any] = {"area": [1.0, None, 3.0], "town": ["ulm", "bonn", None], "rooms": [1, 2, 3]}


def found(**changed: list[Any]) -> pa.Table:
    return pa.table({**ROWS, **changed})


def test_the_same_rows_are_equal_and_nothing_was_cast() -> None:
    verdict = compare_frame(pd.DataFrame(ROWS), found())
    assert (verdict.differences, verdict.changes) == ((), ())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"area": [1.0, None, 3.5]},
            "column area: 1 cell differs, the first in row 3: 3.0 in the notebook, 3.5 in the",
        ),
        ({"area": [1.0, 2.0, 3.0]}, "column area: 1 cell differs, the first in row 2: missing in the notebook, 2.0"),
        (
            {"town": ["ulm", "Bonn", "x"]},
            "column town: 2 of 3 cells differ, the first in row 2: 'bonn' in the notebook",
        ),
        ({"rooms": [1, 2]}, "3 rows in the notebook, 2 in the recipe"),
    ],
)
def test_the_first_differing_cell_is_named(changed: dict[str, list[Any]], words: str) -> None:
    rows = {**ROWS, **changed}
    if "rooms" in changed:
        rows = {name: values[:2] for name, values in rows.items()}
    (text,) = compare_frame(pd.DataFrame(ROWS), pa.table(rows)).differences
    assert text.startswith(words)


def test_one_bit_is_a_difference() -> None:
    frame = pd.DataFrame({"x": [0.1 + 0.2]})
    (text,) = compare_frame(frame, pa.table({"x": [0.3]})).differences
    assert "0.30000000000000004 in the notebook, 0.3 in the recipe" in text


def test_another_order_of_rows_is_a_difference() -> None:
    (text,) = compare_frame(pd.DataFrame({"x": [1, 2]}), pa.table({"x": [2, 1]})).differences
    assert text.startswith("column x: 2 of 2 cells differ, the first in row 1")


def test_columns_of_one_side_are_named() -> None:
    frame = pd.DataFrame({"x": [1], "y": [2]})
    differences = compare_frame(frame, pa.table({"x": [1], "z": [2]})).differences
    assert differences == ("in the notebook only: the columns y", "in the recipe only: the columns z")


def test_columns_that_relay_adds_do_not_count() -> None:
    table = pa.table({"x": [1], "split": ["train"], "raw_row": [1], "houses_raw_row": [1]})
    assert compare_frame(pd.DataFrame({"x": [1]}), table).differences == ()


def test_what_the_cast_changed_is_listed() -> None:
    days = pd.date_range("2024-01-01", periods=2, name="day")
    frame = pd.DataFrame({"n": np.array([1, 2], "int32"), "kind": pd.Categorical(["a", "b"])}, index=days)
    utc = pa.array(days.tz_localize("UTC"), pa.timestamp("us", "UTC"))
    verdict = compare_frame(frame, pa.table({"n": pa.array([1, 2], "int64"), "kind": ["a", "b"], "day": utc}))
    assert verdict.differences == ()
    assert verdict.changes == (
        "the index day became a column",
        "the columns stand in the order n, kind, day",
        "column n was int32 and is int64",
        "column day was timestamp[us] and is timestamp[us, tz=UTC]",
    )


def test_an_index_without_a_name_is_dropped_and_said() -> None:
    frame = pd.DataFrame({"x": [1, 2, 3]}).iloc[1:]
    verdict = compare_frame(frame, pa.table({"x": [2, 3]}))
    assert verdict.differences == ()
    assert verdict.changes == ("the numbers of the index, which has no name, were dropped",)


def test_a_cast_that_loses_something_is_a_difference() -> None:
    (text,) = compare_frame(pd.DataFrame({"x": [1.5]}), pa.table({"x": [1]})).differences
    assert text.startswith("column x: Float value 1.5")


def test_intervals_are_compared_as_texts() -> None:
    frame = pd.DataFrame({"bin": pd.cut([1, 5, 9], [0, 2, 6])})
    verdict = compare_frame(frame, pa.table({"bin": ["(0, 2]", "(2, 6]", None]}))
    assert verdict.differences == ()
    assert verdict.changes == ("column bin has intervals or periods, which are kept as text",)


def test_no_rows_are_equal_to_no_rows() -> None:
    frame = pd.DataFrame({"x": pd.Series([], dtype="float64")})
    assert compare_frame(frame, pa.table({"x": pa.array([], "float64")})).differences == ()
