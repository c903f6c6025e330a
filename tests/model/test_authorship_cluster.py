"""Texts counted and compared on a cluster: the bytes of this machine, from one file or parts, whatever is killed."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import pytest
from projects import document_columns

from model.training.authorship import far_counts, far_tasks

sys.path.append(str(Path(__file__).resolve().parents[1] / "relay" / "compute"))

from clusters import Cluster

pytestmark = pytest.mark.slow

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Three ways of writing"
[columns]
document = { type = "text", role = "id" }
text = { type = "text", role = "input" }
author = { type = "category", role = "label" }
[ingest]
source = "file"
path = "texts.json"
[preprocess]
kind = "documents"
[model]
kind = "authorship"
chunk_chars = 100
"""


@pytest.fixture
def cluster(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A scheduler; each two row groups, of one document each, are a task."""
    monkeypatch.setattr("relay.handoff.row_groups.GROUP_TEXT_BYTES", 1)
    monkeypatch.setattr(far_counts, "GROUPS", 2)
    monkeypatch.setattr(far_counts, "FEWEST_BYTES", 1)
    monkeypatch.setattr(far_tasks, "FEWEST_CHUNKS", 1)
    monkeypatch.setattr("stylometry.gaps._STRIPE", 64)
    monkeypatch.setattr("stylometry.gaps._FEWEST_COLUMNS", 1)
    monkeypatch.setattr("stylometry.distance._STRIPE", 64)
    started = Cluster(tmp_path / "dask", desk.data)
    try:
        started.start_scheduler()
        yield started
    finally:
        started.close()


def write_texts(desk: Desk) -> None:
    """Twelve documents, the first two shorter than a chunk, and letters that Python alone can lower-case."""
    columns = document_columns(words=400)
    texts = [f"{text} ΟΔΥΣΣΕΥΣ İstanbul" for text in columns["text"]]
    texts[:2] = ["too short", "short too"]
    rows = zip(columns["document"], texts, columns["author"], strict=True)
    records = [dict(zip(("document", "text", "author"), row, strict=True)) for row in rows]
    (desk.folder / "texts.json").write_text(json.dumps(records))


def hash_result(desk: Desk) -> dict[str, str]:
    """The SHA-256 of everything in the result but when it was made."""
    latest = desk.data / "output" / "desk" / "latest"
    paths = [path for path in latest.rglob("*") if path.is_file() and path.name != "receipt.json"]
    return {path.relative_to(latest).as_posix(): sha256(path.read_bytes()).hexdigest() for path in paths}


def kill_after_first(module: Any, process: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill a process as soon as a task has ended; others are on their way."""
    run_in_order = module.run_in_order

    def run(*arguments: Any) -> Iterator[Any]:
        for number, result in enumerate(run_in_order(*arguments)):
            if number == 0 and psutil.pid_exists(process):
                os.kill(process, signal.SIGKILL)
            yield result

    monkeypatch.setattr(module, "run_in_order", run)


DELTA = ("--set", "model.distance=burrows_delta")


def test_texts_counted_and_compared_on_a_cluster_have_the_bytes_of_this_machine(
    desk: Desk, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_texts(desk)
    recipe = desk.recipe(RECIPE)
    shared = desk.data / ".state" / "shared"

    def run(*more: str, stages: tuple[str, ...] = ("model",)) -> dict[str, str]:
        assert [desk.run(stage, recipe, *more) for stage in stages] == [0] * len(stages)
        return hash_result(desk)

    counted = run(stages=("ingest", "preprocess", "model"))
    compared = run(*DELTA)
    assert ("map.png" in counted, counted == compared) == (True, False)

    (shared / "desk" / "of a killed run").mkdir(parents=True)
    (desk.folder / "mounted").symlink_to(desk.data)
    cluster.start_worker(DATA_DIR=str(desk.folder / "mounted"))
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.address)
    assert run("--force") == counted
    assert any("tasks run in 1 thread of the cluster" in line for line in desk.said("model"))
    assert list(shared.iterdir()) == []

    cluster.start_worker()
    kill_after_first(far_counts, cluster.find_children(cluster.workers[0])[0], monkeypatch)
    parts = ("--set", "ingest.part_rows=5")
    assert run("--force", *parts, stages=("ingest", "preprocess", "model")) == counted
    kill_after_first(far_tasks, cluster.find_children(cluster.workers[1])[0], monkeypatch)
    assert run("--force", *DELTA) == compared
    assert not any("were done again" in line for line in desk.said("model"))

    for worker in cluster.workers:
        cluster.end(worker)
    cluster.start_worker(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    monkeypatch.setattr(far_counts, "FEWEST_BYTES", 1 << 40)
    assert run("--force", *DELTA) == compared
    assert any("tasks were done again on this machine" in line for line in desk.said("model"))
    assert list(shared.iterdir()) == []
