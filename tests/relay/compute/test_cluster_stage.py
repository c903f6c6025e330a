"""A stage on a cluster: the bytes of this machine whatever is killed, and what was finished is kept."""

import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from clusters import Cluster
from patience import wait_for

pytestmark = pytest.mark.slow

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Points"
[ingest]
source = "synthetic"
rows = 60_000
part_rows = 1_000
[ingest.formula]
y = { slope = 2.0, of = "x", intercept = 1.0, noise_sd = 0.5 }
[preprocess]
kind = "table"
max_rejected_share = 0.5
[columns]
x = { type = "float", role = "input", min = 0, max = 20 }
y = { type = "float", role = "target", max = 35 }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


@pytest.fixture
def recipe(desk: Desk) -> str:
    """Sixty parts of raw rows."""
    path: str = desk.recipe(RECIPE)
    assert desk.run("ingest", path) == 0
    return path


def find_parts(desk: Desk) -> list[Path]:
    return sorted((desk.data / "processed/desk.parts").rglob("part-*.json"))


def read_result(desk: Desk) -> dict[str, bytes]:
    """All processed and rejected bytes."""
    paths = [*(desk.data / "processed/desk.parts").rglob("*"), *(desk.data / "rejected/preprocess").rglob("*.parquet")]
    return {path.relative_to(desk.data).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def forget(desk: Desk) -> None:
    """Remove what preprocess has written."""
    for name in ("processed", "rejected/preprocess"):
        shutil.rmtree(desk.data / name, ignore_errors=True)


def test_a_stage_writes_the_bytes_of_this_machine_although_a_worker_is_killed(
    desk: Desk, recipe: str, cluster: Cluster
) -> None:
    assert desk.run("preprocess", recipe) == 0
    here = read_result(desk)
    forget(desk)
    (worker,) = cluster.find_children(cluster.workers[0])
    stage = desk.start("preprocess", recipe, DASK_SCHEDULER_ADDRESS=cluster.address)
    wait_for(lambda: len(find_parts(desk)) > 2 or stage.poll() is not None, "the first parts")
    os.kill(worker, signal.SIGKILL)
    assert (stage.wait(120), len(here) > 120) == (0, True)
    assert read_result(desk) == here
    assert any("tasks run in 1 thread of the cluster at" in line for line in desk.said("preprocess"))


def test_a_result_that_is_up_to_date_needs_no_cluster(desk: Desk, recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.run("preprocess", recipe) == 0
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    assert desk.run("preprocess", recipe) == 0
    assert desk.outcomes("preprocess")[-1] == "unchanged"


def test_what_was_finished_before_the_scheduler_was_lost_is_not_made_again(
    desk: Desk, recipe: str, cluster: Cluster
) -> None:
    stage = desk.start("preprocess", recipe, DASK_SCHEDULER_ADDRESS=cluster.address)
    wait_for(lambda: len(find_parts(desk)) > 2 or stage.poll() is not None, "the first parts")
    cluster.end(cluster.scheduler)
    _, errors = stage.communicate(timeout=120)
    assert re.search(r"was lost, after \d+ of 60 tasks\. Start it", errors), errors
    assert stage.returncode == 1
    assert desk.run("preprocess", recipe) == 0
    assert any("were whole from an earlier run" in line for line in desk.said("preprocess"))
