from pathlib import Path

import pytest
from tracing import make_notebook

from adopt.notebooks.plan import NotebookError
from adopt.notebooks.records import Notebook
from adopt.notebooks.scratch import copy_folder


def write(path: Path, *cells: str) -> Notebook:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    return Notebook(path, make_notebook(*cells).cells)


def list_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_folder_is_copied_without_environments_and_caches(tmp_path: Path) -> None:
    notebook = write(tmp_path / "book" / "a.ipynb", "x = 1")
    for name in ("data/x.csv", ".venv/big.bin", "__pycache__/m.pyc", ".git/HEAD"):
        (tmp_path / "book" / name).parent.mkdir()
        (tmp_path / "book" / name).write_text("1")
    copy = copy_folder([notebook], tmp_path / "to")
    assert list_files(copy) == ["a.ipynb", "data/x.csv"]


def test_what_is_named_above_the_folder_comes_along(tmp_path: Path) -> None:
    for name in ("data/raw/x.csv", "data/y.csv", "tools.py", "lib/__init__.py", "lib/deep.py", "other/secret.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    notebook = write(tmp_path / "books" / "a.ipynb", "import sys\nsys.path.append('..')", "open('../data/raw/x.csv')")
    copy = copy_folder([notebook], tmp_path / "to")
    assert copy.name == "books"
    assert list_files(tmp_path / "to") == [
        "books/a.ipynb",
        "data/raw/x.csv",
        "data/y.csv",
        "lib/__init__.py",
        "lib/deep.py",
        "tools.py",
    ]


def test_notebooks_of_different_folders_are_refused(tmp_path: Path) -> None:
    notebooks = [write(tmp_path / "a" / "1.ipynb", "x = 1"), write(tmp_path / "b" / "2.ipynb", "x = 1")]
    with pytest.raises(NotebookError, match="different folders"):
        copy_folder(notebooks, tmp_path / "to")


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adopt.notebooks.scratch.MOST_BYTES", 10)
    notebook = write(tmp_path / "book" / "a.ipynb", "x = 1")
    (tmp_path / "book" / "x.csv").write_text("1" * 20)
    with pytest.raises(NotebookError, match="each run needs a copy"):
        copy_folder([notebook], tmp_path / "to")
    assert not (tmp_path / "to").exists()
