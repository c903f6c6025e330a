"""kill -9 of stages that write datasets in parts, while others read: each reader has the old dataset or the new one."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from counts import PART_KILLS
from killing import SEED
from stage_process import KILLED, AtStep, Ended, Folders, fork_stage
from whole_data import list_leftovers

from relay.handoff.dataset import open_dataset
from relay.handoff.errors import DatasetReplacedError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation

pytestmark = [pytest.mark.crash, pytest.mark.counted]

PARTS = ("--set", "ingest.part_rows=4000")
"""Fifteen parts."""

CASES = {
    # To the same rows in one file and back, and to other rows.
    "ingest": ("raw/ledger", (PARTS, (), (*PARTS, "--set", "ingest.path=clean.csv"))),
    "preprocess": ("processed/ledger", (PARTS, (*PARTS, "--set", "preprocess.test_share=0.5"))),
}
READERS = 2


@dataclass
class Reading:
    """Readers that read a dataset from end to end, again and again, until they are stopped."""

    location: DatasetLocation
    known: set[str]
    """Fingerprints of the datasets that may lie there."""
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def start(self, state: Path) -> list[threading.Thread]:
        """The readers, at work."""
        threads = [threading.Thread(target=self._read, args=(state / str(number),)) for number in range(READERS)]
        for thread in threads:
            thread.start()
        return threads

    def _read(self, state: Path) -> None:
        fingerprints = Fingerprints(state, self.location.data_dir)
        while not self.is_over.is_set():
            try:
                dataset = open_dataset(self.location, fingerprints, "make it")
                rows = sum(batch.num_rows for batch in dataset.batches())
            except DatasetReplacedError:
                self.counts["replaced"] += 1
                continue
            except Exception as error:  # shown by the test: a thread cannot fail it
                self.wrong.append(f"{type(error).__name__}: {error}")
                return
            self.counts["whole"] += 1
            if rows != dataset.receipt.rows or dataset.receipt.fingerprint not in self.known:
                self.wrong.append(f"{rows} rows of {dataset.receipt.fingerprint}")


@pytest.mark.parametrize("stage", CASES)
def test_readers_of_parts_find_whole_datasets_however_often_the_writer_is_killed(
    stage: str, recipes: Path, folders: Folders, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    address, variants = CASES[stage]
    recipe, location = recipes / "ledger.toml", DatasetLocation(folders.data, address, stage)

    def run(name: str, *arguments: str, at_step: AtStep | None = None) -> Ended:
        output = tmp_path / "output"
        return fork_stage(name, recipe, *arguments, folders=folders, output=output, at_step=at_step).end()

    if stage == "preprocess":
        assert run("ingest", *PARTS).code == 0
    expected, seconds, steps = [], 0.0, tmp_path / "steps"
    for variant in variants:
        began = time.monotonic()
        ended = run(stage, *variant, at_step=AtStep(record=steps))
        assert ended.code == 0, ended.said
        seconds = time.monotonic() - began
        receipt = location.read_receipt()
        assert receipt is not None
        expected.append(receipt.fingerprint)
    changes = len(steps.read_text().splitlines()) // len(variants)

    chance, counts = random.Random(f"{SEED} parts {stage}"), Counter[str]()
    reading = Reading(location, set(expected))
    readers = reading.start(tmp_path / "state")
    try:
        for number in range(PART_KILLS.value):
            chosen = chance.randrange(len(variants))
            if number % 2:
                ended = run(stage, *variants[chosen], "--force", at_step=AtStep(chance.randrange(1, changes + 1)))
            else:
                output = tmp_path / "killed"
                process = fork_stage(stage, recipe, *variants[chosen], "--force", folders=folders, output=output)
                time.sleep(chance.uniform(0, seconds))
                process.kill()
                ended = process.end()
            assert ended.code in (0, KILLED), ended.said
            counts["killed"] += ended.code == KILLED
            chosen = chance.randrange(len(variants))
            ended = run(stage, *variants[chosen])
            assert ended.code == 0, ended.said
            require_tidy(location, expected[chosen])
    finally:
        reading.is_over.set()
        for reader in readers:
            reader.join()
    record_property(f"kills of {stage} in parts", counts["killed"])
    record_property(f"whole reads beside {stage} in parts", reading.counts["whole"])
    assert reading.wrong == []
    assert counts["killed"]
    assert reading.counts["whole"]


def require_tidy(location: DatasetLocation, fingerprint: str) -> None:
    """The dataset is this one, and nothing is left of another form, of killed runs or of older ones."""
    receipt = location.read_receipt()
    assert receipt is not None
    assert receipt.fingerprint == fingerprint
    assert list_leftovers(location.data_dir) == []
    assert location.parquet.exists() == (receipt.parts is None)
    if receipt.parts is None:
        assert not location.parts.exists()
        return
    allowed = {receipt.parts.folder, receipt.parts.before} - {""}
    assert {path.name for path in location.parts.iterdir()} <= allowed
    names = {path.name for path in (location.parts / receipt.parts.folder).iterdir()}
    assert names == {"SHA256SUMS", *receipt.parts.digests, *(f"{name[:10]}.json" for name in receipt.parts.digests)}
