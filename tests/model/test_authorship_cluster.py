"""Texts counted and compared on a cluster: the bytes of this machine, from one file or parts, whatever is killed."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from projects import document_columns

from model.training.authorship import far_counts

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
chunk_chars = 300
"""


@pytest.fixture
def cluster(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A scheduler; each two row groups, of one document each, are a task."""
    monkeypatch.setattr("relay.handoff.row_groups.GROUP_TEXT_BYTES", 1)
    monkeypatch.setattr(far_counts, "GROUPS", 2)
    monkeypatch.setattr(far_counts, "FEWEST_BYTES", 1)
    started = Cluster(tmp_path / "dask", desk.data)
    try:
        started.start_scheduler()
        yield started
    finally:
        started.close()


def write_texts(desk: Desk) -> None:
    """Twelve documents, the first two shorter than a chunk, and letters that Python alone can lower-case."""
    columns = document_columns()
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


def kill_after_first(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Kill the first worker's process when a task has ended and others are on their way; gives whom, once done."""
    killed: list[int] = []
    run_in_order = far_counts.run_in_order

    def run(*arguments: Any) -> Iterator[Any]:
        for result in run_in_order(*arguments):
            if not killed:
                killed.extend(cluster.find_children(cluster.workers[0]))
                os.kill(killed[0], signal.SIGKILL)
            yield result

    monkeypatch.setattr(far_counts, "run_in_order", run)
    return killed


def test_texts_counted_on_a_cluster_have_the_bytes_of_this_machine(
    desk: Desk, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_texts(desk)
    recipe = desk.recipe(RECIPE)
    for stage in ("ingest", "preprocess", "model"):
        assert desk.run(stage, recipe) == 0
    here = hash_result(desk)
    assert "map.png" in here
    leftover = desk.data / ".state" / "shared" / "desk" / "of a killed run"
    leftover.mkdir(parents=True)

    (desk.folder / "mounted").symlink_to(desk.data)
    cluster.start_worker(DATA_DIR=str(desk.folder / "mounted"))
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.address)
    assert desk.run("model", recipe) == 0
    assert desk.outcomes("model")[-1] == "unchanged"
    assert desk.run("model", recipe, "--force") == 0
    assert hash_result(desk) == here
    assert any("tasks run in 1 thread of the cluster" in line for line in desk.said("model"))
    assert list((desk.data / ".state" / "shared").iterdir()) == []

    cluster.start_worker()
    killed = kill_after_first(cluster, monkeypatch)
    parts = ("--set", "ingest.part_rows=5")
    for stage in ("ingest", "preprocess", "model"):
        assert desk.run(stage, recipe, *parts, "--force") == 0
    assert (hash_result(desk), bool(killed)) == (here, True)
    assert list((desk.data / ".state" / "shared").iterdir()) == []
