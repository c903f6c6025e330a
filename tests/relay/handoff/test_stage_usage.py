"""The command line of every stage, and the environment where it is silent."""

import json
from pathlib import Path
from typing import Any

import pytest

from relay.handoff.journal import Outcome, find_entry, parse_entry
from relay.handoff.recipe import load_recipe

Desk = Any  # tests/conftest.py

RECIPE = """
title = "No rows yet"

[ingest]
source = "file"
path = "data/people.csv"

[preprocess]
kind = "table"

[columns]
name = { type = "text", role = "id" }
age = { type = "int", role = "input" }

[model]
kind = "estimator"
"""


@pytest.fixture
def recipe(desk: Desk) -> str:
    """A recipe with its file of one person."""
    (desk.data / "people.csv").write_text("name,age\nAda,36\n")
    return str(desk.recipe(RECIPE))


@pytest.mark.parametrize(
    "arguments",
    [["credti"], ["credit", "--set", "ingst.rows=1"], ["credit", "--set", "rows"], ["--set", "seed=1"], ["x/y.toml"]],
    ids=["unknown recipe", "unknown section", "no value", "no recipe", "no such file"],
)
def test_bad_usage_ends_with_2_and_is_no_run(desk: Desk, arguments: list[str]) -> None:
    assert (desk.run("ingest", *arguments), (desk.logs / "runs.jsonl").exists()) == (2, False)


@pytest.mark.parametrize(
    "arguments",
    [["credti"], ["credit", "--set", "ingst.rows=1"], ["credit", "--set", "rows"], ["--set", "seed=1"], ["x/y.toml"]],
    ids=["unknown recipe", "unknown section", "no value", "no recipe", "no such file"],
)
def test_bad_usage_is_told_to_the_program_that_gave_the_run_its_id(desk: Desk, arguments: list[str]) -> None:
    assert desk.run("ingest", *arguments, "--run-id", "ours") == 2
    entry = find_entry(desk.logs, "ours")
    assert entry is not None
    assert (entry.outcome, entry.error and entry.error.kind) == (Outcome.FAILED, "usage")
    assert not (desk.logs / "metrics").exists()


def test_a_variable_that_is_refused_is_told_to_the_program_that_gave_the_run_its_id(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    assert desk.run("ingest", "linear", "--run-id", "ours") == 2
    entry = find_entry(desk.logs, "ours")
    assert entry is not None
    assert (entry.recipe, entry.outcome, entry.error and entry.error.kind) == ("linear", Outcome.FAILED, "usage")


def test_a_check_is_no_run_even_with_an_id(desk: Desk) -> None:
    assert desk.run("ingest", "credti", "--check", "--run-id", "ours") == 2
    assert find_entry(desk.logs, "ours") is None


def test_the_entries_are_printed_on_request_and_nothing_else(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = desk.recipe(RECIPE.replace("kind", "knd", 1), "wrong")
    assert desk.run("ingest", "linear", "--run-id", "before") == 0
    capsys.readouterr()
    assert desk.run("preprocess", f"linear,{wrong}", "--run-id", "ours", "--json") == 1
    printed = [parse_entry(line) for line in capsys.readouterr().out.splitlines()]
    assert [(entry.recipe, entry.outcome, entry.run_id) for entry in printed] == [
        ("linear", Outcome.RAN, "ours"),
        ("wrong", Outcome.FAILED, "ours"),
    ]
    entries = [parse_entry(line) for line in (desk.logs / "runs.jsonl").read_text().splitlines()]
    assert [entry for entry in entries if entry.run_id == "ours"] == printed


def test_an_unknown_option_ends_with_2(desk: Desk) -> None:
    with pytest.raises(SystemExit, match="2"):
        desk.run("ingest", "credit", "--froce")


def test_a_wrong_recipe_ends_with_1(desk: Desk, recipe: str) -> None:
    assert desk.run("preprocess", desk.recipe(RECIPE.replace("kind", "knd", 1))) == 1


def test_check_says_that_a_recipe_is_valid_and_writes_no_data(desk: Desk, recipe: str) -> None:
    assert desk.run("ingest", recipe, "--check") == 0
    assert desk.said("ingest") == ["ingest desk: the recipe is valid"]
    assert [path.name for path in desk.data.iterdir()] == ["people.csv"]


def test_check_finds_a_wrong_recipe(desk: Desk, recipe: str) -> None:
    assert desk.run("ingest", recipe, "--check", "--set", "ingest.pth='x'") == 2


def test_help_names_what_is_read_what_is_written_and_every_variable(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    from relay.handoff.settings import VARIABLES

    with pytest.raises(SystemExit, match="0"):
        desk.run("preprocess", "--help")
    text = capsys.readouterr().out
    assert "Reads raw/<recipe>, writes processed/<recipe>." in text
    assert [one.name for one in VARIABLES if f"  {one.name} " not in text] == []


def test_list_names_every_recipe_with_its_title(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("ingest", "--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("linear")] == ["linear       A line through noisy points"]
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)


def test_the_list_for_programs_holds_what_is_wrong_with_a_broken_recipe(
    desk: Desk, recipe: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = desk.recipe(RECIPE.replace("kind", "knd", 1).replace("[columns]", "[colums]"), "wrong")
    monkeypatch.setattr("relay.handoff.command.list_recipes", lambda **_: [Path(recipe), Path(wrong)])
    monkeypatch.setattr(
        "relay.handoff.command.load_recipe", lambda name, **_: load_recipe(str(desk.folder / f"{name}.toml"))
    )
    assert desk.run("ingest", "--list", "--json") == 0
    good, broken = json.loads(capsys.readouterr().out)
    assert good == {"recipe": "desk", "path": recipe, "title": "No rows yet"}
    assert (broken["recipe"], broken["error"]["kind"], sorted(broken["error"])) == (
        "wrong", "recipe", ["kind", "message", "next"],
    )  # fmt: skip


def test_the_environment_stands_in_for_the_command_line(
    desk: Desk, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.__main__ import STAGE
    from relay.handoff.program import main

    environment = {
        "RECIPES": f"{recipe},linear", "OVERRIDES": "seed=7,title='a,b'",
        "DATA_DIR": str(desk.data), "LOG_DIR": str(desk.logs),
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(STAGE, []) == 0
    assert [(desk.receipt(address).title, desk.receipt(address).seed) for address in ("raw/desk", "raw/linear")] == [
        ("a,b", 7), ("a,b", 7),
    ]  # fmt: skip


def test_the_command_line_goes_before_the_environment(desk: Desk, recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECIPE", "linear")
    monkeypatch.setenv("OVERRIDES", "seed=7")
    monkeypatch.setenv("DATA_DIR", "/nowhere")
    desk.run("ingest", recipe, "--set", "seed=8")
    assert [desk.receipt("raw/desk").seed, (desk.data / "raw/linear.parquet").exists()] == [8, False]


@pytest.mark.parametrize("arguments", [("--bogus", "linear"), ("nix",), ("linear", "--set", "x"), ()])
def test_bad_usage_is_one_json_document_for_programs(
    desk: Any, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run("ingest", *arguments, "--json") == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer.get("error") or {}).get("kind") == "usage"


def test_a_slip_in_one_recipe_runs_none(desk: Any) -> None:
    assert desk.run("ingest", "linear", "linaer") == 2
    assert not (desk.data / "raw").exists()


def test_a_slip_in_a_subcommand_runs_nothing_and_names_it(desk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("model", "rollbak", "linear", "--json") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error == {
        "kind": "usage",
        "message": '"rollbak" is neither a recipe nor a subcommand. Did you mean rollback?',
        "next": "Did you mean rollback?",
    }
