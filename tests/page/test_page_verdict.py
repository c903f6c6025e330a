"""The verdict on a result: its score beside the baseline, its version, and the findings to know first."""

from pathlib import Path

import pytest
from page_folders import Folders
from registered import Registered, copy_registered
from test_page_app import open_page, words

from page.results.standing import describe_standing
from page.results.verdict import WARNINGS, choose_findings, draw_bars, read_stage_log
from relay.registry.task import ModelTask
from relay.registry.versions import GATE, Version
from relay.results.figures import Figure, list_figures
from relay.results.findings import Finding, Topic
from relay.results.load import load_latest


@pytest.fixture
def registered(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    return copy_registered(tmp_path_factory)


def test_the_score_stands_beside_its_baseline(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(full, monkeypatch)
    (score,) = (metric for metric in app.metric if metric.label.startswith("★"))
    assert score.label == "★ R², explained share of the variance"
    figure = list_figures(load_latest(full.settings, "linear").metrics)[0]
    assert score.value == f"{figure.value:.3g}"
    assert "the mean for every row" in score.delta


def test_the_version_of_the_result_stands_beside_its_score(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = words(open_page(registered, monkeypatch))
    # The last training was of a model that predicts the mean: the gate refused it.
    assert "Version 2, not promoted" in said
    latest = registered.data / "output" / "linear" / "latest"
    first = next(folder for folder in latest.parent.iterdir() if folder.name not in ("latest", latest.resolve().name))
    latest.unlink()
    latest.symlink_to(first.name)
    assert "Version 1, in production" in words(open_page(registered, monkeypatch))
    (registered.data / "mlflow" / "mlflow.db").unlink()
    said = words(open_page(registered, monkeypatch))
    assert "No version" in said
    assert "python -m model track linear" in said


@pytest.mark.parametrize(
    ("tags", "is_production", "title"),
    [
        ({}, False, "Version 3, not judged yet"),
        ({GATE: '{"passes": false, "why": "roc_auc fell"}'}, False, "Version 3, not promoted"),
        ({GATE: '{"passes": true, "why": "better"}'}, True, "Version 3, in production"),
        ({GATE: '{"passes": true, "why": "better"}'}, False, "Version 3, passed the gate"),
    ],
)
def test_each_state_of_a_version_has_a_line(tags: dict[str, str], is_production: bool, title: str) -> None:
    standing = describe_standing(Version("credit", 3, "run", 0.0, is_production, tags), "credit")
    assert standing.title == title
    if GATE in tags and not title.endswith("gate"):
        assert standing.why in ("Roc_auc fell.", "Better.")


def test_five_findings_are_chosen_and_two_of_them_may_warn() -> None:
    every = [Finding(topic, topic.value) for topic in Topic]
    chosen = [finding.topic for finding in choose_findings(every)]
    assert chosen == [Topic.SCORE, Topic.FORMULA, Topic.ATTRIBUTION, Topic.BASELINE, Topic.LEAK]
    warnings = [Finding(Topic.COPIES, "a"), Finding(Topic.LEAK, "b"), Finding(Topic.COPIES, "c")]
    assert [finding.text for finding in choose_findings(warnings)] == ["b", "a", "c"]
    plain = [Finding(Topic.ATTRIBUTION, str(number)) for number in range(7)]
    assert [finding.text for finding in choose_findings(plain)] == ["0", "1", "2", "3", "4"]
    assert set(WARNINGS) <= set(Topic)


def test_the_bars_are_as_long_as_the_figures_say() -> None:
    bars = draw_bars(Figure("AUC", 0.86, 0.5, "higher"))
    assert bars is not None
    assert "width:86.0%" in bars
    assert "width:50.0%" in bars
    assert 'aria-label="Model 0.86, baseline 0.5, higher is better"' in bars
    lower = draw_bars(Figure("RMSE", 2.0, 8.0, "lower"))
    assert lower is not None
    assert "width:25.0%" in lower
    assert draw_bars(Figure("own", 2.0, None, "")) is None
    assert draw_bars(Figure("MAE", 0.0, 0.0, "lower")) is None
    negative = draw_bars(Figure("R²", 0.9, -0.05, "higher"))
    assert negative is not None
    assert "width:0.0%" in negative


def test_each_figure_of_a_classifier_names_what_it_judges_and_its_own_baseline() -> None:
    metrics = {
        "kind": ModelTask.BINARY,
        "test": {"roc_auc": 0.86, "accuracy": 0.93, "recall": 0.42},
        "baseline": {"roc_auc": 0.5, "accuracy": 0.932, "recall": 1.0},
        "threshold": {"value": 0.231},
        "score": {"name": "roc_auc"},
    }
    told = {figure.title: figure.baseline_words for figure in list_figures(metrics)}
    assert told == {
        "Area under the ROC curve (decides)": "0.5 (every row alike)",
        "Accuracy (the class that the estimator names)": "0.932 (naming the commonest class)",
        "Recall (rows from 0.231 up)": "1 (calling every row positive)",
    }
    assert [figure.is_better for figure in list_figures(metrics)] == [True, False, False]


def test_the_log_of_a_run_outside_the_page_is_the_stages(registered: Registered, tmp_path: Path) -> None:
    lines = read_stage_log(registered.logs, "linear")
    assert lines
    assert all("model linear" in line for line in lines)
    assert read_stage_log(tmp_path / "nowhere", "linear") == []
