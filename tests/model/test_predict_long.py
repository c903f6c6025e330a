"""Predictions of long files: memory stays bounded, and a run that is killed or interrupted leaves nothing half done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from asked_files import Predicted, copy_registered, list_options, write_rows
from patience import HANG_SECONDS
from projects import Project

ROOT = Path(__file__).resolve().parents[2]

MEASURED = """
import resource, sys
from model.__main__ import STAGE
from relay.handoff.program import main
code = main(STAGE, sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
sys.exit(code)
"""
"""The program, and its peak memory in MiB."""

LIMITED = """
import resource, sys
from model.__main__ import STAGE
from relay.handoff.program import main
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
sys.exit(main(STAGE, sys.argv[1:]))
"""
"""The program, for which each file ends at 1 MiB."""

ROOM_MIB = 100
"""By which the peaks of a short and of a ten times longer file may differ. The longer one has 92 MiB of cells and as
much of ids and answers, more than once in memory where it is held whole."""


@pytest.fixture
def line(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A straight line that is in production."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    return copy_registered(tmp_path_factory, tmp_path / "copy")


def write_many(path: Path, rows: int, rows_of_a_group: int) -> Path:
    x = np.random.default_rng(1).uniform(0, 20, rows)
    return write_rows(path, {"number": np.arange(rows), "x": x}, rows_of_a_group)


def start(project: Project, source: Path, out: Path) -> subprocess.Popen[bytes]:
    """A prediction that has begun to write."""
    command = [sys.executable, "-m", "model", *list_options(project, source, out)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    temporary, end = out.with_name(f"{out.name}.tmp"), time.monotonic() + HANG_SECONDS
    while not (temporary.exists() and temporary.stat().st_size) and process.poll() is None:
        assert time.monotonic() < end, "the prediction did not begin"
        time.sleep(0.002)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("rows_of_a_group", [100_000, 10_000_000])
def test_ten_times_the_rows_take_no_more_memory(line: Project, tmp_path: Path, rows_of_a_group: int) -> None:
    peaks = []
    for rows in (600_000, 6_000_000):
        source = write_many(tmp_path / f"{rows}.parquet", rows, rows_of_a_group)
        options = list_options(line, source, tmp_path / f"{rows}-out.parquet")
        said = subprocess.run([sys.executable, "-c", MEASURED, *options], cwd=ROOT, capture_output=True, check=True)
        peaks.append(int(said.stdout.split()[-1]))
    assert peaks[1] - peaks[0] < ROOM_MIB


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_the_answers_of_before_and_the_next_one_finishes(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.parquet"
    assert Predicted(capsys, line, write_rows(tmp_path / "few.parquet", {"x": [1.0]}), out).outcome == "ran"
    many = write_many(tmp_path / "many.parquet", 4_000_000, 65_536)
    process = start(line, many, out)
    process.kill()
    process.communicate()
    if process.returncode == -signal.SIGKILL:
        assert pq.read_metadata(out).num_rows == 1
    assert Predicted(capsys, line, many, out).code == 0
    assert pq.read_metadata(out).num_rows == 4_000_000
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.json", "out.parquet"]


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_leaves_no_trace(line: Project, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    process = start(line, write_many(tmp_path / "many.parquet", 4_000_000, 65_536), out)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=HANG_SECONDS)
    assert (process.returncode, b"interrupted" in said, list(tmp_path.glob("out*"))) == (130, True, [])
    assert '"outcome": "cancelled"' in (tmp_path / "logs" / "runs.jsonl").read_text()


@pytest.mark.slow
def test_a_disk_that_refuses_leaves_the_answers_of_before_and_no_trace(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.parquet"
    assert Predicted(capsys, line, write_rows(tmp_path / "few.parquet", {"x": [1.0]}), out).outcome == "ran"
    options = list_options(line, write_many(tmp_path / "many.parquet", 400_000, 65_536), out)
    ended = subprocess.run([sys.executable, "-c", LIMITED, *options], cwd=ROOT, capture_output=True, check=False)
    assert (ended.returncode, b"a limit allows" in ended.stderr, b"--out" in ended.stderr) == (1, True, True)
    assert pq.read_metadata(out).num_rows == 1
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.json", "out.parquet"]
