"""One writer a dataset, over the borders of processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from loguru import logger
from patience import HANG_SECONDS, wait_for

from relay.handoff.lock import one_writer, read_holder

ROOT = Path(__file__).resolve().parents[3]

HOLD = """
import sys
from pathlib import Path
from relay.handoff.lock import one_writer
with one_writer(Path(sys.argv[1]), "raw/desk", "ingest", "2026-01-01T00:00:00Z"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(data: Path) -> "subprocess.Popen[str]":
    """Another process that holds the lock of `raw/desk` until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def said() -> list[str]:
    lines: list[str] = []
    logger.remove()
    logger.add(lambda message: lines.append(message.record["message"]))
    return lines


def test_a_second_process_waits_names_the_holder_and_then_goes_on(tmp_path: Path, said: list[str]) -> None:
    holder = hold(tmp_path)
    order: list[str] = []

    def write() -> None:
        with one_writer(tmp_path, "raw/desk", "ingest", "2026-01-01T00:00:01Z"):
            order.append("written")

    second = Thread(target=write)
    second.start()
    wait_for(lambda: said, "the second process to say that it waits")
    order.append("holder ends")
    holder.communicate()
    second.join(HANG_SECONDS)
    name = f"ingest on {socket.gethostname()} (process {holder.pid}) since 2026-01-01T00:00:00Z"
    assert (said, order) == ([f"ingest waits: raw/desk is being written by {name}"], ["holder ends", "written"])


def test_a_killed_holder_gives_the_lock_back(tmp_path: Path, said: list[str]) -> None:
    holder = hold(tmp_path)
    holder.kill()
    holder.communicate()
    with one_writer(tmp_path, "raw/desk", "preprocess", "2026-01-01T00:00:01Z"):
        assert said == []


def test_other_datasets_are_written_side_by_side(tmp_path: Path, said: list[str]) -> None:
    holder = hold(tmp_path)
    with one_writer(tmp_path, "raw/other", "ingest", "2026-01-01T00:00:01Z"):
        assert said == []
    holder.communicate()


def test_the_lock_file_names_who_holds_it(tmp_path: Path) -> None:
    with one_writer(tmp_path, "raw/desk", "ingest", "2026-01-01T00:00:00Z"):
        written = json.loads((tmp_path / ".locks/raw-desk.lock").read_text())
    assert (written["stage"], written["pid"]) == ("ingest", os.getpid())


@pytest.mark.parametrize("content", [None, "", "[]", '{"stage": "ingest"}'])
def test_a_holder_that_has_not_written_its_name_is_another_process(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "x.lock").write_text(content)
    assert read_holder(tmp_path / "x.lock") == "another process"
