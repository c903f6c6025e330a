"""Folders for temporary files: those of commands that were killed are removed at the next start, and no others."""

import os
import subprocess
import sys
import time
from pathlib import Path

import commands
import pytest
from filelock import FileLock

from adopt.scratch import MOST_REMOVED, remove_left_behind
from relay.handoff.settings import ROOT

HANG_SECONDS = 120
HOLD = (
    "import time; from adopt.scratch import open_scratch\n"
    "with open_scratch() as f: (f / 'x').write_text('x'); print(f, flush=True); time.sleep(100)"
)


def make(folder: Path, name: str = "relay-adopt-ab12_cd3", *, age: float = 3_600) -> Path:
    """A folder as a killed command leaves it."""
    path = folder / name
    (path / "scratch").mkdir(parents=True)
    (path / "scratch" / "rows.parquet").write_text("rows")
    (path / ".lock").touch()
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_killed_command_is_cleaned_up_after_and_a_living_one_is_not(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    (tmp_path / "x.csv").write_text("a,b\n1,x\n2,y\n")
    holders = [
        subprocess.Popen([sys.executable, "-c", HOLD], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        killed, living = (Path(holder.stdout.readline().strip()).parent for holder in holders if holder.stdout)
        holders[0].kill()
        holders[0].wait()
        for path in (killed, living):
            assert path.parent == tmp_path
            os.utime(path, (0, 0))
        command = [sys.executable, "-m", "adopt", str(tmp_path / "x.csv"), "--dry-run", "--quick"]
        commands.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=HANG_SECONDS)
        assert (killed.exists(), living.exists()) == (False, True)
        assert sorted(tmp_path.glob("relay-adopt-*")) == [living]
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


def test_only_old_folders_of_ours_without_a_holder_are_removed(tmp_path: Path) -> None:
    gone = make(tmp_path)
    kept = [
        make(tmp_path, "relay-adopt-mine"),
        make(tmp_path, "relay-adopt-ab12_cd3.old"),
        make(tmp_path, "other-ab12_cd3"),
        make(tmp_path, "relay-adopt-young_01", age=1),
        make(tmp_path, "relay-adopt-nolock01"),
        make(tmp_path, "relay-adopt-before01"),
        make(tmp_path, "relay-adopt-held0001"),
    ]
    (kept[4] / ".lock").unlink()
    (kept[5] / "scratch" / "before-0").write_text("a recipe of an earlier adoption")
    for path in kept[4:6]:
        os.utime(path, (0, 0))
    target = make(tmp_path / "elsewhere", "relay-adopt-target01")
    (tmp_path / "relay-adopt-linked01").symlink_to(target)
    with FileLock(kept[6] / ".lock"):
        os.utime(kept[6], (0, 0))
        assert remove_left_behind(tmp_path) == [gone]
    assert [path for path in (*kept, target) if not (path / "scratch").is_dir()] == []


def test_one_start_removes_a_bounded_number(tmp_path: Path) -> None:
    made = [make(tmp_path, f"relay-adopt-number{at:02d}") for at in range(MOST_REMOVED + 3)]
    assert len(remove_left_behind(tmp_path)) == MOST_REMOVED
    assert sum(path.exists() for path in made) == 3


def test_a_folder_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    assert remove_left_behind(tmp_path / "missing") == []


@pytest.mark.parametrize("name", ["a", ".lock"])
def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, name: str) -> None:
    path = make(tmp_path)
    (path / ".lock").unlink()
    target = tmp_path / f"target{name}"
    target.write_text("keep")
    (path / ".lock").symlink_to(target)
    os.utime(path, (0, 0))
    remove_left_behind(tmp_path)
    assert target.read_text() == "keep"
