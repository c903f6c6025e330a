"""`kind = "python"`: what a user's function gives becomes a result, a run and a version."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from own_recipes import OWN, mine
from projects import LINEAR, Project, linear_columns

from model.__main__ import STAGE
from model.parameters import PythonParameters
from model.training.apart import LARGEST_KEPT, read_kept
from model.training.own.given import read_given
from model.training.own.train import train_own
from model.training.result import Results
from relay.handoff.errors import ModelError
from relay.handoff.own.module import OwnCodeError
from relay.handoff.own.signature import Argument, Frame
from relay.handoff.program import main
from relay.handoff.recipe import load_recipe
from relay.handoff.settings import Settings
from relay.registry.connection import find_registry, open_registry
from relay.registry.contract import Contract
from relay.registry.task import ModelTask
from relay.registry.versions import list_versions
from relay.results.figures import list_figures
from relay.results.load import load_latest

Train = Callable[..., Results]

EVERYTHING = '''
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

def train(train: pd.DataFrame, test: pd.DataFrame, *, degree: int = 1, seed: int = 0):
    """Fit a line.

    Args:
        degree: of the polynomial.
    """
    from sklearn.linear_model import LinearRegression
    model = LinearRegression().fit(train[["x"]], train["y"])
    error = model.predict(test[["x"]]) - test["y"]
    plt.figure()
    plt.plot(test["x"], error, ".")
    plt.title("Errors by x")
    plt.show()
    with open("notes.txt", "w") as file:
        file.write("a note")
    return {"model": model, "metrics": {"kind": np.float32(1), "rmse": np.sqrt((error ** 2).mean())},
            "tables": {"errors": pd.DataFrame({"error": error})}, "findings": {"fit": f"degree {degree}, seed {seed}"}}
'''


def test_each_part_of_what_a_function_gives_is_kept(tmp_path: Path) -> None:
    project = mine(tmp_path, EVERYTHING, OWN)
    assert project.run("--set", "model.arguments.degree=2") == 0, project.log()
    metrics = json.loads((project.latest / "metrics.json").read_bytes())
    assert (sorted(metrics), metrics["kind"], 0.3 < metrics["rmse"] < 0.7) == (["kind", "rmse"], 1.0, True)
    assert pq.read_table(project.latest / "errors.parquet").column_names == ["error"]
    assert (project.latest / "errors_by_x.png").stat().st_size > 1_000
    assert (project.latest / "files" / "notes.txt").read_text() == "a note"
    assert "degree 2, seed 42" in (project.latest / "findings.md").read_text()
    contract = Contract.from_json((project.latest / "contract.json").read_bytes())
    assert (contract.task, contract.is_from_function, contract.code) == (ModelTask.REGRESSION, True, {})
    assert contract.example.predictions[0] == pytest.approx(2 * contract.example.records[0]["x"] + 1, abs=0.5)
    result = load_latest(Settings(data_dir=project.data_dir), "case")
    assert [(one.name, one.baseline, one.decides) for one in list_figures(result.metrics)] == [
        ("kind", None, False),
        ("rmse", None, False),
    ]


GIVEN = {
    "5": "m: f gave int; expected a mapping with any of model, metrics, figures, tables, findings, or None",
    "{'metrcs': {}}": "m: f gave the unknown part 'metrcs' (did you mean \"metrics\"?)",
    "{'metrics': {'r2': float('nan')}}": "m: f: metric r2 is nan; expected a finite number",
    "{'metrics': {'r2': 'good'}}": "m: f: metric r2 is 'good'; expected a finite number",
    "{'metrics': 0.5}": "m: f: metrics is float; expected a mapping from names",
    "{'figures': {'a': 3}}": "m: f: figure a is int; expected a matplotlib Figure",
    "{'figures': {'../a': plt.figure()}}": "m: f: figure '../a': it becomes the name of a file",
    "{'tables': {'predictions': frame}}": "m: f: table 'predictions': Relay writes a file of that name",
    "{'tables': {'a': [1]}}": "m: f: table a gave list of 1; expected a DataFrame or an Arrow table",
}


@pytest.mark.parametrize("given", GIVEN)
def test_what_is_no_result_is_refused_in_one_line(given: str) -> None:
    import matplotlib.pyplot as plt
    import pandas as pd

    from relay.handoff.errors import RelayError

    value = eval(given, {"plt": plt, "frame": pd.DataFrame({"a": [1]})})
    with pytest.raises(RelayError) as caught:
        read_given(value, "m: f")
    plt.close("all")
    assert GIVEN[given] in str(caught.value)


def test_numbers_of_numpy_are_metrics() -> None:
    import numpy as np

    given = read_given({"metrics": {"a": np.float32(0.5), "b": np.int64(3), "c": np.array(2.0)}}, "f")
    assert given.metrics == {"a": 0.5, "b": 3.0, "c": 2.0}


def test_figures_have_their_titles_or_numbers_as_names() -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
    for title in ("Höhe & Breite", "Höhe & Breite", "metrics", ""):
        plt.figure().suptitle(title)
    names = [picture.name for picture in read_given(None, "f").pictures]
    plt.close("all")
    assert names == ["h_he_breite", "h_he_breite_2", "metrics_3", "figure_4"]


def test_files_of_more_than_100_mb_are_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    with (tmp_path / "deep" / "large.bin").open("wb") as file:
        file.truncate(LARGEST_KEPT + 1)
    with pytest.raises(OwnCodeError, match="at most 100 MB"):
        read_kept(tmp_path)


NO_TARGET = OWN.replace('role = "target"', 'role = "input"')
CLUSTERS = """
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

def train(frame: pd.DataFrame, clusters: int = 3, seed: int = 0):
    model = KMeans(clusters, random_state=seed, n_init=3).fit(frame[["x", "y"]])
    frame["cluster"] = model.labels_
    return {"model": model, "metrics": {"silhouette": silhouette_score(frame[["x", "y"]], model.labels_)},
            "tables": {"clusters": frame}}
"""
PLOT = """
import matplotlib.pyplot as plt

def train(frame):
    frame.plot.scatter("x", "y", title="y by x")
    plt.show()
"""


@pytest.fixture
def with_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded registry, switched on."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))


def ask(project: Project, verb: str, *more: str) -> int:
    return main(STAGE, [verb, str(project.recipe), *more, "--data-dir", str(project.data_dir)])


def versions(project: Project) -> list[Any]:
    address = find_registry(project.data_dir)
    assert address is not None
    return list_versions(open_registry(address), "case")


@pytest.mark.slow
@pytest.mark.usefixtures("with_registry")
def test_clusters_are_a_version_that_only_a_person_promotes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = mine(tmp_path, CLUSTERS, NO_TARGET)
    assert project.run() == 0, project.log()
    (first,) = versions(project)
    assert (first.is_production, first.gate["why"]) == (
        False,
        "it does not predict a target: promote by hand if you want it",
    )
    address = find_registry(project.data_dir)
    assert address is not None
    run = open_registry(address).get_run(first.run_id).data
    assert (run.params["arguments.clusters"], run.params["arguments.seed"]) == ("3", "42")
    assert "silhouette" in run.metrics
    assert [ask(project, "card"), ask(project, "list"), ask(project, "promote", "1")] == [0, 0, 0]
    assert "It does not predict a target" in capsys.readouterr().out
    assert ask(project, "predict", "--contract") == 1
    assert "version 1 of case is not asked: its model does not predict a target" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("with_registry")
def test_a_plain_plot_is_a_run_without_a_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = mine(tmp_path, PLOT, NO_TARGET)
    assert project.run() == 0, project.log()
    assert (versions(project), (project.latest / "y_by_x.svg").exists()) == ([], True)
    assert json.loads((project.latest / "metrics.json").read_bytes()) == {}


BY_SHIFT = """
def train(train, test, shift: float = 0.0):
    from sklearn.linear_model import LinearRegression
    model = LinearRegression().fit(train[["x"]], train["y"] + shift)
    return {"model": model, "metrics": {"mae": abs(model.predict(test[["x"]]) - test["y"]).mean()}}
"""


@pytest.mark.slow
@pytest.mark.usefixtures("with_registry")
def test_a_score_of_the_function_decides_between_versions_of_the_same_data(tmp_path: Path) -> None:
    project = mine(tmp_path, BY_SHIFT, OWN + 'score = "mae"\nlower_is_better = true\n')
    assert project.run("--set", "model.arguments.shift=0.3") == 0, project.log()
    assert [project.run(), project.run("--set", "model.arguments.shift=1.0")] == [0, 0]
    told = {one.number: (one.is_production, one.gate["why"].split(" 0.")[0]) for one in versions(project)}
    assert told == {1: (False, "the first version"), 2: (True, "mae"), 3: (False, "too much worse: mae")}


@pytest.mark.slow
@pytest.mark.usefixtures("with_registry")
def test_without_a_score_a_version_waits_for_a_person_or_for_promote_always(tmp_path: Path) -> None:
    project = mine(tmp_path, BY_SHIFT, OWN)
    assert [project.run(), project.run("--set", "model.arguments.shift=1.0", "--promote", "always")] == [0, 0]
    second, first = versions(project)
    assert (first.is_production, second.is_production) == (False, True)
    assert "[model] score names none of them" in first.gate["why"]


FAILURES = [
    (None, "gave nothing: no model, metrics, figures, tables or findings, and no figure is open"),
    ({"model": object()}, "gave a model that cannot be kept: "),
    ({"model": LINEAR, "metrics": {"r2": 1}}, "[model] score: recipes/case.py: train gave no metric mae; it gave r2"),
]


class Called:
    """A function of the test itself in place of one in a process apart."""

    shown = "recipes/case.py: train"

    def __init__(self, function: Callable[..., Any], *data: str) -> None:
        self.data = tuple(Argument(name, Frame.PANDAS) for name in data)
        self.call = function

    def read_code(self, _: bytes) -> dict[str, bytes]:
        return {}


@pytest.fixture
def train_here(tmp_path: Path) -> Callable[..., Results]:
    """Calls a function with the points near a line, or with them without a column; gives what becomes of it."""

    def call(function: Callable[..., Any], *data: str, score: str = "", without: str = "") -> Results:
        (tmp_path / "case.toml").write_text(OWN)
        recipe = load_recipe(str(tmp_path / "case.toml"))
        table = pa.table({name: cells for name, cells in linear_columns().items() if name != without})
        section = PythonParameters(kind="python", function="train", score=score, arguments={})
        own: Any = Called(function, *(data or ("frame",)))
        return train_own(table, recipe, section, own)

    return call


@pytest.mark.parametrize(("given", "why"), FAILURES)
def test_a_result_that_cannot_be_kept_is_refused(train_here: Train, given: Any, why: str) -> None:
    with pytest.raises(ModelError) as caught:
        train_here(lambda _: given, score="mae" if given and "metrics" in given else "")
    assert why in str(caught.value)


def fit_on_squares(frame: Any) -> dict[str, Any]:
    """A model of a column that no record has."""
    from sklearn.linear_model import LinearRegression

    frame["square"] = frame.x**2
    return {"model": LinearRegression().fit(frame[["x", "square"]], frame.y)}


def test_a_model_that_takes_other_columns_is_kept_and_the_findings_say_why(train_here: Train) -> None:
    results = train_here(fit_on_squares)
    assert results.contract is not None
    assert (results.contract.task, results.contract.target) == (ModelTask.OTHER, "y")
    said = " ".join(finding.text for finding in results.findings)
    assert "cannot be served: it does not answer rows of the inputs (ValueError" in said


def test_train_and_test_are_the_two_sides_of_the_rows(train_here: Train) -> None:
    sizes: list[int] = []
    train_here(lambda train, test: sizes.extend((len(train), len(test))) or {"metrics": {"a": 1}}, "train", "test")
    assert sizes == [80, 20]


def test_train_and_test_need_divided_rows(train_here: Train) -> None:
    with pytest.raises(ModelError, match="takes train and test, and the processed rows have no column split"):
        train_here(lambda *_: {}, "train", "test", without="split")


def test_a_mapping_is_all_that_can_be_read() -> None:
    with pytest.raises(ModelError, match="expected a mapping"):
        read_given([1], "f")
