"""The command line of each program: its help, its answers to programs, and its end when something is missing."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import commands
import pytest
from checkout import CHECKOUT, HANG_SECONDS, Project

RECIPE = """
title = "Three rows"
[ingest]
source = "file"
path = "{folder}/rows.csv"
[preprocess]
kind = "table"
[columns]
a = { type = "int", role = "input" }
b = { type = "int", role = "target" }
[model]
kind = "estimator"
"""

PROGRAMS_THAT_SERVE = ("page",)
"""Subcommands that become another program."""


@pytest.fixture
def recipe(project: Project) -> str:
    """A recipe with its file of three rows."""
    project.write("rows.csv", "a,b\n1,2\n3,4\n5,6\n")
    return project.recipe(RECIPE)


def start(project: Project, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    """`python -m <arguments>` in the checkout, in a new Python; the folders are named by the environment."""
    kind: type[subprocess.Popen[str]] = options.pop("kind", subprocess.Popen)
    folders = {"DATA_DIR": str(project.folder / "data"), "LOG_DIR": str(project.folder / "logs")}
    environment = os.environ | {"MLFLOW_TRACKING_URI": ""} | folders | options.pop("environment", {})
    streams = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE} | options
    return kind([sys.executable, "-m", *arguments], cwd=CHECKOUT, env=environment, text=True, **streams)


def ask(project: Project, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `python -m <arguments>`."""
    process = start(project, *arguments, environment=environment, stdout=subprocess.PIPE, kind=commands.Command)
    output, log = process.communicate(timeout=HANG_SECONDS)
    return process.returncode, output, log


def read_error(output: str) -> dict[str, str]:
    """The error of an answer in JSON; it has the three fields that every error has."""
    error: dict[str, str] = json.loads(output)["error"]
    assert sorted(error) == ["kind", "message", "next"]
    return error


def test_the_help_lists_exactly_the_subcommands_that_there_are(project: Project) -> None:
    text = ask(project, "model", "--help")[1]
    section = re.split(r"(?im)^subcommands.*:\n", text)[1].split("\n\n")[0]
    listed = {line.split()[0]: line.split(maxsplit=1)[1] for line in section.splitlines()}
    assert set(listed) == {
        "page", "ask", "predict", "list", "history", "promote", "rollback", "card", "track", "fetch",
    }  # fmt: skip
    for name in listed:
        code, output, _ = ask(project, "model", name, "--help")
        program = name if name in PROGRAMS_THAT_SERVE else f"model {name}"
        assert (code, output.split(" [")[0]) == (0, f"usage: python -m {program}")
        assert "--json" in output
    # What is not listed is no subcommand: a word drawn by chance, a listed name in another spelling, an old module.
    drawn = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz", k=12))
    for word in (drawn, "Promote", "release"):
        code, output, _ = ask(project, "model", word, "linear", "--json")
        assert (code, read_error(output)["kind"]) == (2, "usage")
        assert f'"{word}"' in read_error(output)["message"]
    assert not (project.folder / "data").exists()


def test_a_subcommand_that_does_not_come_first_is_named_and_nothing_runs(project: Project) -> None:
    code, output, _ = ask(project, "model", "--json", "list", "linear")
    assert code == 2
    assert "`python -m model list …`" in read_error(output)["next"]


@pytest.mark.parametrize("program", ["ingest", "model"])
def test_a_recipe_with_the_name_of_a_subcommand_is_refused_by_every_stage(project: Project, program: str) -> None:
    path = project.recipe(RECIPE, "rollback")
    code, output, _ = ask(project, program, path, "--check", "--json")
    error = read_error(output.splitlines()[0])
    assert (code, error["kind"], error["next"]) == (2, "usage", "Rename the file")
    assert '"rollback" is a subcommand of `python -m model`' in error["message"]


def test_a_check_answers_programs_for_each_recipe(project: Project, recipe: str) -> None:
    wrong = project.recipe(RECIPE.replace('kind = "table"', 'knd = "table"'), "wrong")
    code, output, _ = ask(project, "preprocess", recipe, wrong, "linear", "--check", "--json")
    answers = [json.loads(line) for line in output.splitlines()]
    assert code == 1
    assert [(one["recipe"], one["valid"]) for one in answers] == [("values", True), ("wrong", False), ("linear", True)]
    assert (answers[1]["error"]["kind"], sorted(answers[1]["error"])) == ("recipe", ["kind", "message", "next"])
    assert "[preprocess] kind: missing" in answers[1]["error"]["message"]
    assert not (project.folder / "logs" / "runs.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "kind"),
    [
        (["ingest", "{recipe}", "--check", "--set", "ingest.pth=1"], {}, 2, "usage"),
        (["ingest", "{recipe}", "--check", "--set", "ingest.format='word'"], {}, 2, "usage"),
        (["preprocess", "{folder}/rows.csv", "--check"], {}, 1, "recipe"),
        (["ingest", "credti", "--check"], {}, 2, "usage"),
        (["ingest", "--check"], {}, 2, "usage"),
        (["ingest", "--list"], {"LOG_LEVEL": "loud"}, 2, "usage"),
        (["preprocess", "--list", "--froce"], {}, 2, "usage"),
    ],
    ids=["override", "format", "no TOML", "unknown recipe", "no recipe", "variable", "option"],
)
def test_what_a_check_or_a_list_refuses_is_an_error_with_kind_message_and_next(
    project: Project, recipe: str, arguments: list[str], environment: dict[str, str], code: int, kind: str
) -> None:
    given = [word.replace("{recipe}", recipe).replace("{folder}", str(project.folder)) for word in arguments]
    ended, output, _ = ask(project, *given, "--json", **environment)
    assert (ended, read_error(output)["kind"]) == (code, kind)


def test_the_list_answers_programs_with_every_recipe(project: Project) -> None:
    code, output, _ = ask(project, "ingest", "--list", "--json")
    found = json.loads(output)
    files = sorted(path.stem for path in (CHECKOUT / "recipes").glob("*.toml"))
    assert (code, [one["recipe"] for one in found]) == (0, files)
    assert {one["title"] for one in found if one["recipe"] == "linear"} == {"A line through noisy points"}
    assert all(Path(one["path"]).is_file() for one in found)


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest", "--list"],
        ["preprocess", "--list", "--json"],
        ["model", "--help"],
        ["model", "card", "--help"],
        ["ingest", "linear", "--check", "--json"],
        ["ingest", "linear", "--json"],
        ["serve", "--help"],
        ["page", "--help"],
    ],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_error(project: Project, arguments: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)  # as `| head -1` does, at the worst moment
    try:
        process = start(project, *arguments, stdout=writes)
    finally:
        os.close(writes)
    log = process.communicate(timeout=HANG_SECONDS)[1]
    assert [line for line in log.splitlines() if " INFO " not in line] == []
    assert process.returncode == 0
    if arguments == ["ingest", "linear", "--json"]:
        assert len(project.rows("raw/linear")) == 100


def test_a_reader_of_the_log_that_has_gone_keeps_no_run_from_its_result(project: Project) -> None:
    reads, writes = os.pipe()
    os.close(reads)  # as `2>&1 | head -1` does
    try:
        process = start(project, "ingest", "linear", "--json", stdout=writes, stderr=writes)
    finally:
        os.close(writes)
    assert process.wait(HANG_SECONDS) == 0
    assert len(project.rows("raw/linear")) == 100


SUBCOMMANDS = [
    ["list", "linear"], ["history", "linear"], ["card", "linear"], ["promote", "linear", "1"], ["rollback", "linear"],
    ["fetch", "linear", "abc"], ["track", "linear"], ["predict", "linear"], ["ask", "docstrings"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", SUBCOMMANDS, ids=lambda arguments: arguments[0])
def test_a_subcommand_names_a_data_folder_that_does_not_exist_and_makes_none(
    project: Project, arguments: list[str]
) -> None:
    code, output, log = ask(project, "model", *arguments)
    assert (code, output, len(log.splitlines())) == (2, "", 1)
    assert f"{project.folder}/data does not exist" in log
    assert not (project.folder / "data").exists()


@pytest.mark.parametrize("arguments", [*SUBCOMMANDS[::4], ["linear"]], ids=lambda arguments: arguments[0])
def test_a_data_folder_that_is_a_file_is_one_line(project: Project, arguments: list[str]) -> None:
    project.write("data", "a file")
    code, output, log = ask(project, "model", *arguments)
    assert (code, output, len(log.splitlines())) == (1, "", 1)
    assert f"a file stands where a folder must be: {project.folder}/data" in log
    assert (project.folder / "data").read_text() == "a file"


def test_a_log_folder_that_is_a_file_is_one_line_for_a_subcommand_too(project: Project) -> None:
    project.write("logs", "a file")
    (project.folder / "data").mkdir()
    code, output, log = ask(project, "model", "list", "linear")
    assert (code, output, len(log.splitlines())) == (1, "", 1)
    assert f"a file stands where a folder must be: {project.folder}/logs" in log


@pytest.mark.parametrize("arguments", [["list", "linear"], ["history", "linear"], ["rollback", "linear"]])
def test_asking_for_versions_before_the_first_training_makes_no_registry(
    project: Project, arguments: list[str]
) -> None:
    (project.folder / "data").mkdir()
    code, _, log = ask(project, "model", *arguments)
    assert (code, "no version of linear yet. Run `python -m model linear`" in log) == (1, True)
    assert list((project.folder / "data").iterdir()) == []


def test_the_versions_before_the_first_training_are_an_empty_list_for_programs(project: Project) -> None:
    (project.folder / "data").mkdir()
    assert ask(project, "model", "list", "linear", "--json")[:2] == (0, "[]\n")
    assert list((project.folder / "data").iterdir()) == []
