from pathlib import Path

import pytest
from tracing import read_statements

from adopt.notebooks.records import Statement

FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': ['x', 'y', 'x']})"

ARROW = "from pyarrow import csv, parquet as pq"
PARTIAL = "from functools import partial\ndef f(v):\n    return k"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "book"
    made.mkdir()
    (made / "a.csv").write_text("x,y\n1,2\n3,4\n")
    return made


def read_names(statement: Statement) -> tuple[set[str], set[str]]:
    """What a statement uses and defines, without builtins and without the number of the notebook."""
    known = {"0:print", "0:len", "0:sum", "0:sorted", "0:range", "0:open", "0:vars"}
    return (
        {name.removeprefix("0:") for name in statement.uses - known},
        {name.removeprefix("0:") for name in statement.defs},
    )


@pytest.mark.parametrize(
    ("before", "statement", "uses", "defs"),
    [
        ("k = 1", "x = k + 1", {"k"}, {"x"}),
        ("x = 1", "x += 1", {"x"}, {"x"}),
        ("x = [1]", "x.append(2)", {"x"}, {"x"}),
        ("k = 2", "x = [k for k in range(3)]", set(), {"x"}),
        ("k = 2", "x = sorted([1], key=lambda v: v * k)", {"k"}, {"x"}),
        ("k = 2", "x = f'{k:>{k}}'", {"k"}, {"x"}),
        ("k = 2", "for i in range(k):\n    t = i", {"k", "i", "t"}, {"i", "t"}),
        ("k = 2", "if k > 5:\n    t = 1", {"k", "t"}, {"t"}),
        (f"k = 2\n{FRAME}", "x = df.query('a > @k')", {"df", "k"}, {"x"}),
        ("k = 2", "x = eval('k + 1')", {"k", "eval"}, {"x"}),
        ("k = 2\ndef f(v):\n    return v * k", "x = f(1)", {"f", "k"}, {"x"}),
        ("k = 2\ndef g():\n    return k\ndef f(v):\n    return v * g()", "x = f(1)", {"f", "g", "k"}, {"x"}),
        ("k = 2\nf = lambda v: v * k", "x = f(1)", {"f", "k"}, {"x"}),
        ("k = 2\nclass C:\n    def f(self):\n        return k\nc = C()", "x = c.f()", {"c", "C", "k"}, {"x"}),
        (f"{PARTIAL}\nk = 2\ng = partial(f, 1)", "x = g()", {"g", "f", "k"}, {"x"}),
        ("k = 2", "def f(v, w=k):\n    return v", {"k"}, {"f"}),
        ("x = []\ndef f(items):\n    items.append(1)", "f(x)", {"f", "x"}, {"x"}),
        ("x = [1]; y = x", "x.append(2)", {"x"}, {"x", "y"}),
        ("x = 1", "del x", set(), {"x"}),
        ("import pandas as pd", "df = pd.read_csv('a.csv')", {"pd", "file:a.csv"}, {"df"}),
        (f"{ARROW}\nt = csv.read_csv('a.csv')", "pq.write_table(t, 'c.parquet')", {"pq", "t"}, {"file:c.parquet"}),
        (ARROW, "t = csv.read_csv('a.csv')", {"csv", "file:a.csv"}, {"t"}),
        (FRAME, "df.to_csv('b.csv')", {"df"}, {"file:b.csv"}),
        ("import sqlite3\ncon = sqlite3.connect(':memory:')", "con.execute('create table t (a)')", {"con"}, {"con"}),
    ],
)  # fmt: skip
def test_reads_come_from_the_text_and_writes_from_the_run_too(
    folder: Path, before: str, statement: str, uses: set[str], defs: set[str]
) -> None:
    statements = read_statements(folder, before, statement)
    assert read_names(statements[-1]) == (uses, defs)


def test_an_alias_is_changed_without_being_read(folder: Path) -> None:
    statements = read_statements(folder, "x = [1]; y = x", "x.append(2)")
    assert statements[-1].aliases == {"0:y"}


def test_draws_depend_on_the_seed_and_on_each_other(folder: Path) -> None:
    cells = ("import random", "random.random()", "random.seed(1)", "a = random.random()", "b = random.random()")
    names = [read_names(statement) for statement in read_statements(folder, *cells)]
    assert names[1] == ({"random"}, {"rng:random"})  # nothing was seeded: it is arbitrary
    assert names[2] == ({"random"}, {"rng:random"})
    assert names[3] == ({"random", "rng:random"}, {"a", "rng:random"})
    assert names[4] == ({"random", "rng:random"}, {"b", "rng:random"})


def test_everything_behind_a_setting_depends_on_it(folder: Path) -> None:
    cells = ("import numpy as np", "old = np.seterr(all='ignore')", "x = np.float64(1) / 0", "np.seterr(**old);")
    names = [read_names(statement) for statement in read_statements(folder, *cells)]
    assert names[2] == ({"np", "set:numpy"}, {"x"})


def test_an_import_changes_no_state_of_the_notebook(folder: Path) -> None:
    (statement,) = read_statements(folder, "import sklearn.cluster")
    assert read_names(statement) == (set(), {"sklearn"})


@pytest.mark.slow
def test_drawing_belongs_to_its_figure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    cell = "fig, axes = plt.subplots(1, 2)\nplt.sca(axes[0])\nplt.plot([1, 2])\nx = 1\nplt.show()"
    statements = read_statements(folder, "import matplotlib.pyplot as plt", cell)
    drawn = [sorted(name for name in statement.defs if name.startswith("fig:")) for statement in statements]
    assert drawn == [[], ["fig:0:0"], ["fig:0:0"], ["fig:0:0"], [], []]


def test_statements_that_did_not_run_change_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statements = read_statements(folder, "x = 1\n1 / 0\nx = 2", "y = x")
    assert [read_names(statement)[1] for statement in statements] == [{"x"}, set(), set(), {"y"}]


def test_a_magic_is_seen_inside_a_statement(folder: Path) -> None:
    statements = read_statements(folder, "if True:\n    files = !echo a")
    assert [statement.has_magic for statement in statements] == [True]
