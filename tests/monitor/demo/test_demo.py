"""The demonstration, played by its command: what it says, and that it leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import commands
import pytest

from relay.handoff.settings import ROOT

HANG_SECONDS = 600


def play(tmp_path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "monitor", "demo", *options]
    return commands.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )


@pytest.mark.slow
def test_the_demo_breaks_shifts_and_trains(tmp_path: Path) -> None:
    ended = play(tmp_path, "--json")
    assert ended.returncode == 0, ended.stderr
    story = json.loads(ended.stdout)
    assert (story["usual"]["kind"], story["repaired"]["kind"]) == ("none", "none")
    broken = story["broken"]
    assert (broken["kind"], broken["columns"][0], broken["factor"]["factor"]) == ("break", "income", 12)
    assert (broken["decision"], story["trainings_after_break"]) == ("hold", 1)
    assert story["shifted"]["kind"] in ("harm", "shift")
    assert story["shifted"]["decision"] == "suggest"
    assert "15 %" in story["gate"]["why"]
    assert (story["gate"]["is_production"], story["served"]) == (False, 2)
    assert [path.name for path in tmp_path.glob("relay-demo-*")] == []


def test_a_folder_that_is_there_is_refused(tmp_path: Path) -> None:
    ended = play(tmp_path, "--keep", str(tmp_path))
    assert ended.returncode == 2
    assert "is there already" in ended.stderr
    assert list(tmp_path.iterdir()) == []
