"""What happened, for machines: a line in `logs/runs.jsonl` and a file of metrics for each stage and recipe."""

import errno
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from relay.handoff.errors import ErrorRecord, RelayError
from relay.handoff.files import open_plain, write_atomically

JOURNAL = "runs.jsonl"


class Outcome(StrEnum):
    """How a run of a stage ended."""

    RAN = "ran"
    UNCHANGED = "unchanged"
    RESTORED = "restored"
    """An earlier result of the same key was put back in place."""
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_success(self) -> bool:
        """Whether the result in place is the one that was asked for."""
        return self not in (Outcome.FAILED, Outcome.CANCELLED)


@dataclass(frozen=True)
class Entry:
    """One run of one stage on one recipe."""

    stage: str
    recipe: str
    outcome: Outcome
    started_at_utc: str
    ended_unix: float
    """Seconds since 1970-01-01 UTC."""
    seconds: float
    rows: int = 0
    rejected_rows: int = 0
    fingerprint: str = ""
    error: ErrorRecord | None = None
    """Why it failed; None for every other outcome."""
    run_id: str = ""
    """Given by the program that started the stage, otherwise random; empty in entries of version 0.1."""


def write_journal(log_dir: Path, entry: Entry, *, with_metrics: bool = True) -> None:
    """Append the run to `runs.jsonl` and rewrite the metrics of its stage and recipe.

    Raises:
        OSError: the folder of the logs cannot be written.
    """
    log_dir.mkdir(parents=True, exist_ok=True)
    _append_line(log_dir / JOURNAL, json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
    if not with_metrics:
        return
    path = log_dir / "metrics" / f"{entry.stage}-{entry.recipe}.prom"
    write_atomically(path, format_metrics(entry, _read_metrics(path)).encode(), sync=False)


def find_entry(log_dir: Path, run_id: str) -> Entry | None:
    """The entry of the run with this id; None when the run left none.

    The last entry of an id counts: publishing a finished result can still fail, and then a second entry follows.
    """
    path = log_dir / JOURNAL
    if not path.exists():
        return None
    mark, found = json.dumps(run_id).encode(), None
    with path.open("rb") as file:
        for line in file:
            if mark in line:  # few lines are worth parsing in a long journal
                entry = _parse_whole(line)
                found = entry if entry is not None and entry.run_id == run_id else found
    return found


def parse_entry(line: str | bytes) -> Entry:
    """An entry as it was written, by this version or by version 0.1.

    Raises:
        ValueError: the line is not an entry.
    """
    told = json.loads(line)
    known = {field.name for field in fields(Entry)}
    try:
        outcome, error = _parse_outcome(told["outcome"], told.get("error"))
        return Entry(**{name: told[name] for name in told.keys() & known} | {"outcome": outcome, "error": error})
    except (TypeError, KeyError, AttributeError) as problem:
        raise ValueError(f"not an entry of the journal: {problem!r}") from None


def _parse_outcome(outcome: str, error: Any) -> tuple[Outcome, ErrorRecord | None]:
    if (outcome, error) == ("failed", "interrupted"):  # what version 0.1 wrote of a cancelled run
        return Outcome.CANCELLED, None
    return Outcome.RAN if outcome == "done" else Outcome(outcome), parse_error(error)


def parse_error(told: Any) -> ErrorRecord | None:
    """An error as it was written: an object, null, or the text that version 0.1 wrote."""
    if isinstance(told, str):
        return ErrorRecord(kind=RelayError.kind, message=told) if told else None
    return None if told is None else ErrorRecord(**told)


def format_metrics(entry: Entry, last: Mapping[str, float]) -> str:
    """The run in Prometheus's text format, for node-exporter's textfile collector.

    Args:
        entry: the run.
        last: metric -> value of the run before: what a failed run leaves as it was.
    """
    recipe = entry.recipe.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    labels = f'{{stage="{entry.stage}",recipe="{recipe}"}}'
    success = entry.outcome.is_success
    kept = {"relay_stage_last_success_timestamp_seconds": entry.ended_unix, "relay_stage_rows": entry.rows}
    if not success:
        kept = {name: last.get(name, 0.0) for name in kept}
    gauges = {
        "relay_stage_success": (int(success), "1 when the last run of the stage succeeded"),
        "relay_stage_last_run_timestamp_seconds": (entry.ended_unix, "End of the last run"),
        "relay_stage_last_success_timestamp_seconds": (
            kept["relay_stage_last_success_timestamp_seconds"],
            "End of the last run that succeeded",
        ),
        "relay_stage_duration_seconds": (entry.seconds, "Duration of the last run"),
        "relay_stage_rows": (kept["relay_stage_rows"], "Rows of the dataset after the last run"),
        "relay_stage_rejected_rows": (entry.rejected_rows, "Rows that did not match the schema in the last run"),
    }
    return "".join(
        f"# HELP {name} {text}\n# TYPE {name} gauge\n{name}{labels} {value}\n" for name, (value, text) in gauges.items()
    )


def _parse_whole(line: bytes) -> Entry | None:
    """An entry; None for a line that a full disk cut."""
    try:
        return parse_entry(line)
    except ValueError:
        return None


def _append_line(path: Path, line: bytes) -> None:
    # One write to a file opened for appending: lines of processes that end together do not mix.
    descriptor = open_plain(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # a full disk cut the last one: it must not spoil this one
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(descriptor)


def _read_metrics(path: Path) -> dict[str, float]:
    """Metric -> value in a file that was written before; empty when there is none."""
    if not path.exists():
        return {}
    return {name: float(value) for name, value in re.findall(r"^(\w+)\{.*\} (\S+)$", path.read_text("utf-8"), re.M)}
