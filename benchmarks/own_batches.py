"""Own code on data larger than memory: 15 million rows through a function from batches to batches.

The peak is that of each process: the stage, which writes the rows, and the process of own code.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROWS, QUICK_ROWS = 15_000_000, 300_000
LIMIT_MIB = 1024
LONGEST_SECONDS = 400
"""Of one stage; then it is ended."""
LOOK_SECONDS = 0.05

RECIPE = """
title = "Many rows"
[columns]
x = {{ type = "float", role = "input", min = 0, max = 20 }}
y = {{ type = "float", role = "target" }}
[ingest]
source = "synthetic"
rows = {rows}
[ingest.formula]
y = {{ slope = 2.0, of = "x", intercept = 1.0, noise_sd = 0.5 }}
[preprocess]
kind = "python"
function = "double"
"""

MODULE = '''from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc


def double(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each row again, with y doubled."""
    for batch in batches:
        yield batch.set_column(1, "y", pc.multiply(batch["y"], 2.0))
'''


def run(quick: bool) -> list[dict[str, object]]:
    """Seconds and peak memory of both processes of preprocess; fewer rows with quick."""
    rows = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "many.toml").write_text(RECIPE.format(rows=rows))
        (folder / "many.py").write_text(MODULE)
        return [_measure(stage, folder, rows) for stage in ("ingest", "preprocess")]


def _measure(stage: str, folder: Path, rows: int) -> dict[str, object]:
    options = ["--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
    command = [sys.executable, "-m", stage, str(folder / "many.toml"), *options]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peaks: dict[int, float] = {}
    try:
        while process.poll() is None:
            if time.perf_counter() - begun > LONGEST_SECONDS:
                raise TimeoutError(f"{stage} took more than {LONGEST_SECONDS} s")
            for pid in _list_processes(process.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), _read_peak(pid))
            time.sleep(LOOK_SECONDS)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    others = [peak for pid, peak in peaks.items() if pid != process.pid]
    return {
        "benchmark": "own_batches",
        "what": stage,
        "rows": rows,
        "seconds": time.perf_counter() - begun,
        "stage_peak_mib": peaks[process.pid],
        "own_code_peak_mib": max(others, default=""),
        "limit_mib": LIMIT_MIB,
    }


def _list_processes(pid: int) -> list[int]:
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _read_peak(pid: int) -> float:
    """The largest resident memory of a process until now, in MiB, as the kernel counts it; 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)
