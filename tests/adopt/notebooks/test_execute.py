"""Real kernels: what an in-process shell cannot show."""

import pickle
from pathlib import Path

import pytest
from tracing import make_notebook

from adopt.notebooks.execute import RunOptions, run_notebooks
from adopt.notebooks.records import Notebook, Place, Run

pytestmark = pytest.mark.slow

FIRST = (
    "import adopt\nimport pandas as pd\ndf = pd.read_csv('a.csv')",
    "df['z'] = 1\ndf['z'] += len(adopt.WORD)\ntowns = list({'ulm', 'bonn', 'kiel', 'jena', 'gera'})",
    "%time df.to_parquet('b.parquet')\nraise KeyError('x')",
    "import matplotlib.pyplot as plt\ndf['x'].plot()\nplt.title('t')\nplt.show()\nplt.plot([1, 2])",
    "print('done')\ndf",
)
SECOND = (
    "import os, pandas as pd\nback = pd.read_parquet('b.parquet')\nhere = os.listdir()\nfound = 'df' in globals()",
)


def write(folder: Path, name: str, *cells: str, error_in: int = 0) -> Notebook:
    """A notebook of a folder; one cell may have an error as stored output."""
    notebook = make_notebook(*cells)
    cells_ = tuple(
        type(cell)(**{**vars(cell), "stored_error": "KeyError" if cell.number == error_in else ""})
        for cell in notebook.cells
    )
    return Notebook(folder / name, cells_)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    (folder / "a.csv").write_text("x,y\n1,2\n3,4\n")
    (folder / "adopt.py").write_text("WORD = 'abc'\n")  # a module of the user's with the name of one of ours
    return folder


@pytest.fixture(scope="module")
def run(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    notebooks = (write(book, "1.ipynb", *FIRST, error_in=3), write(book, "2.ipynb", *SECOND))
    keep = {Place(0, 2, 1): ("df",), Place(1, 1, 1): ("back",)}
    return run_notebooks(notebooks, tmp_path_factory.mktemp("run"), RunOptions(keep=keep, hash_seed=7))


def test_every_statement_has_a_record(run: Run) -> None:
    assert [book.failure for book in run.books] == [None, None]
    places = [(place.cell, place.position) for place in run.books[0].records]
    assert places == [
        (1, 0),
        (1, 1),
        (1, 2),
        (2, 0),
        (2, 1),
        (2, 2),
        (3, 0),
        (3, 1),
        *((4, i) for i in range(5)),
        (5, 0),
        (5, 1),
    ]


def test_the_notebook_finds_its_own_modules(run: Run) -> None:
    record = run.books[0].records[Place(0, 1, 0)]
    assert (record.modules, record.error) == (("adopt.py",), "")


def test_a_cell_that_failed_for_its_author_may_fail(run: Run) -> None:
    assert run.books[0].records[Place(0, 3, 1)].error == "KeyError"
    assert run.books[0].records[Place(0, 3, 0)].files_written == ("b.parquet",)  # seen through %time


def test_figures_are_seen_that_the_inline_backend_closes(run: Run) -> None:
    drawn = [run.books[0].records[Place(0, 4, at)].drawn for at in range(5)]
    assert drawn == [(), (0,), (0,), (0,), (1,)]  # to show a figure is to draw it
    titles = [figure.data[1]["titles"][1] for figure in run.books[0].figures.values()]
    assert titles == ["t", ""]


def test_outputs_have_the_form_of_stored_ones(run: Run) -> None:
    assert run.books[0].outputs[5].splitlines()[:2] == ["done", "   x  y  z"]
    shown = run.books[0].records[Place(0, 5, 1)].shown
    assert shown is not None
    assert shown.kind == "frame"


def test_values_are_kept_as_they_were_after_their_statement(run: Run) -> None:
    (path,) = run.books[0].kept.values()
    frame = pickle.loads(path.read_bytes())
    assert frame["z"].tolist() == [4, 4]
    assert set(run.books[1].kept) == {(Place(1, 1, 1), "back")}


def test_each_notebook_has_a_kernel_of_its_own_in_one_copy_of_the_folder(run: Run, book: Path) -> None:
    values = {name: one for record in run.books[1].records.values() for name, one in record.values.items()}
    assert values["found"].text == "False"
    assert "b.parquet" in values["here"].text
    assert sorted(path.name for path in book.iterdir()) == ["a.csv", "adopt.py"]


def test_the_hash_seed_decides_the_order_of_sets(run: Run, book: Path, tmp_path: Path) -> None:
    other = run_notebooks([write(book, "1.ipynb", FIRST[1].split("\n")[-1])], tmp_path, RunOptions(hash_seed=8))
    values = [run.books[0].records[Place(0, 2, 2)].values, other.books[0].records[Place(0, 1, 0)].values]
    assert values[0]["towns"].fingerprint != values[1]["towns"].fingerprint


def test_a_failure_says_where_and_ends_the_run(book: Path, tmp_path: Path) -> None:
    notebooks = (write(book, "1.ipynb", "x = 1", "y = 2\nz = nothing\n", "w = 3"), write(book, "2.ipynb", "v = 1"))
    run = run_notebooks(notebooks, tmp_path, RunOptions())
    assert len(run.books) == 1
    failure = run.books[0].failure
    assert failure is not None
    assert (failure.place, failure.error, failure.message) == (
        Place(0, 2, 1),
        "NameError",
        "name 'nothing' is not defined",
    )
    assert list(run.books[0].records) == [Place(0, 1, 0), Place(0, 2, 0), Place(0, 2, 1)]


def test_a_cell_has_a_limit(book: Path, tmp_path: Path) -> None:
    run = run_notebooks([write(book, "1.ipynb", "x = 1\nimport time\ntime.sleep(60)")], tmp_path, RunOptions(timeout=1))
    failure = run.books[0].failure
    assert failure is not None
    assert (failure.place, failure.error) == (Place(0, 1, 2), "TimeoutError")
    assert failure.message == "It took longer than 1 seconds."


def test_a_kernel_that_dies_is_a_failure(book: Path, tmp_path: Path) -> None:
    run = run_notebooks([write(book, "1.ipynb", "import os\nos._exit(3)")], tmp_path, RunOptions())
    failure = run.books[0].failure
    assert failure is not None
    assert (failure.place, failure.error) == (Place(0, 1, 1), "DeadKernelError")
