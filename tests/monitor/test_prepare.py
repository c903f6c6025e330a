"""Compose starts `prepare` with the services: it makes the tables, as often as it is asked, and ends with 0."""

import json
import os
import subprocess
import sys
from pathlib import Path

import commands
from variables import VARIABLES

from relay.handoff.settings import ROOT
from relay.monitoring.opening import open_store
from relay.monitoring.sqlite import STORE_FILE


def prepare(**settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: text for name, text in os.environ.items() if name not in VARIABLES} | settings
    command = [sys.executable, "-m", "monitor", "prepare", "--json"]
    return commands.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_tables_are_made_once_and_what_they_hold_stays(tmp_path: Path) -> None:
    folder = tmp_path / "serving"
    done = prepare(DATA_DIR=str(tmp_path), SERVE_DIR=str(folder))
    assert (done.returncode, json.loads(done.stdout)) == (0, {"ready": True})
    first = (folder / STORE_FILE).read_bytes()
    assert prepare(DATA_DIR=str(tmp_path), SERVE_DIR=str(folder)).returncode == 0
    assert (folder / STORE_FILE).read_bytes() == first
    with open_store(folder, is_reader=True) as store:
        assert store.find_report("linear") is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = prepare(DATA_DIR=str(tmp_path), SERVE_DIR=str(tmp_path / "file" / "serving"))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "serving" in json.loads(done.stdout)["error"]["message"]
