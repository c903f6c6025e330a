"""A recipe's name means a file in `recipes/` or in `recipes/` of the data folder, for every program alike."""

import json
import os
import subprocess
import sys
from pathlib import Path

import commands
import pytest

from relay.handoff import recipe_file
from relay.handoff.errors import RelayError, UsageError
from relay.handoff.recipe import load_recipe
from relay.handoff.recipe_file import find_recipe, list_recipes
from relay.handoff.settings import RECIPES_DIR, ROOT

TEXT = """
title = "Customers"
[columns]
age = {{ type = "int", role = "input" }}
left = {{ type = "category", role = "target" }}
[ingest]
source = "file"
path = "{path}"
"""


def write(data_dir: Path, name: str, path: str = "data/uploads/people.csv") -> Path:
    """A recipe in a data folder."""
    folder = data_dir / "recipes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(TEXT.format(path=path))
    return folder / f"{name}.toml"


def test_a_name_is_looked_for_in_recipes_and_then_in_the_data_folder(tmp_path: Path) -> None:
    path = write(tmp_path, "people")
    assert find_recipe("linear", data_dir=tmp_path) == RECIPES_DIR / "linear.toml"
    assert find_recipe("people", data_dir=tmp_path) == path


def test_without_a_data_folder_it_is_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "people")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert (find_recipe("people"), load_recipe("people").argument) == (path, "people")


def test_the_list_has_those_in_recipes_first_and_no_unfit_names(tmp_path: Path) -> None:
    for name in ("zebra", "ape", "Ape2", ".hidden", "--set", "a b", "<b>x", "a\nb"):
        write(tmp_path, name)
    found = [path.stem for path in list_recipes(data_dir=tmp_path)]
    assert found == [*(path.stem for path in list_recipes(RECIPES_DIR)), "ape", "zebra"]


@pytest.mark.parametrize("given", ["linear", "recipes/linear.toml", "{data}/recipes/linear.toml"])
def test_equal_names_in_both_are_refused_however_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(ROOT)
    write(tmp_path, "linear")
    with pytest.raises(UsageError, match=r"has the name of .*linear\.toml, and would replace its datasets"):
        find_recipe(given.format(data=tmp_path), data_dir=tmp_path)


def test_names_that_differ_in_case_alone_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "project"
    own.mkdir()
    (own / "People.toml").write_text(TEXT.format(path="data/x.csv"))
    monkeypatch.setattr(recipe_file, "RECIPES_DIR", own)
    write(tmp_path, "people")
    with pytest.raises(UsageError, match=r"people\.toml has the name of .*People\.toml"):
        find_recipe("people", data_dir=tmp_path)


def test_a_data_folder_whose_recipes_are_the_projects_own_has_none_of_its_own() -> None:
    assert list_recipes(data_dir=ROOT) == list_recipes(RECIPES_DIR)
    assert load_recipe("linear", data_dir=ROOT).is_in_data is False


def test_a_recipe_in_the_data_folder_knows_that_it_is_there(tmp_path: Path) -> None:
    path = write(tmp_path, "people")
    for given in ("people", str(path), str(path.parent / ".." / "recipes" / "people.toml")):
        assert load_recipe(given, data_dir=tmp_path).is_in_data


@pytest.mark.parametrize("name", ["Ape", "a b", "a.b"])
def test_an_unfit_name_is_refused_with_what_fits(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    with pytest.raises(
        RelayError,
        match="the name of a recipe: expected at most 64 of a-z, 0-9, - and _",
    ):
        load_recipe(name, data_dir=tmp_path)


def test_a_subcommand_is_no_name_there_either(tmp_path: Path) -> None:
    write(tmp_path, "promote")
    with pytest.raises(UsageError, match="is a subcommand of `python -m model`"):
        load_recipe("promote", data_dir=tmp_path)


def run(data_dir: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """A program with that data folder."""
    environment = os.environ | {"DATA_DIR": str(data_dir), "LOG_DIR": str(data_dir / "logs")}
    return commands.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_commands_name_it_as_one_in_recipes(tmp_path: Path) -> None:
    write(tmp_path, "people")
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "people.csv").write_text("age,left\n41,yes\n")
    listed = run(tmp_path, sys.executable, "-m", "ingest", "--list")
    assert [line for line in listed.stdout.splitlines() if line.startswith("people ")] == ["people       Customers"]
    assert run(tmp_path, sys.executable, "-m", "ingest", "people").returncode == 0
    assert json.loads((tmp_path / "raw" / "people.json").read_text())["rows"] == 1


def test_make_lists_it(tmp_path: Path) -> None:
    write(tmp_path, "people")
    line = next(line for line in run(tmp_path, "make", "help").stdout.splitlines() if "for RECIPE=" in line)
    assert (line.endswith(" people"), " linear " in line) == (True, True)


def test_a_link_out_of_the_data_folder_is_not_read(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    write(data_dir, "people")
    (tmp_path / "secret.csv").write_text("age,left\n41,yes\n")
    (data_dir / "uploads").mkdir()
    (data_dir / "uploads" / "people.csv").symlink_to(tmp_path / "secret.csv")
    done = run(data_dir, sys.executable, "-m", "ingest", "people")
    assert (done.returncode, (data_dir / "raw" / "people.parquet").exists()) == (1, False)
    assert "leads out of the data folder" in done.stderr
