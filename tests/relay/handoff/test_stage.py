"""The main program of every stage: when it runs, what it says, and how it ends. Run on ingest and preprocess."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Three rows"

[ingest]
source = "file"
path = "data/people.csv"
max_rejected_share = 0.3

[preprocess]
kind = "table"

[columns]
name = { type = "text", role = "id" }
age = { type = "int", role = "input", min = 0 }

[model]
kind = "estimator"
"""

PEOPLE = "name,age\nAda,36\nBlaise,39\nCarl,77\n"


@pytest.fixture
def recipe(desk: Desk) -> str:
    """A recipe with its file of three people."""
    (desk.data / "people.csv").write_text(PEOPLE)
    return str(desk.recipe(RECIPE))


def outcomes(desk: Desk) -> list[tuple[str, str]]:
    """Stage and outcome of every run in the journal."""
    lines = (desk.logs / "runs.jsonl").read_text().splitlines()
    return [(entry["stage"], entry["outcome"]) for entry in map(json.loads, lines)]


def test_a_first_run_says_why_and_what(desk: Desk, recipe: str) -> None:
    assert desk.run("ingest", recipe) == 0
    fingerprint = desk.receipt("raw/desk").fingerprint[:12]
    first, last = desk.said("ingest")
    assert first == "ingest desk: runs, nothing is there yet"
    assert last.rsplit(",", 1)[0] == f"ingest desk: 3 rows in raw/desk, fingerprint {fingerprint}"


def test_a_second_run_is_unchanged_says_so_and_touches_nothing(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    before = (desk.data / "raw/desk.parquet").stat()
    assert desk.run("ingest", recipe) == 0
    fingerprint = desk.receipt("raw/desk").fingerprint[:12]
    assert desk.said("ingest")[-1] == f"ingest desk: unchanged, 3 rows, fingerprint {fingerprint}"
    assert (desk.data / "raw/desk.parquet").stat() == before
    assert outcomes(desk) == [("ingest", "ran"), ("ingest", "unchanged")]


def test_a_changed_parameter_wakes_the_stage_and_is_said(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    desk.run("preprocess", recipe)
    desk.run("preprocess", recipe, "--set", "preprocess.test_share=0.3")
    assert desk.said("preprocess")[-2] == "preprocess desk: runs, parameter test_share 0.2 -> 0.3"


@pytest.mark.parametrize(
    ("stage", "override"),
    [
        ("ingest", "preprocess.test_share=0.5"),
        ("ingest", "model.options={x=1}"),
        ("ingest", "columns.age.max=99"),
        ("ingest", "seed=7"),
        ("preprocess", "ingest.max_rejected_share=0.4"),
        ("preprocess", "model.options={x=1}"),
        ("preprocess", "title='Other'"),
    ],
)
def test_what_the_stage_does_not_use_does_not_wake_it(desk: Desk, recipe: str, stage: str, override: str) -> None:
    desk.run("ingest", recipe)
    desk.run("preprocess", recipe)
    assert desk.run(stage, recipe, "--set", override) == 0
    assert outcomes(desk)[-1] == (stage, "unchanged")


@pytest.mark.parametrize(
    ("stage", "override", "reason"),
    [
        ("preprocess", "seed=7", "parameter seed 42 -> 7"),
        ("ingest", "columns.name.type=category", 'parameter columns.name.type "text" -> "category"'),
        ("preprocess", "columns.age.max=99", "parameter columns.age.max (none) -> 99.0"),
    ],
)
def test_what_the_stage_uses_wakes_it(desk: Desk, recipe: str, stage: str, override: str, reason: str) -> None:
    desk.run("ingest", recipe)
    desk.run("preprocess", recipe)
    desk.run(stage, recipe, "--set", override)
    assert desk.said(stage)[-2] == f"{stage} desk: runs, {reason}"


def test_a_changed_source_wakes_ingest_and_then_preprocess(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    desk.run("preprocess", recipe)
    (desk.data / "people.csv").write_text(PEOPLE + "Dora,41\n")
    assert [desk.run("ingest", recipe), desk.run("preprocess", recipe)] == [0, 0]
    assert [desk.said("ingest")[-2], desk.said("preprocess")[-2]] == [
        "ingest desk: runs, input data/people.csv", "preprocess desk: runs, input raw/desk",
    ]  # fmt: skip


def test_a_stage_that_ran_again_to_the_same_bytes_does_not_wake_the_next(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    desk.run("preprocess", recipe)
    (desk.data / "people.csv").write_text(PEOPLE.replace("36", " 36 "))  # another file, the same rows
    desk.run("ingest", recipe)
    desk.run("ingest", recipe, "--force")
    desk.run("preprocess", recipe)
    assert [outcome for _, outcome in outcomes(desk)] == ["ran", "ran", "ran", "ran", "unchanged"]


def test_force_runs_and_says_that_it_was_forced(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    before = desk.bytes("raw/desk")
    desk.run("ingest", recipe, "--force")
    assert desk.said("ingest")[-2] == "ingest desk: runs, --force"
    assert desk.bytes("raw/desk") == before


def test_a_dataset_changed_by_hand_is_made_again(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    good = desk.bytes("raw/desk")
    (desk.data / "raw/desk.parquet").write_bytes(good[:-1] + b"?")
    assert desk.run("ingest", recipe) == 0
    assert "desk.parquet was changed: SHA-256" in desk.said("ingest")[-2]
    assert desk.bytes("raw/desk") == good


def test_verify_hashes_every_file_whatever_was_kept(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    for path in (desk.data / ".state").iterdir():
        path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": "0" * 64}))
    desk.run("ingest", recipe, "--verify")
    assert outcomes(desk)[-1] == ("ingest", "unchanged")


def test_an_unchanged_run_clears_what_a_killed_writer_left(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    for name in ("desk.parquet.tmp", "desk.json.next"):
        (desk.data / "raw" / name).write_bytes(b"half")
    desk.run("ingest", recipe)
    assert sorted(path.name for path in (desk.data / "raw").iterdir()) == ["desk.json", "desk.parquet"]


def test_rejected_rows_are_counted_in_log_journal_and_receipt(desk: Desk, recipe: str) -> None:
    (desk.data / "people.csv").write_text(PEOPLE + "Dora,old\n")
    assert desk.run("ingest", recipe) == 0
    assert desk.said("ingest")[-1].startswith("ingest desk: 3 rows in raw/desk, 1 rejected, fingerprint ")
    assert json.loads((desk.logs / "runs.jsonl").read_text())["rejected_rows"] == 1
    assert desk.receipt("raw/desk").rejected.reasons == {"age: not a whole number": 1}
    assert desk.rows("rejected/ingest/desk") == [
        {"row": 4, "reason": "age: not a whole number", "cells": '{"name": "Dora", "age": "old"}'}
    ]


def test_a_stage_without_its_input_fails_and_names_the_command(desk: Desk, recipe: str) -> None:
    assert desk.run("preprocess", recipe) == 1
    message = (
        f"{desk.data}/raw/desk.parquet is not there yet: run `python -m ingest {recipe} --data-dir {desk.data}` first"
    )
    assert desk.said("preprocess") == [f"preprocess {recipe}: {message}"]
    entry = json.loads((desk.logs / "runs.jsonl").read_text())
    assert (entry["outcome"], entry["recipe"]) == ("failed", "desk")
    assert entry["error"] == {"kind": "dataset_missing", "message": message, "next": ""}
    metrics = (desk.logs / "metrics/preprocess-desk.prom").read_text()
    assert 'relay_stage_success{stage="preprocess",recipe="desk"} 0\n' in metrics


def test_a_failure_keeps_the_dataset_that_was_there(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    before = desk.bytes("raw/desk")
    (desk.data / "people.csv").write_text("name,age\nAda,old\n")
    assert desk.run("ingest", recipe) == 1
    assert (desk.bytes("raw/desk"), len(desk.rows("rejected/ingest/desk.failed"))) == (before, 1)


def test_a_recipe_that_fails_does_not_keep_the_others_from_running(desk: Desk, recipe: str) -> None:
    missing = desk.recipe(RECIPE.replace("people", "nobody"), "broken")
    assert desk.run("ingest", f"{missing},{recipe}", "linear") == 1
    assert sorted(path.stem for path in (desk.data / "raw").glob("*.parquet")) == ["desk", "linear"]


def test_a_file_where_the_data_folder_should_be_is_a_message(desk: Desk, recipe: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    desk.data = tmp_path / "file"
    assert desk.run("ingest", "linear") == 1
    assert "a file stands where a folder must be" in desk.said("ingest")[-1]


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="no folder that refuses even root")
def test_a_disk_that_refuses_is_a_message(desk: Desk) -> None:
    desk.data = Path("/sys/relay")
    assert desk.run("ingest", "linear") == 1
    assert "Nothing was changed. Fix the permissions, or name other folders" in desk.said("ingest")[-1]


def test_an_input_written_anew_under_a_run_starts_it_again(
    desk: Desk, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from preprocess.__main__ import STAGE
    from relay.handoff.program import main

    runs, work = [], STAGE.work

    def rewrite_once(run: Any) -> Any:
        runs.append(run)
        if len(runs) == 1:
            (desk.data / "people.csv").write_text(PEOPLE + "Dora,41\n")
            desk.run("ingest", recipe)
        return work(run)

    desk.run("ingest", recipe)
    monkeypatch.setattr(STAGE, "work", rewrite_once)
    assert main(STAGE, [recipe, *desk.folders]) == 0
    assert (len(runs), desk.receipt("processed/desk").rows) == (2, 4)
    assert desk.receipt("processed/desk").key.inputs == {"raw/desk": desk.receipt("raw/desk").fingerprint}


def test_what_a_writer_could_not_remove_goes_with_its_run(
    desk: Desk, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.__main__ import STAGE
    from relay.handoff.program import main

    def leave_half(run: Any) -> Any:
        temporary = STAGE.location(run).temporary
        temporary.parent.mkdir()
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(STAGE, "work", leave_half)
    assert main(STAGE, [recipe, *desk.folders]) == 130
    assert list((desk.data / "raw").iterdir()) == []


def test_the_file_tells_what_its_columns_are(desk: Desk, recipe: str) -> None:
    desk.run("ingest", recipe)
    field = pq.read_schema(desk.data / "raw/desk.parquet").field("name")
    assert field.metadata[b"role"] == b"id"


def test_the_order_of_columns_wakes_every_stage(desk: Desk) -> None:
    (desk.folder / "rows.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
    text = """
title = "Rows"
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "table"
[columns]
{}
[model]
kind = "estimator"
"""
    a, b = 'a = { type = "int", role = "input" }', 'b = { type = "int", role = "input" }'
    recipe = desk.recipe(text.format(f"{a}\n{b}"))
    desk.run("ingest", recipe)
    desk.recipe(text.format(f"{b}\n{a}"))
    assert desk.run("ingest", recipe) == 0
    assert 'ingest desk: runs, parameter columns ["a", "b"] -> ["b", "a"]' in desk.said("ingest")
    assert [column["name"] for column in desk.receipt("raw/desk").columns] == ["b", "a"]


def test_overrides_of_columns_and_seed_stand_in_the_receipt(desk: Desk) -> None:
    changes = ["--set", "seed=7", "--set", "columns.x.max=10", "--set", "ingest.rows=50", "--set", "model.threads=1"]
    assert desk.run("ingest", "linear", *changes) == 0
    assert desk.receipt("raw/linear").overrides == {"seed": 7, "columns.x.max": 10, "ingest.rows": 50}


def test_an_interrupted_run_and_a_mistake_of_ours_stand_in_the_journal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.sources import synthetic

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def stumble(*_: object) -> None:
        raise ZeroDivisionError("ours")

    desk.run("ingest", "linear")
    monkeypatch.setattr(synthetic.SyntheticSource, "blocks", interrupt)
    assert desk.run("ingest", "linear", "--force") == 130
    monkeypatch.setattr(synthetic.SyntheticSource, "blocks", stumble)
    with pytest.raises(ZeroDivisionError):
        desk.run("ingest", "linear", "--force")
    entries = [json.loads(line) for line in (desk.logs / "runs.jsonl").read_text().splitlines()]
    assert [(entry["outcome"], entry["error"]) for entry in entries] == [
        ("ran", None),
        ("cancelled", None),
        ("failed", {"kind": "unexpected", "message": "ZeroDivisionError: ours", "next": ""}),
    ]
    assert len({entry["run_id"] for entry in entries}) == 3
    # The rows lie there still, and the metrics say so.
    metrics = (desk.logs / "metrics/ingest-linear.prom").read_text()
    assert 'relay_stage_rows{stage="ingest",recipe="linear"} 100.0\n' in metrics


def test_a_recipe_elsewhere_may_not_take_the_name_of_one_of_ours(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    stranger = desk.recipe('title = "Other"\n', name="linear")
    assert desk.run("ingest", stranger) == 2
    assert "would replace its datasets: give the file another name" in desk.said("ingest")[-1]
