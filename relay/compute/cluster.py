"""Tasks on the workers of a Dask cluster. Only bytes cross: a worker unpickles a task, the head its result."""

import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Generic, TypeVar

from distributed import Client, Future, KilledWorker, Security
from distributed.client import ClosedClientError
from distributed.core import connect as connect_to
from distributed.utils import LoopRunner
from loguru import logger

from relay.compute import carried, preflight
from relay.compute.distributed_log import listen
from relay.compute.errors import ComputeError, NoSchedulerError, NoWorkerError, SchedulerLostError, TaskEndedError
from relay.compute.sending import carry
from relay.compute.worker import DONE, UNKNOWN
from relay.handoff import interrupt

Task = TypeVar("Task")
Result = TypeVar("Result")

CONNECT_SECONDS = 10
CLOSE_SECONDS = 2
LOOK_SECONDS = 1.0
"""How often a wait looks whether there are workers, and whether the stage was asked to end."""
SLOTS_SECONDS = 10.0
"""How long the number of threads of the workers counts; more may join."""
MOST_INTRODUCTIONS = 3
"""How often a task may meet a worker that has just joined, or was started again."""


class ClusterEngine:
    """Runs tasks on the workers of a scheduler.

    Args:
        address: of the scheduler.
        data_dir: the folder that the workers must see too.

    Raises:
        NoSchedulerError, NoWorkerError, OtherWorkerError, NoDataFolderError: as the cluster is; see `preflight`.
    """

    def __init__(self, address: str, data_dir: Path) -> None:
        self.address = address
        self._session = preflight.Session(data_dir)
        self._numbers = count()
        self._warned: set[str] = set()
        self._client = connect(address)
        try:
            self._session.write_probe()
        except BaseException:  # a disk that refuses is said as such
            self.close()
            raise
        try:
            preflight.wait_for_worker(self._client, address)
            preflight.introduce(self._client, self._session)
            self._slots = preflight.count_threads(self._client)
        except OSError as error:
            self.close()
            raise self._lost() from error
        except BaseException:
            self.close()
            raise
        self._last_seen = self._counted_at = monotonic()

    @property
    def name(self) -> str:
        """The engine as the log names it."""
        return f"{self._slots} thread{'s' if self._slots != 1 else ''} of the cluster at {self.address}"

    @property
    def is_here(self) -> bool:
        """Tasks run in other processes, perhaps of other machines."""
        return False

    @property
    def slots(self) -> int:
        """How many tasks the workers run at the same time, as counted in the last seconds."""
        if monotonic() - self._counted_at > SLOTS_SECONDS:
            self._look()
        return max(1, self._slots)

    @property
    def shares_processes(self) -> bool:
        """Whether two tasks may run in one process at the same time.

        Raises:
            SchedulerLostError: the scheduler does not answer.
        """
        try:
            return preflight.count_most_threads(self._client) > 1
        except (OSError, TimeoutError, CancelledError):
            raise self._lost() from None

    def submit(self, work: Callable[[Task], Result], task: Task) -> "Remote[Result]":
        """A pending result of `work(task)`.

        Raises:
            ComputeError: they cannot be pickled.
        """
        try:
            payload = pickle.dumps((work, task), 5)
        except Exception as error:
            raise ComputeError(f"a task cannot be sent to the cluster: {error}: {task!r}") from error
        return Remote(self, work.__name__, payload)

    def send(self, name: str, payload: bytes) -> Future[Any]:
        """A future of the answer of `run_task`.

        Raises:
            SchedulerLostError: there is no connection any more.
        """
        key = f"{name}-{self._session.token}-{next(self._numbers)}"
        call = carry(carried.run, self._session.token, payload)
        try:
            # Keys are ours and new: by default one that was used before would give the result of that time.
            return self._client.submit(pickle.loads, call, key=key, pure=False)
        except ClosedClientError:
            raise self._lost() from None

    def wait_for(self, future: Future[Any]) -> Any:
        """The answer to a future.

        Raises:
            ComputeError: the task ended its workers, or the cluster was lost.
        """
        while True:
            interrupt.check()
            try:
                return future.result(timeout=LOOK_SECONDS)
            except (TimeoutError, UnboundLocalError):
                # The second is a timeout too, of a busy machine: https://github.com/dask/distributed/issues/8514.
                self._look()
            except (CancelledError, OSError):  # the second while a result is fetched
                raise self._lost() from None
            except KilledWorker as error:
                raise TaskEndedError(
                    f"a task ended {error.allowed_failures + 1} workers one after the other, the last one at "
                    f"{error.last_worker.address}; most often there was not enough memory for it",
                    next_step="Give workers more memory (--memory-limit) or fewer threads, or make the parts smaller.",
                ) from None
            except Exception as error:  # of the scheduler: tasks answer with data
                raise NoWorkerError(f"the cluster at {self.address} did not run a task: {error}") from error

    def introduce(self) -> None:
        """Let workers that have joined since run tasks.

        Raises:
            OtherWorkerError, NoDataFolderError, NoWorkerError: as `preflight.introduce`.
        """
        try:
            preflight.introduce(self._client, self._session)
        except OSError:
            raise self._lost() from None

    def warn(self, noticed: list[str]) -> None:
        """Log what tasks warned of, each once."""
        for text in noticed:
            if text not in self._warned:
                self._warned.add(text)
                logger.warning("a task warns: {}", text)

    def close(self) -> None:
        """Leave the cluster; its workers drop what was asked of them."""
        self._session.remove_probe()
        preflight.leave(self._client, self._session)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._client.close(timeout=CLOSE_SECONDS)

    def _look(self) -> None:
        """Count the workers' threads.

        Raises:
            NoWorkerError: there has been none for long.
            SchedulerLostError: the scheduler does not answer.
        """
        now = monotonic()
        try:
            self._slots = preflight.count_threads(self._client)
        except (OSError, TimeoutError, CancelledError):
            raise self._lost() from None
        self._counted_at = now
        if self._slots:
            self._last_seen = now
        elif now - self._last_seen > preflight.WORKER_SECONDS:
            raise NoWorkerError.of(self.address, preflight.WORKER_SECONDS)

    def _lost(self) -> SchedulerLostError:
        return SchedulerLostError(
            f"the scheduler at {self.address} was lost",
            next_step="Start it and its workers, and run the same command again: finished parts are kept.",
        )


class Remote(Generic[Result]):
    """A task that a worker has, or will get."""

    def __init__(self, engine: ClusterEngine, name: str, payload: bytes) -> None:
        self._engine, self._name, self._payload = engine, name, payload
        self._future = engine.send(name, payload)

    def result(self) -> Result:
        """What the task gave, once it has ended.

        Raises:
            Exception: what the task raised.
            ComputeError: it could not run.
        """
        for _ in range(MOST_INTRODUCTIONS):
            status, what, more, noticed, said = self._engine.wait_for(self._future)
            if status != UNKNOWN:
                break
            self._engine.introduce()  # it has just joined, or was started again
            self._future = self._engine.send(self._name, self._payload)
        else:
            raise ComputeError(f"workers join and go too often for a task to run: {more}")
        for level, text in said:
            logger.log(level, "{}", text)
        self._engine.warn(noticed)
        if status == DONE:
            value: Result = pickle.loads(what, buffers=more)  # noqa: S301 - of a worker that ran our code
            return value
        raise _restore(what, more)

    def cancel(self) -> None:
        """Give the task up; a worker that has begun it runs it to its end."""
        try:
            self._future.cancel()
        except Exception as error:
            logger.debug("a task could not be given up: {}", error)

    def wait(self) -> None:
        """Nothing of it runs on this machine."""


def _restore(pickled: bytes | None, text: str) -> Exception:
    """The error of a task, with where it happened."""
    if pickled is None:
        return ComputeError(f"a task failed: {text.strip().splitlines()[-1]}\n{text}")
    error: Exception = pickle.loads(pickled)  # noqa: S301 - as above
    error.add_note(f"On the worker:\n{text}")
    return error


def connect(address: str) -> Client:
    """A client of the scheduler.

    Raises:
        NoSchedulerError: it does not answer in time, or not with these certificates.
    """
    listen()
    try:
        # A client that cannot connect leaves a thread, and an error that shows up whenever it is collected.
        LoopRunner().run_sync(_greet, address)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions: `preflight` refuses those
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=True)
    except (OSError, TimeoutError) as error:
        raise NoSchedulerError(
            f"no Dask scheduler answers at {address} within {CONNECT_SECONDS} s ({_shorten(error)})",
            next_step="Start it (`dask scheduler`, in containers `make cluster`), correct DASK_SCHEDULER_ADDRESS, or "
            "leave that empty to work on this machine alone. With certificates, both sides need those of the same "
            "cluster; docs/cluster.md.",
        ) from error
    except (TypeError, ValueError, RuntimeError) as error:
        raise NoSchedulerError(
            f"{address} cannot be connected to: {_shorten(error)}",
            next_step="tls:// needs DASK_DISTRIBUTED__COMM__TLS__CA_FILE and a client's certificate; docs/cluster.md.",
        ) from error


async def _greet(address: str) -> None:
    comm = await connect_to(address, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
    await comm.close()


def _shorten(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
