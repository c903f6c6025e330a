"""Files are named by parameters, however a notebook writes their paths."""

from pathlib import Path

import pytest
from tracing import divide, make_notebook

from adopt.notebooks.emit import Context, StageFunction, write_function
from adopt.notebooks.file_paths import FilePath, FilePaths, find_paths
from adopt.notebooks.kernel.files import Watch
from adopt.notebooks.parameters import find_constants, find_globals
from adopt.notebooks.plan import NotebookError
from adopt.notebooks.source_lines import read_lines

REST = (
    "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(df[['x']], df['y'])",
    "print(lr.coef_)",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("orders.csv", "sales.csv"):
        (tmp_path / "book" / "data").mkdir(parents=True, exist_ok=True)
        (tmp_path / "book" / "data" / name).write_text("x,y\n1,2\n2,4\n3,7\n")
    return tmp_path / "book"


def find(folder: Path, read: str) -> FilePaths:
    """The files of ingest, for a cell that reads them."""
    split = divide(folder, f"import os\nfrom pathlib import Path\nimport pandas as pd\n{read}", *REST)
    assert split.refusals == ()
    return find_paths(split.parts[0], split, find_constants(split))


def write(folder: Path, part: int, *cells: str) -> StageFunction:
    """The function of a part of a notebook."""
    split = divide(folder, *cells)
    constants = find_constants(split)
    lines = read_lines([make_notebook(*cells)])
    return write_function(split.parts[part], Context(split, lines, constants, find_globals(split, constants), {}))


@pytest.mark.parametrize(
    ("read", "expressions", "unused"),
    [
        ('FOLDER = "data/"\ndf = pd.read_csv(FOLDER + "orders.csv")', {"FOLDER + 'orders.csv'"}, {"FOLDER"}),
        ('HERE = Path("data")\ndf = pd.read_csv(HERE / "orders.csv")', {"HERE / 'orders.csv'"}, {"HERE", "Path"}),
        (
            'HERE = "."\nDATA = os.path.join(HERE, "data")\ndf = pd.read_csv(os.path.join(DATA, "orders.csv"))',
            {"os.path.join(DATA, 'orders.csv')"},
            {"HERE", "DATA", "os"},
        ),
        ('DATA = "data"\ndf = pd.read_csv(f"{DATA}/orders.csv")', {"f'{DATA}/orders.csv'"}, {"DATA"}),
        ('df = pd.read_csv("data/{}.csv".format("orders"))', {"'data/{}.csv'.format('orders')"}, set()),
    ],
)
def test_a_path_that_is_put_together_of_literals_becomes_a_parameter(
    folder: Path, read: str, expressions: set[str], unused: set[str]
) -> None:
    paths = find(folder, read)
    assert paths.files == (FilePath("data/orders.csv", "orders_path"),)
    assert set(paths.by_expression) == expressions
    assert paths.unused == unused


def test_two_files_of_one_folder_have_parameters_of_their_own(folder: Path) -> None:
    read = 'DATA = "data/"\ndf = pd.concat([pd.read_csv(DATA + "orders.csv"), pd.read_csv(DATA + "sales.csv")])'
    assert {one.parameter for one in find(folder, read).files} == {"orders_path", "sales_path"}


def test_a_list_of_paths_becomes_a_list_of_parameters(folder: Path) -> None:
    read = 'PATHS = ["data/orders.csv", "data/sales.csv"]\ndf = pd.concat([pd.read_csv(path) for path in PATHS])'
    function = write(folder, 0, f"import pandas as pd\n{read}", *REST)
    assert "PATHS = [orders_path, sales_path]" in function.body
    assert "PATHS" not in function.parameters


def test_the_results_have_a_name_that_the_notebook_does_not_have(folder: Path) -> None:
    read = "import pandas as pd\nfrom sklearn import metrics\ndf = pd.read_csv('data/orders.csv')"
    function = write(folder, -1, read, *REST[:1], "metrics.r2_score(df['y'], lr.predict(df[['x']]))")
    assert "the_metrics = {}\n" in function.body
    assert "= metrics.r2_score(" in function.body
    assert function.body.rstrip().endswith('"metrics": the_metrics}')


def test_a_path_of_a_loop_is_refused(folder: Path) -> None:
    read = 'df = pd.concat([pd.read_csv(f"data/{name}.csv") for name in ("orders", "sales")])'
    with pytest.raises(NotebookError, match="put together while it runs"):
        find(folder, read)


@pytest.mark.parametrize(
    ("path", "place"), [("../data/x.csv", "data/x.csv"), ("x.csv", "x.csv"), ("/a/x.csv", "x.csv")]
)
def test_the_copy_of_a_file_lies_below_the_data_of_the_recipe(path: str, place: str) -> None:
    assert FilePath(path, "x_path").place == place


def test_a_copied_file_above_the_folder_has_the_path_that_the_notebook_writes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.addaudithook", lambda _: None)
    (folder / "notebooks").mkdir()
    watch = Watch(folder / "notebooks", folder / "out", str(folder / "guarded"), str(folder))
    watch.start()
    watch.read[str(folder / "data" / "orders.csv")] = None
    assert watch.stop()["files_read"] == ["../data/orders.csv"]
