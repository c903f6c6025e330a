"""What a cluster costs: processor time for a task that does nothing, and the time of work on 1 and 2 workers.

Scheduler and workers are processes on loopback, with Dask's profiler off.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

import psutil

from relay.compute.engine import Engine, run_in_order
from relay.compute.opening import open_engine

ROOT = Path(__file__).resolve().parents[1]
TASKS, QUICK_TASKS = 1_000, 50
"""Of those that do nothing."""
PIECES, QUICK_PIECES = 48, 6
"""Of those that work."""
ROUNDS = 1_000_000
"""Of hashing, which holds Python's lock: about 0.4 s on one core."""
WAIT_SECONDS = 60


def nothing(task: int) -> int:
    """The task."""
    return task


def work_hard(task: int) -> str:
    """A digest of digests."""
    digest = str(task).encode()
    for _ in range(ROUNDS):
        digest = sha256(digest).digest()
    return digest.hex()


def run(quick: bool) -> list[dict[str, object]]:
    """A row for threads of this machine, one worker and two; fewer tasks with quick."""
    rows, digests = [], set()
    for workers in (0, 1, 2):
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            started = stack.enter_context(_start(Path(name), workers)) if workers else []
            address = json.loads(Path(name, "scheduler.json").read_text())["address"] if workers else ""
            data = Path(name, "data")
            engine = stack.enter_context(open_engine(data, environment={"DASK_SCHEDULER_ADDRESS": address}))
            while engine.slots < workers:
                time.sleep(0.2)
            row, digest = _measure(engine, started, quick)
            rows.append(row)
            digests.add(digest)
    assert len(digests) == 1, "the results differ"
    return rows


def _measure(engine: Engine, started: list[psutil.Process], quick: bool) -> tuple[dict[str, object], str]:
    list(run_in_order(engine, nothing, range(20)))  # imports
    processes = [psutil.Process(), *started, *(one for nanny in started[1:] for one in nanny.children(recursive=True))]
    tasks = QUICK_TASKS if quick else TASKS
    before, begin = [_cpu_seconds(one) for one in processes], time.perf_counter()
    list(run_in_order(engine, nothing, range(tasks), ahead=8))
    seconds = time.perf_counter() - begin
    used = [1000 * (_cpu_seconds(one) - cpu) / tasks for one, cpu in zip(processes, before, strict=True)]
    begin = time.perf_counter()
    results = list(run_in_order(engine, work_hard, range(QUICK_PIECES if quick else PIECES)))
    row: dict[str, object] = {
        "engine": engine.name.partition(" at ")[0],
        "ms wall a task": 1000 * seconds / tasks,
        "ms CPU here": used[0],
        "ms CPU scheduler": used[1] if started else 0.0,
        "ms CPU workers": sum(used[2:]),
        "seconds of work": time.perf_counter() - begin,
        "MiB scheduler": started[0].memory_info().rss / 2**20 if started else 0.0,
    }
    return row, sha256("".join(results).encode()).hexdigest()


@contextmanager
def _start(folder: Path, workers: int) -> Iterator[list[psutil.Process]]:
    """A scheduler and workers, the scheduler first."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(folder / "data"),
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    }
    (folder / "data").mkdir()
    file, processes = folder / "scheduler.json", list[subprocess.Popen[bytes]]()

    def start(*arguments: str) -> None:
        command = [sys.executable, "-m", "dask", *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes.append(subprocess.Popen(command, env=environment, cwd=folder, **quiet))  # type: ignore[call-overload]

    try:
        local = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file))
        start("scheduler", "--port", "0", *local)
        _wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        for _ in range(workers):
            start("worker", "--nworkers", "1", "--nthreads", "1", *local)
        yield [psutil.Process(one.pid) for one in processes]
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(WAIT_SECONDS)


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"no scheduler after {WAIT_SECONDS} s"
        time.sleep(0.05)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
