"""`python -m model` has one front: it lists its subcommands, and each answers people and programs."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import commands
import pytest
from patience import HANG_SECONDS
from projects import LINEAR, Project, linear_columns, make_project

from model.__main__ import STAGE, VERBS
from relay.handoff.program import main
from relay.handoff.recipe_file import SUBCOMMANDS

ROOT = Path(__file__).resolve().parents[2]

NO_SERVER = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A straight line with two versions, of which the second was promoted by hand; copy it before changing anything."""
    project = make_project(tmp_path_factory.mktemp("verbs"), LINEAR, linear_columns(), "line")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI")
        assert project.run() == 0
        assert project.run("--set", "model.options.fit_intercept=false", "--promote", "always") == 0
    return project


@pytest.fixture
def line(first: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it, with the embedded registry switched on."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "copy" / "logs"))
    shutil.copytree(first.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy", tmp_path / "copy" / first.recipe.name)


class Asked:
    """A subcommand's exit code and the one document on its standard output."""

    def __init__(self, project: Project, capsys: pytest.CaptureFixture[str], verb: str, *more: str) -> None:
        capsys.readouterr()
        self.code = main(STAGE, [verb, str(project.recipe), *more, "--json", "--data-dir", str(project.data_dir)])
        self.document: Any = json.loads(capsys.readouterr().out)


def type_in(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_the_help_lists_every_subcommand_and_the_options_of_a_training() -> None:
    command = [sys.executable, "-m", "model", "--help"]
    said = commands.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name, verb in VERBS.items():
        assert f"\n  {name:<10} {verb.help}\n" in said
    assert ["--force" in said, "--promote" in said, "RECIPE" in said] == [True, True, True]


@pytest.mark.parametrize("verb", [name for name, verb in VERBS.items() if not verb.program])
def test_every_subcommand_has_a_help_of_its_own_that_names_json(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(STAGE, [verb, "--help"])
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_no_recipe_may_have_the_name_of_a_subcommand() -> None:
    assert frozenset(VERBS) == SUBCOMMANDS


def test_a_recipe_is_trained_without_importing_what_subcommands_need(trained_line: Project) -> None:
    code = (
        "import sys; from relay.handoff.program import main; from model.__main__ import STAGE, VERBS; "
        f"code = main(STAGE, {trained_line.arguments()!r}); heavy = {{'numpy', 'pyarrow', 'sklearn', 'mlflow'}}; "
        "print(code, sorted((heavy | {verb.module for verb in VERBS.values()}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.stdout == "0 []\n", done.stderr


def test_list_history_and_card_answer_programs(line: Project, capsys: pytest.CaptureFixture[str]) -> None:
    listed = Asked(line, capsys, "list")
    assert (listed.code, [(one["version"], one["is_production"]) for one in listed.document]) == (
        0, [(2, True), (1, False)],
    )  # fmt: skip
    history = Asked(line, capsys, "history")
    assert (history.code, [one["version"] for one in history.document]) == (0, [2, 1])
    card = Asked(line, capsys, "card", "1")
    assert (card.code, card.document["model"], card.document["version"]) == (0, "line", 1)
    assert card.document["markdown"].startswith("# line, version 1\n")


def test_fetch_and_track_answer_with_the_folder_of_the_result(
    line: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = Asked(line, capsys, "list").document[0]["run_id"]
    fetched = Asked(line, capsys, "fetch", run_id)
    assert (fetched.code, fetched.document["run_id"]) == (0, run_id)
    assert (Path(fetched.document["folder"]) / "metrics.json").is_file()
    sent = Asked(line, capsys, "track")
    assert (sent.code, sent.document["fingerprint"]) == (0, line.receipt().fingerprint)


def test_promote_and_rollback_answer_with_the_versions_as_they_are_then(
    line: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb, production in ((["rollback"], 1), (["promote", "2"], 2)):
        changed = Asked(line, capsys, *verb)
        found = [one["version"] for one in changed.document if one["is_production"]]
        assert (changed.code, found) == (0, [production])


def test_predict_answers_records_files_and_its_contract(
    line: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, b'{"x": 5}')
    answered = Asked(line, capsys, "predict", "--reasons")
    assert (answered.code, answered.document["model_version"]) == (0, 2)
    assert (len(answered.document["predictions"]), len(answered.document["reasons"])) == (1, 1)
    type_in(monkeypatch, b"x\n5\n")
    assert Asked(line, capsys, "predict", "--csv").document["csv"].startswith("x,prediction,")
    assert list(Asked(line, capsys, "predict", "--contract").document["contract"]["inputs"]) == ["x"]


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["card", "9"], 1, "registry_empty"),
        (["fetch", "no-run"], 1, "registry_empty"),
        (["promote", "2"], 1, "promotion"),
        (["promote", "many"], 2, "usage"),
        (["rollback", "--expected", "7"], 1, "promotion"),
        (["rollback", "--undo"], 1, "registry_empty"),
        (["predict"], 2, "usage"),
        (["ask"], 2, "usage"),
    ],
)
def test_a_refusal_is_one_document_that_names_its_kind(
    line: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    kind: str,
) -> None:
    type_in(monkeypatch, b"neither records nor a text")
    asked = Asked(line, capsys, *arguments)
    assert (asked.code, asked.document["error"]["kind"]) == (code, kind)
    assert sorted(asked.document["error"]) == ["kind", "message", "next"]


@pytest.mark.parametrize("verb", ["list", "history", "card", "track", "predict"])
def test_a_server_that_is_away_is_a_kind_with_what_to_do_next(
    line: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NO_SERVER)
    asked = Asked(line, capsys, verb)
    assert (asked.code, asked.document["error"]["kind"]) == (1, "registry_away")
    assert "docker compose up mlflow" in asked.document["error"]["next"]


@pytest.mark.parametrize("program", [("model", "page"), ("page",)])
def test_the_page_that_cannot_start_is_one_document_too(program: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", *program, "--port", "high", "--json"]
    ended = commands.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False, cwd=ROOT)
    assert (ended.returncode, json.loads(ended.stdout)["error"]["kind"]) == (2, "usage")


def test_ask_answers_programs_with_labels(
    trained_documents: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, b"the sea was calm and the light upon the water lay like glass " * 20)
    asked = Asked(trained_documents, capsys, "ask")
    assert (asked.code, len(asked.document["labels"]) > 1) == (0, True)


def test_at_the_end_of_the_program_what_is_left_is_not_searched_for_garbage() -> None:
    code = (
        "import atexit, gc, runpy, sys; atexit.register(lambda: print(gc.get_freeze_count() > 0)); "
        "sys.argv = ['model', '--help']; runpy.run_module('model', run_name='__main__')"
    )
    done = commands.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("True\n")
