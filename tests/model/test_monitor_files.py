"""What a training leaves for monitor and gate: the profile, the kept rows, and what a finding says is missing."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from own_recipes import BUILT, OWN, mine
from projects import DOCUMENTS, LINEAR, MIXED, Project, document_columns, linear_columns, make_project, mixed_columns

from drift.profile import Profile
from model.training.monitor.scores import profile_scores
from model.training.result import Results
from relay.handoff.files import hash_file
from relay.registry.artifacts import fetch_version
from relay.registry.connection import find_registry, open_registry
from relay.registry.contract import Contract
from relay.registry.model_file import ModelTamperedError
from relay.registry.versions import find_production
from relay.results.findings import Topic

Make = Callable[..., Project]

THREE = MIXED.replace("allowed = [0, 1]", "allowed = [0, 1, 2]").replace("bought", "kind")


def three_columns() -> dict[str, Any]:
    """The columns of `mixed_columns`, with three classes by age."""
    columns = mixed_columns()
    ages = np.array(columns["age-in_years"])
    return {**columns, "kind": np.digitize(ages, [40, 65]).tolist()}


def read_profile(results: Results) -> Profile:
    return Profile.from_json(json.loads(results.monitored["profile.json"]))


def read_rows(results: Results) -> pa.Table:
    return pq.read_table(io.BytesIO(results.monitored["reference.parquet"]))


def said(results: Results) -> list[str]:
    return [finding.text for finding in results.findings if finding.topic == Topic.MONITOR]


def test_two_classes_have_columns_of_each_type_score_loss_rate_and_map(project: Make) -> None:
    results = project(MIXED, mixed_columns(2_000)).train()
    profile, rows = read_profile(results), read_rows(results)
    assert [(column.name, column.kind) for column in profile.columns] == [
        ("age-in_years", "number"),
        ("income", "number"),
        ("is member?", "number"),
        ("Town", "category"),
    ]
    assert (profile.rows, rows.num_rows) == (400, 400)
    assert profile.score is not None
    assert profile.losses is not None
    assert (sum(profile.score.counts), profile.losses.kind) == (400, "brier")
    assert profile.losses.mean == pytest.approx(results.metrics["test"]["brier"], abs=1e-6)
    assert profile.losses.mean < profile.losses.bound
    assert profile.base_rate == pytest.approx(np.mean(rows.column("(target)").to_pylist()))
    assert len(profile.isotonic) > 1
    assert rows.column_names[-2:] == ["(score)", "(target)"]
    missing = profile.column("income").missing
    assert missing == rows.column("income").null_count > 0
    assert said(results) == []


def test_several_classes_have_the_predicted_one_as_a_column(project: Make) -> None:
    results = project(THREE, three_columns()).train()
    profile, rows = read_profile(results), read_rows(results)
    assert profile.columns[-1].name == "(predicted)"
    assert set(profile.columns[-1].values) <= {"0", "1", "2"}
    assert profile.losses is not None
    assert (profile.losses.kind, profile.base_rate, profile.isotonic) == ("log", None, ())
    assert rows.column_names[-3:] == ["(score)", "(predicted)", "(target)"]


def test_classes_without_probabilities_are_watched_by_the_predicted_class(project: Make) -> None:
    recipe = MIXED.replace("sklearn.ensemble.RandomForestClassifier", "sklearn.svm.LinearSVC").replace(
        "n_estimators = 10", ""
    )
    profile = read_profile(project(recipe, mixed_columns()).train())
    assert (profile.score, profile.columns[-1].name) == (None, "(predicted)")
    assert profile.losses is not None
    assert profile.losses.kind == "error"


def test_numbers_have_the_predicted_number_as_score_and_a_bounded_loss(project: Make) -> None:
    results = project(LINEAR, linear_columns(1_000)).train()
    profile = read_profile(results)
    assert profile.losses is not None
    assert (profile.losses.kind, profile.base_rate) == ("squared", None)
    assert 0 < profile.losses.mean < profile.losses.bound <= 1
    assert profile.losses.scale == pytest.approx(16 * results.metrics["test"]["mse"], rel=1e-3)
    assert profile.score is not None
    assert sum(profile.score.counts) == 200


def test_a_model_of_styles_has_length_distance_and_label_and_keeps_no_text(project: Make) -> None:
    results = project(DOCUMENTS, document_columns(20)).train()
    profile, rows = read_profile(results), read_rows(results)
    assert [column.name for column in profile.columns] == ["text (length)", "(predicted)"]
    assert profile.score is not None
    assert profile.losses is not None
    assert (sum(profile.score.counts), profile.losses.kind) == (30, "error")
    assert rows.column_names == ["text (length)", "(score)", "(predicted)", "(target)"]
    assert min(rows.column("text (length)").to_pylist()) > 100


def test_a_model_of_few_documents_has_no_profile_and_says_so(project: Make) -> None:
    results = project(DOCUMENTS, document_columns(4)).train()
    assert (results.monitored, results.contract.monitored if results.contract else None) == ({}, {})
    assert said(results) == [
        "The monitor has no profile of this model and cannot watch it: it knows 12 documents that others of the same "
        "label can be compared with, 20 are needed."
    ]


def test_rows_that_are_not_kept_leave_the_profile_and_a_finding(project: Make) -> None:
    line = project(LINEAR + "[monitor]\nkeep_rows = false\n", linear_columns(1_000))
    results = line.train()
    assert set(results.monitored) == {"profile.json"}
    assert "[monitor] keep_rows = false" in said(results)[0]
    assert results.monitored["profile.json"] == line.train("monitor.keep_rows=true").monitored["profile.json"]


TRAIN = """
def train({arguments}):
    from sklearn.linear_model import LinearRegression
    return {{"model": {model}, "metrics": {{"r2": 1.0}}}}
"""


@pytest.mark.parametrize(
    ("arguments", "model", "files", "words"),
    [
        ("train, test", "LinearRegression().fit(train[['x']], train['y'])", 2, ""),
        ("frame", "LinearRegression().fit(frame[['x']], frame['y'])", 2, "The function is given the rows of both"),
        ("train, test", "LinearRegression()", 0, "it does not predict a target"),
    ],
)
def test_a_model_of_an_own_function_is_watched_where_it_answers_rows(
    tmp_path: Path, arguments: str, model: str, files: int, words: str
) -> None:
    project = mine(tmp_path, TRAIN.format(arguments=arguments, model=model), OWN)
    assert project.run() == 0
    contract = Contract.from_json((project.latest / "contract.json").read_bytes())
    assert len(contract.monitored) == files
    found = json.loads((project.latest / "findings.json").read_text())["findings"]
    monitor = " ".join(one["text"] for one in found if one["topic"] == "monitor")
    assert (words in monitor, bool(monitor)) == (True, bool(words))


PICKY = """
def build_model():
    from sklearn.linear_model import LinearRegression
    from .parts import Picky
    return Picky()
"""
PARTS = """
from sklearn.base import BaseEstimator, RegressorMixin

class Picky(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = float(y.mean())
        self.rows_ = len(X)
        return self

    def predict(self, X):
        import numpy as np
        if len(X) == self.rows_:
            raise ValueError("not the rows that I know")
        return np.full(len(X), self.mean_)
"""


def test_own_code_that_fails_on_training_rows_leaves_a_finding_and_a_result(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text(PARTS)
    project = mine(tmp_path, PICKY, BUILT)
    assert project.run() == 0
    found = json.loads((project.latest / "findings.json").read_text())["findings"]
    monitor = [one["text"] for one in found if one["topic"] == "monitor"]
    assert monitor == [
        "The monitor has no profile of this model and cannot watch it: it does not answer all rows (ValueError: not "
        "the rows that I know)."
    ]


def test_the_same_rows_give_the_same_bytes(project: Make) -> None:
    line = project(LINEAR, linear_columns(500))
    assert line.train().monitored == line.train().monitored


@pytest.mark.parametrize("noise", [1e-9, 3e-8])
@pytest.mark.parametrize("levels", [3, 40, 5_000])
def test_the_last_digits_of_a_score_move_no_row_to_another_bin(levels: int, noise: float) -> None:
    draw = np.random.default_rng(levels)
    values = np.sort(draw.random(levels))
    scores = values[draw.integers(0, levels, 6_000)]
    profile = profile_scores(scores[:3_000], scores[3_000:])
    moved = profile.count(scores[3_000:] + draw.uniform(-noise, noise, 3_000))
    limit = 0 if levels < 100 else 3  # many scores lie nearer together than the noise
    assert np.abs(np.array(moved.fine) - profile.counts).sum() <= limit
    assert len(profile.edges) == (levels - 1 if levels < 50 else len(profile.edges))


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two classes, trained and registered; nothing in it is changed."""
    project = make_project(tmp_path_factory.mktemp("watched"), MIXED, mixed_columns(), "mixed")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI")
        assert project.run() == 0
    return project


def fetch(project: Project, folder: Path) -> Contract:
    address = find_registry(project.data_dir)
    assert address is not None
    client = open_registry(address)
    version = find_production(client, "mixed")
    assert version is not None
    return fetch_version(client, version, folder)


def test_the_version_bears_the_files_of_the_result(tracked: Project, tmp_path: Path) -> None:
    contract = fetch(tracked, tmp_path / "version")
    assert set(contract.monitored) == {"profile.json", "reference.parquet"}
    for name, sha256 in contract.monitored.items():
        assert hash_file(tmp_path / "version" / name) == sha256 == tracked.receipt().files[name]


@pytest.mark.parametrize("name", ["profile.json", "reference.parquet"])
def test_a_changed_file_of_the_version_is_refused(tracked: Project, tmp_path: Path, name: str) -> None:
    (kept,) = (tracked.data_dir / "mlflow").rglob(f"models/*/artifacts/{name}")
    content = kept.read_bytes()
    kept.write_bytes(content + b" ")
    try:
        with pytest.raises(ModelTamperedError, match=f"{name} is .*, registered was"):
            fetch(tracked, tmp_path / "version")
    finally:
        kept.write_bytes(content)
