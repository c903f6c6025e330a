"""What each run leaves for machines."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from handoff.journal import Entry, write_journal

DONE = Entry(
    stage="ingest", recipe="linear", outcome="done", started_at_utc="2026-01-01T00:00:00Z", ended_unix=1000.5,
    seconds=0.25, rows=100, rejected_rows=2, fingerprint="abc",
)  # fmt: skip
FAILED = replace(DONE, outcome="failed", ended_unix=2000.0, rows=0, rejected_rows=0, fingerprint="", error="a “reason”")


def gauges(folder: Path) -> dict[str, float]:
    """The samples of the metrics file, without comments and labels."""
    lines = (folder / "metrics/ingest-linear.prom").read_text().splitlines()
    labels = '{stage="ingest",recipe="linear"} '
    return {line.split(labels)[0]: float(line.split(labels)[1]) for line in lines if not line.startswith("#")}


def test_each_run_is_a_line_of_json(tmp_path: Path) -> None:
    for entry in (DONE, FAILED):
        write_journal(tmp_path, entry)
    lines = (tmp_path / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [asdict(DONE), asdict(FAILED)]


def test_the_metrics_are_those_of_the_last_run(tmp_path: Path) -> None:
    write_journal(tmp_path, DONE)
    assert gauges(tmp_path) == {
        "relay_stage_success": 1,
        "relay_stage_last_run_timestamp_seconds": 1000.5,
        "relay_stage_last_success_timestamp_seconds": 1000.5,
        "relay_stage_duration_seconds": 0.25,
        "relay_stage_rows": 100,
        "relay_stage_rejected_rows": 2,
    }


def test_a_failure_keeps_the_time_of_the_last_success(tmp_path: Path) -> None:
    for entry in (DONE, FAILED, FAILED):
        write_journal(tmp_path, entry)
    found = gauges(tmp_path)
    names = ("success", "last_run_timestamp_seconds", "last_success_timestamp_seconds")
    assert [found[f"relay_stage_{name}"] for name in names] == [0, 2000, 1000.5]


def test_a_stage_that_never_succeeded_says_zero(tmp_path: Path) -> None:
    write_journal(tmp_path, FAILED)
    assert gauges(tmp_path)["relay_stage_last_success_timestamp_seconds"] == 0


def test_every_metric_says_what_it_is(tmp_path: Path) -> None:
    write_journal(tmp_path, DONE)
    lines = (tmp_path / "metrics/ingest-linear.prom").read_text().splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["#", "HELP"], ["#", "TYPE"]]
    assert sum(line.endswith(" gauge") for line in lines) == 6
