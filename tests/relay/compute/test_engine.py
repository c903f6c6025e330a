"""Tasks in order, at most some ahead, on the engines of this machine."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from relay.compute.engine import Engine, run_in_order
from relay.compute.errors import NoDaskError, SchedulerLostError, TaskEndedError
from relay.compute.folder import data_folder
from relay.compute.local import LocalEngine
from relay.compute.opening import open_engine
from relay.handoff import interrupt
from relay.handoff.block import Block
from relay.handoff.errors import UsageError
from relay.handoff.part_writer import make_part
from relay.handoff.parts import PartPaths

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Square:
    number: int


def square(task: Square) -> int:
    return task.number**2


def name_folder(task: Square) -> str:
    return f"{data_folder().name}{task.number}"


def fail(task: Square) -> int:
    if task.number == 3:
        raise ValueError(f"no {task.number}")
    return task.number


def leave(task: Square) -> int:
    sys.exit(task.number)


@pytest.fixture(params=[1, 3])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path / "data", threads=request.param) as opened:
        yield opened


def test_results_come_in_the_order_of_the_tasks(engine: Engine) -> None:
    assert list(run_in_order(engine, square, map(Square, range(20)))) == [number**2 for number in range(20)]


def test_without_tasks_there_are_no_results(engine: Engine) -> None:
    assert list(run_in_order(engine, square, [])) == []


def test_a_slow_first_task_does_not_let_the_others_overtake_it(tmp_path: Path) -> None:
    others_have_run = threading.Event()

    def work(task: Square) -> int:
        if task.number == 0:
            others_have_run.wait(30)
        elif task.number == 2:
            others_have_run.set()
        return task.number

    with open_engine(tmp_path, threads=2) as engine:
        assert list(run_in_order(engine, work, map(Square, range(5)), ahead=4)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_no_more_tasks_are_taken_than_may_be_outstanding(engine: Engine, ahead: int) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Square]:
        for number in range(20):
            taken.append(number)
            yield Square(number)

    seen = [(len(taken), result) for result in run_in_order(engine, square, tasks(), ahead=ahead)]
    assert max(count - place for place, (count, _) in enumerate(seen)) == ahead
    assert [result for _, result in seen] == [number**2 for number in range(20)]


def test_a_task_finds_the_data_folder(engine: Engine) -> None:
    assert list(run_in_order(engine, name_folder, map(Square, range(3)))) == ["data0", "data1", "data2"]


def test_outside_a_task_there_is_no_data_folder() -> None:
    with pytest.raises(UsageError, match="no task runs here"):
        data_folder()


def test_the_results_before_a_failed_task_come_first(engine: Engine) -> None:
    results = run_in_order(engine, fail, map(Square, range(20)))
    assert [next(results), next(results), next(results)] == [0, 1, 2]
    with pytest.raises(ValueError, match="no 3"):
        next(results)


def test_what_has_not_begun_is_given_up_after_a_failure(tmp_path: Path) -> None:
    begun: list[int] = []
    is_closed = threading.Event()

    def work(task: Square) -> int:
        begun.append(task.number)
        if task.number == 0:
            raise ValueError("first")
        is_closed.wait(30)
        return task.number

    with open_engine(tmp_path, threads=2) as engine:
        timer = threading.Timer(0.2, is_closed.set)
        timer.start()
        with pytest.raises(ValueError, match="first"):
            list(run_in_order(engine, work, map(Square, range(50)), ahead=50))
        assert is_closed.is_set()  # what had begun was waited for
    assert len(begun) < 50


def test_closing_the_results_gives_up_the_rest(engine: Engine) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Square]:
        for number in range(1000):
            taken.append(number)
            yield Square(number)

    results = run_in_order(engine, square, tasks(), ahead=3)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert list(results) == []
    assert len(taken) <= 3


def test_a_task_that_exits_does_not_end_the_stage(engine: Engine) -> None:
    with pytest.raises(TaskEndedError, match=r"asked to exit with 4.*Square\(number=4\)"):
        list(run_in_order(engine, leave, [Square(4)]))


def test_an_impossible_number_of_tasks_ahead_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        run_in_order(engine, square, [], ahead=0)


def make_endlessly(folder: Path) -> None:
    schema = pa.schema([("x", pa.int64())])
    block = Block(pa.table({"x": [1]}, schema=schema), read=1)
    make_part(PartPaths(folder, 0), schema, itertools.repeat(block, 1_000_000))


def test_ctrl_c_ends_the_parts_that_threads_are_making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(interrupt, "_is_asked", False)
    interrupt.listen()
    try:
        with open_engine(tmp_path, threads=2) as engine:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            with pytest.raises(KeyboardInterrupt):
                list(run_in_order(engine, make_endlessly, [tmp_path / "a", tmp_path / "b"]))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


class _Lost:
    """An engine whose scheduler goes away at the third task; a cluster's own is in test_cluster_faults.py."""

    name, slots = "lost", 1

    def __init__(self) -> None:
        self.inner = LocalEngine(Path(), 1)

    def submit(self, work, task):  # type: ignore[no-untyped-def]
        return self.inner.submit(_lose if task.number == 2 else work, task)


def _lose(task: Square) -> int:
    raise SchedulerLostError("the scheduler was lost", next_step="Run it again.")


@pytest.mark.parametrize(("is_sized", "count"), [(True, "2 of 9 tasks"), (False, "2 tasks")])
def test_a_lost_scheduler_is_said_with_what_was_done_before(is_sized: bool, count: str) -> None:
    tasks = list(map(Square, range(9)))
    with pytest.raises(SchedulerLostError) as caught:
        list(run_in_order(_Lost(), square, tasks if is_sized else iter(tasks)))
    assert str(caught.value) == f"the scheduler was lost, after {count}. Run it again."


def test_the_engine_names_itself(tmp_path: Path) -> None:
    with open_engine(tmp_path, threads=1) as one, open_engine(tmp_path, threads=4) as four:
        assert (one.name, four.name) == ("one thread of this machine", "4 threads of this machine")
        assert (one.slots, four.slots) == (1, 4)


def test_without_the_packages_of_a_cluster_the_message_says_how_to_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "relay.compute.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    expected = r"=tcp://h:8786: the package distributed is not installed. Run `.*services/dask/requirements.txt` "
    with (
        pytest.raises(NoDaskError, match=expected),
        open_engine(tmp_path, environment={"DASK_SCHEDULER_ADDRESS": "tcp://h:8786"}),
    ):
        pass


def test_files_that_workers_cannot_see_are_read_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # it is not even looked for
    monkeypatch.delitem(sys.modules, "relay.compute.cluster", raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/link").symlink_to(tmp_path / "rows")
    cluster = {"DASK_SCHEDULER_ADDRESS": "tcp://h:8786"}
    for outside in (tmp_path / "rows", tmp_path / "data/link"):
        with open_engine(tmp_path / "data", threads=1, reads=[outside], environment=cluster) as engine:
            assert list(run_in_order(engine, square, [Square(4)])) == [16]
    assert log == [
        line
        for name in ("rows", "data/link")
        for line in (
            f"{tmp_path / name} lies outside the data folder, which workers of a cluster share: not sent to them",
            "tasks run in one thread of this machine",
        )
    ]
    with (
        pytest.raises(NoDaskError),
        open_engine(tmp_path / "data", reads=[tmp_path / "data/rows"], environment=cluster),
    ):
        pass


def test_an_engine_of_this_machine_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from relay.compute.opening import open_engine\n"
        "with open_engine(Path()) as engine: pass\n"
        "print({'dask', 'distributed', 'numpy', 'pyarrow', 'pandas'} & {*sys.modules})"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60, env={}
    )
    assert found.stdout == "set()\n"
