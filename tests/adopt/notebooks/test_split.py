from pathlib import Path

import pandas as pd
import pytest
from tracing import divide, make_notebook, read_parts, run_in_process, trace

from adopt.notebooks.adopted import Wanted, write_adopted
from adopt.notebooks.plan import BorderSource, CrossingWay, NotebookError, RefusalKind, Split
from adopt.notebooks.records import Stage
from adopt.notebooks.results import find_model
from adopt.notebooks.split import split_notebooks
from relay.handoff.errors import UsageError

READ = "import pandas as pd\ndf = pd.read_csv('a.csv')"
CLEAN = "df = df.dropna()"
FIT = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(df[['x']], df['y'])"
SHOW = "print('r2', lr.score(df[['x']], df['y']))"
BOOK = (READ, CLEAN, FIT, SHOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "book"
    made.mkdir()
    (made / "a.csv").write_text("x,y\n1,2\n3,4\n5,5\n6,\n")
    (made / "b.csv").write_text("x,z\n1,2\n3,4\n5,5\n6,7\n")
    return made


def read_borders(split: Split) -> list[tuple[int, int, str]]:
    """Cell and position of each border, and where it comes from."""
    places = [(split.statements[border.at].place, border.source.value) for border in split.borders]
    return [(place.cell, place.position, source) for place, source in places]


def read_crossings(split: Split, stage: Stage) -> dict[str, CrossingWay]:
    part = next(part for part in split.parts if part.stage is stage)
    return {one.name: one.way for one in part.takes}


def test_a_notebook_without_marks_is_cut_at_the_narrowest_gap(folder: Path) -> None:
    fit = FIT.replace("df[['x']], df['y']", "X, y")
    split = divide(folder, READ, CLEAN, "X, y = df[['x']], df['y']", fit, "print(lr.score(X, y))")
    assert read_borders(split) == [(2, 0, "proposed"), (3, 0, "proposed")]
    assert read_parts(split) == {
        "df": ["df = pd.read_csv('a.csv')"],
        "preprocess": [CLEAN],
        "model": ["X, y = df[['x']], df['y']", "lr = LinearRegression().fit(X, y)", "print(lr.score(X, y))"],
    }
    assert split.refusals == ()


@pytest.mark.parametrize(
    ("cells", "source"),
    [
        (("#tag ingest\n" + READ, "#tag preprocess\n" + CLEAN, "#tag model\nz = 1", FIT, SHOW), "tags"),
        (("# ingest\n" + READ, "# preprocess\n" + CLEAN, "# Model\nz = 1", FIT, SHOW), "comments"),
        (
            ("#md # Load", READ, "#md ## Cleaning the data", CLEAN, "#md ## Train a model", "z = 1", FIT, SHOW),
            "headings",
        ),
    ],
)
def test_marks_say_where_stages_begin(folder: Path, cells: tuple[str, ...], source: str) -> None:
    split = divide(folder, *cells)
    texts = [split.statements[border.at].text for border in split.borders]
    assert texts == [CLEAN, "z = 1"]
    assert {border.source.value for border in split.borders} == {source}


def test_a_title_begins_no_stage(folder: Path) -> None:
    split = divide(folder, "#md # A model of houses", *BOOK)
    assert {border.source for border in split.borders} == {BorderSource.PROPOSED}


@pytest.mark.parametrize(
    ("given", "borders"),
    [("1,2-3,4-", [(2, 0), (4, 0)]), ("1,2,3-", [(2, 0), (3, 0)]), ("1-2.1,2.2,3-", [(2, 1), (3, 0)])],
)
def test_split_takes_corrections(folder: Path, given: str, borders: list[tuple[int, int]]) -> None:
    cells = (READ, f"{CLEAN}\ndf = df[df['x'] < 6]", "df['z'] = df['x'] * 2", FIT, SHOW)
    split = divide(folder, *cells, split=given)
    assert read_borders(split) == [(*border, "given") for border in borders]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("1-2", "three ranges"),
        ("1-3,2,4-", "begins before"),
        ("1,2,9-", "no code from cell 9 on; the last cell with code is 4"),
        ("1,2,2-", "at least one statement"),
        ("a,b,c", "three ranges"),
    ],
)
def test_a_split_that_fits_nothing_is_refused(folder: Path, given: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        divide(folder, *BOOK, split=given)


def test_a_value_of_literals_is_repeated(folder: Path) -> None:
    cells = (
        READ,
        "columns = ['y']\ncolumns.append('x')",
        "df = df[columns].dropna()",
        FIT,
        "print(len(columns), lr.coef_)",
    )
    split = divide(folder, *cells)
    assert read_crossings(split, Stage.MODEL) == {"columns": CrossingWay.REPEATED, "df": CrossingWay.FRAME}
    assert read_parts(split)["model"][:2] == ["columns = ['y']", "columns.append('x')"]


def test_a_value_that_depends_on_data_is_computed_again(folder: Path) -> None:
    cells = (
        READ,
        CLEAN,
        "#tag preprocess\nn = len(df)\nnames = list(df.columns)",
        f"#tag model\n{FIT}",
        "print(n, names, 1)",
    )
    split = divide(folder, *cells)
    assert split.refusals == ()
    assert read_crossings(split, Stage.MODEL) == {
        "df": CrossingWay.FRAME,
        "n": CrossingWay.RECOMPUTED,
        "names": CrossingWay.RECOMPUTED,
    }
    assert read_parts(split)["model"][:2] == ["n = len(df)", "names = list(df.columns)"]


def test_the_border_moves_before_a_value_that_cannot_be_computed_again(folder: Path) -> None:
    cells = (
        READ,
        f"#tag preprocess\n{CLEAN}",
        "top = df['y'].max()\ndf = df[df['y'] < top]",
        f"#tag model\n{FIT}",
        "print(top, 1)",
    )
    split = divide(folder, *cells)
    border = split.borders[1]
    assert split.statements[border.at].text == "top = df['y'].max()"
    assert split.statements[border.moved_from or 0].place.cell == 4
    assert [remark.text for remark in split.remarks if remark.kind == "border_moved"] == [
        "The model stage begins at cell 3, not at cell 4: top cannot be handed on as frames."
    ]


def test_the_border_moves_before_a_fit(folder: Path) -> None:
    scale = "from sklearn.preprocessing import MinMaxScaler\nscaler = MinMaxScaler()"
    scale += "\ndf[['x']] = scaler.fit_transform(df[['x']])"
    split = divide(folder, READ, CLEAN, f"#tag preprocess\n{scale}", f"#tag model\n{FIT}", "print(scaler.data_max_[0])")
    assert split.statements[split.borders[1].at].text == "scaler = MinMaxScaler()"
    assert split.refusals == ()


def test_a_transformer_that_saw_the_test_rows_is_reported(folder: Path) -> None:
    scale = "from sklearn.preprocessing import MinMaxScaler\ndf[['x']] = MinMaxScaler().fit_transform(df[['x']])"
    named = scale.replace("df[['x']] = MinMaxScaler()", "scaler = MinMaxScaler()\ndf[['x']] = scaler")
    cut = "from sklearn.model_selection import train_test_split\ndf, test = train_test_split(df, random_state=0)"
    split = divide(folder, READ, CLEAN, named, cut, FIT, SHOW)
    assert [remark.text for remark in split.remarks if remark.kind == "leak"] == [
        "Cell 3 fits scaler on all rows, and cell 4 divides them afterwards: the test rows have influenced the "
        "training rows."
    ]


def test_each_frame_that_is_read_has_an_ingest_part_wherever_it_is_read(folder: Path) -> None:
    split = divide(folder, READ, CLEAN, "other = pd.read_csv('b.csv')\ndf = df.merge(other, on='x')", FIT, SHOW)
    parts = read_parts(split)
    assert parts["df"] == ["df = pd.read_csv('a.csv')"]
    assert parts["other"] == ["other = pd.read_csv('b.csv')"]
    assert parts["preprocess"] == [CLEAN, "df = df.merge(other, on='x')"]
    assert [remark.text for remark in split.remarks] == ["What cell 3 reads is read by the ingest stage."]


def test_one_name_of_two_frames_gets_the_names_of_their_files(folder: Path) -> None:
    cells = (
        READ,
        "codes = dict(zip(df['x'], df['y']))\ndf = pd.read_csv('b.csv')",
        "df['y'] = df['x'].map(codes)",
        CLEAN,
    )
    split = divide(folder, *cells, FIT, SHOW)
    preprocess = next(part for part in split.parts if part.stage is Stage.PREPROCESS)
    assert [part.name for part in split.parts] == ["a", "b", "preprocess", "model"]
    taken = [(one.name, one.given_name, one.assigned_at) for one in preprocess.takes]
    assert taken == [("a", "df", 1), ("b", "df", 3)]
    assert {1, 3} <= set(preprocess.statements)


def test_ingest_goes_on_until_the_data_is_in_a_frame(folder: Path) -> None:
    (folder / "rows.json").write_text('[{"x": 1, "y": 2}, {"x": 3, "y": 5}]')
    read = (
        "import json\nwith open('rows.json') as file:\n    rows = json.load(file)\nrows = [row for row in rows if row]"
    )
    split = divide(folder, read, "import pandas as pd\ndf = pd.DataFrame(rows)", CLEAN, FIT, SHOW)
    lines = ["with open('rows.json') as file:", "rows = [row for row in rows if row]", "df = pd.DataFrame(rows)"]
    assert read_parts(split)["df"] == lines


def test_what_a_reading_cell_keeps_beside_its_frame_cannot_cross(folder: Path) -> None:
    (folder / "rows.json").write_text('{"unit": "m", "rows": [{"x": 1, "y": 2}, {"x": 3, "y": 5}]}')
    read = "import json\nimport pandas as pd\nwith open('rows.json') as file:\n    found = json.load(file)"
    split = divide(folder, read, "df = pd.DataFrame(found['rows'])", FIT, "print(found['unit'], lr.coef_)")
    (refusal,) = split.refusals
    assert refusal.kind is RefusalKind.CANNOT_CROSS
    assert "Cell 1 makes found (plain), and cell 4" in refusal.message
    assert [cell.cell for cell in refusal.cells] == [1, 4]


def test_two_sides_of_a_split_cross_together(folder: Path) -> None:
    (folder / "test.csv").write_text("x\n2\n4\n")
    read = "import pandas as pd\ntrain = pd.read_csv('a.csv').dropna()\ntest = pd.read_csv('test.csv')"
    add = "train, test = [one.assign(w=one['x'] * 2) for one in (train, test)]"
    fit = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(train[['w']], train['y'])"
    split = divide(folder, read, add, fit, "pd.DataFrame({'p': lr.predict(test[['w']])}).to_csv('p.csv')")
    model = split.parts[-1]
    assert {one.name: one.split for one in model.takes} == {"train": "train", "test": "test"}
    assert split.refusals == ()


def test_a_list_of_frames_hands_on_the_frames(folder: Path) -> None:
    read = "import pandas as pd\ntrain = pd.read_csv('a.csv')\ntest = pd.read_csv('b.csv')\nboth = [train, test]"
    change = "#tag preprocess\nfor one in both:\n    one['w'] = one['x'] * 2"
    fit = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(train[['w']], train['x'])"
    split = divide(folder, read, change, f"#tag model\n{fit}", "print(lr.score(test[['w']], test['x']))")
    assert split.refusals == ()
    assert read_crossings(split, Stage.PREPROCESS) == {
        "train": CrossingWay.FRAME,
        "test": CrossingWay.FRAME,
        "both": CrossingWay.RECOMPUTED,
    }
    assert read_parts(split)["preprocess"] == ["both = [train, test]", "for one in both:"]
    assert {one.name: one.split for one in split.parts[-1].takes} == {"train": "train", "test": "test"}


def test_a_target_beside_its_frame_is_refused_with_what_to_do(folder: Path) -> None:
    (folder / "rows.json").write_text('{"x": [1, 2, 4], "y": [1, 3, 4]}')
    read = "import json\nimport pandas as pd\nwith open('rows.json') as file:\n    found = json.load(file)"
    fit = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(x, y)\nlr.score(x, y)"
    cells = ("x = pd.DataFrame({'x': found['x']})", "y = pd.Series(found['y'])", fit)
    refusals = divide(folder, read, *cells).refusals
    assert [(refusal.kind, refusal.next_step) for refusal in refusals] == [
        (RefusalKind.CANNOT_CROSS, "Put y into the frame as a column, or move the border with --split.")
    ]


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ("x = iris.data\ny = iris.target", "Cell 1 brings the data, and no cell makes a frame of it."),
        ("import pandas as pd\nx = pd.DataFrame(iris.data)\ny = iris.target", "Cell 1 makes the data with sklearn"),
    ],
)
def test_a_dataset_of_scikit_learn_is_refused_with_the_way_to_a_frame(folder: Path, read: str, words: str) -> None:
    fit = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(x, y)\nlr.score(x, y)"
    load = "from sklearn.datasets import load_iris\niris = load_iris()"
    (refusal,) = divide(folder, load, read, fit).refusals
    assert refusal.kind is RefusalKind.NO_FRAME
    assert words in refusal.message
    assert 'load_iris(as_frame=True).frame.to_csv("iris.csv", index=False)' in refusal.next_step


def test_generated_data_without_a_frame_is_refused_once(folder: Path) -> None:
    fit = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(x, x)\nprint(lr.score(x, x))"
    (refusal,) = divide(folder, "from sklearn.datasets import load_iris\niris = load_iris()",
                        "import numpy as np\nnp.random.seed(1)\nx = np.random.rand(9, 1)", fit).refusals  # fmt: skip
    assert refusal.kind is RefusalKind.NO_FRAME
    assert "Cell 2 brings the data, and no cell makes a frame" in refusal.message


def test_two_other_frames_do_not_reach_the_model(folder: Path) -> None:
    cells = (
        READ,
        "other = pd.read_csv('b.csv')",
        f"#tag preprocess\n{CLEAN}",
        f"#tag model\n{FIT}",
        "print(other['z'].sum(), lr.coef_)",
    )
    (refusal,) = divide(folder, *cells).refusals
    assert refusal.kind is RefusalKind.CANNOT_CROSS
    assert "2 frames, df and other" in refusal.message


def test_unrelated_data_is_asked_about(folder: Path) -> None:
    other = (
        "other = pd.read_csv('b.csv')\nsecond = LinearRegression().fit(other[['x']], other['z'])\nprint(second.coef_)"
    )
    (refusal,) = divide(folder, *BOOK, other).refusals
    assert refusal.kind is RefusalKind.UNRELATED_DATA
    assert "a.csv (cell 1), shown in cell 3 and cell 4; b.csv (cell 5), shown in cell 5" in refusal.message


def test_data_that_is_read_twice_is_no_second_data_set(folder: Path) -> None:
    again = "df = pd.read_csv('a.csv')\nsecond = LinearRegression().fit(df[['x']], df['x'])\nprint(second.coef_)"
    (refusal,) = divide(folder, *BOOK, again).refusals
    assert "reads the same data 2 times" in refusal.message
    assert refusal.next_step.startswith("Read it once")


def test_of_a_search_the_best_estimator_is_kept(folder: Path) -> None:
    search = "from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import GridSearchCV\n"
    search += "best = GridSearchCV(Ridge(), {'alpha': [1, 2]}, cv=3, scoring='neg_mean_squared_error')\n"
    split = divide(folder, READ, CLEAN, f"{search}best.fit(df[['x']], df['y'])", "print(best.best_score_)")
    assert find_model([split.statements[index] for index in split.parts[-1].statements]) == "best.best_estimator_"


def test_a_needed_shell_line_is_refused_with_its_cell(folder: Path) -> None:
    split = divide(folder, READ, "lines = !echo 3", "df = df.dropna()\ndf['x'] = df['x'] + int(lines[0])", FIT, SHOW)
    assert [(refusal.kind, refusal.cells[0].cell) for refusal in split.refusals] == [(RefusalKind.MAGIC, 2)]


@pytest.mark.slow
def test_a_style_goes_where_the_figures_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    style = (
        "import matplotlib.pyplot as plt\nold = plt.rcParams['lines.linewidth']\nplt.rcParams['lines.linewidth'] = 7"
    )
    cells = (style, READ, CLEAN, "df['x'].plot(style='o')\nplt.title('t')", "plt.rcParams['lines.linewidth'] = old")
    split = divide(folder, *cells)
    assert read_parts(split)["model"] == [
        "plt.rcParams['lines.linewidth'] = 7",
        "df['x'].plot(style='o')",
        "plt.title('t')",
    ]


@pytest.mark.slow
def test_a_figure_of_data_that_crosses_moves_to_the_model_and_an_earlier_one_is_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    draw = "import matplotlib.pyplot as plt\nplt.figure()\nplt.scatter(df['x'], df['y'])"
    cells = (READ, draw, f"#tag preprocess\n{CLEAN}", f"{draw}\nplt.title('clean')", f"#tag model\n{FIT}", SHOW)
    split = divide(folder, *cells)
    assert read_parts(split)["model"][:3] == ["plt.figure()", "plt.scatter(df['x'], df['y'])", "plt.title('clean')"]
    left_out = [remark.text for remark in split.remarks if remark.kind == "figure_left_out"]
    assert left_out == ["The figure of cell 2 is left out: it shows data that does not reach the model stage."]


def test_a_seed_is_repeated_in_the_stage_that_draws(folder: Path) -> None:
    fit = FIT.replace("df[['x']], df['y']", "part[['x']], part['y']")
    cells = (
        "import numpy as np\nnp.random.seed(3)",
        READ,
        f"#tag preprocess\n{CLEAN}",
        f"#tag model\npart = df.sample(2)\n{fit}",
    )
    split = divide(folder, *cells, "print(lr.coef_)")
    assert read_parts(split)["model"][0] == "np.random.seed(3)"
    assert read_parts(split)["preprocess"] == [CLEAN]


def test_draws_that_go_on_in_the_next_stage_are_reported(folder: Path) -> None:
    fit = FIT.replace("df[['x']], df['y']", "part[['x']], part['y']")
    cells = ("import numpy as np\nnp.random.seed(3)", READ, "df = df.sample(frac=1)", f"#tag preprocess\n{CLEAN}")
    split = divide(folder, *cells, f"#tag model\npart = df.sample(2)\n{fit}", "print(lr.coef_)")
    (remark,) = [remark for remark in split.remarks if remark.kind == "random_state"]
    assert remark.text.startswith("Cell 5 draws random numbers that continue those of cell 3")


def test_literals_assigned_once_are_parameters(folder: Path) -> None:
    cells = (
        READ,
        "least = 1\nnames = ['x', 'y']\ncodes = {'a': 1}\nagain = 1\nagain = 2",
        "df = df[df['x'] > least + codes['a'] - 1][names].dropna()",
    )
    split = divide(folder, *cells, FIT, f"{SHOW}\nprint(again)")
    assert set(split.constants) == {"0:least", "0:names"}


def test_nothing_to_keep_is_refused(folder: Path) -> None:
    with pytest.raises(NotebookError) as raised:
        divide(folder, READ, "df.head()")
    (refusal,) = raised.value.refusals
    assert refusal.kind is RefusalKind.NO_RESULT
    assert refusal.message.endswith("Tables that are only shown do not count.")


def test_a_call_that_was_meant_to_change_something_is_reported(folder: Path) -> None:
    split = divide(folder, READ, "df['y'].fillna(0, inplace=True)", CLEAN, FIT, SHOW)
    assert [remark.text for remark in split.remarks] == [
        "Cell 2 was meant to change something in place and changed nothing: `df['y'].fillna(0, inplace=True)`. "
        "The stages do without it, as the notebook did."
    ]


def test_three_notebooks_hand_frames_on_by_files(folder: Path) -> None:
    notebooks = (
        make_notebook(READ, "df.to_parquet('raw.parquet')", name="1.ipynb"),
        make_notebook(
            "import pandas as pd\nraw = pd.read_parquet('raw.parquet')", "raw = raw.dropna()", "raw.to_csv('clean.csv')"
        ),
        make_notebook("import pandas as pd\ndf = pd.read_csv('clean.csv')", FIT, SHOW, name="3.ipynb"),
    )
    split = split_notebooks(notebooks, run_in_process(folder, *notebooks))
    assert read_parts(split) == {
        "raw": ["df = pd.read_csv('a.csv')"],
        "preprocess": ["raw = raw.dropna()"],
        "model": [FIT.splitlines()[1], SHOW],
    }
    crossings = [
        (one.name, one.way, one.given_name, one.file, one.is_same) for part in split.parts for one in part.takes
    ]
    assert crossings == [
        ("raw", CrossingWay.FILE, "df", "raw.parquet", True),
        ("df", CrossingWay.FILE, "raw", "clean.csv", False),  # the index has become a column
    ]
    assert {border.source for border in split.borders} == {BorderSource.FILES}


def test_the_other_name_becomes_the_argument_of_preprocess(folder: Path) -> None:
    cells = (
        READ,
        "codes = dict(zip(df['x'], df['y']))\ndf = pd.read_csv('b.csv')",
        "df['y'] = df['x'].map(codes)",
        CLEAN,
    )
    notebook, run = trace(folder, *cells, FIT, SHOW)
    split = split_notebooks([notebook], run)
    frames = {(Stage.PREPROCESS, name): pd.read_csv(folder / f"{name}.csv") for name in ("a", "b")}
    frames[Stage.MODEL, "df"] = frames[Stage.PREPROCESS, "a"].dropna()
    adopted = write_adopted(Wanted("twins", "Twins", "python -m adopt"), [notebook], split, frames)
    preprocess = "".join(adopted.main.code.files.values())
    assert "def prepare(a: pd.DataFrame, b: pd.DataFrame)" in preprocess
    assert "    df = a\n    codes = dict(" in preprocess
    assert "    df = b\n    df[" in preprocess
    assert "read_csv" not in preprocess


def test_the_two_sides_have_the_names_that_a_model_function_needs(folder: Path) -> None:
    (folder / "test.csv").write_text("x\n2\n4\n")
    read = "import pandas as pd\nrows = pd.read_csv('a.csv').dropna()\ntest_rows = pd.read_csv('test.csv')"
    add = "rows, test_rows = [one.assign(w=one['x'] * 2) for one in (rows, test_rows)]"
    fit = "from sklearn.linear_model import LinearRegression\nlr = LinearRegression().fit(rows[['w']], rows['y'])"
    notebook, run = trace(folder, read, add, fit, "print(lr.predict(test_rows[['w']])[0])")
    split = split_notebooks([notebook], run)
    rows, test_rows = (pd.read_csv(folder / name) for name in ("a.csv", "test.csv"))
    frames = {(stage, "rows"): rows for stage in (Stage.PREPROCESS, Stage.MODEL)}
    frames |= {(stage, "test_rows"): test_rows for stage in (Stage.PREPROCESS, Stage.MODEL)}
    adopted = write_adopted(Wanted("sides", "Sides", "python -m adopt"), [notebook], split, frames)
    text = "".join(adopted.main.code.files.values())
    assert "def train(train: pd.DataFrame, test: pd.DataFrame)" in text
    assert "    rows = train\n    test_rows = test\n" in text
