"""The CSV parser makes numbers where their text says nothing more, and a column is looked at until it is clear."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.column import CellKeys, Column
from relay.handoff.errors import RecipeError
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.columns import ReadColumns, open_columns
from relay.reading.conform import conform
from relay.reading.formats.parser_types import choose_type, find_doubtful


def open_one(kind: str, keys: dict[str, Any] | None = None, **column: Any) -> ReadColumns:
    """One column `a`, with keys of `[ingest]`."""
    return open_columns(
        {"a": Column.model_validate({"type": kind, "role": "input", **column})}, CellKeys.model_validate(keys or {})
    )


def find(columns: ReadColumns, cells: list[str]) -> list[str]:
    """What is doubtful in a block of these cells."""
    table = pa.table({"a": pa.array([float(cell) for cell in cells])})
    return find_doubtful(table, columns, "\n".join(cells).encode())


@pytest.mark.parametrize(
    ("kind", "keys", "expected"),
    [
        ("int", {}, pa.int64()),
        ("float", {}, pa.float64()),
        ("float", {"decimal": "."}, pa.float64()),
        ("float", {"decimal": ","}, pa.string()),
        ("int", {"thousands": "."}, pa.string()),
        ("int", {"missing": ["-999"]}, pa.string()),
        ("int", {"time_format": "%Y"}, pa.int64()),
        ("time", {"decimal": ","}, pa.string()),
    ],
)
def test_a_column_whose_cells_are_declared_comes_as_text(
    kind: str, keys: dict[str, Any], expected: pa.DataType
) -> None:
    assert choose_type(open_one(kind, keys)["a"]) == expected


@given(st.lists(st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", fullmatch=True), min_size=1))
def test_a_block_of_fractions_is_clear_or_doubtful_and_one_of_grouped_cells_always_is(cells: list[str]) -> None:
    columns = open_one("float")
    is_doubtful = find(columns, cells) == ["a"]
    assert is_doubtful or columns.has_fraction("a") or all(float(cell).is_integer() for cell in cells)
    grouped = [cell for cell in cells if re.fullmatch(r"-?\d{1,3}\.\d{3}", cell)]
    if grouped and all(cell in grouped or "." not in cell for cell in cells):
        assert is_doubtful
        assert not columns.has_fraction("a")


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), min_size=1))
def test_a_block_of_grouped_cells_alone_is_doubtful(numbers: list[tuple[int, int]]) -> None:
    assert find(open_one("float"), [f"{first}.{second:03d}" for first, second in numbers]) == ["a"]


def test_one_fraction_in_any_block_ends_the_doubt() -> None:
    columns = open_one("float")
    conform(pa.table({"a": ["1.000", "2.500"]}), columns, np.array([1, 2]))
    assert [warning.column for warning in columns.warnings()] == ["a"]
    assert find(columns, ["0.1234"]) == []
    assert columns.warnings() == ()
    assert find(columns, ["1.000"]) == []


def test_dates_of_eight_digits_in_one_block_and_others_in_the_next_are_refused_with_both_rows() -> None:
    columns = open_one("time")
    conform(pa.table({"a": ["20240131"]}), columns, np.array([7]))
    with pytest.raises(AmbiguousCellError, match=r'"20240131" in row 7 .* "2024-02-01" in row 9 '):
        conform(pa.table({"a": ["", "2024-02-01"]}), columns, np.array([8, 9]))


def test_marks_of_file_and_column_that_are_one_are_refused() -> None:
    with pytest.raises(RecipeError, match=r'\[columns\] a: decimal and thousands are both "\."'):
        open_one("float", {"thousands": "."}, decimal=".")


def test_keys_of_the_file_hold_for_the_columns_that_they_say_something_about() -> None:
    keys = {"missing": ["?"], "decimal": ",", "time_format": "%d/%m/%Y"}
    found = {kind: open_one(kind, keys)["a"] for kind in ("int", "text", "time")}
    assert {kind: (column.missing, column.decimal, column.time_format) for kind, column in found.items()} == {
        "int": (["?"], ",", None), "text": (["?"], None, None), "time": (["?"], None, "%d/%m/%Y"),
    }  # fmt: skip
    assert open_one("time", keys, epoch="s")["a"].time_format is None
    assert open_one("int", keys, missing=[])["a"].missing == []
