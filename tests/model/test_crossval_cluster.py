"""Folds on a cluster: the bytes of this machine, warnings included, by rows that each worker reads itself."""

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_recipes import BUILT, failure, mine
from projects import LINEAR, NUMBERS, Project, linear_columns, make_project, mixed_columns
from threadpoolctl import threadpool_info

sys.path.append(str(Path(__file__).resolve().parents[1] / "relay" / "compute"))

from clusters import Cluster

pytestmark = pytest.mark.slow

FOLDS = 'kind = "estimator"\ncv_folds = 3'


@dataclass(frozen=True)
class Place:
    """A cluster, and the folder of the projects whose data it sees, as on another machine, at another path."""

    folder: Path
    cluster: Cluster


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("folds")
    cluster = Cluster(folder / "dask", folder / "data")
    try:
        cluster.start_scheduler()
        (folder / "mounted").symlink_to(cluster.data_dir)
        cluster.start_worker(DATA_DIR=str(folder / "mounted"))
        yield Place(folder, cluster)
    finally:
        cluster.close()


def read_result(project: Project) -> dict[str, bytes]:
    """Everything in the result but when it was made."""
    paths = [path for path in project.latest.rglob("*") if path.is_file() and path.name != "receipt.json"]
    return {path.relative_to(project.latest).as_posix(): path.read_bytes() for path in paths}


def lasso() -> tuple[str, dict[str, Any]]:
    """Folds that do not converge, each with figures of its own in what it warns of; groups and weights."""
    columns = linear_columns(200)
    draw = np.random.default_rng(1)
    more = {"group": draw.integers(0, 30, 200), "much": draw.uniform(0.5, 2, 200), "z": columns["x"] ** 2}
    recipe = LINEAR.replace(
        "[ingest]",
        'group = { type = "int", role = "group" }\nmuch = { type = "float", role = "weight" }\n'
        'z = { type = "float", role = "input" }\n[ingest]',
    )
    recipe = recipe.replace('kind = "estimator"', FOLDS).replace("LinearRegression", "Lasso")
    return recipe + "options = { max_iter = 2, alpha = 0.00001 }\n", {**columns, **more}


def three_classes() -> tuple[str, dict[str, Any]]:
    """Rows as float32, a sample of them, and words for classes."""
    columns = linear_columns(900)
    y = np.array(["a", "b", "c"])[np.digitize(columns["y"], [14, 28])]
    recipe = LINEAR.replace('type = "float", role = "target", unit = "kg"', 'type = "category", role = "target"')
    recipe = recipe.replace('kind = "estimator"', FOLDS + '\nmemory = "float32"\nsample_rows = 500')
    return recipe.replace("linear_model.LinearRegression", "ensemble.HistGradientBoostingClassifier"), {
        **columns,
        "y": y.tolist(),
    }


CASES = {
    "boosted": lambda: (NUMBERS.replace("cv_folds = 3", 'cv_folds = 4\nscore = "f1"'), mixed_columns()),
    "lasso": lasso,
    "classes": three_classes,
}


@pytest.mark.parametrize("name", CASES)
def test_the_workers_of_a_cluster_give_the_bytes_of_this_machine(
    name: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(place.folder, *CASES[name](), name)
    assert project.run() == 0
    here = read_result(project)
    before = len(project.log())
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", place.cluster.address)
    assert project.run() == 0  # the engine is no part of the key
    assert "tasks run in" not in project.log()[before:]
    assert project.run("--force") == 0
    assert read_result(project) == here
    said = project.log()[before:]
    assert f"tasks run in 1 thread of the cluster at {place.cluster.address}" in said
    assert "judged on this machine again" not in said
    if name == "lasso":
        found = here["findings.json"].decode()
        assert found.count("Duality gap") > 3, "each fold warns with figures of its own, beside the fit"
        worker = place.cluster.start_worker(DATA_DIR=str(place.folder / "mounted"))
        try:
            wait_for_threads(place.cluster.address, 2)
            assert project.run("--force") == 0
        finally:
            place.cluster.end(worker)
            wait_for_threads(place.cluster.address, 1)
        assert read_result(project) == here
        assert "tasks run in 2 threads of the cluster" in project.log()[before:]


def test_a_fold_that_cannot_be_fitted_says_what_it_says_here(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # Enough neighbours for the fit on all rows, too few for one on two thirds of them.
    recipe = LINEAR.replace("linear_model.LinearRegression", "neighbors.KNeighborsRegressor")
    recipe = recipe.replace('kind = "estimator"', FOLDS) + "options = { n_neighbors = 70 }\n"
    project = make_project(place.folder, recipe, linear_columns(), "neighbours")
    assert project.run() == 1
    here = failure(project)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", place.cluster.address)
    assert project.run() == 1
    assert (failure(project), "70" in here) == (here, True)


def test_own_code_stays_where_the_stage_runs(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "def build_model():\n    from sklearn.linear_model import Ridge\n    return Ridge()\n"
    project = mine(tmp_path, code, BUILT.replace('kind = "estimator"', FOLDS))
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", place.cluster.address)
    assert project.run() == 0
    said = project.log()
    assert "own code runs where the stage runs, so its folds are not sent to the cluster" in said
    assert "tasks run in" not in said


def test_a_cluster_that_is_expected_and_missing_is_an_error(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = LINEAR.replace('kind = "estimator"', FOLDS)
    project = make_project(place.folder, recipe, linear_columns(), "missing")
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    assert project.run() == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in failure(project)


def test_a_worker_with_several_threads_leaves_the_folds_here(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(place.folder, *lasso(), "threads")
    assert project.run() == 0
    here = read_result(project)
    worker = place.cluster.start_worker("--nthreads", "2", DATA_DIR=str(place.folder / "mounted"))
    try:
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", place.cluster.address)
        wait_for_threads(place.cluster.address, 3)
        assert project.run("--force") == 0
    finally:
        place.cluster.end(worker)
    assert read_result(project) == here
    assert "the folds are judged on this machine. Start workers with --nthreads 1" in project.log()


def test_a_fold_of_a_worker_that_calculates_otherwise_is_judged_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, *lasso(), "kernels")
    assert project.run() == 0
    here = read_result(project)
    cluster = Cluster(tmp_path / "dask", project.data_dir)
    try:
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.start_scheduler())
        cluster.start_worker(OPENBLAS_CORETYPE=choose_kernels())
        assert project.run("--force") == 0
    finally:
        cluster.close()
    assert read_result(project) == here
    assert project.log().count("its fold is judged on this machine again") == 3


def choose_kernels() -> str:
    """Kernels of OpenBLAS that this machine can run and does not choose itself."""
    mine = {found.get("architecture") for found in threadpool_info()}
    if platform.machine() in ("x86_64", "AMD64"):
        return "Nehalem" if "Nehalem" not in mine else "Prescott"
    return "ARMV8" if not mine & {"armv8", "ARMV8"} else "CORTEXA53"


def wait_for_threads(address: str, expected: int) -> None:
    from patience import wait_for

    from relay.compute.cluster import connect
    from relay.compute.preflight import count_threads

    client = connect(address)
    try:
        wait_for(lambda: count_threads(client) == expected, f"{expected} threads")
    finally:
        client.close()
