"""`python -m adopt FROM`: from a file to a recipe that the stages accept, and what a person may say about it."""

import io
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import commands
import pytest

from adopt import data_command
from adopt.__main__ import main
from relay.handoff.settings import RECIPES_DIR, ROOT

HANG_SECONDS = 300
Adopt = Callable[..., tuple[int, str, str]]
ROWS = "".join(
    f"C-{number:04d},{20 + number % 50},{number * 7 % 90}.5,{('month', 'year', 'two years')[number % 3]},"
    f"{('no', 'yes')[number * 37 % 100 > 60 + number % 3 * 10]}\n"
    for number in range(300)
)
CHURN = "Customer ID,age,Monthly Charges,contract,churn\n" + ROWS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with one file."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "churn.csv").write_text(CHURN)
    return tmp_path


@pytest.fixture
def adopt(folder: Path, capsys: pytest.CaptureFixture[str]) -> Adopt:
    """`adopt("data/churn.csv", "--json")`: exit code, answer and log, in this process and without writing."""

    def run(*words: str) -> tuple[int, str, str]:
        given = [str(folder / words[0]), *words[1:]]
        code = main(
            [*given, "--data-dir", str(folder / "data"), "--into", str(folder / "recipes"), "--dry-run", "--quick"]
        )
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def name_folders(folder: Path) -> list[str]:
    """The options by which a test reads and writes in its own folder."""
    return ["--data-dir", str(folder / "data"), "--into", str(folder / "recipes")]


def run_adopt(folder: Path, *words: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    """The command as a person types it, on folders of the test."""
    command = [
        sys.executable,
        "-m",
        "adopt",
        *words,
        "--data-dir",
        str(folder / "data"),
        "--into",
        str(folder / "recipes"),
    ]
    return commands.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=False, **more)


def test_a_recipe_is_written_once_and_all_stages_accept_it(folder: Path) -> None:
    given = str(folder / "data" / "churn.csv")
    first = run_adopt(folder, given)
    assert (first.returncode, first.stderr) == (0, "")
    path = folder / "recipes" / "churn.toml"
    assert first.stdout.splitlines()[-2:] == [
        f"Wrote {path}; ingest, preprocess and model accept it.",
        f"Next: make run RECIPE={path}",
    ]
    written = path.read_text()
    assert tomllib.loads(written)["ingest"] == {"source": "file", "path": "data/churn.csv"}
    second = run_adopt(folder, given)
    assert second.returncode == 2
    assert f"{path} is there already, and is never overwritten. Give the new recipe another name" in second.stderr
    assert (path.read_text(), [one.name for one in (folder / "recipes").iterdir()]) == (written, ["churn.toml"])


def test_a_dry_run_writes_nothing_and_shows_the_recipe(folder: Path, adopt: Adopt) -> None:
    code, out, _ = adopt("data/churn.csv")
    assert (code, list((folder).iterdir())) == (0, [folder / "data"])
    assert "Nothing was written." in out
    assert 'customer_id = { type = "text", role = "id", from = "Customer ID" }' in out
    assert max(len(line) for line in out.split("Nothing was written")[0].splitlines()) <= 80


def test_programs_get_the_whole_draft(adopt: Adopt) -> None:
    _, out, _ = adopt("data/churn.csv", "--json")
    found = json.loads(out)
    assert (found["name"], found["task"], found["target"], found["is_written"]) == ("churn", "binary", "churn", False)
    assert (found["rows"], found["rows_checked"], found["rows_kept"]) == (300, 300, 300)
    assert tomllib.loads(found["toml"])["columns"]["age"]["type"] == "int"
    assert found["columns"][0]["name"] == "customer_id"
    assert found["columns"][0]["source"] == "Customer ID"
    assert sum(found["columns"][1]["profile"]["histogram"]["counts"]) == 300
    assert len(found["head"]) == 20
    assert found["head"][0] == ["C-0000", "20", "0.5", "month", "no"]


def test_the_rows_that_a_correction_keeps_are_counted(adopt: Adopt) -> None:
    _, out, _ = adopt("data/churn.csv", "--json", "--set", "columns.age.max=44", "--set", "columns.contract.type='int'")
    found = json.loads(out)
    assert [column["rows_kept"] for column in found["columns"]] == [300, 150, 300, 0, 300]
    assert found["rows_kept"] == 0


def test_a_target_is_chosen(adopt: Adopt) -> None:
    found = json.loads(adopt("data/churn.csv", "--json", "--target", "Monthly Charges")[1])
    assert (found["target"], found["task"]) == ("monthly_charges", "regression")
    assert json.loads(adopt("data/churn.csv", "--json", "--target", "none")[1])["model"] == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data/chrun.csv"], "no such file or folder; is it"),
        (["data/churn.csv", "data/churn.csv"], "2 names are given"),
        (["data/churn.csv", "--name", "Churn!"], 'no recipe can be called "Churn!"'),
        (["data/churn.csv", "--name", "ask"], "is a subcommand of `python -m model`"),
        (["data/churn.csv", "--target", "chrun"], '(did you mean "churn"?)'),
        (["data/churn.csv", "--set", "columns.ag.type='int'"], 'the draft has no column "ag" (did you mean "age"?)'),
    ],
)
def test_what_names_nothing_is_refused_with_what_to_do(words: list[str], message: str, adopt: Adopt) -> None:
    code, out, log = adopt(*words)
    assert (code, out, message in log) == (2, "", True)
    is_json = adopt(*words, "--json")
    assert json.loads(is_json[1])["error"]["kind"] == "usage"


def test_a_notebook_is_handed_to_its_own_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.IPYNB").write_text("{}")
    code = main([str(folder / "x.IPYNB"), *name_folders(folder)])
    assert code == 1
    assert "is not a notebook" in capsys.readouterr().err


def test_a_notebook_beside_data_is_no_notebook_of_a_pipeline(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.ipynb").write_text("{}")
    assert main([str(folder / "x.ipynb"), str(folder / "data" / "churn.csv"), *name_folders(folder)]) in (1, 2)
    assert "churn.csv" in capsys.readouterr().err


def test_help_of_data_leads_to_the_help_of_notebooks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "python -m adopt NOTEBOOK.ipynb --help" in capsys.readouterr().out


def test_a_recipe_that_a_stage_refuses_is_not_written(folder: Path) -> None:
    given = str(folder / "data" / "churn.csv")
    ran = run_adopt(folder, given, "--set", "preprocess.test_share=2")
    assert (ran.returncode, (folder / "recipes").exists()) == (1, False)
    assert "the drafted recipe is not accepted: preprocess: [preprocess] test_share: " in ran.stderr
    assert "correct it with --set" in ran.stderr


def test_the_name_of_another_recipe_is_not_taken(folder: Path) -> None:
    ran = run_adopt(folder, str(folder / "data" / "churn.csv"), "--name", "linear")
    assert (ran.returncode, (folder / "recipes").exists()) == (2, False)
    assert "recipes/linear.toml is there already" in ran.stderr
    assert (RECIPES_DIR / "linear.toml").is_file()


def test_questions_are_asked_and_answers_are_written(
    folder: Path, adopt: Adopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{number:05d},{('DE', 'NA')[number % 2]}\n" for number in range(10_000, 10_060)]
    (folder / "data" / "codes.csv").write_text("zip,kind\n" + "".join(lines))
    plain = json.loads(adopt("data/codes.csv", "--json")[1])
    asked = [note for note in all_notes(plain) if note["is_question"] and note["key"]]
    assert asked != []
    texts = [note["text"] for note in asked if note["key"] != "target"]
    assert texts != []
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n" * len(asked)))
    code, out, log = adopt("data/codes.csv", "--json", "--ask")
    assert (code, [note for note in all_notes(json.loads(out)) if note["is_question"] and note["key"]]) == (0, [])
    assert all(note["key"] in log for note in asked)
    said = [note["text"] for note in all_notes(json.loads(out))]
    assert all(any(text.startswith(asked.partition(" If that means")[0]) for text in said) for asked in texts)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert json.loads(adopt("data/codes.csv", "--json", "--ask")[1])["columns"] == plain["columns"]


def all_notes(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The notes of a draft and of its columns."""
    return [*document["notes"], *(note for column in document["columns"] for note in column["notes"])]


@pytest.mark.parametrize(("words", "said"), [([], ["reading", "checking"]), (["--json"], [])])
def test_a_person_at_a_terminal_sees_what_takes_time(
    words: list[str], said: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(data_command, "check_recipe", lambda *_, **__: "")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    main([str(folder / "data" / "churn.csv"), *name_folders(folder), "--dry-run", *words])
    lines = [line for line in terminal.getvalue().splitlines() if line.endswith(" …")]
    assert [line.split()[0] for line in lines] == said
