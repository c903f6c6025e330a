"""The harness of kill -9: a subject that is killed again and again, and what must be true after each kill."""

import itertools
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from stage_process import KILLED, AtStep, Ended, Folders, Fork, end_of, fork_stage, start_stage, wait_until
from whole_data import list_leftovers, require_whole_dataset, require_whole_result, take_picture

from relay.handoff.dataset import open_dataset
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Receipt

SEED = 20_261_120

WAYS = ("any moment", "while it writes", "at a mark", "before a step")
"""In turn: at a random moment of the run; of the writing; when a file changes; right before a change of the folder."""

COLD_EVERY = 10
"""Every so often a kill meets a process that was started anew."""

FOLDERS = {"ingest": "raw", "preprocess": "processed", "model": "output"}


@dataclass(frozen=True)
class Subject:
    """A stage that is killed, on a recipe with two sets of parameters: what is there then tells which run it is of."""

    stage: str
    recipe: Path
    folders: Folders
    variants: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def address(self) -> str:
        """Of the stage's result."""
        return f"{FOLDERS[self.stage]}/{self.recipe.stem}"

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folders.data

    @property
    def marks(self) -> list[Path]:
        """The files whose changes are the steps of a write."""
        location = DatasetLocation(self.data, self.address, self.stage)
        if self.stage == "model":
            return [self.data / self.address, self.data / self.address / ".latest.tmp"]
        return [location.temporary, location.next_rejected, location.next_receipt, location.parquet, location.receipt]

    def start(self, variant: int, *more: str, at_step: AtStep | None = None) -> Fork:
        """A run under way, forked from the warm interpreter."""
        arguments = (self.recipe, *self.variants[variant], *more)
        output = self.folders.logs / f"output {variant}"
        return fork_stage(self.stage, *arguments, folders=self.folders, output=output, at_step=at_step)

    def start_cold(self, variant: int, *more: str) -> "subprocess.Popen[str]":
        """A run under way, started anew."""
        return start_stage(self.stage, self.recipe, *self.variants[variant], *more, folders=self.folders)

    def require_whole(self) -> str | None:
        """The fingerprint of what is there; raises AssertionError when that is not whole."""
        if self.stage == "model":
            return require_whole_result(self.data, self.address, self.stage)
        return require_whole_dataset(self.data, self.address, self.stage)

    def read(self) -> str | None:
        """The fingerprint of what is there, read as the next stage reads it."""
        fingerprints = Fingerprints(self.folders.logs / "state of the reader", self.data)
        if self.stage == "model":
            from relay.results.output import ResultLocation

            receipt: Receipt | None = ResultLocation(self.data, self.recipe.stem).current(fingerprints)
            return receipt and receipt.fingerprint
        location = DatasetLocation(self.data, self.address, self.stage)
        if not location.parquet.exists():
            return None
        dataset = open_dataset(location, fingerprints, "make it")
        assert sum(batch.num_rows for batch in dataset.batches()) == dataset.receipt.rows
        return dataset.receipt.fingerprint

    def picture(self) -> dict[str, str]:
        """What is there, to compare with another."""
        return take_picture(self.data, self.address, self.stage)


@dataclass(frozen=True)
class Undisturbed:
    """What a run does when nobody kills it, one entry a variant."""

    pictures: list[dict[str, str]]
    fingerprints: list[str | None]
    seconds: float
    """From the start to the end."""
    writing_seconds: float
    """From the first mark to the end."""
    steps: list[int]
    """Changes that it makes in the data folder."""


@dataclass
class Tally:
    """What the kills hit."""

    kills: int = 0
    writing: int = 0
    """Something was written and not in force yet, or not settled."""
    between_renames: int = 0
    """The rows or results were in place, what belongs to them was not."""
    old: int = 0
    new: int = 0
    ways: Counter[str] = field(default_factory=Counter)


def run_undisturbed(subject: Subject, tmp_path: Path) -> Undisturbed:
    """Both variants, one over the other and back, so that the steps are those of a run that replaces another."""
    steps = [tmp_path / f"steps of {subject.recipe.stem} {variant}" for variant in (0, 1)]
    for variant in (0, 1):
        ended = subject.start(variant).end()
        assert ended.code == 0, ended.said
    pictures, fingerprints, seconds, writing = [], [], [], []
    for variant in (0, 1):
        mark = subject.marks[0]
        begun, before = time.monotonic(), identify(mark)
        process = subject.start(variant, "--force", at_step=AtStep(record=steps[variant]))
        wait_until(lambda mark=mark, before=before: identify(mark) != before, process)
        first_mark = time.monotonic()
        assert process.end().code == 0
        ended = time.monotonic()
        pictures.append(subject.picture())
        fingerprints.append(subject.require_whole())
        seconds.append(ended - begun)
        writing.append(ended - first_mark)
    assert fingerprints[0] != fingerprints[1], "the variants must differ, or nobody can tell which one is there"
    lines = [len(path.read_text().splitlines()) for path in steps]
    return Undisturbed(pictures, fingerprints, min(seconds), min(writing), lines)


def identify(path: Path) -> tuple[int, int] | None:
    """What changes when another file takes a name, or a folder gets or loses one."""
    try:
        stat = path.lstat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def kill_again_and_again(subject: Subject, undisturbed: Undisturbed, kills: int, tally: Tally) -> None:
    """Kill runs that would replace what is there; after each kill look, then run to the end and look again.

    A run that ends before its kill is looked at too, and does not count.

    Raises:
        AssertionError: a reader finds something that is neither whole old nor whole new data, or the next run does
            not succeed, or does not give what an undisturbed one gives.
    """
    chance = random.Random(f"{SEED} {subject.address}")
    steps = chance.sample(range(1, max(undisturbed.steps) + 1), max(undisturbed.steps))
    wanted = tally.kills + kills
    there = 1  # what `run_undisturbed` left
    for number in itertools.count():
        if tally.kills >= wanted:
            return
        assert number < 3 * kills, f"most runs end before they are killed: {tally}"
        variant = 1 - there
        way = WAYS[number % len(WAYS)]
        if way == "before a step":
            steps.append(steps.pop(0))
            ended = subject.start(variant, "--force", at_step=AtStep(steps[0])).end()
        else:
            ended = kill(subject, variant, way, undisturbed, chance, cold=number % COLD_EVERY == COLD_EVERY - 1)
        assert ended.code in (0, KILLED), f"{way}: exit code {ended.code}, {ended.said}"
        look(subject, undisturbed, there, variant, tally)
        tally.kills += ended.code == KILLED
        tally.ways[way] += ended.code == KILLED
        there = chance.choice((0, 1))
        # Without --force a stage may find that the killed run had done it all, or put an earlier result back.
        repair(subject, there, undisturbed, *(["--force"] if number % 6 == 0 else []))


def kill(
    subject: Subject, variant: int, way: str, undisturbed: Undisturbed, chance: random.Random, *, cold: bool
) -> Ended:
    """The end of a run that is killed from outside in one of the ways."""
    mark = subject.marks[0] if way == "while it writes" else chance.choice(subject.marks)
    before = identify(mark)
    process = (subject.start_cold if cold else subject.start)(variant, "--force")
    if way == "any moment":
        time.sleep(chance.uniform(0, undisturbed.seconds))
    else:
        wait_until(lambda: identify(mark) != before, process)
    if way == "while it writes":
        time.sleep(chance.uniform(0, undisturbed.writing_seconds))
    process.kill()
    return process.end() if isinstance(process, Fork) else end_of(process)


def look(subject: Subject, undisturbed: Undisturbed, before: int | None, variant: int, tally: Tally) -> None:
    """Read what a killed run left, and count it."""
    old = None if before is None else undisturbed.fingerprints[before]
    new = undisturbed.fingerprints[variant]
    found = subject.require_whole()
    assert found in (old, new)
    assert subject.read() == found
    leftovers = [path for path in list_leftovers(subject.data) if not path.startswith(".")]
    tally.writing += bool(leftovers)
    tally.between_renames += found == new and bool(leftovers)
    tally.old += found == old
    tally.new += found == new


def repair(subject: Subject, variant: int, undisturbed: Undisturbed, *more: str) -> None:
    """Run to the end, and compare with an undisturbed run."""
    ended = subject.start(variant, *more).end()
    assert ended.code == 0, ended.said
    assert subject.picture() == undisturbed.pictures[variant]
    assert list_leftovers(subject.data) == []
