"""Several files are read by workers: the rows, rejected rows, receipts and messages of this machine."""

import gzip
import os
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clusters import Cluster
from patience import wait_for

from ingest import file_tasks

pytestmark = pytest.mark.slow

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Bills"
[ingest]
source = "file"
path = "data/bills/*"
max_rejected_share = 0.5
skip_if = { column = "name", value = "Total" }
[columns]
name = { type = "text", role = "id" }
day = { type = "time", role = "time", format = "auto" }
kind = { type = "category", role = "input" }
bill = { type = "float", role = "input", null = true }
"""


def make_rows(file: int, rows: int = 70_000) -> list[str]:
    """Rows of which some are rejected, some are no records, and whose numbers may be grouped by dots."""
    bills = ["?" if row % 9_999 == 7 else f"{row % 9 + 1}.{row % 10}00" for row in range(rows)]
    lines = [f"F{file}-{row},2026-01-{1 + row % 28:02d},{'ab'[row % 2]} ,{bill}" for row, bill in enumerate(bills)]
    return ["name,day,kind,bill", *lines, "Total,,,0"]


@pytest.fixture
def recipe(desk: Desk) -> str:
    """Five files of four kinds, the last one without a column that may be null."""
    folder = desk.data / "bills"
    folder.mkdir()
    (folder / "1.csv").write_text("\n".join(make_rows(1)))
    (folder / "2.csv.gz").write_bytes(gzip.compress("\n".join(make_rows(2)).encode(), 1))
    (folder / "3.tsv").write_text("\n".join(make_rows(3, 500)).replace(",", "\t"))
    names = {"name": ["P1", "P2"], "day": ["2026-02-01", "2026-02-02"], "kind": ["a", "b"], "bill": [1.5, None]}
    pq.write_table(pa.table(names), folder / "4.parquet")
    (folder / "5.csv").write_text("name,day,kind\nQ,2026-01-05,a\nQ,,b\n")
    path: str = desk.recipe(RECIPE.replace(', format = "auto"', ""), "bills")
    return path


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """A cluster that reads small files too."""
    monkeypatch.setattr(file_tasks, "SMALLEST_BYTES", 0)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.address)


def read_result(desk: Desk) -> dict[str, bytes]:
    """All that ingest wrote, the receipt without when and how long."""
    paths = [*(desk.data / "raw").rglob("*.parquet"), *(desk.data / "rejected").rglob("*.parquet")]
    found = {path.relative_to(desk.data).as_posix(): path.read_bytes() for path in paths}
    receipt = desk.receipt("raw/bills").model_copy(update={"seconds": 0.0, "started_at_utc": ""})
    return {**found, "receipt": receipt.to_json().encode()}


def forget(desk: Desk) -> None:
    for name in ("raw", "rejected"):
        shutil.rmtree(desk.data / name, ignore_errors=True)


@pytest.mark.parametrize("rows", [0, 50_000])
def test_workers_read_what_this_machine_reads_although_one_is_killed(
    desk: Desk, recipe: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, any_size: None, rows: int
) -> None:
    parts = ("--set", f"ingest.part_rows={rows}")
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS")
    assert desk.run("ingest", recipe, *parts) == 0
    here, said = read_result(desk), desk.said("ingest")
    assert len(here) == (5 if rows else 3), here.keys()
    forget(desk)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.address)
    if rows:
        cluster.start_worker()
        wait_for(lambda: cluster.find_children(cluster.workers[-1]), "the second worker")
        threading.Thread(target=kill_when_it_works, args=(cluster, desk.data / ".state/shared/bills.files")).start()
    monkeypatch.delattr(file_tasks, "read_part")  # nothing is read here
    assert desk.run("ingest", recipe, *parts) == 0
    assert read_result(desk) == here
    there = [line for line in desk.said("ingest")[len(said) :] if "cluster" not in line and "worker" not in line]
    assert [line.rpartition(", ")[0] for line in there] == [line.rpartition(", ")[0] for line in said]
    assert not (desk.data / ".state/shared/bills.files").exists()


def kill_when_it_works(cluster: Cluster, folder: Path) -> None:
    wait_for(lambda: cluster.find_children(cluster.workers[0]), "the first worker")
    (worker,) = cluster.find_children(cluster.workers[0])
    wait_for(lambda: any(folder.glob("*/*.arrow")), "a file that is read")
    os.kill(worker, signal.SIGKILL)


def test_what_is_wrong_is_told_as_by_one_machine(
    desk: Desk, recipe: str, monkeypatch: pytest.MonkeyPatch, any_size: None
) -> None:
    (desk.data / "bills" / "3.tsv").write_text("name\tday\tkind\tbill\nR\t20260105\ta\t1.5\n")
    assert desk.run("ingest", recipe) == 1
    there = desk.said("ingest")[-1]
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS")
    assert desk.run("ingest", recipe) == 1
    assert there == desk.said("ingest")[-1]
    assert "column day" in there


def test_what_workers_do_not_see_or_is_small_is_read_here(
    desk: Desk, recipe: str, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.address)
    assert desk.run("ingest", recipe) == 0
    assert any("and a cluster pays from 500 MB on" in line for line in desk.said("ingest"))
    monkeypatch.setattr(file_tasks, "SMALLEST_BYTES", 0)
    shutil.copytree(desk.data / "bills", desk.folder / "bills")
    assert desk.run("ingest", recipe, "--set", "ingest.path=bills/*") == 0
    assert any("lies outside the data folder" in line for line in desk.said("ingest"))
