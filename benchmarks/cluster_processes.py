"""Schedulers, workers and simulated workers as processes on loopback, and what they take."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
WAIT_SECONDS = 60
MIB = 2**20


class Cluster:
    """A scheduler with workers of one thread each, with Dask's profiler off."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        folder.mkdir(parents=True)
        data_dir.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(data_dir),
            "DASK_CONFIG": str(ROOT / "services/dask/config.yaml"),
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self._local = ("--host", "127.0.0.1", "--no-dashboard")
        self._start("-m", "dask", "scheduler", "--port", "0", "--scheduler-file", str(file), *self._local)
        wait_until(lambda: file.exists() and file.read_text().endswith("}"), "the scheduler")
        self.address: str = json.loads(file.read_text())["address"]

    @property
    def scheduler(self) -> psutil.Process:
        """The process of the scheduler."""
        return psutil.Process(self._processes[0].pid)

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes in which tasks run, and those that watch over them."""
        watched = [psutil.Process(one.pid) for one in self._processes[1:]]
        return [*watched, *(child for one in watched for child in one.children(recursive=True))]

    def start_workers(self, count: int) -> None:
        """Start so many, each below a process that starts it again."""
        for number in range(count):
            place = ("--local-directory", str(self._folder / f"worker-{number}"))
            one = ("--nworkers", "1", "--nthreads", "1", "--memory-limit", "2GiB")
            self._start("-m", "dask", "worker", self.address, *one, *place, *self._local)

    def start_crowd(self, processes: int, each: int) -> None:
        """Start simulated workers: so many in each of so many processes."""
        for number in range(processes):
            place = str(self._folder / f"crowd-{number}")
            self._start("-m", "benchmarks.cluster_crowd", self.address, str(each), place)

    def kill_scheduler(self) -> float:
        """End the scheduler at once; gives the moment, of the clock that all processes share."""
        moment = time.monotonic()
        self._processes[0].send_signal(signal.SIGKILL)
        return moment

    def close(self) -> None:
        """End all processes."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, *arguments: str) -> None:
        log = (self._folder / f"{len(self._processes)}.log").open("wb")
        self._processes.append(
            subprocess.Popen(
                [sys.executable, *arguments], env=self._environment, cwd=self._folder, stdout=log, stderr=log
            )
        )
        log.close()


@contextmanager
def start_cluster(folder: Path, data_dir: Path) -> Iterator[Cluster]:
    """A cluster without workers, until the context is left."""
    cluster = Cluster(folder, data_dir)
    try:
        yield cluster
    finally:
        cluster.close()


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Return once it is so.

    Raises:
        TimeoutError: it is not, for a minute.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {WAIT_SECONDS} s for {what}")
        time.sleep(0.05)


def read_cpu_seconds(process: psutil.Process) -> float:
    """Processor seconds that a process has taken."""
    times = process.cpu_times()
    return float(times.user + times.system)


def read_peak_mib(process: psutil.Process) -> float:
    """The most memory that a process has held, in MiB; where the system does not say, what it holds now."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return float(process.memory_info().rss) / MIB
    return next(float(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
