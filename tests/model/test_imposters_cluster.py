"""Imposters and the range of features on a cluster: the bytes of this machine, with one worker and with two."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Project, make_project
from test_crossval_cluster import choose_kernels, read_result, wait_for_threads
from test_verification import RECIPE as IMPOSTERS
from test_verification import unknown_columns

from model.training.authorship import verification, word_range

sys.path.append(str(Path(__file__).resolve().parents[1] / "relay" / "compute"))

from clusters import Cluster

pytestmark = pytest.mark.slow

RECIPE = IMPOSTERS.replace("imposters = true", "imposters = true\nstability = true")


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A scheduler; the smallest texts are worth a task."""
    monkeypatch.setattr(verification, "FEWEST_STEPS", 1)
    monkeypatch.setattr(word_range, "FEWEST_CHARS", 1)
    started = Cluster(tmp_path / "dask", tmp_path / "data")
    try:
        started.start_scheduler()
        yield started
    finally:
        started.close()


def test_imposters_and_the_range_of_features_have_the_bytes_of_this_machine(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, RECIPE, unknown_columns(), "styles")
    assert project.run() == 0
    here = read_result(project)
    assert {"imposters.parquet", "word_range.parquet"} <= set(here)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.address)
    mounted = tmp_path / "mounted"
    mounted.symlink_to(cluster.data_dir)
    cluster.start_worker(DATA_DIR=str(mounted))
    for workers in (1, 2):
        wait_for_threads(cluster.address, workers)
        before = len(project.log())
        assert project.run("--force") == 0
        assert read_result(project) == here
        said = project.log()[before:]
        assert f"tasks run in {workers} thread{'s' * (workers - 1)} of the cluster at {cluster.address}" in said
        assert "calculates otherwise" not in said
        assert not find_leftovers(project)
        if workers == 1:
            cluster.start_worker()


def test_what_a_worker_with_other_kernels_gives_is_done_here(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, RECIPE.replace("imposters = true\n", ""), unknown_columns(), "styles")
    assert project.run() == 0
    here = read_result(project)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.address)
    cluster.start_worker(OPENBLAS_CORETYPE=choose_kernels())
    assert project.run("--force") == 0
    assert read_result(project) == here
    assert "its tasks are done on this machine again" in project.log()


def find_leftovers(project: Project) -> list[Path]:
    """What the run has shared with the workers, and should have removed."""
    return [path for path in (project.data_dir / ".state" / "shared").rglob("*") if path.is_file()]
