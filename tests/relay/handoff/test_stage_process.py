"""A stage as a process: signals, other folders and time zones, and a changed checkout."""

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from patience import HANG_SECONDS, wait_for

Desk = Any  # tests/conftest.py

ROOT = Path(__file__).resolve().parents[3]

LONG = """
title = "Minutes of rows"
[ingest]
source = "synthetic"
rows = 500_000_000
[preprocess]
kind = "table"
[columns]
x = { type = "float", role = "input" }
[model]
kind = "estimator"
"""

TIMES = """
title = "Times without a zone"
[ingest]
source = "file"
path = "notes.csv"
[preprocess]
kind = "documents"
period = "day"
longer_than_chars = 0
[columns]
at = { type = "time", role = "time", epoch = "s" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code that may be changed."""
    for folder in ("relay", "ingest", "preprocess", "recipes"):
        shutil.copytree(ROOT / folder, tmp_path / "checkout" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "checkout"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_130_leaves_no_trace_and_stops_the_recipes_after_it(
    desk: Desk, number: signal.Signals
) -> None:
    process = desk.start("ingest", desk.recipe(LONG, "long"), "linear")
    wait_for((desk.data / "raw/long.parquet.tmp").exists, "the first rows")
    process.send_signal(number)
    _, errors = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 130
    assert errors.rstrip().endswith(
        "interrupted; the data is whole: as it was before, or the new result if that was ready"
    )
    assert list((desk.data / "raw").iterdir()) == []


def test_the_bytes_do_not_depend_on_folder_or_time_zone(desk: Desk, tmp_path: Path, checkout: Path) -> None:
    recipe = desk.recipe(TIMES, "times")
    (desk.folder / "notes.csv").write_text("at,text\n2020-01-01 00:30,a\n2020-06-30T23:59:59,b\n1577836800,c\n")
    here = [desk.run(stage, recipe) for stage in ("ingest", "preprocess")]
    addresses = ("raw/times", "processed/times")
    expected = [desk.bytes(address) for address in addresses]
    assert [row["period"] for row in desk.rows("processed/times")] == ["2020-01-01", "2020-06-30", "2020-01-01"]

    desk.data = tmp_path / "elsewhere"
    there = []
    for stage in ("ingest", "preprocess"):
        process = desk.start(stage, recipe, root=checkout, TZ="Asia/Tokyo")
        process.communicate(timeout=HANG_SECONDS)
        there.append(process.returncode)
    assert (here, there, [desk.bytes(address) for address in addresses]) == ([0, 0], [0, 0], expected)


def test_changed_code_wakes_the_stage_that_runs_it_and_no_other(desk: Desk, checkout: Path) -> None:
    for stage in ("ingest", "preprocess"):
        desk.start(stage, "linear", root=checkout).communicate(timeout=HANG_SECONDS)
    with (checkout / "relay/reading/conform.py").open("a") as file:
        file.write("# a remark\n")
    for stage in ("ingest", "preprocess"):
        desk.start(stage, "linear", root=checkout).communicate(timeout=HANG_SECONDS)
    assert desk.said("ingest")[-2] == "ingest linear: runs, code relay/reading/conform.py"
    assert [desk.outcomes(stage) for stage in ("ingest", "preprocess")] == [["ran", "ran"], ["ran", "unchanged"]]


def test_a_broken_recipe_in_the_folder_is_a_line_of_list(desk: Desk, checkout: Path) -> None:
    (checkout / "recipes/linear.toml").write_text("title = = 1")
    process = desk.start("ingest", "--list", root=checkout)
    answer, errors = process.communicate(timeout=HANG_SECONDS)
    lines = dict(line.split(maxsplit=1) for line in answer.splitlines())
    assert (process.returncode, errors) == (0, "")
    assert "recipes/linear.toml: not TOML" in lines["linear"]
    assert lines["credit"] == "Credit risk"
