"""Files of labels: which columns are read, and what a cell becomes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitor.labels.file import LabelFileError, make_label, name_columns, read_rows, require_columns
from monitor.labels.sending import cut
from relay.handoff.errors import UsageError
from relay.handoff.recipe import load_recipe

RECIPE = """
title = "Loans"
[columns]
row = { type = "int", role = "id" }
x = { type = "float", role = "input" }
bad = { type = "int", role = "target" }
[ingest]
source = "file"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


def write(folder: Path, name: str, content: str | list[dict[str, Any]]) -> Path:
    path = folder / name
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(content), path)
    return path


@pytest.fixture
def named(tmp_path: Path) -> dict[str, str]:
    return name_columns(load_recipe(str(write(tmp_path, "loans.toml", RECIPE))))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "\ufeffrow,x,bad,source\r\n7,1.5,1,\r\n\r\n8,,0,desk\r\n"),
        ("a.JSONL", '{"row": "7", "bad": "1"}\n\n{"row": "8", "bad": "0", "source": "desk"}\n'),
        ("a.parquet", [{"row": 7, "bad": 1, "source": None}, {"row": 8, "bad": 0, "source": "desk"}]),
    ],
)
def test_a_file_may_name_its_columns_as_the_recipe_does(
    tmp_path: Path, named: dict[str, str], name: str, content: Any
) -> None:
    path = write(tmp_path, name, content)
    labels = [make_label(cells, named, "loans", "me") for _, cells in read_rows(path)]
    assert [{field: str(cell) for field, cell in label.items()} for label in labels] == [
        {"model": "loans", "source": "me", "key": "7", "value": "1"},
        {"model": "loans", "source": "desk", "key": "8", "value": "0"},
    ]


@pytest.mark.parametrize(
    ("cells", "label"),
    [
        (
            {"prediction_id": "a", "record": "3", "row": 7, "value": 1},
            {"prediction_id": "a", "record": 3.0, "value": 1},
        ),
        ({"prediction_id": "a", "record": "", "value": ""}, {"prediction_id": "a", "value": ""}),
        ({"key": "k", "record": "x", "value": None}, {"key": "k", "record": "x", "value": None}),
        ({"key": 5, "value": float("nan")}, {"key": 5, "value": None}),
        ({"key": Decimal(5), "value": Decimal("2.50")}, {"key": 5, "value": 2.5}),
        ({"key": date(2026, 1, 2), "value": True}, {"key": "2026-01-02", "value": True}),
        ({"key": "k", "value": datetime(2026, 1, 2, tzinfo=UTC)}, {"key": "k", "value": "2026-01-02T00:00:00+00:00"}),
    ],
)
def test_a_row_becomes_a_label(named: dict[str, str], cells: dict[str, Any], label: dict[str, Any]) -> None:
    assert make_label(cells, named, "loans", "me") == {"model": "loans", "source": "me"} | label


def test_a_file_without_the_columns_is_refused(named: dict[str, str]) -> None:
    with pytest.raises(LabelFileError, match="expected one called prediction_id or key or row"):
        require_columns({"bad": 1}, named, Path("a.csv"))
    with pytest.raises(LabelFileError, match="expected one called value or bad"):
        require_columns({"row": 1}, named, Path("a.csv"))


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.csv", "key,value\n1\n", "line 2 has 1 cells, the first line 2"),
        ("a.csv", "key,key\n1,2\n", "names a column twice"),
        ("a.jsonl", "{}\n[1]\n", "line 2 is no object"),
        ("a.jsonl", "{\n", "cannot be read as JSON lines"),
        ("a.parquet", "no Parquet", "cannot be read as parquet"),
        ("a.xlsx", "", r"ends with \.parquet"),
    ],
)
def test_another_file_is_refused_with_the_reason(tmp_path: Path, name: str, content: str, error: str) -> None:
    with pytest.raises((LabelFileError, UsageError), match=error):
        list(read_rows(write(tmp_path, name, content)))
    with pytest.raises(UsageError, match="found no file"):
        list(read_rows(tmp_path / "missing.csv"))


def test_a_file_is_sent_in_parts_that_a_request_can_hold() -> None:
    small = [(number, {"key": number}) for number in range(12_000)]
    assert [len(part) for part in cut(small)] == [5_000, 5_000, 2_000]
    large = [(number, {"key": "x" * 900_000}) for number in range(5)]
    assert [len(part) for part in cut(large)] == [2, 2, 1]
    assert list(cut([])) == []
