"""What adopt writes is whole, and never over another file; a recipe names its files as it will read them."""

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from adopt.data_command import find_path
from adopt.data_path import Folders, copy_file, place_path
from adopt.new_file import copy_new, write_new
from adopt.recipe.write import NameTakenError, check_recipe, write_recipe
from relay.handoff.errors import UsageError
from relay.handoff.settings import RECIPES_DIR, ROOT

OTHER = Path("/elsewhere")


def test_a_new_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_new(tmp_path / "a" / "x.toml", b"one")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.toml"]
    assert (tmp_path / "a" / "x.toml").read_bytes() == b"one"


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("mine")
    for write in (lambda: write_new(path, b"other"), lambda: copy_new(Path(__file__), path)):
        with pytest.raises(FileExistsError):
            write()
    with pytest.raises(NameTakenError, match="--name x_2"):
        write_recipe("other", path)
    assert (path.read_text(), len(list(tmp_path.iterdir()))) == ("mine", 1)


def test_a_link_to_nowhere_is_a_name_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "x.toml").symlink_to(tmp_path / "gone")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "x.toml", b"other")
    assert not (tmp_path / "gone").exists()


def test_of_several_writers_one_wins_and_its_file_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, failed = tmp_path / "x.toml", []

    def write(number: int) -> None:
        try:
            write_new(path, str(number).encode() * 5000)
        except FileExistsError:
            failed.append(number)

    numbers = iter(range(100, 200))
    monkeypatch.setattr(os, "getpid", lambda: next(numbers))  # writers are processes
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = ({*range(8)} - {*failed}).pop()
    assert (len(failed), path.read_text()) == (7, str(winner) * 5000)


def test_a_file_system_without_links_is_written_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", refuse)
    write_new(tmp_path / "x", b"one")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "x", b"two")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"one"]


@pytest.mark.parametrize(
    ("written", "placed", "said"),
    [
        ("data/churn.csv", "data/churn.csv", ""),
        ("/project/data/sub/*.csv", "data/sub/*.csv", ""),
        ("/elsewhere/x.csv", "/elsewhere/x.csv", "outside of the project"),
        (f"{ROOT}/recipes/own.csv", "own.csv", "outside of the data folder"),
        (f"{ROOT}/tests/x.csv", "../tests/x.csv", "outside of the data folder"),
    ],
)
def test_a_recipe_names_its_file_from_where_it_reads_it(written: str, placed: str, said: str) -> None:
    data = Path("/project/data")
    ingest, notes = place_path({"source": "file", "path": written}, Folders(ROOT / "recipes", data, data))
    assert ingest["path"] == placed
    assert [note.text.split(",")[0] for key in notes for note in notes[key]] == [said] * bool(said)


def test_another_data_folder_than_the_usual_one_is_meant_by_its_option() -> None:
    folders = Folders(OTHER, OTHER / "data", Path("/project/data"))
    assert place_path({"path": "data/x.csv"}, folders)[0]["path"] == "/project/data/x.csv"
    assert place_path({"path": "/elsewhere/data/x.csv"}, folders)[0]["path"] == "data/x.csv"


def test_a_source_without_a_path_stays_as_it_is() -> None:
    assert place_path({"source": "http", "url": "https://x"}, Folders(OTHER, OTHER, OTHER)) == (
        {"source": "http", "url": "https://x"}, {},
    )  # fmt: skip


def test_a_file_is_copied_into_the_data_folder_once(tmp_path: Path) -> None:
    data, given = tmp_path / "data", tmp_path / "x.csv"
    given.write_text("a\n1\n")
    assert [copy_file(str(given), data) for _ in range(2)] == [str(data / "x.csv")] * 2
    assert copy_file(str(data / "x.csv"), data) == str(data / "x.csv")
    given.write_text("a\n2\n")
    with pytest.raises(UsageError, match="is there already, with other content"):
        copy_file(str(given), data)
    with pytest.raises(UsageError, match="only a file can be copied"):
        copy_file(str(tmp_path), data)
    assert (data / "x.csv").read_text() == "a\n1\n"


def test_the_recipe_goes_to_the_data_folder_where_recipes_is_not_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_path("x", Path("/data"), None) == RECIPES_DIR / "x.toml"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert find_path("x", Path("/data"), None) == Path("/data/recipes/x.toml")
    assert find_path("x", Path("/data"), OTHER) == OTHER / "x.toml"


RECIPE = """
title = "X"
[columns]
x = {{ type = "int", role = "input" }}
[ingest]
source = "file"
path = "{path}"
"""


def test_a_recipe_in_the_data_folder_is_checked_by_its_own_rules() -> None:
    elsewhere = RECIPE.format(path="/etc/passwd")
    problem = check_recipe(elsewhere, "x", is_in_data=True)
    assert problem.startswith("ingest: ")
    assert "as data/…" in problem


def test_the_problem_of_a_recipe_does_not_name_the_scratch_copy() -> None:
    problem = check_recipe(RECIPE.format(path="data/x.csv").replace("int", "in"), "x", is_in_data=False)
    assert problem == (
        "ingest: [columns] x.type: expected 'int', 'float', 'bool', 'text', 'category' or 'time' (found 'in')"
    )
