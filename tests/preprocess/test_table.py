"""Tables: every row read is kept or rejected, and marked."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from preprocess.parameters import TableSection
from preprocess.split import Splitter
from preprocess.table import prepare_table, table_schema
from relay.handoff.errors import RecipeError

Desk = Any  # tests/conftest.py
Declare = Callable[..., Any]

RECIPE = """
title = "People"
[ingest]
source = "file"
path = "data/people.csv"
[preprocess]
kind = "table"
max_rejected_share = 0.5
[columns]
name = { type = "text", role = "id" }
shoe = { type = "int", role = "ignore" }
age = { type = "int", role = "input", min = 18, unit = "years" }
[model]
kind = "estimator"
"""

PEOPLE = "name,shoe,age\nAda,38,36\nBo,40,7\nCy,44,77\n"


def test_the_arrow_schema_holds_the_used_columns_and_the_split(declare: Declare) -> None:
    columns = declare(age={"type": "int", "unit": "years"}, shoe={"type": "int", "role": "ignore"})
    schema = table_schema(columns)
    assert (schema.names, schema.field("age").metadata[b"unit"]) == (["age", "split"], b"years")


def test_a_column_may_not_have_the_name_of_the_mark(declare: Declare) -> None:
    with pytest.raises(RecipeError, match=r"\[columns\] split: preprocess adds a column of this name"):
        table_schema(declare(split={"type": "text"}))


def test_an_ignored_column_may_have_any_name(declare: Declare) -> None:
    columns = declare(split={"type": "text", "role": "ignore"}, age={"type": "int"})
    assert table_schema(columns).names == ["age", "split"]


def test_row_numbers_count_on_over_batches(declare: Declare) -> None:
    batches = [pa.record_batch({"age": ages}) for ages in ([20, 3], [4, 50, 5])]
    section = TableSection(kind="table")
    columns = declare(age={"type": "int", "min": 18})
    blocks = list(prepare_table(lambda: iter(batches), columns, Splitter(columns, section, 42)))
    assert [block.rejected.column("row").to_pylist() for block in blocks] == [[2], [3, 5]]
    assert [(block.read, block.table.num_rows) for block in blocks] == [(2, 1), (3, 1)]


def test_a_stage_keeps_or_rejects_every_row_and_drops_ignored_columns(desk: Desk) -> None:
    recipe = desk.recipe(RECIPE)
    (desk.data / "people.csv").write_text(PEOPLE)
    assert [desk.run("ingest", recipe), desk.run("preprocess", recipe)] == [0, 0]
    assert [(row["name"], row["age"]) for row in desk.rows("processed/desk")] == [("Ada", 36), ("Cy", 77)]
    assert [list(row) for row in desk.rows("processed/desk")] == [["name", "age", "split"]] * 2
    assert desk.rows("rejected/preprocess/desk") == [
        {"row": 2, "reason": "age: below 18", "cells": '{"name": "Bo", "shoe": "40", "age": "7"}'}
    ]
    receipt = desk.receipt("processed/desk")
    assert receipt.rows + receipt.rejected.rows + sum(receipt.dropped.values()) == desk.receipt("raw/desk").rows


def test_the_sources_of_the_raw_rows_travel_on(desk: Desk) -> None:
    recipe = desk.recipe(RECIPE)
    (desk.data / "people.csv").write_text(PEOPLE)
    desk.run("ingest", recipe)
    desk.run("preprocess", recipe)
    assert desk.receipt("processed/desk").sources == desk.receipt("raw/desk").sources != []


def test_a_row_keeps_its_side_when_the_source_is_reordered_and_grows(desk: Desk) -> None:
    recipe = desk.recipe(RECIPE)
    lines = [f"person {number},40,{20 + number % 60}" for number in range(100)]
    found = []
    for rows in (lines, ["newcomer,41,30", *reversed(lines)]):
        (desk.data / "people.csv").write_text("\n".join(["name,shoe,age", *rows]))
        desk.run("ingest", recipe)
        desk.run("preprocess", recipe)
        found.append({row["name"]: row["split"] for row in desk.rows("processed/desk") if row["name"] != "newcomer"})
    assert found[0] == found[1]
    assert set(found[0].values()) == {"train", "test"}
