"""The datasets, results and journal that release 0.1 left are read and continued by the present code.

Each number and name was written down from what release 0.1 said of the archive.
"""

import sys
from typing import Any

import commands
import pytest
from edition_folders import Edition

from page.run.job import RunFiles
from relay.handoff.dataset import open_dataset
from relay.handoff.files import Fingerprints
from relay.handoff.journal import Entry, Outcome, parse_entry, write_journal
from relay.handoff.location import DatasetLocation
from relay.handoff.settings import ROOT
from relay.registry.connection import find_registry, open_registry
from relay.registry.task import ModelTask
from relay.registry.versions import list_versions
from relay.results.figures import list_figures
from relay.results.load import list_results, load_latest, load_result

RESULTS = {
    "flowers": {"4c480130": {}},
    "linear": {
        "ac85d84a": {"model.estimator": "sklearn.dummy.DummyRegressor"},
        "c7e5431d": {"model.estimator": "sklearn.linear_model.Ridge"},
        "2f396656": {"model.folds": 3, "model.segments": ["x"]},
    },
    "papers": {"bf90dda3": {}},
    "styles": {"cfab79c2": {}},
    "visits": {"2c33062a": {"model.use": "boosted"}, "6e208a9e": {}},
}
"""Recipe -> folder of results -> the changes of that run; newest first."""

DATASETS = {
    ("ingest", "raw/linear"): (100, {}),
    ("ingest", "raw/visits"): (299, {"age_years: not a whole number": 1}),
    ("ingest", "raw/papers"): (18, {}),
    ("preprocess", "processed/linear"): (100, {}),
    ("preprocess", "processed/visits"): (297, {"age_years: above 120": 1, "age_years: below 18": 1}),
    ("preprocess", "processed/papers"): (18, {}),
}
"""Stage and address -> rows, and how many were rejected for which reason."""


def test_all_folders_of_results_are_listed_with_the_changes_of_their_run(edition: Edition) -> None:
    found: dict[str, dict[str, Any]] = {}
    for folder, receipt in list_results(edition.settings).items():
        assert load_result(edition.settings, folder).receipt == receipt
        found.setdefault(receipt.recipe, {})[folder.name] = receipt.overrides
    assert found == RESULTS
    assert {name: list(folders) for name, folders in found.items()} == {
        name: list(folders) for name, folders in RESULTS.items()
    }


def test_the_latest_line_is_read_with_its_numbers(edition: Edition) -> None:
    result = load_latest(edition.settings, "linear")
    assert result.name == "2f396656"
    assert result.metrics["line"] == {"intercept": 0.9817687761, "slope": 1.997819295}
    assert result.metrics["cross_validation"]["values"] == [0.9979204587, 0.9977079639, 0.9983259963]
    figures = [
        (figure.value, figure.baseline, figure.better, figure.decides) for figure in list_figures(result.metrics)
    ]
    assert figures[0] == (0.9966792152, -0.05017486978, "higher", True)
    assert (0.5671591288, 10.08591659, "lower", False) in figures


@pytest.mark.parametrize(
    ("name", "task", "figure", "sentence", "plots"),
    [
        ("linear", ModelTask.REGRESSION, 0.9966792152, "y = 2 x + 0.982.", 3),
        ("visits", ModelTask.BINARY, 0.88375, "At the threshold 0.2, tuned on 48 of the training rows", 4),
        ("flowers", ModelTask.MULTICLASS, 0.9, "Of the test rows it puts 90 % into the right one of 3 classes", 1),
        ("styles", ModelTask.AUTHORSHIP, 1.0, "18 documents gave 38 chunks of 400 characters", 4),
        ("papers", ModelTask.AUTHORSHIP, 1.0, "2 documents labelled DISPUTED: nearest in style to MADISON 2.", 5),
    ],
)
def test_the_latest_result_keeps_its_task_findings_and_plots(
    edition: Edition, name: str, task: ModelTask, figure: float, sentence: str, plots: int
) -> None:
    result = load_latest(edition.settings, name)
    assert result.metrics["kind"] == task
    assert list_figures(result.metrics)[0].value == figure
    assert [text for text in result.findings.sentences if text.startswith(sentence)] != []
    assert [(result.folder / plot.file).read_bytes()[:4] for plot in result.findings.plots] == [b"\x89PNG"] * plots


@pytest.mark.parametrize(("stage", "address"), DATASETS)
def test_a_dataset_and_its_receipt_belong_together(edition: Edition, stage: str, address: str) -> None:
    location = DatasetLocation(edition.data, address, stage)
    dataset = open_dataset(location, Fingerprints(edition.data / ".state", edition.data), "the stage")
    rows, reasons = DATASETS[stage, address]
    assert (dataset.receipt.rows, dataset.receipt.rejected.reasons) == (rows, reasons)
    assert dataset.table().num_rows == rows
    assert location.rejected.exists() is bool(reasons)


def test_the_processed_dataset_names_the_raw_one(edition: Edition) -> None:
    fingerprints = Fingerprints(edition.data / ".state", edition.data)
    raw = open_dataset(DatasetLocation(edition.data, "raw/visits", "ingest"), fingerprints, "the stage").receipt
    made = open_dataset(
        DatasetLocation(edition.data, "processed/visits", "preprocess"), fingerprints, "the stage"
    ).receipt
    result = load_latest(edition.settings, "visits").receipt
    assert made.key.inputs == {"raw/visits": raw.fingerprint}
    assert result.key.inputs == {"processed/visits": made.fingerprint}
    assert raw.sources[0].where.endswith("/recipes/visits.csv")


@pytest.mark.parametrize(
    ("name", "status", "steps"),
    [
        ("linear", "succeeded", [("done", "unchanged"), ("done", "unchanged"), ("done", "restored")]),
        ("lost", "failed", [("failed", "failed"), ("waiting", None), ("waiting", None)]),
        ("styles", "cancelled", [("running", None), ("waiting", None), ("waiting", None)]),
    ],
)
def test_the_page_shows_how_the_last_run_ended(
    edition: Edition, name: str, status: str, steps: list[tuple[str, str | None]]
) -> None:
    job = RunFiles(edition.settings, name).find()
    assert job is not None
    assert job.status == status
    assert [(step.state, step.outcome) for step in job.record.steps] == steps
    errors = [step.error.message for step in job.record.steps if step.error is not None]
    assert ["lost.csv" in error for error in errors] == ([True] if name == "lost" else [])


def test_the_journal_tells_how_each_run_ended(edition: Edition) -> None:
    lines = (edition.logs / "runs.jsonl").read_bytes().splitlines()
    entries = [parse_entry(line) for line in lines]
    assert len(entries) == 23
    assert [entry.outcome for entry in entries[:18]] == [Outcome.RAN] * 18
    assert [(entry.stage, entry.recipe, entry.outcome, entry.rows) for entry in entries[18:]] == [
        ("ingest", "linear", Outcome.UNCHANGED, 100),
        ("preprocess", "linear", Outcome.UNCHANGED, 100),
        ("model", "linear", Outcome.RESTORED, 100),
        ("ingest", "lost", Outcome.FAILED, 0),
        ("ingest", "styles", Outcome.CANCELLED, 0),
    ]
    assert entries[21].error is not None
    assert "lost.csv" in entries[21].error.message
    assert [entry.error for entry in entries if entry.recipe != "lost"] == [None] * 22


def test_a_failed_run_leaves_the_figures_of_the_last_success_as_they_were(own_edition: Edition) -> None:
    journal = own_edition.logs / "runs.jsonl"
    before = journal.read_bytes()
    entry = Entry("model", "linear", Outcome.FAILED, "2026-12-01T00:00:00Z", 1796083200.0, 1.0)
    write_journal(own_edition.logs, entry)
    assert journal.read_bytes().startswith(before)
    assert parse_entry(journal.read_bytes().splitlines()[-1]) == entry
    figures = (own_edition.logs / "metrics" / "model-linear.prom").read_text(encoding="utf-8")
    labels = '{stage="model",recipe="linear"}'
    assert f"relay_stage_last_success_timestamp_seconds{labels} 1795710659.840869\n" in figures
    assert f"relay_stage_rows{labels} 100.0\n" in figures
    assert f"relay_stage_success{labels} 0\n" in figures


@pytest.mark.slow
def test_a_new_training_is_judged_against_the_old_champion_and_leaves_old_results(own_edition: Edition) -> None:
    folders = ["--data-dir", str(own_edition.data), "--log-dir", str(own_edition.logs)]
    commands.run([sys.executable, "-m", "model", "linear", *folders], cwd=ROOT, check=True, capture_output=True)
    address = find_registry(own_edition.data)
    assert address is not None
    newest = list_versions(open_registry(address), "linear")[0]
    assert newest.number == 4
    assert newest.gate is not None
    assert newest.gate["champion"] == 1
    assert load_latest(own_edition.settings, "linear").metrics["line"]["slope"] == pytest.approx(1.997819295)
    kept = {folder.name for folder, receipt in list_results(own_edition.settings).items() if receipt.recipe == "linear"}
    assert kept > RESULTS["linear"].keys()
    assert len(kept) == 4
