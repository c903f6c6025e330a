"""A process that gives tasks away, as a stage does, and measures itself; orders and answers are lines of JSON.

python -m benchmarks.cluster_head <data folder>
"""

import json
import os
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cluster_processes import ROOT, WAIT_SECONDS, read_peak_mib
from benchmarks.cluster_tasks import nothing, rest
from relay.compute import local
from relay.compute.engine import Engine, run_in_order
from relay.compute.errors import SchedulerLostError
from relay.compute.opening import open_engine

RECEIVED_AT, INFO_BYTES = 128, 256
"""Where `struct tcp_info` of Linux has `tcpi_bytes_received`."""
AHEAD = 8
MOST_SAID = 3_000
"""Characters of its log, where it ends by itself."""
Answer = dict[str, Any]


class Head:
    """The process, as its caller sees it; an address makes it work on a cluster, none in one local thread."""

    def __init__(self, data_dir: Path, address: str = "") -> None:
        self._log = data_dir.parent / f"head-{address.rpartition(':')[2]}.log"
        environment = {
            **os.environ,
            "DASK_SCHEDULER_ADDRESS": address,
            "DATA_DIR": str(data_dir),
            "LOG_DIR": str(data_dir.parent / "logs"),
            "DASK_CONFIG": str(ROOT / "services/dask/config.yaml"),
        }
        command = [sys.executable, "-m", "benchmarks.cluster_head", str(data_dir)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def ask(self, order: str, **values: object) -> Answer:
        """What the process answers to an order.

        Raises:
            RuntimeError: it ended instead.
        """
        self.say(order, **values)
        return self.hear()

    def say(self, order: str, **values: object) -> None:
        """Give an order, whose answer is read later."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"order": order, **values}) + "\n")
        self.process.stdin.flush()

    def hear(self) -> Answer:
        """The next answer.

        Raises:
            RuntimeError: the process ended instead.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            said = self._log.read_text(errors="replace")[-MOST_SAID:]
            raise RuntimeError(f"the process that gives tasks away ended with {self.process.wait()}: {said}")
        answer: Answer = json.loads(line)
        return answer

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


def run_stage(recipe: str) -> Answer:
    """Wall and processor seconds of preprocess, and bytes that came by the network."""
    from preprocess.__main__ import STAGE
    from relay.handoff.program import main

    _RECEIVED[:] = [-_count_received()]
    begun, cpu = time.perf_counter(), _cpu()
    if code := main(STAGE, [recipe, "--force"]):
        raise RuntimeError(f"preprocess ended with {code}")
    return {
        "seconds": time.perf_counter() - begun,
        "cpu": _cpu() - cpu,
        "bytes": sum(_RECEIVED) if len(_RECEIVED) > 1 else 0,
        "peak_mib": read_peak_mib(psutil.Process()),  # getrusage begins with the peak of the process that started it
    }


def wait_for_workers(workers: int) -> None:
    """Return once the cluster has so many."""
    from relay.compute.cluster import connect

    client = connect(os.environ["DASK_SCHEDULER_ADDRESS"])
    client.wait_for_workers(workers, timeout=WAIT_SECONDS)
    client.close()


def run_nothing(engine: Engine, tasks: int, ahead: int = AHEAD) -> Answer:
    """Wall and processor seconds of tasks that do nothing."""
    begun, cpu = time.perf_counter(), _cpu()
    assert list(run_in_order(engine, nothing, range(tasks), ahead=ahead)) == list(range(tasks))
    return {"seconds": time.perf_counter() - begun, "cpu": _cpu() - cpu}


def wait_for_loss(engine: Engine, answer: Callable[[Answer], None]) -> Answer:
    """The moment at which the loss of the scheduler is said, after a first answer that tasks run."""
    results = run_in_order(engine, rest, [0.05] * 100_000, ahead=AHEAD)
    next(results)
    answer({"running": True})
    try:
        for _ in results:
            pass
    except SchedulerLostError:
        pass
    return {"moment": time.monotonic()}


_RECEIVED: list[int] = []
"""Bytes of a stage: those before it, negative, and those when its engine was closed."""


def _count_received() -> int:
    """Bytes that came to this process by its open connections, of Linux."""
    received = 0
    for number in [path.name for path in Path("/proc/self/fd").glob("*") if path.is_socket()]:
        with suppress(OSError), socket.socket(fileno=os.dup(int(number))) as one:  # it may be no connection
            info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
            received += struct.unpack_from("Q", info, RECEIVED_AT)[0]
    return received


def _count_before_closing() -> None:
    """Let each engine of a cluster note, before it leaves, what it has received."""
    from relay.compute.cluster import ClusterEngine

    close = ClusterEngine.close

    def count_and_close(engine: ClusterEngine) -> None:
        _RECEIVED.append(_count_received())
        close(engine)

    ClusterEngine.close = count_and_close  # type: ignore[assignment,method-assign]


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def serve(data_dir: Path) -> None:
    """Follow orders until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a stage prints is no answer
    local.count_cores = lambda: 1

    def answer(said: Answer) -> None:
        answers.write(json.dumps(said) + "\n")
        answers.flush()

    with ExitStack() as stack:
        engine: Engine | None = None
        for line in sys.stdin:
            order = json.loads(line)
            match order.pop("order"):
                case "wait":
                    wait_for_workers(**order)
                    answer({})
                case "open":
                    begun = time.perf_counter()
                    engine = stack.enter_context(open_engine(data_dir))
                    answer({"seconds": time.perf_counter() - begun, "slots": engine.slots})
                case "stage":
                    answer(run_stage(**order))
                case "count":
                    from benchmarks.cluster_counting import count_trigrams

                    answer(count_trigrams(data_dir, **order, is_far=bool(os.environ["DASK_SCHEDULER_ADDRESS"])))
                case "nothing" if engine is not None:
                    answer(run_nothing(engine, **order))
                case "loss" if engine is not None:
                    answer(wait_for_loss(engine, answer))
                case unknown:
                    raise ValueError(f"unknown order {unknown}")


if __name__ == "__main__":
    if os.environ["DASK_SCHEDULER_ADDRESS"]:
        _count_before_closing()
    serve(Path(sys.argv[1]))
