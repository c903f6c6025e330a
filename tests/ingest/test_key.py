"""What wakes the stage, and what does not."""

from pathlib import Path
from typing import Any

from ingest.parameters import HttpSection

FILE_RECIPE = """
title = "People"
[ingest]
source = "file"
path = "people.csv"
[preprocess]
kind = "table"
[columns]
age = { type = "int", role = "input" }
[model]
kind = "estimator"
"""


def test_a_file_is_not_read_again_for_another_seed(desk: Any) -> None:
    (desk.folder / "people.csv").write_text("age\n31\n45\n28\n")
    recipe = desk.recipe(FILE_RECIPE)
    assert [desk.run("ingest", recipe), desk.run("ingest", recipe, "--set", "seed=7")] == [0, 0]
    assert desk.outcomes("ingest") == ["ran", "unchanged"]


def test_made_up_rows_are_drawn_again_for_another_seed(desk: Any) -> None:
    first, second = desk.run("ingest", "linear"), desk.run("ingest", "linear", "--set", "seed=7")
    assert (first, second) == (0, 0)
    assert "ingest linear: runs, parameter seed 42 -> 7" in desk.said("ingest")


def test_a_changed_file_wakes_the_stage_and_is_named(desk: Any) -> None:
    (desk.folder / "people.csv").write_text("age\n31\n45\n28\n")
    recipe = desk.recipe(FILE_RECIPE)
    desk.run("ingest", recipe)
    (desk.folder / "people.csv").write_text("age\n31\n45\n29\n")
    desk.run("ingest", recipe)
    assert f"ingest {Path(recipe).stem}: runs, input people.csv" in desk.said("ingest")


def test_how_bytes_are_fetched_is_no_part_of_the_key() -> None:
    patient = {"refresh": "6h", "retries": 9, "parallel": 1, "connect_timeout": 1.5, "read_timeout": 2.5}
    url = "https://example.org/rows.csv"
    plain, other = (HttpSection(source="http", url=url, **more) for more in ({}, patient))  # type: ignore[arg-type]
    assert plain.model_dump(mode="json") == other.model_dump(mode="json")
    assert other.retries == 9


def test_a_secret_in_a_url_is_no_part_of_key_or_receipt() -> None:
    section = HttpSection(source="http", url="https://me:word@example.org/rows.csv?token=abc&page=2")
    dumped = str(section.model_dump(mode="json"))
    assert ("word" in dumped, "abc" in dumped, "page=2" in dumped) == (False, False, True)
    assert section.urls == ["https://me:word@example.org/rows.csv?token=abc&page=2"]
