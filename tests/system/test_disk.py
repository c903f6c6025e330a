"""A full disk: said in one line, the old data whole, nothing left over, and with room again the next run succeeds.

Needs the right to mount a small file system: root, in a container with CAP_SYS_ADMIN.
"""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage_process import Folders
from whole_data import list_leftovers, require_whole_dataset, take_picture
from workshop import Workshop, require_one_line

BLOCK_BYTES = 4096
"""What tmpfs gives out at a time."""

DISK_BLOCKS = 256

LEDGER = """
title = "A ledger with bad entries"

[ingest]
source = "file"
path = "ledger.csv"
max_rejected_share = 0.5

[preprocess]
kind = "table"

[columns]
entry = { type = "int", role = "id" }
amount = { type = "float", role = "input" }

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


class Disk:
    """A file system of one megabyte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @property
    def free(self) -> int:
        """Blocks that can still be had."""
        return os.statvfs(self.folder).f_bavail

    def leave(self, blocks: int) -> None:
        """Fill it up to so many blocks."""
        self.make_room()
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, (self.free - blocks) * BLOCK_BYTES)
        assert self.free == blocks

    def make_room(self) -> None:
        """Take away what fills it."""
        self._ballast.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk, empty; unmounted whatever happens."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = DISK_BLOCKS * BLOCK_BYTES
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("needs the command mount")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "relay-test", folder], capture_output=True, text=True
    )
    if done.returncode != 0:
        said = done.stderr.splitlines()[0]
        pytest.skip(f"needs the right to mount: root, in a container with CAP_SYS_ADMIN ({said})")
    try:
        yield Disk(folder)
    finally:
        # Lazily: a process of a failed test may still have its folder there.
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def ledger(workshop: Workshop) -> Path:
    """A recipe and its file, in which every tenth entry is rejected; with seed, so that two runs can differ."""
    chance = random.Random("ledger")
    for name in ("ledger.csv", "other.csv"):
        rows = [f"{entry},{'?' if chance.random() < 0.1 else chance.random()}" for entry in range(4_000)]
        workshop.write(name, "\n".join(["entry,amount", *rows]) + "\n")
    return workshop.write("ledger.toml", LEDGER)


@pytest.mark.slow
def test_a_disk_that_fills_up_at_any_point_costs_nothing_but_the_run(
    disk: Disk, workshop: Workshop, ledger: Path
) -> None:
    workshop = Workshop(workshop.home, Folders(disk.folder / "data", workshop.folders.logs))
    old, new = ("ingest", ledger), ("ingest", ledger, "--set", "ingest.path=other.csv")

    def picture() -> dict[str, str]:
        require_whole_dataset(workshop.data, "raw/ledger", "ingest")
        return take_picture(workshop.data, "raw/ledger", "ingest")

    workshop.succeed(*new)
    new_picture = picture()
    workshop.succeed(*old)
    old_picture = picture()
    refused = 0
    for blocks in range(DISK_BLOCKS):
        disk.leave(blocks)
        ended = workshop.run(*new)
        assert list_leftovers(workshop.data) == []
        if ended.code == 0:
            break
        line = require_one_line(ended, 1)
        assert "no space left on the disk" in line
        assert str(workshop.data) in line
        assert "Free disk space" in line
        assert picture() == old_picture, f"with {blocks} blocks: {line}"
        refused += 1
        disk.make_room()
        workshop.succeed(*new)
        assert picture() == new_picture
        workshop.succeed(*old)
        assert picture() == old_picture
    assert picture() == new_picture
    assert refused >= 8, "rows, rejected rows, receipt: the space must have ended in each of them"


@pytest.mark.parametrize("stage", ["preprocess", "model"])
def test_a_later_stage_on_a_full_disk_keeps_its_old_result(stage: str, disk: Disk, workshop: Workshop) -> None:
    workshop = Workshop(workshop.home, Folders(disk.folder / "data", workshop.folders.logs))
    address = {"preprocess": "processed/linear", "model": "output/linear"}[stage]
    changed = {"preprocess": "preprocess.test_share=0.5", "model": "model.options.fit_intercept=false"}[stage]
    for earlier in ("ingest", "preprocess", stage):
        workshop.succeed(earlier, "linear")
    before = take_picture(workshop.data, address, stage)
    for blocks in (0, 1) if stage == "preprocess" else (0, 1, 12):
        disk.leave(blocks)
        ended = workshop.run(stage, "linear", "--set", changed)
        line = require_one_line(ended, 1)
        assert "no space left on the disk" in line
        assert list_leftovers(workshop.data) == []
        assert take_picture(workshop.data, address, stage) == before
    disk.make_room()
    workshop.succeed(stage, "linear", "--set", changed)
    assert take_picture(workshop.data, address, stage) != before


@pytest.mark.parametrize(
    ("full", "said"),
    [
        ("ingest.log", "Nothing was changed"),
        ("runs.jsonl", "raw/ledger is in place, but"),
        ("metrics", "raw/ledger is in place, but"),
    ],
)
def test_a_full_disk_of_the_logs_is_said_and_the_data_stays_whole(
    full: str, said: str, disk: Disk, workshop: Workshop, ledger: Path
) -> None:
    workshop = Workshop(workshop.home, Folders(workshop.data, disk.folder / "logs"))
    other = ("--set", "ingest.path=other.csv")
    workshop.succeed("ingest", ledger, *other)
    new = require_whole_dataset(workshop.data, "raw/ledger", "ingest")
    workshop.succeed("ingest", ledger)
    old = require_whole_dataset(workshop.data, "raw/ledger", "ingest")
    if full != "metrics":
        fill_last_page(workshop.folders.logs / full, but=100)
    disk.leave(0)
    line = require_one_line(workshop.run("ingest", ledger, *other), 1)
    assert "no space left on the disk" in line
    assert str(workshop.folders.logs) in line
    assert said in line
    assert require_whole_dataset(workshop.data, "raw/ledger", "ingest") == (old if "Nothing" in said else new)
    disk.make_room()
    workshop.succeed("ingest", ledger, "--force")
    *earlier, last = (workshop.folders.logs / "runs.jsonl").read_text().splitlines()
    assert json.loads(last)["outcome"] == "ran"
    assert sum(not is_json(line) for line in earlier) == (full == "runs.jsonl"), "a line that was cut spoils no other"


def fill_last_page(path: Path, but: int) -> None:
    """Append lines until the file's last page has room for so many bytes only."""
    with path.open("ab") as file:
        size = (-file.tell() - but) % BLOCK_BYTES
        file.write(b'"' + b"-" * (size - 3) + b'"\n')


def is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_a_disk_that_is_read_only_is_said(disk: Disk, workshop: Workshop, ledger: Path) -> None:
    workshop = Workshop(workshop.home, Folders(disk.folder / "data", workshop.folders.logs))
    workshop.succeed("ingest", ledger)
    subprocess.run(["mount", "-o", "remount,ro", disk.folder], check=True)
    line = workshop.refuse("ingest", ledger, "--force")
    assert f"the file system is read-only: {workshop.data}" in line
    subprocess.run(["mount", "-o", "remount,rw", disk.folder], check=True)
    workshop.succeed("ingest", ledger, "--force")


def test_a_registry_that_a_full_disk_refuses_costs_no_result_and_leaves_no_half_database(
    disk: Disk, workshop: Workshop
) -> None:
    workshop = Workshop(workshop.home, Folders(disk.folder / "data", workshop.folders.logs))
    for earlier in ("ingest", "preprocess", "model"):
        workshop.succeed(earlier, "linear")
    before = take_picture(workshop.data, "output/linear", "model")
    disk.leave(20)
    line = require_one_line(workshop.run("model", "linear", MLFLOW_TRACKING_URI=""), 1)
    assert "python -m model track" in line or "no space left on the disk" in line
    assert take_picture(workshop.data, "output/linear", "model") == before
    assert not (workshop.data / "mlflow" / "mlflow.db").exists(), "half a database would never open again"
