"""kill -9 before each step of a write, of writers that are not safe, and beside other writers and readers."""

import hashlib
import itertools
import json
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from counts import share_kills
from crash_recipes import INGEST
from killing import SEED, WAYS, Subject, Tally, kill_again_and_again, look, repair, run_undisturbed
from stage_process import KILLED, AtStep, Folders, Fork, fork, make_event, wait_until
from whole_data import fingerprint_of, list_leftovers

from relay.handoff.dataset import open_dataset
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt

pytestmark = pytest.mark.crash

REWRITES = 50


def test_a_kill_before_each_change_of_the_data_leaves_the_old_dataset_or_the_new(
    recipes: Path, folders: Folders, tmp_path: Path
) -> None:
    subject = Subject("ingest", recipes / "ledger.toml", folders, INGEST["ledger"])
    undisturbed = run_undisturbed(subject, tmp_path)
    tally = Tally()
    there = 1
    # There and back: from rejected rows to none and from none to some, the steps differ.
    for step in range(1, max(undisturbed.steps) + 1):
        for _ in (0, 1):
            wanted = 1 - there
            code = subject.start(wanted, "--force", at_step=AtStep(step)).end().code
            assert code == (KILLED if step <= undisturbed.steps[wanted] else 0)
            look(subject, undisturbed, there, wanted, tally)
            tally.kills += code == KILLED
            # The run after a killed one may fail: what a reader found must still be there.
            found = subject.require_whole()
            assert subject.start(wanted, "--set", "ingest.path=page.csv").end().code == 1
            assert (subject.require_whole(), list_leftovers(subject.data)) == (found, [])
            repair(subject, wanted, undisturbed)
            there = wanted
    assert tally.kills == sum(undisturbed.steps)
    assert tally.between_renames >= 4, "rows in place, their rejected rows or their receipt not: there and back"


def test_a_first_run_killed_before_each_change_leaves_nothing_or_a_whole_dataset(
    recipes: Path, folders: Folders, tmp_path: Path
) -> None:
    subject = Subject("ingest", recipes / "ledger.toml", folders, INGEST["ledger"])
    undisturbed = run_undisturbed(subject, tmp_path)
    tally = Tally()
    for step in itertools.count(1):
        shutil.rmtree(folders.data)
        if subject.start(0, at_step=AtStep(step)).end().code == 0:
            break
        look(subject, undisturbed, None, 0, tally)
        repair(subject, 0, undisturbed)
    assert tally.old, "nothing"
    assert tally.new, "all"


# The same harness finds writers that are not safe.


@dataclass(frozen=True)
class UnsafeSubject(Subject):
    """A writer of our own in the place of a stage."""

    write: Callable[[Path, int], None] = lambda data, variant: None

    def start(self, variant: int, *more: str, at_step: AtStep | None = None) -> Fork:
        """A run of the unsafe writer."""
        output = self.folders.logs / "output"
        return fork(write_unsafely, self.write, self.data, variant, at_step, output=output)

    def start_cold(self, variant: int, *more: str) -> Fork:  # type: ignore[override]
        """The same: it has nothing to import."""
        return self.start(variant)

    def read(self) -> str | None:
        """The fingerprint: its receipts are too simple for the project's own reader."""
        return self.require_whole()


def write_unsafely(write: Callable[[Path, int], None], data: Path, variant: int, at_step: AtStep | None) -> None:
    """What a process of an unsafe writer does."""
    if at_step is not None:
        at_step.begin(data)
    write(data / "raw" / "ledger.parquet", variant)


def write_in_place(path: Path, variant: int) -> None:
    """Rows written over the old ones, then the receipt over the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, variant)
    path.with_suffix(".json").write_text(naive_receipt(path))


def write_receipt_after_the_rename(path: Path, variant: int) -> None:
    """Rows renamed into place, then the receipt renamed into place: between the two they do not fit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".parquet.tmp")
    write_rows(temporary, variant)
    receipt = path.with_suffix(".json.tmp")
    receipt.write_text(naive_receipt(temporary))
    temporary.replace(path)
    receipt.replace(path.with_suffix(".json"))


def write_rows(path: Path, variant: int) -> None:
    numbers = np.random.default_rng(variant)
    with path.open("wb") as file, pq.ParquetWriter(file, pa.schema([("x", pa.float64())])) as writer:
        for _ in range(40):
            writer.write_table(pa.table({"x": numbers.normal(size=20_000)}))


def naive_receipt(path: Path) -> str:
    body: dict[str, object] = {
        "fingerprint": fingerprint_of(path), "bytes": path.stat().st_size, "rows": 800_000,
        "columns": [{"name": "x"}], "rejected": {"rows": 0, "fingerprint": None},
    }  # fmt: skip
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return json.dumps({**body, "receipt_sha256": hashlib.sha256(canonical.encode()).hexdigest()})


@pytest.mark.parametrize("write", [write_in_place, write_receipt_after_the_rename])
def test_the_same_kills_find_a_writer_that_is_not_safe(
    write: Callable[[Path, int], None], folders: Folders, tmp_path: Path
) -> None:
    subject = UnsafeSubject("ingest", Path("ledger.toml"), folders, ((), ()), write)
    undisturbed = run_undisturbed(subject, tmp_path)
    with pytest.raises(AssertionError, match="no receipt is that of the rows"):
        kill_again_and_again(subject, undisturbed, max(share_kills("ingest"), 5 * len(WAYS)), Tally())


# Two writers, and readers beside a writer.


def test_two_writers_killed_at_once_leave_one_whole_dataset(recipes: Path, folders: Folders, tmp_path: Path) -> None:
    subject = Subject("ingest", recipes / "ledger.toml", folders, INGEST["ledger"])
    undisturbed = run_undisturbed(subject, tmp_path)
    chance = random.Random(SEED)
    hits = 0
    for _ in range(max(4, share_kills("ingest") // 4)):
        pair = [subject.start(variant, "--force") for variant in (0, 1)]
        time.sleep(chance.uniform(0, 2 * undisturbed.seconds))
        for process in pair:
            process.kill()
        hits += KILLED in [process.end().code for process in pair]
        found = subject.require_whole()
        assert found in undisturbed.fingerprints
        assert subject.read() == found
        repair(subject, chance.choice((0, 1)), undisturbed)
    assert hits >= 2


def test_when_the_writer_is_killed_the_one_that_waits_goes_on(recipes: Path, folders: Folders, tmp_path: Path) -> None:
    subject = Subject("ingest", recipes / "ledger.toml", folders, INGEST["ledger"])
    undisturbed = run_undisturbed(subject, tmp_path)
    holder = subject.start(0, "--force", at_step=AtStep(2, signal.SIGSTOP))
    assert wait_until(lambda: holder.is_stopped, holder, pause=0.005)
    waiting = subject.start(1, "--force")
    assert wait_until(lambda: "waits" in waiting.output.read_text(), waiting, pause=0.005)
    holder.kill()
    assert holder.end().code == KILLED
    ended = waiting.end()
    assert ended.code == 0
    assert f"(process {holder.pid}) since" in ended.said
    assert subject.picture() == undisturbed.pictures[1]
    assert list_leftovers(folders.data) == []


def test_a_reader_beside_a_writer_finds_whole_datasets_only(folders: Folders, tmp_path: Path, recipes: Path) -> None:
    small = ("--set", "ingest.rows=3000")
    subject = Subject("ingest", recipes / "drawn.toml", folders, (small, (*small, "--set", "seed=7")))
    undisturbed = run_undisturbed(subject, tmp_path)
    is_over = make_event()
    reader = fork(read_again_and_again, subject, is_over, tmp_path / "found", output=tmp_path / "output of the reader")
    for number in range(REWRITES):
        ended = subject.start(number % 2, "--force").end()
        assert ended.code == 0, ended.said
    is_over.set()
    ended = reader.end()
    assert ended.code == 0, ended.said
    found = Counter((tmp_path / "found").read_text().split())
    assert set(found) == set(undisturbed.fingerprints)
    assert found.total() >= REWRITES
    # Reader and writer keep what they know of hashes in one place: it must be true in the end.
    parquet = folders.data / f"{subject.address}.parquet"
    assert Fingerprints(folders.data / ".state", folders.data).of(parquet) == fingerprint_of(parquet)


def read_again_and_again(subject: Subject, is_over: Event, found: Path) -> None:
    fingerprints = Fingerprints(subject.data / ".state", subject.data)
    location = DatasetLocation(subject.data, subject.address, subject.stage)
    with found.open("w") as record:
        while not is_over.is_set():
            dataset = open_dataset(location, fingerprints, "make it")
            assert dataset.table().num_rows == dataset.receipt.rows
            record.write(f"{dataset.receipt.fingerprint}\n")


def test_what_a_reader_remembers_is_of_the_file_that_it_read(recipes: Path, folders: Folders, tmp_path: Path) -> None:
    small = ("--set", "ingest.rows=10")
    subject = Subject("ingest", recipes / "drawn.toml", folders, (small, (*small, "--set", "seed=7")))
    assert subject.start(0).end().code == 0
    fingerprints = Fingerprints(folders.data / ".state", folders.data)

    @dataclass(frozen=True)
    class Overtaken(DatasetLocation):
        """A location that is written anew right after its receipt was read."""

        def receipts(self) -> list[Receipt]:
            found = super().receipts()
            assert subject.start(1).end().code == 0
            return found

    read = open_dataset(Overtaken(folders.data, subject.address, "ingest"), fingerprints, "make it")
    parquet = folders.data / f"{subject.address}.parquet"
    assert read.receipt.fingerprint != fingerprint_of(parquet)
    assert fingerprints.of(parquet) == fingerprint_of(parquet)
