from pathlib import Path

import pytest
from tracing import read_statements

from adopt.notebooks.plan import OutputKind
from adopt.notebooks.slices import Flow, find_model_start, find_outputs, find_reads, find_slice

READ = "import pandas as pd\ndf = pd.read_csv('a.csv')"
FIT = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(df[['x']], df['y'])"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "book"
    made.mkdir()
    (made / "a.csv").write_text("x,y\n1,2\n3,4\n5,5\n")
    return made


def slice_book(folder: Path, *cells: str) -> tuple[list[str], list[tuple[str, str]], list[tuple[str, str]]]:
    """The needed statements, the outputs, and what is left out with its reason."""
    flow = Flow(read_statements(folder, *cells))
    found = find_slice(flow, find_outputs(flow, find_model_start(flow, find_reads(flow)) or 0))
    lines = [statement.text.splitlines()[0] for statement in flow.statements]
    return (
        [lines[index] for index in sorted(found.needed)],
        [(output.kind.value, output.name) for output in found.outputs],
        [(lines[one.index], one.reason) for one in found.left_out],
    )


def test_what_no_result_needs_is_left_out_with_its_reason(folder: Path) -> None:
    cells = (
        "import warnings\nwarnings.filterwarnings('ignore')\nimport os",
        READ,
        "df.head()",
        "df['x'].value_counts()",
        "idle = df['x'].sum()\ndef never():\n    return idle",
        "df.to_csv('copy.csv')",
        "files = !ls",
        FIT,
        "lr.score(df[['x']], df['y'])",
    )
    needed, outputs, left_out = slice_book(folder, *cells)
    assert needed == [*READ.splitlines(), *FIT.splitlines(), "lr.score(df[['x']], df['y'])"]
    assert outputs == [("model", "lr"), ("metric", "lr.score(df[['x']], df['y'])")]
    assert left_out == [
        ("warnings.filterwarnings('ignore')", "settings"),
        ("df.head()", "shows"),
        ("df['x'].value_counts()", "shows"),
        ("idle = df['x'].sum()", "unused"),
        ("def never():", "unused"),
        ("df.to_csv('copy.csv')", "file"),
        ("files = get_ipython().getoutput('ls')", "magic"),
    ]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("print('r2', lr.score(df[['x']], df['y']))", OutputKind.METRIC),
        ("print('done')", None),
        ("print(df.shape)", None),
        ("{'r2': lr.score(df[['x']], df['y'])}", OutputKind.METRIC),
        ("pd.DataFrame({'p': lr.predict(df[['x']])}).to_csv('p.csv', index=False)", OutputKind.FILE),
        ("pd.DataFrame({'p': lr.predict(df[['x']])}).groupby('p').size()", OutputKind.TABLE),
        ("df.describe()", None),
        ("df", None),
    ],
)
def test_results_of_the_model_part(folder: Path, statement: str, kind: OutputKind | None) -> None:
    _, outputs, _ = slice_book(folder, READ, FIT, statement)
    assert [one for one, name in outputs if one != "model"] == ([kind.value] if kind else [])


def test_a_draw_without_a_result_stays_where_a_seed_makes_later_draws_depend_on_it(folder: Path) -> None:
    fit = FIT.replace("df[['x']], df['y']", "part[['x']], part['y']")
    cells = ("import numpy as np", READ, "np.random.seed(1)", "df.sample(2)", "part = df.sample(2)", fit)
    assert "df.sample(2)" in slice_book(folder, *cells)[0]
    other = folder.parent / "other"
    other.mkdir()
    (other / "a.csv").write_text((folder / "a.csv").read_text())
    unseeded = slice_book(other, *(cell for cell in cells if "seed" not in cell))[0]
    assert "df.sample(2)" not in unseeded


def test_a_change_through_an_alias_is_kept_and_an_idle_alias_is_not(folder: Path) -> None:
    cells = (READ, "same = df\nidle = df", "same['x'] = same['x'] * 2", FIT)
    needed = slice_book(folder, *cells)[0]
    assert "same['x'] = same['x'] * 2" in needed
    assert "idle = df" not in needed


def test_data_that_a_package_brings_is_a_read(folder: Path) -> None:
    cells = ("from sklearn.datasets import load_iris", "x = 1", "df = load_iris(as_frame=True).frame")
    flow = Flow(read_statements(folder, *cells))
    assert find_reads(flow) == (2,)
