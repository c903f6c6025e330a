"""A full disk: said in one line, the old data whole, nothing left over, and with room again the next run succeeds.

Needs the right to mount a small file system: root, in a container with CAP_SYS_ADMIN.
"""

import itertools
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from counts import spread
from small_disk import BLOCK_BYTES, SmallDisk, mount_disk
from stage_process import Folders
from whole_data import list_leftovers, require_whole_dataset, require_whole_result, take_picture
from workshop import Workshop, require_one_line

DISK_BLOCKS = 8192
"""Room for the ten results that a recipe keeps."""

LEDGER = """
title = "A ledger with bad entries"

[ingest]
source = "file"
path = "ledger.csv"
max_rejected_share = 0.5

[preprocess]
kind = "table"

[columns]
entry = { type = "int", role = "input" }
amount = { type = "float", role = "target" }

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A small disk, empty."""
    with mount_disk(DISK_BLOCKS * BLOCK_BYTES) as disk:
        yield disk


@pytest.fixture
def ledger(workshop: Workshop) -> Path:
    """A recipe and its file, in which every tenth entry is rejected; with seed, so that two runs can differ."""
    chance = random.Random("ledger")
    for name in ("ledger.csv", "other.csv"):
        rows = [f"{entry},{'?' if chance.random() < 0.1 else chance.random()}" for entry in range(4_000)]
        workshop.write(name, "\n".join(["entry,amount", *rows]) + "\n")
    return workshop.write("ledger.toml", LEDGER)


CASES = {
    "ingest": ("raw/ledger", "ingest.path=ledger.csv", "ingest.path=other.csv"),
    "preprocess": ("processed/ledger", "preprocess.test_share=0.2", "preprocess.test_share=0.5"),
    "model": ("output/ledger", "model.options.fit_intercept=true", "model.options.fit_intercept=false"),
}
"""Stage -> what it makes, and two settings that make it differ."""


@pytest.mark.slow
@pytest.mark.counted
@pytest.mark.parametrize("stage", CASES)
def test_a_disk_that_fills_up_at_any_point_costs_nothing_but_the_run(
    stage: str,
    disk: SmallDisk,
    workshop: Workshop,
    ledger: Path,
    record_property: Callable[[str, object], None],
) -> None:
    workshop = Workshop(workshop.home, Folders(disk.folder / "data", workshop.folders.logs))
    address, *settings = CASES[stage]

    def picture() -> dict[str, str]:
        require_whole = require_whole_result if stage == "model" else require_whole_dataset
        require_whole(workshop.data, address, stage)
        return take_picture(workshop.data, address, stage)

    for earlier in itertools.takewhile(lambda earlier: earlier != stage, CASES):
        workshop.succeed(earlier, ledger)
    pictures, needed = [], 0
    for setting in settings:
        before = disk.free
        workshop.succeed(stage, ledger, "--set", setting, "--force")
        needed = needed or before - disk.free
        pictures.append(picture())
    there, refused, sizes = 1, 0, spread(needed)
    for blocks in sizes:
        run = (stage, ledger, "--set", settings[1 - there], "--force")
        disk.leave_blocks(blocks)
        ended = workshop.run(*run)
        assert list_leftovers(workshop.data) == []
        if ended.code:
            line = require_one_line(ended, 1)
            assert "no space left on the disk" in line
            assert str(workshop.data) in line
            assert "Free disk space" in line
            assert picture() == pictures[there], f"with {blocks} blocks: {line}"
            refused += 1
            disk.make_room()
            workshop.succeed(*run)
        disk.make_room()
        there = 1 - there
        assert picture() == pictures[there]
    assert refused >= len(sizes) * 3 / 4, f"{needed} blocks were said to be needed"
    record_property(f"sizes of a full disk under {stage}", len(sizes))
    record_property(f"of these with too little room for {stage}", refused)


@pytest.mark.parametrize(
    ("full", "said"),
    [
        ("ingest.log", "Nothing was changed"),
        ("runs.jsonl", "raw/ledger is in place, but"),
        ("metrics", "raw/ledger is in place, but"),
    ],
)
def test_a_full_disk_of_the_logs_is_said_and_the_data_stays_whole(
    full: str, said: str, disk: SmallDisk, workshop: Workshop, ledger: Path
) -> None:
    workshop = Workshop(workshop.home, Folders(workshop.data, disk.folder / "logs"))
    other = ("--set", "ingest.path=other.csv")
    workshop.succeed("ingest", ledger, *other)
    new = require_whole_dataset(workshop.data, "raw/ledger", "ingest")
    workshop.succeed("ingest", ledger)
    old = require_whole_dataset(workshop.data, "raw/ledger", "ingest")
    if full != "metrics":
        fill_last_page(workshop.folders.logs / full, but=100)
    disk.leave_blocks(0)
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


def test_a_disk_that_is_read_only_is_said(disk: SmallDisk, workshop: Workshop, ledger: Path) -> None:
    workshop = Workshop(workshop.home, Folders(disk.folder / "data", workshop.folders.logs))
    workshop.succeed("ingest", ledger)
    subprocess.run(["mount", "-o", "remount,ro", disk.folder], check=True)
    line = workshop.refuse("ingest", ledger, "--force")
    assert f"the file system is read-only: {workshop.data}" in line
    subprocess.run(["mount", "-o", "remount,rw", disk.folder], check=True)
    workshop.succeed("ingest", ledger, "--force")
