from pathlib import Path

import pytest
from tracing import read_records, trace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "book"
    made.mkdir()
    (made / "a.csv").write_text("x,y\n1,2\n3,4\n5,\n")
    (made / "words.py").write_text("def count(text):\n    return len(text.split())\n")
    return made


def test_bound_and_changed_in_place_are_told_apart(folder: Path) -> None:
    _, run = trace(folder, "a = [1]\nb = a\nb.append(2)\na = 3\ndel b")
    found = [(record.bound, record.changed, record.gone) for record in read_records(run).values()]
    assert found == [
        (("a",), (), ()),
        (("b",), (), ()),
        ((), ("a", "b"), ()),
        (("a",), (), ()),
        ((), (), ("b",)),
    ]


@pytest.mark.parametrize(
    ("before", "statement", "changed"),
    [
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1.0, None]})", "df['b'] = 1", {"df"}),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1.0, None]})", "df.dropna(inplace=True)", {"df"}),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1.0, None]})", "df['a'].fillna(0, inplace=True)", set()),
        ("import pandas as pd\ndf = pd.DataFrame({'a': ['x', 'y']})", "df.loc[0, 'a'] = 'z'", {"df"}),
        ("import pandas as pd\ndf = pd.DataFrame({'a': [1]}); same = df", "same.columns = ['b']", {"df", "same"}),
        ("import numpy as np\nA = np.zeros((2, 2)); row = A[0]", "row[:] = 1", {"A", "row"}),
        ("import numpy as np\nrng = np.random.default_rng(1)", "rng.random()", {"rng"}),
        ("numbers = (n for n in range(3))", "next(numbers)", {"numbers"}),
        ("def add(items):\n    items.append(1)\nx = []", "add(x)", {"x"}),
        ("class C:\n    pass\nc = C()", "c.x = 1", {"c"}),
        ("class C:\n    n = 1", "C.n = 2", {"C"}),
        ("d = {'a': {'b': [1]}}", "d['a']['b'].append(2)", {"d"}),
        ("s = {1}", "s.add(2)", {"s"}),
        ("from collections import Counter\nc = Counter('ab')", "c.update('a')", {"c"}),
        ("x = 1", "x", set()),
    ],
)
def test_changes_in_place_are_seen(folder: Path, before: str, statement: str, changed: set[str]) -> None:
    _, run = trace(folder, before, statement)
    assert set(read_records(run)[2, 0].changed) == changed


def test_only_what_a_statement_can_reach_is_looked_at_where_all_would_be_dear(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adopt.notebooks.kernel.tracer.CHEAP_SECONDS", -1)
    cells = (
        "a = [1]\nhidden = [a]\nother = [1]\ndef change():\n    a.append(2)",
        "change()",
        "vars()['other'].append(2)\nx = 1",
    )
    records = read_records(trace(folder, *cells)[1])
    assert records[2, 0].changed == ("a", "hidden")  # through the function's code, and what holds the same list
    # What the text does not show is noticed when the cell has ended.
    assert (records[3, 0].changed, records[3, 1].changed) == ((), ("other",))


def test_values_say_what_they_are(folder: Path) -> None:
    cell = """
import numpy as np, pandas as pd
df = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
column, array, number, flag, text, nothing = df["a"], df["a"].to_numpy(), np.float64(1.5), True, "t", None
plain, container = {"a": [1, (2, "x")]}, [df]
def add(x):
    return x + number
double = lambda x: add(x) * 2
"""
    _, run = trace(folder, cell)
    values = {name: value for record in read_records(run).values() for name, value in record.values.items()}
    kinds = {name: value.kind.value for name, value in values.items() if name not in ("np", "pd")}
    assert kinds == {
        "df": "frame", "column": "series", "array": "array", "number": "number", "flag": "bool", "text": "text",
        "nothing": "none", "plain": "plain", "container": "container", "add": "function", "double": "function",
    }  # fmt: skip
    frame = values["df"].frame
    assert frame is not None
    assert (frame.rows, frame.columns, frame.types, frame.has_plain_index) == (2, ("a", "b"), ("int64", "str"), True)
    assert values["double"].function_reads == ("add", "number")
    assert values["plain"].text == "{'a': [1, (2, 'x')]}"


def test_files_programs_and_modules_are_seen(folder: Path) -> None:
    cell = """
import os, subprocess, sys
import pandas as pd
from words import count
df = pd.read_csv("a.csv")
df.to_parquet("b.parquet")
back = pd.read_parquet("b.parquet")
with open("log.txt", "w") as file:
    file.write("1")
with open("log.txt", "a") as file:
    file.write("2")
_ = subprocess.run([sys.executable, "-c", ""])
"""
    records = read_records(trace(folder, cell)[1])
    assert records[1, 2].modules == ("words.py",)
    seen = [(records[1, at].files_read, records[1, at].files_written) for at in range(3, 8)]
    assert seen == [
        (("a.csv",), ()),
        ((), ("b.parquet",)),
        (("b.parquet",), ()),
        ((), ("log.txt",)),
        (("log.txt",), ("log.txt",)),
    ]
    assert len(records[1, 8].commands) == 1


def test_output_and_shown_value_belong_to_their_statement(folder: Path) -> None:
    records = read_records(trace(folder, "print('one')\nprint('two')\n1 + 1", "3;")[1])
    # A shell without a kernel prints what it shows.
    assert [record.stdout for record in records.values()] == ["one\n", "two\n", "Out[1]: 2\n", ""]
    shown = [record.shown.text if record.shown else None for record in records.values()]
    assert shown == [None, None, "2", None]


def test_states_are_watched(folder: Path) -> None:
    cell = """
import random
import numpy as np, pandas as pd
np.random.seed(1)
random.random()
pd.set_option("mode.chained_assignment", None) if False else pd.set_option("display.max_rows", 5)
import os; os.environ["RELAY_TEST_STATE"] = "1"
"""
    records = read_records(trace(folder, cell, "del os.environ['RELAY_TEST_STATE']")[1])
    moved = [set(record.moved) for record in records.values()]
    assert moved == [set(), set(), {"rng:numpy"}, {"rng:random"}, set(), set(), {"set:path"}, {"set:path"}]


def test_a_seeded_run_draws_the_same_numbers_for_a_statement_whatever_was_drawn_before(folder: Path) -> None:
    first = read_records(trace(folder, "import random", "x = 1", "y = random.random()", is_seeded=True)[1])
    other = folder.parent / "other"
    other.mkdir()
    second = read_records(trace(other, "import random", "random.random()", "y = random.random()", is_seeded=True)[1])
    assert first[3, 0].values["y"].text == second[3, 0].values["y"].text


def test_a_statement_that_fails_is_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = read_records(trace(folder, "x = 1\n1 / 0\ny = 2", "z = x")[1])
    assert [(place, record.error) for place, record in records.items()] == [
        ((1, 0), ""),
        ((1, 1), "ZeroDivisionError"),
        ((2, 0), ""),
    ]


@pytest.mark.slow
def test_figures_are_kept_before_they_are_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    cell = """
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.plot([1, 2], [3, 4])
x = 1
ax.set_title("t")
plt.close()
plt.plot([5, 6])
"""
    _, run = trace(folder, cell)
    assert [record.drawn for record in read_records(run).values()] == [(), (0,), (0,), (), (0,), (), (1,)]
    figures = run.books[0].figures
    assert [figures[number].data[1]["lines"][0]["y"] for number in figures] == [[3, 4], [5, 6]]
    assert figures[0].data[1]["titles"][1] == "t"
    assert all(figure.image is not None and figure.image.stat().st_size > 1000 for figure in figures.values())


def test_writing_into_the_notebooks_own_folder_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guarded = folder.parent / "guarded"
    guarded.mkdir()
    cell = f"open({str(guarded / 'x.txt')!r}, 'w')"
    records = read_records(trace(folder, cell)[1])
    assert records[1, 0].error == "PermissionError"
    assert list(guarded.iterdir()) == []
