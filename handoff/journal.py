"""What happened, for machines: a line in `logs/runs.jsonl` and a file of metrics for each stage and recipe."""

import errno
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from handoff.files import write_atomically


@dataclass(frozen=True)
class Entry:
    """One run of one stage on one recipe."""

    stage: str
    recipe: str
    outcome: str
    """done, restored (an earlier result of the same key), unchanged or failed."""
    started_at_utc: str
    ended_unix: float
    """Seconds since 1970-01-01 UTC."""
    seconds: float
    rows: int = 0
    rejected_rows: int = 0
    fingerprint: str = ""
    error: str = ""


def write_journal(log_dir: Path, entry: Entry) -> None:
    """Append the run to `runs.jsonl` and rewrite the metrics of its stage and recipe.

    Raises:
        OSError: the folder of the logs cannot be written.
    """
    log_dir.mkdir(parents=True, exist_ok=True)
    _append_line(log_dir / "runs.jsonl", json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
    path = log_dir / "metrics" / f"{entry.stage}-{entry.recipe}.prom"
    write_atomically(path, format_metrics(entry, _read_metrics(path)).encode(), sync=False)


def format_metrics(entry: Entry, last: Mapping[str, float]) -> str:
    """The run in Prometheus's text format, for node-exporter's textfile collector.

    Args:
        entry: the run.
        last: metric -> value of the run before: what a failed run leaves as it was.
    """
    recipe = entry.recipe.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    labels = f'{{stage="{entry.stage}",recipe="{recipe}"}}'
    success = entry.outcome != "failed"
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
        "relay_stage_rejected_rows": (entry.rejected_rows, "Rows that broke the contract in the last run"),
    }
    return "".join(
        f"# HELP {name} {text}\n# TYPE {name} gauge\n{name}{labels} {value}\n" for name, (value, text) in gauges.items()
    )


def _append_line(path: Path, line: bytes) -> None:
    # One write to a file opened for appending: lines of processes that end together do not mix.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
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
