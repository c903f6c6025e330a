"""kill -9 of what the page's button starts: the data stays whole, the page says so, and the next run needs no help."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from counts import share_kills
from page_folders import Folders
from patience import wait_for

from page.run.job import Job, Order, RunFiles, Status

sys.path.append(str(Path(__file__).resolve().parents[1] / "system"))
pytest.register_assert_rewrite("whole_data")

from whole_data import list_leftovers, require_whole_dataset, take_picture  # noqa: E402

pytestmark = [pytest.mark.crash, pytest.mark.counted]

SEED = 20_261_120
STAGES = {"ingest": "raw/linear", "preprocess": "processed/linear"}
VARIANTS = (("seed=1",), ("seed=2", "preprocess.test_share=0.3"))


def run_to_the_end(files: RunFiles, variant: int) -> Job:
    """A run by the button that is not killed."""
    files.start(order(variant))
    wait_for(lambda: is_over(files), "the end of the run", pause=0.05)
    job = files.find()
    assert job is not None
    assert job.status is Status.SUCCEEDED, files.read_tail()
    return job


def order(variant: int) -> Order:
    return Order("linear", "linear", tuple(STAGES), VARIANTS[variant], force=True)


def is_over(files: RunFiles) -> bool:
    """Whether neither the supervisor nor a stage that outlived it works."""
    job = files.find()
    return job is not None and job.status is not Status.RUNNING and files.find_other_writer() is None


def picture(data: Path) -> dict[str, dict[str, str]]:
    """What is there of each stage, to compare with another."""
    return {stage: take_picture(data, address, stage) for stage, address in STAGES.items()}


def kill_one(job: Job, chance: random.Random) -> None:
    """kill -9 for the supervisor, for the stage that it runs, or for both at once."""
    supervisor = psutil.Process(job.record.pid)
    victims = chance.choice([[supervisor], supervisor.children(), [*supervisor.children(), supervisor]])
    for victim in victims:
        os.kill(victim.pid, signal.SIGKILL)


def test_a_run_of_the_page_that_is_killed_leaves_whole_data_and_the_next_one_succeeds(
    empty: Folders, record_property: Callable[[str, object], None]
) -> None:
    files, data = RunFiles(empty.settings, "linear"), empty.settings.data_dir
    chance, kills = random.Random(SEED), share_kills("page")
    pictures = []
    for variant in (0, 1):
        begun = time.monotonic()
        run_to_the_end(files, variant)
        seconds = time.monotonic() - begun
        pictures.append(picture(data))
    assert pictures[0]["preprocess"] != pictures[1]["preprocess"]
    done = 0
    for number in range(3 * kills):
        if done == kills:
            break
        files.start(order(number % 2))
        job = files.find()
        assert job is not None
        time.sleep(chance.uniform(0, seconds))
        with suppress(psutil.NoSuchProcess, ProcessLookupError):  # it has ended before
            kill_one(job, chance)
        wait_for(lambda: is_over(files), "the end of the killed run", pause=0.05)
        ended = files.find()
        assert ended is not None
        done += ended.status in (Status.LOST, Status.FAILED)
        for stage, address in STAGES.items():
            require_whole_dataset(data, address, stage)
        variant = chance.choice((0, 1))
        run_to_the_end(files, variant)
        assert picture(data) == pictures[variant]
        assert list_leftovers(data) == []
    assert done == kills
    record_property("kills of a run of the page", done)
