"""A dataset in parts through the stages: the same rows as in one file, and nothing is made twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Desk = Any  # tests/conftest.py
ROOT = Path(__file__).resolve().parents[2]

TABLE = """
title = "People"
[ingest]
source = "file"
path = "people.csv"
max_rejected_share = 0.5
[preprocess]
kind = "table"
max_rejected_share = 0.5
[columns]
name = { type = "text", role = "id" }
shoe = { type = "int", role = "ignore" }
age = { type = "int", role = "input", min = 18, unit = "years" }
born = { type = "time", role = "time" }
paid = { type = "int", role = "target", allowed = [0, 1] }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""

TEXTS = """
title = "Letters"
[ingest]
source = "file"
path = "letters.json"
[preprocess]
kind = "documents"
period = "month"
max_rejected_share = 0.5
[columns]
letter = { type = "int", role = "id", min = 3 }
sent = { type = "time", role = "time" }
writer = { type = "category", role = "label" }
text = { type = "text", role = "input" }
"""

PARTS = ("--set", "ingest.part_rows=7")


def make_people(rows: int = 40) -> str:
    """Every ninth cell of `age` is no number, every fifth too low."""
    ages = ["?" if row % 9 == 4 else 7 if row % 5 == 2 else 20 + row for row in range(rows)]
    lines = [f"P{row},{40 + row % 3},{age},2026-01-{1 + row % 28:02d},{row % 2}" for row, age in enumerate(ages)]
    return "\n".join(["name,shoe,age,born,paid", *lines]) + "\n"


def make_letters() -> str:
    texts = [f"Dear {row}, " + "the TIDE rises and the harbour sleeps. " * (row % 4) for row in range(30)]
    return json.dumps(
        [
            {"letter": row, "sent": f"2026-{1 + row % 9:02d}-03", "writer": f"W{row % 3}", "text": text}
            for row, text in enumerate(texts)
        ]
    )


@pytest.fixture
def recipe(desk: Desk) -> str:
    """People as a table, with rows that are rejected by both stages."""
    (desk.folder / "people.csv").write_text(make_people())
    path: str = desk.recipe(TABLE)
    return path


def read_parts(desk: Desk, address: str) -> pa.Table:
    """All rows of a dataset in parts, read file by file."""
    folder = desk.data / f"{address}.parts" / desk.receipt(address).parts.folder
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


def read_rejected(desk: Desk, stage: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(desk.data / "rejected" / stage / "desk.parquet").to_pylist()
    return rows


def run_both(desk: Desk, recipe: str, *more: str) -> None:
    """Ingest and preprocess."""
    assert [desk.run(stage, recipe, *PARTS, *more) for stage in ("ingest", "preprocess")] == [0, 0]


@pytest.mark.parametrize("split", [(), ("--set", "preprocess.split=time")], ids=["hash", "time"])
@pytest.mark.parametrize("kind", ["table", "documents"])
def test_the_rows_are_those_of_one_file_and_so_are_the_rejected_ones(desk: Desk, kind: str, split: tuple[str]) -> None:
    (desk.folder / "people.csv").write_text(make_people())
    (desk.folder / "letters.json").write_text(make_letters())
    if split and kind == "documents":
        split = ("--set", "preprocess.case=keep")  # type: ignore[assignment] - texts are not divided
    recipe = desk.recipe(TABLE if kind == "table" else TEXTS)
    assert [desk.run(stage, recipe, *split) for stage in ("ingest", "preprocess")] == [0, 0]
    whole = {address: (desk.rows(address), desk.receipt(address)) for address in ("raw/desk", "processed/desk")}
    rejected = [read_rejected(desk, "preprocess")]
    run_both(desk, recipe, *split)
    assert [*rejected, read_rejected(desk, "preprocess")] == rejected * 2
    for address, (rows, before) in whole.items():
        receipt = desk.receipt(address)
        assert read_parts(desk, address).to_pylist() == rows
        for name in ("rows", "columns", "rejected", "dropped", "warnings", "split_by", "first_test_utc", "sources"):
            if name != "rejected":
                assert getattr(receipt, name) == getattr(before, name), name
        assert receipt.rejected.reasons == before.rejected.reasons
    assert [len(desk.receipt(address).parts.files) for address in whole] == [
        len(range(0, whole["raw/desk"][1].rows, 7))
    ] * 2


def test_a_model_of_parts_is_the_model_of_one_file(desk: Desk, recipe: str) -> None:
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    before = desk.receipt("output/desk/latest/receipt").files
    run_both(desk, recipe)
    assert desk.run("model", recipe, *PARTS) == 0
    after = desk.receipt("output/desk/latest/receipt").files
    assert {name for name in before if before[name] != after[name]} == set()


def test_an_unchanged_run_does_nothing_and_nothing_is_left_over(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe)
    files = sorted(path for path in desk.data.rglob("*") if path.is_file())
    run_both(desk, recipe)
    assert [desk.outcomes(stage) for stage in ("ingest", "preprocess")] == [["ran", "unchanged"]] * 2
    assert sorted(path for path in desk.data.rglob("*") if path.is_file()) == files
    assert [
        path
        for path in files
        if path.name.startswith(".") or "rejected.parquet" in path.name or path.name == "order.json"
    ] == []


UNCHANGED = """
import sys
from importlib import import_module
from relay.handoff.program import main
codes = [main(import_module(f"{name}.__main__").STAGE, sys.argv[1:]) for name in ("ingest", "preprocess")]
print(codes, sorted({"pyarrow", "numpy", "pandas"} & set(sys.modules)))
"""


def test_an_unchanged_run_imports_no_arrow(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe)
    command = [sys.executable, "-c", UNCHANGED, recipe, *PARTS, *desk.folders]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[0, 0] []\n"
    assert desk.outcomes("preprocess") == ["ran", "unchanged"]


def test_whole_parts_of_a_run_that_ended_early_are_taken_over_and_torn_or_forced_ones_made_again(
    desk: Desk, recipe: str
) -> None:
    run_both(desk, recipe)
    strict = (recipe, *PARTS, "--set", "preprocess.max_rejected_share=0.01")
    assert desk.run("preprocess", *strict) == 1  # after all parts are made
    [folder] = [
        path
        for path in (desk.data / "processed/desk.parts").iterdir()
        if path.name != desk.receipt("processed/desk").parts.folder
    ]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "part-00002.parquet").write_bytes(before["part-00002.parquet"][:-7])
    (folder / "part-00003.parquet").unlink()
    kept = (folder / "part-00000.parquet").stat().st_ino
    assert desk.run("preprocess", *strict) == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert (folder / "part-00000.parquet").stat().st_ino == kept
    assert desk.said("preprocess").count("preprocess desk: 4 parts were whole from an earlier run") == 1
    assert desk.run("preprocess", *strict, "--force") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert (folder / "part-00000.parquet").stat().st_ino != kept
    assert not any("parts were whole" in line for line in desk.said("preprocess")[-2:])
    run_both(desk, recipe)
    assert not folder.exists()


def test_each_forced_run_makes_all_parts_again(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe)
    before = desk.receipt("processed/desk").parts
    assert [desk.run("preprocess", recipe, *PARTS, "--force") for _ in range(3)] == [0, 0, 0]
    assert not [line for line in desk.said("preprocess") if "were whole from an earlier run" in line]
    assert desk.receipt("processed/desk").parts.files == before.files


def test_a_damaged_part_is_found_by_verify_and_made_again(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe)
    receipt = desk.receipt("processed/desk")
    part = desk.data / "processed/desk.parts" / receipt.parts.folder / "part-00001.parquet"
    before = part.stat()
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    assert desk.run("preprocess", recipe, *PARTS, "--verify") == 0
    assert desk.receipt("processed/desk").fingerprint == receipt.fingerprint
    assert "1 of 6 parts in" in "\n".join(desk.said("preprocess"))
    assert before.st_size == len(content)


def test_a_raw_part_that_is_damaged_stops_preprocess_and_names_the_way_out(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe)
    part = desk.data / "raw/desk.parts" / desk.receipt("raw/desk").parts.folder / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    assert desk.run("preprocess", recipe, *PARTS, "--force") == 1
    assert "Make it again: `python -m ingest" in desk.said("preprocess")[-1]


def test_a_switch_back_to_one_file_leaves_no_parts(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe)
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]
    left = sorted(path.name for layer in ("raw", "processed") for path in (desk.data / layer).iterdir())
    assert left == ["desk.json", "desk.json", "desk.parquet", "desk.parquet"]


def test_too_many_rejected_rows_stop_the_run_and_the_old_rows_stay(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe)
    before = desk.receipt("processed/desk")
    assert desk.run("preprocess", recipe, *PARTS, "--set", "preprocess.max_rejected_share=0.01") == 1
    assert desk.receipt("processed/desk") == before
    assert "processed/desk: 7 of 36 rows do not match the schema" in desk.said("preprocess")[-1]


def test_a_second_run_gives_the_same_parts(desk: Desk, recipe: str) -> None:
    run_both(desk, recipe, "--reproduce")
    assert desk.said("preprocess")[-1] == "preprocess desk: the same bytes"


OWN = """
title = "Mine"
[ingest]
source = "file"
path = "people.csv"
max_rejected_share = 0.5
[preprocess]
kind = "python"
function = "keep"
per_part = true
max_rejected_share = 0.5
[columns]
name = { type = "text", role = "id" }
age = { type = "int", role = "input", min = 18 }
"""

KEEP = """
def keep(frame):
    return frame[frame.name != "P3"].assign(age=frame.age + 1)[["name", "age"]]
"""

FIRST_ROWS = "import pandas as pd\ndef keep(frame: pd.DataFrame):\n    return frame[frame.index < 6]\n"


FEW = ("--set", "ingest.part_rows=15")
"""Three parts: each is a process of its own."""


def own_recipe(desk: Desk, module: str = KEEP, text: str = OWN, name: str = "mine") -> str:
    (desk.folder / "people.csv").write_text(make_people())
    (desk.folder / f"{name}.py").write_text(module)
    path: str = desk.recipe(text, name)
    return path


def test_an_own_function_that_takes_all_rows_is_refused(desk: Desk) -> None:
    recipe = own_recipe(desk, text=OWN.replace("per_part = true\n", ""))
    assert desk.run("preprocess", recipe, *PARTS, "--check") == 1
    said = desk.said("preprocess")[-1]
    assert "the function takes all rows at once, and the rows of mine are kept in parts. Set per_part = true" in said
    assert desk.run("ingest", recipe, *PARTS) == 0
    assert desk.run("preprocess", recipe) == 1
    assert "Set per_part = true in [preprocess]" in desk.said("preprocess")[-1]


def test_an_own_function_gets_one_part_at_a_time_and_the_rows_are_those_of_one_file(desk: Desk) -> None:
    recipe = own_recipe(desk)
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]
    rows, before = desk.rows("processed/mine"), desk.receipt("processed/mine")
    path = desk.data / "rejected" / "preprocess" / "mine.parquet"
    rejected = pq.read_table(path).to_pylist()
    run_both(desk, recipe, *FEW)
    receipt = desk.receipt("processed/mine")
    assert read_parts(desk, "processed/mine").to_pylist() == rows
    assert pq.read_table(path).to_pylist() == rejected
    for name in ("rows", "columns", "rows_read", "way_back", "split_by"):
        assert getattr(receipt, name) == getattr(before, name), name
    assert [part.rows for part in receipt.parts.files] == [11, 12, 5]


def test_a_part_of_which_no_row_is_left_is_empty(desk: Desk) -> None:
    recipe = own_recipe(desk, FIRST_ROWS, OWN + 'shoe = { type = "int", role = "ignore" }\n')
    run_both(desk, recipe, *FEW, "--set", "preprocess.extra_columns=drop")
    receipt = desk.receipt("processed/mine")
    assert [part.rows for part in receipt.parts.files][1:] == [0, 0]
    assert (receipt.way_back, read_parts(desk, "processed/mine").num_rows) == ("raw_row", receipt.rows)


def test_parts_that_an_own_function_made_are_taken_over(desk: Desk) -> None:
    recipe = own_recipe(desk)
    run_both(desk, recipe, *FEW)
    strict = (recipe, *FEW, "--set", "preprocess.max_rejected_share=0.01")
    assert [desk.run("preprocess", *strict) for _ in range(2)] == [1, 1]
    assert "preprocess mine: 3 parts were whole from an earlier run" in desk.said("preprocess")


def test_of_several_datasets_one_may_be_in_parts(desk: Desk) -> None:
    plain = OWN.replace("per_part = true\n", "").split("[preprocess]")
    raw = plain[0] + 'extra_columns = "drop"\n[columns]' + plain[1].split("[columns]")[1]
    both = "def keep(left, right):\n    return left[left.name.isin(right.name)][['name', 'age']]\n"
    for name in ("left", "right"):
        own_recipe(desk, "", raw, name)
    text = OWN[: OWN.index("[ingest]")] + OWN[OWN.index("[preprocess]") :].replace(
        'function = "keep"', 'function = "keep"\nreads = ["left", "right"]'
    )
    recipe = own_recipe(desk, both, text, "joined")
    left, right = desk.folder / "left.toml", desk.folder / "right.toml"
    left.write_text(left.read_text().replace('path = "people.csv"', 'path = "people.csv"\npart_rows = 20'))
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]
    receipt = desk.receipt("processed/joined")
    assert (len(receipt.parts.files), receipt.way_back) == (2, "left_raw_row")
    right.write_text(right.read_text().replace('path = "people.csv"', 'path = "people.csv"\npart_rows = 5'))
    assert desk.run("preprocess", recipe, "--check") == 1
    assert "the rows of left and right are kept in parts, and nothing says which part" in desk.said("preprocess")[-1]


def test_a_split_by_time_needs_all_rows_of_a_function(desk: Desk) -> None:
    recipe = own_recipe(desk, text=OWN + 'born = { type = "time", role = "time" }\n')
    assert desk.run("preprocess", recipe, "--set", "preprocess.split=time", "--check") == 1
    assert "with per_part the function gives them part by part. Choose another split" in desk.said("preprocess")[-1]
