"""Statements keep their text and comments; only what a stage needs is changed."""

import libcst as cst
import pandas as pd
import pytest

from adopt.notebooks.frames import find_change
from adopt.notebooks.records import Stage
from adopt.notebooks.rewriting import RelativeImports, Rewriting, add_parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y = shrink(x)", "y = shrink(x, scale=scale)"),
        ("y = list(map(shrink, values))", "y = list(map(partial(shrink, scale=scale), values))"),
        ("y = other.shrink(x)", "y = other.shrink(x)"),
        ("y = f(shrink=3)", "y = f(shrink=3)"),
        ("y = [shrink(v) for v in values]  # each", "y = [shrink(v, scale=scale) for v in values]  # each"),
        ('rows = pd.read_csv("houses.csv")', "rows = pd.read_csv(houses_path)"),
        ('rows = pd.read_csv("other.csv")', 'rows = pd.read_csv("other.csv")'),
        ("rows = pd.read_csv(FOLDER + 'houses.csv')  # all", "rows = pd.read_csv(houses_path)  # all"),
        ("rows = open(os.path.join(FOLDER, 'houses.csv'))", "rows = open(houses_path)"),
    ],
)
def test_variables_are_passed_and_paths_become_parameters(text: str, expected: str) -> None:
    made = dict.fromkeys(("FOLDER + 'houses.csv'", "os.path.join(FOLDER, 'houses.csv')"), "houses_path")
    rewriting = Rewriting({"shrink": ("scale",)}, {"houses.csv": "houses_path"}, made)
    assert cst.parse_module(text).visit(rewriting).code == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("def f(x): pass", "def f(x, *, scale): pass"),
        ("def f(x, *, y=1): pass", "def f(x, *, y=1, scale): pass"),
        ("def f(x, *rest): pass", "def f(x, *rest, scale): pass"),
        ("def f(): pass", "def f(*, scale): pass"),
    ],
)
def test_a_function_gets_the_globals_that_it_reads_as_keywords(head: str, expected: str) -> None:
    function = cst.parse_module(head).body[0]
    assert isinstance(function, cst.FunctionDef)
    assert cst.Module([add_parameters(function, ("scale",))]).code.strip() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from helper import tidy", "from .helper import tidy"),
        ("from helper.more import tidy", "from .helper.more import tidy"),
        ("import helper", "from . import helper"),
        ("import helper as h, os", "import os\nfrom . import helper as h"),
        ("import os", "import os"),
        ("from pandas import helper", "from pandas import helper"),
    ],
)
def test_helper_modules_are_imported_by_a_dot(text: str, expected: str) -> None:
    assert cst.parse_module(text).visit(RelativeImports(frozenset(["helper"]))).code.strip() == expected


def restored(frame: pd.DataFrame, stage: Stage) -> tuple[str, tuple[str, ...]]:
    change = find_change(frame, "df", stage)
    return change.given, change.restored


def test_a_plain_frame_loses_nothing_but_the_way_back_to_raw() -> None:
    frame = pd.DataFrame({"a": [1, 2], "t": ["x", "y"]})
    assert restored(frame, Stage.PREPROCESS) == ("", ("df = df.reset_index(drop=True)",))
    assert restored(frame, Stage.MODEL) == ("", ('df = df.drop(columns="split")',))


def test_a_named_index_crosses_as_a_column() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index([5, 6], name="site"))
    assert restored(frame, Stage.PREPROCESS) == (".reset_index()", ("df = df.set_index('site')",))


def test_types_that_datasets_do_not_have_are_given_back_before_the_index() -> None:
    day = pd.to_datetime(["2024-01-01", "2024-01-02"]).as_unit("ns")
    levels = pd.Categorical(["low", "high"], categories=["low", "high"], ordered=True)
    frame = pd.DataFrame({"n": pd.array([1, 2], "int32"), "level": levels}, index=pd.Index(day, name="day"))
    assert restored(frame, Stage.MODEL) == (
        ".reset_index()",
        (
            'df = df.drop(columns="split")',
            "df['day'] = df['day'].dt.tz_localize(None).dt.as_unit('ns')",
            "df['level'] = pd.Categorical(df['level'], categories=['low', 'high'], ordered=True)",
            "df = df.astype({'n': 'int32'})",
            "df = df.set_index('day')",
        ),
    )


@pytest.mark.parametrize("stage", [Stage.PREPROCESS, Stage.MODEL])
def test_the_lines_give_back_the_frame_of_the_notebook(stage: Stage) -> None:
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-01-01 10:00", "2024-01-02 09:30"]).as_unit("s"),
            "bin": pd.array([1, 0], "int16"),
            "town": pd.Categorical(["ulm", "bonn"]),
            "note": pd.Series(["a", None], dtype=object),
            "price": [1.5, float("nan")],
        }
    )
    change = find_change(frame, "df", stage)
    kept = frame.assign(
        day=frame["day"].dt.as_unit("us").dt.tz_localize("UTC"),
        bin=frame["bin"].astype("int64"),
        town=frame["town"].astype("str"),
        note=frame["note"].astype("str"),
        split="train",
    )
    space = {"df": kept, "pd": pd}
    exec("\n".join(change.restored), space)
    left = space["df"]
    assert isinstance(left, pd.DataFrame)
    pd.testing.assert_frame_equal(left.drop(columns="split", errors="ignore"), frame, check_dtype=True)
