"""The rows that a draft keeps are those that ingest reads and preprocess keeps."""

from typing import Any

import pyarrow as pa
import pytest

from adopt.recipe.draft import Draft, DraftColumn, Task
from adopt.recipe.kept import Kept, count_kept


def count(cells: dict[str, list[Any]], columns: dict[str, dict[str, Any]], **ingest: Any) -> Kept:
    """What a draft keeps of a table of texts."""
    drafted = tuple(
        DraftColumn(name, name, one["type"], one.get("role", "input"),
                    {key: value for key, value in one.items() if key not in ("type", "role")})
        for name, one in columns.items()
    )  # fmt: skip
    return count_kept(Draft("x", "X", "", ingest, drafted, Task("none", None, {}, {})), pa.table(cells))


@pytest.mark.parametrize(
    ("column", "kept"),
    [
        ({"type": "int"}, 2),
        ({"type": "int", "null": True}, 3),
        ({"type": "int", "null": True, "missing": ["?"]}, 4),
        ({"type": "int", "null": True, "missing": ["?"], "max": 5}, 3),
        ({"type": "text"}, 3),
        ({"type": "category", "allowed": ["1", "?"]}, 2),
        ({"type": "int", "role": "ignore"}, 2),
        ({"type": "int", "max": 5, "role": "ignore"}, 1),
    ],
)
def test_a_cell_counts_where_it_is_read_and_keeps_the_rules(column: dict[str, Any], kept: int) -> None:
    assert count({"x": ["1", "20", "", "?"]}, {"x": column}).by_column == (kept,)


def test_a_row_counts_where_all_of_its_cells_do() -> None:
    found = count({"a": ["1", "x", "3"], "b": ["x", "2", "3"]}, {"a": {"type": "int"}, "b": {"type": "int"}})
    assert (found.checked, found.rows, found.by_column) == (3, 1, (2, 2))


def test_the_keys_of_the_file_count_for_each_column() -> None:
    columns = {"x": {"type": "float", "null": True}}
    assert count({"x": ["1,5", "-"]}, columns, decimal=",", missing=["-"]).rows == 2
    assert count({"x": ["1,5", "-"]}, columns).rows == 0


def test_a_column_that_stops_the_run_keeps_no_row() -> None:
    assert count({"x": ["03/04/2024"]}, {"x": {"type": "time"}}).rows == 0
    assert count({"x": ["03/04/2024"]}, {"x": {"type": "time", "time_format": "%d/%m/%Y"}}).rows == 1
    assert count({"x": ["1"]}, {"x": {"type": "int", "time_format": "%d"}}).rows == 0


def test_values_that_have_a_type_are_counted_too() -> None:
    assert count({"x": [1, 2, None]}, {"x": {"type": "int", "min": 2}}).by_column == (1,)
