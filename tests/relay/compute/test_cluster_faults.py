"""What fails on a cluster is said, or does not matter: with real processes that are killed, frozen or strangers."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cluster_tasks
import pytest
from cluster_tasks import Number
from clusters import HERE, ROOT, Cluster, make_certificates
from patience import wait_for

from relay.compute import cluster as client_side
from relay.compute import preflight
from relay.compute.engine import run_in_order
from relay.compute.errors import (
    NoDataFolderError,
    NoSchedulerError,
    NoWorkerError,
    OtherWorkerError,
    SchedulerLostError,
    TaskEndedError,
)
from relay.compute.identity import FOLDERS
from relay.compute.opening import open_engine

pytestmark = pytest.mark.slow


def name(cluster: Cluster) -> dict[str, str]:
    return {"DASK_SCHEDULER_ADDRESS": cluster.address}


def list_files(cluster: Cluster) -> list[str]:
    return sorted(path.name for path in cluster.data_dir.glob("*.txt"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a second instead of a minute for what does not come."""
    monkeypatch.setattr(client_side, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(preflight, "WORKER_SECONDS", 1)


def test_the_result_is_the_same_when_a_worker_is_killed(cluster: Cluster) -> None:
    with open_engine(cluster.data_dir, environment=name(cluster)) as engine:
        (worker,) = cluster.find_children(cluster.workers[0])
        results = run_in_order(engine, cluster_tasks.write_file, (Number(one, 0.05) for one in range(20)))
        first = [next(results) for _ in range(3)]
        os.kill(worker, signal.SIGKILL)
        assert [*first, *results] == [f"mounted/{number}.txt" for number in range(20)]
    assert list_files(cluster) == sorted(f"{number}.txt" for number in range(20))


def test_a_task_that_takes_too_much_memory_is_an_error_that_says_so(cluster: Cluster) -> None:
    with open_engine(cluster.data_dir, environment=name(cluster)) as engine:
        with pytest.raises(TaskEndedError, match=r"ended 2 workers.*not enough memory.*--memory-limit"):
            list(run_in_order(engine, cluster_tasks.take_memory, [Number(100)]))
        assert list(run_in_order(engine, cluster_tasks.square, [Number(5)])) == [25]


def test_a_frozen_worker_is_given_up_and_another_one_does_its_task(cluster: Cluster) -> None:
    with open_engine(cluster.data_dir, environment=name(cluster)) as engine:
        frozen = cluster.find_children(cluster.workers[0])
        results = run_in_order(engine, cluster_tasks.square, [Number(one, 0.2) for one in range(6)])
        assert next(results) == 0
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        cluster.start_worker("--memory-limit", "600MiB")
        assert list(results) == [1, 4, 9, 16, 25]
    cluster.end(cluster.workers[0])


def test_a_worker_without_our_code_that_joins_later_is_refused(cluster: Cluster) -> None:
    with open_engine(cluster.data_dir, environment=name(cluster)) as engine:
        stranger = cluster.start_worker(PYTHONPATH=str(HERE))
        wait_for(lambda: preflight.count_threads(engine._client) == 2, "the second worker")  # type: ignore[attr-defined]
        with pytest.raises(OtherWorkerError, match=r"cannot load Relay's code: ModuleNotFoundError.*PYTHONPATH"):
            list(run_in_order(engine, cluster_tasks.square, [Number(one, 0.1) for one in range(50)], ahead=20))
        cluster.end(stranger)
        wait_for(lambda: preflight.count_threads(engine._client) == 1, "the end of it")  # type: ignore[attr-defined]


@contextmanager
def stranger(cluster: Cluster, **environment: str) -> Iterator[None]:
    """One more worker, of another kind, until the context is left."""
    client = client_side.connect(cluster.address)
    worker = cluster.start_worker("--no-nanny", **environment)
    try:
        wait_for(lambda: preflight.count_threads(client) == 2, "the worker")
        yield
    finally:
        cluster.end(worker)
        wait_for(lambda: preflight.count_threads(client) == 1, "the end of it")
        client.close()


def test_a_worker_with_other_packages_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    installed = tmp_path / "pyarrow-1.0.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: pyarrow\nVersion: 1.0.0\n")
    expected = r"has other packages than this machine: pyarrow 1\.0\.0 instead of \d+\.\d\S+\. Start the workers again"
    with (
        stranger(cluster, PYTHONPATH=f"{tmp_path}:{ROOT}:{HERE}"),
        pytest.raises(OtherWorkerError, match=expected),
        open_engine(cluster.data_dir, environment=name(cluster)),
    ):
        pass


def test_a_worker_with_other_code_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    with (tmp_path / "relay/handoff/writer.py").open("a") as file:
        file.write("# edited\n")
    (tmp_path / "monitor/__main__.py").unlink()
    expected = r"other code than this machine: monitor/__main__\.py, relay/handoff/writer\.py\. Start the workers again"
    with (
        stranger(cluster, PYTHONPATH=f"{tmp_path}:{HERE}"),
        pytest.raises(OtherWorkerError, match=expected),
        open_engine(cluster.data_dir, environment=name(cluster)),
    ):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a path that is another folder in each process")
def test_a_worker_that_does_not_see_the_data_folder_is_refused(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cluster.data_dir)
    monkeypatch.setattr(preflight, "FOLDER_SECONDS", 0)
    expected = rf"does not see the data folder.*it looked in {tmp_path} and /proc/self/cwd\. Mount"
    with (
        stranger(cluster, DATA_DIR=str(tmp_path)),
        pytest.raises(NoDataFolderError, match=expected),
        open_engine(Path("/proc/self/cwd"), environment=name(cluster)),
    ):
        pass


HEAD = """
import sys
from pathlib import Path
from cluster_tasks import Number, square
from relay.compute.engine import run_in_order
from relay.compute.opening import open_engine
from relay.handoff import interrupt

interrupt.listen()
try:
    with open_engine(Path(sys.argv[1])) as engine:
        for result in run_in_order(engine, square, (Number(one, 0.2) for one in range(1_000_000))):
            print(result, flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_ends_the_caller_and_leaves_the_cluster_to_others(cluster: Cluster) -> None:
    environment = {**cluster.environment, **name(cluster)}
    command = [sys.executable, "-c", HEAD, str(cluster.data_dir)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as head:
        assert head.stdout is not None
        assert head.stdout.readline() == b"0\n"
        head.send_signal(signal.SIGINT)
        _, errors = head.communicate(timeout=60)
    assert (head.returncode, b"Traceback" in errors) == (130, False)
    assert not list((cluster.data_dir / ".state/cluster").iterdir())
    with open_engine(cluster.data_dir, environment=name(cluster)) as engine:
        assert list(run_in_order(engine, cluster_tasks.square, [Number(5)])) == [25]


def test_a_scheduler_that_is_killed_is_said_with_how_far_it_came(cluster: Cluster) -> None:
    tasks = [Number(one, 0.1) for one in range(50)]
    with open_engine(cluster.data_dir, environment=name(cluster)) as engine:
        results = run_in_order(engine, cluster_tasks.square, tasks, ahead=4)
        assert [next(results), next(results), next(results)] == [0, 1, 4]
        cluster.end(cluster.scheduler)
        with pytest.raises(SchedulerLostError, match=rf"{cluster.address} was lost, after [3-9] of 50 tasks\. Start"):
            list(results)


@pytest.mark.usefixtures("quick")
def test_a_scheduler_that_is_not_there_is_an_error(cluster: Cluster) -> None:
    with (
        pytest.raises(NoSchedulerError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 within 1 s"),
        open_engine(cluster.data_dir, environment={"DASK_SCHEDULER_ADDRESS": "tcp://127.0.0.1:9"}),
    ):
        pass


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler that wants a certificate, with no worker."""
    folder = tmp_path_factory.mktemp("closed")
    started = Cluster(folder / "dask", folder / "data", make_certificates(folder))
    try:
        started.start_scheduler("--protocol", "tls")
        yield started
    finally:
        started.close()


def use(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Dask read its variables, as it does when it is imported."""
    import dask

    monkeypatch.setattr(dask.config, "config", {})
    dask.config.refresh(env=environment)
    dask.config.update(dask.config.config, dask.config.collect(env=environment))


@pytest.mark.usefixtures("quick")
def test_with_a_certificate_one_gets_in_and_a_scheduler_without_workers_is_an_error(
    closed: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    use({key: value for key, value in closed.environment.items() if key.startswith("DASK_")}, monkeypatch)
    with (
        pytest.raises(NoWorkerError, match=rf"{closed.address} has had no worker for 1 s. .*dask worker tls://"),
        open_engine(closed.data_dir, environment=name(closed)),
    ):
        pass


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["none", "of another cluster", "no TLS"])
def test_without_the_cluster_s_certificate_one_does_not_get_in(
    closed: Cluster, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(make_certificates(tmp_path) if kind == "of another cluster" else {}, monkeypatch)
    address = closed.address.replace("tls", "tcp") if kind == "no TLS" else closed.address
    with (
        pytest.raises(NoSchedulerError, match=r"certificate"),
        open_engine(closed.data_dir, environment={"DASK_SCHEDULER_ADDRESS": address}),
    ):
        pass


def test_no_thread_of_a_cluster_is_left() -> None:
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(("IO loop", "task"))] == []
