"""What each run leaves for machines."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from relay.handoff.errors import ErrorRecord
from relay.handoff.journal import Entry, Outcome, find_entry, parse_entry, write_journal

DONE = Entry(
    stage="ingest", recipe="linear", outcome=Outcome.RAN, started_at_utc="2026-01-01T00:00:00Z", ended_unix=1000.5,
    seconds=0.25, rows=100, rejected_rows=2, fingerprint="abc", run_id="first",
)  # fmt: skip
FAILED = replace(
    DONE, outcome=Outcome.FAILED, ended_unix=2000.0, rows=0, rejected_rows=0, fingerprint="", run_id="second",
    error=ErrorRecord(kind="schema", message="a “reason”", next="`python -m ingest linear`"),
)  # fmt: skip
OLD = {
    "stage": "ingest", "recipe": "linear", "outcome": "done", "started_at_utc": "2026-01-01T00:00:00Z",
    "ended_unix": 1000.5, "seconds": 0.25, "rows": 100, "rejected_rows": 2, "fingerprint": "abc", "error": "",
}  # fmt: skip
"""A line of version 0.1."""


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


def test_an_entry_is_read_as_it_was_written() -> None:
    assert [parse_entry(json.dumps(asdict(entry))) for entry in (DONE, FAILED)] == [DONE, FAILED]


@pytest.mark.parametrize(
    ("written", "outcome", "error"),
    [
        ({}, Outcome.RAN, None),
        ({"outcome": "unchanged"}, Outcome.UNCHANGED, None),
        ({"outcome": "restored"}, Outcome.RESTORED, None),
        ({"outcome": "failed", "error": "no rows"}, Outcome.FAILED, ErrorRecord("failed", "no rows")),
        ({"outcome": "failed", "error": "interrupted"}, Outcome.CANCELLED, None),
    ],
)
def test_entries_of_version_0_1_are_read(written: dict[str, str], outcome: Outcome, error: ErrorRecord | None) -> None:
    entry = parse_entry(json.dumps(OLD | written))
    assert entry == replace(DONE, outcome=outcome, error=error, run_id="")


@pytest.mark.parametrize("line", ["", "[]", "1", '{"stage": "ingest"}', '{"outcome": "ran"}', '{"outcome": "else"}'])
def test_what_is_not_an_entry_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the parser's
        parse_entry(line)


def test_an_entry_is_found_by_the_id_of_its_run(tmp_path: Path) -> None:
    assert find_entry(tmp_path, "first") is None
    write_journal(tmp_path, replace(DONE, run_id="other", recipe="first"))
    for entry in (DONE, FAILED):
        write_journal(tmp_path, entry)
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write('{"run_id": "first", "outcome": "fai')  # cut by a full disk
    assert [find_entry(tmp_path, run) for run in ("first", "second", "third")] == [DONE, FAILED, None]


def test_the_last_entry_of_a_run_counts(tmp_path: Path) -> None:
    for entry in (FAILED, DONE, replace(FAILED, run_id="first")):
        write_journal(tmp_path, entry)
    assert find_entry(tmp_path, "first") == replace(FAILED, run_id="first")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_metrics_say_whether_a_run_succeeded(tmp_path: Path, outcome: Outcome) -> None:
    write_journal(tmp_path, replace(DONE, outcome=outcome))
    assert gauges(tmp_path)["relay_stage_success"] == (outcome in ("ran", "unchanged", "restored"))


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
