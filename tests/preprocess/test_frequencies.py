"""Rows of a table of frequencies become texts that a model of styles reads."""

import json
from typing import Any

import pyarrow as pa
import pytest

from preprocess.frequencies import prepare_frequencies
from preprocess.parameters import FrequenciesSection
from relay.handoff.block import Block
from relay.handoff.column import Column
from relay.handoff.errors import SchemaError

COLUMNS = {
    "#title": Column(type="text", role="id"),
    "note": Column(type="text", role="ignore", null=True),
    "frequencies": Column(type="text", role="input"),
}


def prepare(values: Any, **words: list[Any]) -> Block:
    rows = len(next(iter(words.values())))
    table = pa.table({"#title": [f"t{row}" for row in range(rows)], "note": pa.nulls(rows, pa.string()), **words})
    (block,) = prepare_frequencies(
        iter(table.combine_chunks().to_batches()), COLUMNS, FrequenciesSection(kind="frequencies", values=values)
    )
    return block


@pytest.mark.parametrize(
    ("values", "cells", "row"),
    [
        ("shares", [0.25, 0.0], {"the": 0.25}),
        ("counts", [3, 2], {"the": 3, "of": 2}),
        ("percent", [5.0, 1.0], {"the": 0.05, "of": 0.01}),
    ],
)
def test_a_row_holds_what_is_above_zero(values: str, cells: list[Any], row: dict[str, Any]) -> None:
    block = prepare(values, the=cells[:1], of=cells[1:])
    assert block.table.column_names == ["#title", "frequencies"]
    assert json.loads(block.table["frequencies"][0].as_py()) == row


def test_numbers_that_a_file_brings_as_text_are_read() -> None:
    assert json.loads(prepare("shares", the=["6.5e-05"]).table["frequencies"][0].as_py()) == {"the": 6.5e-05}


@pytest.mark.parametrize(
    ("values", "cells", "reason"),
    [
        ("shares", ["0.5", ""], "the: no value, expected a number from 0 up"),
        ("shares", ["0.5", "much"], "the: much, expected a number from 0 up"),
        ("shares", [0.5, -0.5], "the: -0.5, expected a number from 0 up"),
        ("counts", [1.0, 1.5], "the: 1.5, expected a whole number from 0 up"),
        ("shares", [0.5, 45.0], "the shares of the row sum to 45, expected at most 1"),
        ("shares", [0.5, 0.0], "no frequency above 0"),
    ],
)
def test_a_row_without_frequencies_is_rejected(values: str, cells: list[Any], reason: str) -> None:
    block = prepare(values, the=cells)
    assert block.table["#title"].to_pylist() == ["t0"]
    assert block.rejected["reason"].to_pylist() == [reason]
    assert block.rejected["row"].to_pylist() == [2]


def test_a_column_without_numbers_is_named() -> None:
    with pytest.raises(SchemaError, match="column genre holds no number"):
        prepare("shares", the=[0.5], genre=["novel"])
