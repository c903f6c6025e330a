"""A dataset in parts through the stages: the same rows as in one file, and nothing is made twice."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Desk = Any  # tests/conftest.py

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


def test_whole_parts_of_a_run_that_ended_early_are_taken_over_and_torn_ones_made_again(desk: Desk, recipe: str) -> None:
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
    assert "preprocess desk: 4 parts were whole from an earlier run" in desk.said("preprocess")
    run_both(desk, recipe)
    assert not folder.exists()


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


def test_an_own_function_that_takes_all_rows_is_refused(desk: Desk, recipe: str) -> None:
    own = TABLE.replace('kind = "table"', 'kind = "python"\nfunction = "keep"')
    (desk.folder / "keeping.py").write_text("def keep(frame):\n    return frame\n")
    path = desk.recipe(own, "keeping")
    assert desk.run("preprocess", path, *PARTS, "--check") == 1
    assert (
        "the function takes all rows at once, and the rows of keeping are kept in parts" in desk.said("preprocess")[-1]
    )
