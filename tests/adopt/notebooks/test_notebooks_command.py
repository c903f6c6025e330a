"""`python -m adopt NOTEBOOK`: bad usage is said before anything runs, and a refusal leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from corpus import BOOKS, write_book

from adopt.__main__ import main
from adopt.notebooks import command


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty folders for recipes and data, and notebooks in a third one."""
    for name in ("recipes", "data", "books"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(command, "RECIPES_DIR", tmp_path / "recipes")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def adopt(folders: Path, book: str, *options: str, url: str = "") -> tuple[int, list[Path]]:
    """The exit code, and the files that are there afterwards."""
    paths = write_book(BOOKS[book], folders / "books", url=url)
    before = {path: path.read_bytes() for path in (folders / "books").iterdir()}
    code = main([*map(str, paths), *options])
    assert {path: path.read_bytes() for path in (folders / "books").iterdir()} == before
    written = [path for name in ("recipes", "data") for path in (folders / name).rglob("*")]
    return code, [path.relative_to(folders) for path in written if path.is_file()]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--accept", "orders"], "is not understood; expected a kind (frame, metric, figure)"),
        (["--name", "no/name"], 'no recipe can be called "no/name"'),
        (["--name", "predict"], "is a subcommand"),
    ],
)
def test_bad_usage_ends_with_2_before_anything_runs(
    folders: Path, options: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert adopt(folders, "marked", *options) == (2, [])
    assert words in capfd.readouterr().err


def test_a_file_that_is_not_there_is_bad_usage(folders: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([str(folders / "none.ipynb")]) == 2
    assert "does not exist" in capfd.readouterr().err


def test_data_beside_a_notebook_is_bad_usage(folders: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert adopt(folders, "marked", str(folders / "books" / "houses.csv")) == (2, [])
    assert "houses.csv is not a notebook" in capfd.readouterr().err


def test_a_recipe_of_the_name_is_never_overwritten(folders: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folders / "recipes" / "marked.toml").write_text("mine")
    code, files = adopt(folders, "marked")
    assert (code, files) == (2, [Path("recipes/marked.toml")])
    assert "recipes/marked.toml is there already, and is never overwritten" in capfd.readouterr().err


@pytest.mark.parametrize("book", ["python_2", "missing_packages", "sklearn_import", "r"])
def test_what_is_refused_before_a_cell_runs_leaves_nothing(
    book: str, folders: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert adopt(folders, book) == (1, [])
    said = capfd.readouterr().err.lower()
    assert [words for words in BOOKS[book].says if words.lower() not in said] == []


def test_a_refusal_is_data_with_json(folders: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert adopt(folders, "python_2", "--json") == (1, [])
    error: dict[str, Any] = json.loads(capfd.readouterr().out)["error"]
    assert error["kind"] == "notebook"
    assert "Python 2" in error["message"]
