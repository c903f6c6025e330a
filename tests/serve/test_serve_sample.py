"""The rows that a caller may try, read from the processed dataset."""

from typing import Any

import pytest

from serve.errors import SampleMissingError
from serve.sample import read_dataset

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Numbers"
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "table"
max_rejected_share = 0.5
[columns]
n = { type = "int", role = "input", min = 3 }
"""


@pytest.mark.parametrize("part_rows", [0, 2, 3])
def test_the_first_rows_are_there_whether_they_lie_in_one_file_or_in_parts(desk: Desk, part_rows: int) -> None:
    (desk.folder / "rows.csv").write_text("n\n1\n2\n3\n4\n5\n6\n")
    recipe = desk.recipe(RECIPE)
    for stage in ("ingest", "preprocess"):
        assert desk.run(stage, recipe, "--set", f"ingest.part_rows={part_rows}") == 0
    total, rows = read_dataset(desk.data, "desk", 1)
    assert (total, rows[0]["n"]) == (4, 3)


@pytest.mark.parametrize("recipe", ["desk", "../desk", "a b"])
def test_a_dataset_that_is_not_there_names_the_command(desk: Desk, recipe: str) -> None:
    with pytest.raises(SampleMissingError, match="run `python -m preprocess"):
        read_dataset(desk.data, recipe, 1)
