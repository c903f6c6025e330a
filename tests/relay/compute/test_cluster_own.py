"""A user's function on a cluster: the bytes, the log and the errors of this machine."""

import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from clusters import Cluster
from patience import wait_for

from relay.compute import preflight
from relay.compute.opening import open_engine

pytestmark = pytest.mark.slow

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Mine"
[ingest]
source = "file"
path = "people.csv"
part_rows = 10
[preprocess]
kind = "python"
function = "keep"
per_part = true
max_rejected_share = 0.5
arguments = { bonus = "data/bonus.txt" }
[columns]
name = { type = "text", role = "id" }
age = { type = "int", role = "input", min = 18 }
"""

MODULE = """
import os
import time
import warnings
from pathlib import Path

from .helper import add


def keep(frame, bonus: Path):
    print("in", __file__, "below", os.getppid())
    warnings.warn("mind the gap")
    time.sleep(0.3)
    if frame.age.max() > 1_000:
        raise ValueError(f"{frame.age.max()} years")
    return frame.assign(age=add(frame.age, int(bonus.read_text())))
"""


@pytest.fixture
def recipe(desk: Desk) -> str:
    """Three parts of raw rows, with a function beside their recipe."""
    rows = [f"P{row},{7 if row % 7 == 3 else 20 + row}" for row in range(30)]
    (desk.folder / "people.csv").write_text("\n".join(["name,age", *rows, ""]))
    (desk.folder / "mine.py").write_text(MODULE)
    (desk.folder / "helper.py").write_text("def add(one, other):\n    return one + other\n")
    (desk.data / "bonus.txt").write_text("3")
    path: str = desk.recipe(RECIPE, "mine")
    assert desk.run("ingest", path) == 0
    return path


def read_result(desk: Desk) -> dict[str, bytes]:
    """All processed and rejected bytes."""
    paths = [*(desk.data / "processed/mine.parts").rglob("*"), *(desk.data / "rejected/preprocess").rglob("*.parquet")]
    return {path.relative_to(desk.data).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def read_log(desk: Desk) -> str:
    """All that is in the log of preprocess."""
    return (desk.logs / "preprocess.log").read_text()


def strip(log: str) -> list[str]:
    """What own code said, without what differs by machine and time."""
    lines = [re.sub(r"^\d\S+ (\w+) +\d+|/\S+/(?=mine\.)|(?<=below )\d+", r"\1", line) for line in log.splitlines()]
    return [line for line in lines if not re.search(r"cluster|\d s\b|worker|earlier run", line)]


def test_workers_make_the_bytes_and_the_log_of_this_machine_although_one_is_killed(
    desk: Desk, recipe: str, cluster: Cluster
) -> None:
    assert desk.run("preprocess", recipe) == 0
    here, log = read_result(desk), read_log(desk)
    assert (len(here), log.count("mind the gap")) == (8, 9)
    for name in ("processed", "rejected/preprocess"):
        shutil.rmtree(desk.data / name)
    cluster.start_worker()
    with open_engine(cluster.data_dir, environment={"DASK_SCHEDULER_ADDRESS": cluster.address}) as engine:
        wait_for(lambda: preflight.count_threads(engine._client) == 2, "both workers")  # type: ignore[attr-defined]
    (worker,) = cluster.find_children(cluster.workers[0])
    stage = desk.start("preprocess", recipe, DASK_SCHEDULER_ADDRESS=cluster.address)
    began = desk.data / ".state/own/preprocess-mine"
    wait_for(lambda: len(list(began.glob("*"))) == 2 or stage.poll() is not None, "a call on each worker")
    os.kill(worker, signal.SIGKILL)
    assert (stage.wait(120), read_result(desk) == here) == (0, True)
    lines = read_log(desk).removeprefix(log)
    assert strip(lines) == strip(log)
    assert "2 threads of the cluster at" in lines
    assert all(not Path(path).exists() for path in re.findall(r"in (\S+/relay-own-\S+/recipes/mine\.py) below", lines))
    assert str(desk.folder / "mine.py") not in lines
    assert not began.exists()


def test_an_error_of_a_function_is_told_with_the_users_own_line(desk: Desk, recipe: str, cluster: Cluster) -> None:
    (desk.folder / "people.csv").write_text("name,age\n" + "P,20\n" * 10 + "Q,5000\n")
    assert desk.run("ingest", recipe) == 0
    assert desk.run("preprocess", recipe) == 1
    log = read_log(desk)
    assert "recipes/mine.py, line 15, in keep: ValueError: 5000 years\n" in log
    stage = desk.start("preprocess", recipe, DASK_SCHEDULER_ADDRESS=cluster.address)
    stage.communicate(timeout=120)
    there = read_log(desk).removeprefix(log)
    assert (stage.returncode, strip(there)[-6:]) == (1, strip(log)[-6:])
