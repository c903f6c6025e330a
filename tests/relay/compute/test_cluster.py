"""Tasks on a cluster: the same results as on this machine, and nothing that a task does ends its worker."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cluster_tasks
import numpy as np
import pytest
from cluster_tasks import Number
from clusters import Cluster

from relay.compute.cluster import ClusterEngine
from relay.compute.engine import Engine, run_in_order
from relay.compute.errors import ComputeError, TaskEndedError
from relay.compute.opening import open_engine
from relay.compute.worker import RAISED
from relay.handoff.errors import RecipeError, UsageError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(cluster: Cluster) -> Iterator[Engine]:
    with open_engine(cluster.data_dir, environment=name(cluster)) as opened:
        yield opened


def name(cluster: Cluster) -> dict[str, str]:
    return {"DASK_SCHEDULER_ADDRESS": cluster.address}


def test_the_results_are_those_of_this_machine_in_the_same_order(engine: Engine, tmp_path: Path) -> None:
    tasks = list(map(Number, range(12)))
    with open_engine(tmp_path, environment={}) as local:
        here = list(run_in_order(local, cluster_tasks.make_array, tasks))
    there = list(run_in_order(engine, cluster_tasks.make_array, iter(tasks), ahead=5))
    assert list(map(np.ndarray.tobytes, there)) == list(map(np.ndarray.tobytes, here))


def test_a_task_finds_the_data_folder_where_its_machine_has_it(engine: Engine, cluster: Cluster) -> None:
    assert list(run_in_order(engine, cluster_tasks.write_file, [Number(7)])) == ["mounted/7.txt"]
    assert (cluster.data_dir / "7.txt").read_text() == "7"


def test_the_log_names_the_cluster(cluster: Cluster, log: list[str]) -> None:
    with open_engine(cluster.data_dir, environment=name(cluster)):
        pass
    assert log == [f"tasks run in 1 thread of the cluster at {cluster.address}"]


def test_nothing_is_left_in_the_data_folder(cluster: Cluster, engine: Engine) -> None:
    with open_engine(cluster.data_dir, environment=name(cluster)):
        assert len(list((cluster.data_dir / ".state/cluster").iterdir())) == 2  # of this one and of `engine`
    assert len(list((cluster.data_dir / ".state/cluster").iterdir())) == 1


def test_an_error_of_a_task_is_raised_with_where_it_happened(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no 3") as caught:
        list(run_in_order(engine, cluster_tasks.fail, [Number(3)]))
    assert "in fail" in caught.value.__notes__[0]


def test_an_error_of_ours_keeps_its_class_and_its_next_step(engine: Engine) -> None:
    with pytest.raises(RecipeError) as caught:
        list(run_in_order(engine, cluster_tasks.fail_in_our_way, [Number(3)]))
    assert (str(caught.value), caught.value.next_step) == ("recipe 3 is wrong. Correct it.", "Correct it.")


@pytest.mark.parametrize(
    ("work", "kind", "message"),
    [
        (cluster_tasks.fail_oddly, ComputeError, "OddError: one"),
        (cluster_tasks.leave, TaskEndedError, "asked to exit with 3"),
        (cluster_tasks.interrupt, ComputeError, "KeyboardInterrupt"),
        (cluster_tasks.give_a_lock, ComputeError, "a lock, cannot be sent"),
        (lambda task: task, ComputeError, "a task cannot be sent to the cluster.*lambda"),
    ],
)
def test_whatever_a_task_does_is_an_error_and_its_worker_goes_on(
    engine: Engine, work: object, kind: type[Exception], message: str
) -> None:
    before = list(run_in_order(engine, cluster_tasks.name_process, [Number(0)]))
    with pytest.raises(kind, match=message):
        list(run_in_order(engine, work, [Number(3)]))  # type: ignore[arg-type]
    assert list(run_in_order(engine, cluster_tasks.name_process, [Number(0)])) == before


def test_what_tasks_log_is_in_the_log_of_the_caller_in_their_order_and_what_they_warn_of_once(
    engine: Engine, log: list[str]
) -> None:
    list(run_in_order(engine, cluster_tasks.warn, map(Number, range(6))))
    assert [line for line in log if line.startswith("did ")] == [f"did {number}" for number in range(6)]
    assert [line.rpartition(", line")[0] for line in log if "warns" in line] == [
        f"a task warns: UserWarning: mind {number} (compute/cluster_tasks.py" for number in (0, 1)
    ]


def test_a_wait_that_dask_breaks_off_on_a_busy_machine_is_taken_up_again(engine: Engine) -> None:
    assert isinstance(engine, ClusterEngine)
    unknown = engine.send("number", pickle.dumps(None))  # its session is known, what it is asked to do is not
    real, broken = unknown.result, [UnboundLocalError("cannot access local variable 'result'"), TimeoutError()]

    def result(timeout: float) -> Any:
        if broken:
            raise broken.pop()
        return real(timeout)

    unknown.result = result
    assert engine.wait_for(unknown)[0] == RAISED
    assert broken == []


def test_two_runs_at_once_do_not_disturb_each_other(engine: Engine, cluster: Cluster) -> None:
    with open_engine(cluster.data_dir, environment=name(cluster)) as other:
        first = run_in_order(engine, cluster_tasks.square, map(Number, range(8)))
        second = run_in_order(other, cluster_tasks.square, map(Number, range(8, 16)))
        pairs = list(zip(first, second, strict=True))
    assert pairs == [(number**2, (number + 8) ** 2) for number in range(8)]


def test_closing_the_results_gives_up_the_rest(engine: Engine) -> None:
    results = run_in_order(engine, cluster_tasks.square, (Number(one) for one in range(100_000)), ahead=4)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert list(run_in_order(engine, cluster_tasks.square, [Number(5)])) == [25]


@pytest.mark.parametrize("address", ["localhost:8786", "http://localhost:8786", "tcp://localhost", "cluster"])
def test_what_is_no_address_of_a_scheduler_is_refused(address: str, tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"expected the address of a Dask scheduler, tcp://host:8786"),
        open_engine(tmp_path, environment={"DASK_SCHEDULER_ADDRESS": address}),
    ):
        pass
