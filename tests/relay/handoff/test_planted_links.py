"""Files of ours are made under names that anyone can guess: a link that lies there is never followed."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from relay.handoff.files import open_new, remove_leftovers, write_atomically
from relay.sources.kept import KeptFile, Part

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Links"
[ingest]
source = "file"
path = "data/rows.csv"
max_rejected_share = 0.9
[preprocess]
kind = "table"
[columns]
age = { type = "int", role = "input" }
"""

SECRET = b"what nobody may change"


class Writes:
    """Hears which files below a folder are opened to write."""

    def __init__(self) -> None:
        self.folder, self.names = "", dict[str, None]()

    def hear(self, event: str, details: tuple[Any, ...]) -> None:
        """Take an audit event."""
        if event == "open" and self.folder and str(details[0]).startswith(self.folder):
            mode, flags = details[1], details[2]
            if (mode and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)):
                self.names[str(details[0]).removeprefix(self.folder)] = None


WRITES = Writes()
sys.addaudithook(WRITES.hear)


@pytest.fixture
def writes() -> Iterator[Writes]:
    """The ear, which is deaf before and after the test."""
    WRITES.names.clear()
    yield WRITES
    WRITES.folder = ""


def plant_link(path: Path, victim: Path) -> None:
    """A symbolic link to a file of someone else."""
    path.symlink_to(victim)


def plant_link_to_nothing(path: Path, victim: Path) -> None:
    """A symbolic link by which a new file would be made elsewhere."""
    path.symlink_to(victim.with_name("new"))


def plant_second_name(path: Path, victim: Path) -> None:
    """A second name of a file of someone else."""
    path.hardlink_to(victim)


PLANTS = (plant_link, plant_link_to_nothing, plant_second_name)


@pytest.mark.parametrize("plant", PLANTS)
def test_no_stage_follows_a_link_at_any_name_that_it_writes(
    desk: Desk, tmp_path: Path, writes: Writes, plant: Callable[[Path, Path], None]
) -> None:
    (desk.data / "rows.csv").write_text("age\n1\n2\nx\n")
    recipe, victim = desk.recipe(RECIPE), tmp_path / "victim" / "secret"
    victim.parent.mkdir()
    writes.folder = f"{desk.folder}/"
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]
    names = [name for name in writes.names if not (plant is plant_second_name and is_appended(name))]
    assert len(names) >= 8
    for name in names:
        victim.write_bytes(SECRET)
        for folder in (desk.data / "raw", desk.data / "processed", desk.data / "rejected", desk.logs):
            shutil.rmtree(folder, ignore_errors=True)
        path = desk.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        plant(path, victim)
        codes = [desk.run(stage, recipe, "--force") for stage in ("ingest", "preprocess")]
        assert (name, victim.read_bytes(), list(victim.parent.iterdir())) == (name, SECRET, [victim])
        assert set(codes) <= {0, 1}
        assert codes == [0, 0] or is_appended(name), name
        path.unlink(missing_ok=True)


def is_appended(name: str) -> bool:
    """Whether a file of this name stays from run to run, so that a link there is an error that a person must see."""
    return name.endswith((".lock", ".log", "runs.jsonl"))


WAYS: dict[str, Callable[[Path], object]] = {
    "atomic": lambda path: write_atomically(path.with_name(path.name[1:-4]), b"new"),
    "new": lambda path: open_new(path).close(),
    "part": lambda path: Part(path).append(b"new"),
    "leftovers": lambda path: remove_leftovers(path.parent),
}
"""Way to write a temporary file."""


@pytest.mark.parametrize(
    ("plant", "write"),
    [
        (plant, way)
        for plant in PLANTS
        for way in WAYS
        # A part of a download goes on where it stopped, and its own note tells what it is.
        if (plant, way) != (plant_second_name, "part")
    ],
)
def test_each_way_to_write_a_file_leaves_what_a_link_leads_to(
    tmp_path: Path, plant: Callable[[Path, Path], None], write: str
) -> None:
    victim, path = tmp_path / "victim" / "secret", tmp_path / "ours" / ".x.tmp"
    for folder in (victim.parent, path.parent):
        folder.mkdir()
    victim.write_bytes(SECRET)
    plant(path, victim)
    WAYS[write](path)
    assert (victim.read_bytes(), list(victim.parent.iterdir())) == (SECRET, [victim])


def test_a_pipe_at_the_name_of_a_file_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".x.tmp")
    write_atomically(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("0123456789abcdef-rows.parquet", True),
        ("0123456789abcdef-a.csv.gz", True),
        ("0123456789abcdef-../../secret.csv", False),
        ("0123456789abcdef-/etc/passwd", False),
        ("0123456789abcdef-rows.parquet\n", False),
        ("0123456789abcdef-", False),
        ("0123456789abcdef", False),
        ("x0123456789abcdef-rows.parquet", False),
        (f"0123456789abcdef-{'x' * 81}", False),
    ],
)
def test_a_manifest_names_files_of_its_own_folder_only(name: str, is_taken: bool) -> None:
    known: dict[str, Any] = {"name": "x", "item": "x", "url_digest": "x", "sha256": "x", "bytes": 1, "etag": None}
    times: dict[str, Any] = {"last_modified": None, "fetched_at_utc": "x", "checked_at_utc": "x"}
    if is_taken:
        assert KeptFile(file=name, **known, **times).file == name
    else:
        with pytest.raises(ValidationError, match="file"):
            KeptFile(file=name, **known, **times)
