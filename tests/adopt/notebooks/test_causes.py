"""A refusal names the cause of a failure, and what to change, not the first consequence."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus import BOOKS, REFUSED, Book, make_notebook, serve_forum, write_book

from adopt.notebooks.causes import find_cause
from adopt.notebooks.packages import find_missing
from adopt.notebooks.plan import NotebookError, Refusal, RefusalKind
from adopt.notebooks.read import read_notebooks
from adopt.notebooks.records import Failure, Notebook, Place

AT_THE_BORDER = (
    RefusalKind.CANNOT_CROSS,
    RefusalKind.NO_FRAME,
    RefusalKind.UNRELATED_DATA,
)
"""Refusals of notebooks that run."""


def run_here(notebook: Notebook) -> tuple[Failure, str] | None:
    """The first failure of a notebook's cells, run in this process, and the URL that it is about."""
    names: dict[str, object] = {}
    for cell in notebook.cells:
        try:
            exec(compile(cell.text, "cell", "exec"), names)
        except Exception as error:
            return Failure(Place(0, cell.number, 0), type(error).__name__, str(error)), getattr(error, "url", "")
    return None


def refuse(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Refusal]:
    """Why a notebook is refused before the slicing begins."""
    try:
        notebooks = read_notebooks([path])
    except NotebookError as error:
        return list(error.refusals)
    if missing := find_missing(notebooks):
        return list(missing)
    monkeypatch.chdir(path.parent)
    failed = run_here(notebooks[0])
    return [] if failed is None else [find_cause(failed[0], notebooks, [failed[1]])]


@pytest.fixture(scope="module")
def forum() -> Iterator[str]:
    with serve_forum() as url:
        yield url


@pytest.mark.parametrize(
    "book", [book for book in REFUSED if book.refusal not in AT_THE_BORDER], ids=lambda book: book.name
)
def test_the_refusal_names_the_cause(book: Book, forum: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = write_book(book, tmp_path, url=forum)
    (refusal,) = refuse(path, monkeypatch)
    said = f"{refusal.message} {refusal.next_step}"
    assert refusal.kind == book.refusal
    assert [words for words in book.says if words.lower() not in said.lower()] == []


def refuse_text(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, str]:
    """The only refusal of a notebook: kind, message, next step."""
    path = folder / "book.ipynb"
    path.write_text(json.dumps(make_notebook(text)), encoding="utf-8")
    (refusal,) = refuse(path, monkeypatch)
    return refusal.kind, refusal.message, refusal.next_step


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("import urllib2\nurllib2.urlopen('x')", "python_2", "imports urllib2"),
        ("for i in xrange(3): pass", "python_2", "cell 1 uses `xrange`"),
        ("from google.colab import drive\ndrive.mount('/x')", "missing_package", "exists only in Colab"),
        (
            "import pandas as pd\npd.DataFrame({'a': [1]}).ix[0]",
            "removed_api",
            "`DataFrame.ix` was removed in pandas 1",
        ),
        ("from sklearn.datasets import load_boston", "removed_api", "removed in scikit-learn 1.2"),
        ("import numpy as np\nnp.float_", "removed_api", "`np.float_` was removed in NumPy 2.0"),
        ("1 / 0", "failed_cell", "Cell 1 ended with ZeroDivisionError: division by zero"),
        ("class Shelf: pass\nShelf().append", "failed_cell", "no attribute 'append'"),
        (
            "def read_csv(path): pass\nread_csv('x', error_bad_lines=True)",
            "failed_cell",
            "read_csv() got an unexpected",
        ),
        ("name_of_old_session + 1", "missing_name", "no cell gives it a value"),
        ("if 1 > 2:\n    found = 1\nprint(found)", "missing_name", "got no value in this run"),
        ("open('/data/all.csv')", "missing_file", "Cell 1 reads the file /data/all.csv, which is not there."),
    ],
)
def test_a_cause_in_one_cell(code: str, kind: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, message, _ = refuse_text(f"# %%\n{code}\n", tmp_path, monkeypatch)
    assert (found, words in message) == (kind, True), message


def test_an_import_that_may_fail_is_not_missed(tmp_path: Path) -> None:
    text = "# %%\ntry:\n    import nowhere_plots\nexcept ImportError:\n    nowhere_plots = None\n"
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps(make_notebook(text)), encoding="utf-8")
    assert find_missing(read_notebooks([path])) == ()


def test_a_module_beside_the_notebooks_is_not_missed(tmp_path: Path) -> None:
    assert find_missing(read_notebooks(write_book(BOOKS["course"], tmp_path))) == ()


def test_all_missing_packages_are_named_at_once_with_the_cells_that_import_them(tmp_path: Path) -> None:
    (path,) = write_book(BOOKS["missing_packages"], tmp_path)
    (refusal,) = find_missing(read_notebooks([path]))
    assert refusal.message == (
        "Packages that are not installed: nowhere_models and nowhere_plots (cell 1); "
        "nowhere_idle (cell 1), only imported."
    )
    assert refusal.next_step == (
        "Add nowhere-models and nowhere-plots to the `requirements.in` of the stage that uses it, and run `make lock`. "
        "Delete the import of nowhere_idle, which is not used."
    )


def test_a_shell_line_that_would_have_fetched_the_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# %%\n!wget https://example.org/a.csv\n# %%\nopen('a.csv')\n"
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps(make_notebook(text)), encoding="utf-8")
    notebooks = read_notebooks([path])
    failure = Failure(Place(0, 2, 0), "FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'")
    refusal = find_cause(failure, notebooks)
    assert "Cell 1 fetches files with `!wget https://example.org/a.csv`, which is not run." in refusal.message
    assert refusal.next_step.startswith("Run that line by hand.")


def test_a_notebook_that_failed_when_it_was_saved_is_said_so(tmp_path: Path) -> None:
    book = make_notebook("# %%\n1 / 0\n")
    book["cells"][0]["outputs"] = [
        {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "", "traceback": []}
    ]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    failure = Failure(Place(0, 1, 0), "ZeroDivisionError", "division by zero")
    refusal = find_cause(failure, read_notebooks([path]))
    assert "The notebook was saved with an error (ZeroDivisionError) in the same cell." in refusal.message
