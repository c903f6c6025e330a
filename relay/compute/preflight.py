"""Before tasks run on a cluster: each worker must see the same files, by the same code and packages."""

import asyncio
import contextlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from loguru import logger

from relay.compute import carried
from relay.compute.errors import NoDataFolderError, NoWorkerError, OtherWorkerError
from relay.compute.identity import describe_machine, hash_code
from relay.compute.sending import carry

if TYPE_CHECKING:
    from distributed import Client

WORKER_SECONDS = 60
"""How long the first worker is waited for."""

ANSWER_SECONDS = 20
"""How long a worker has to answer; one that does not is left to the scheduler, which gives it up."""

LEAVE_SECONDS = 2

FOLDER_SECONDS = 3
"""A network folder may show a new file with this delay."""

MOST_NAMED = 3
"""Of workers, in a message."""

START = "Start the workers again from the checkout and packages of this machine; docs/cluster.md says how."


@dataclass(frozen=True)
class Session:
    """One engine, as its workers know it."""

    data_dir: Path
    token: str = field(default_factory=lambda: uuid4().hex)

    @property
    def probe(self) -> Path:
        """A file below the data folder by which a worker proves that it sees this folder; relative."""
        return Path(".state", "cluster", f"probe-{self.token}")

    def write_probe(self) -> None:
        """Write the file.

        Raises:
            OSError: the data folder cannot be written.
        """
        path = self.data_dir / self.probe
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.token.encode())

    def remove_probe(self) -> None:
        """Remove the file."""
        (self.data_dir / self.probe).unlink(missing_ok=True)


def wait_for_worker(client: "Client", address: str) -> None:
    """Return once the cluster has a worker.

    Raises:
        NoWorkerError: it has none in time.
    """
    deadline = monotonic() + WORKER_SECONDS
    if not count_threads(client):
        logger.info("waiting for a worker of {}, at most {:g} s", address, WORKER_SECONDS)
    while not count_threads(client):
        if monotonic() > deadline:
            raise NoWorkerError.of(address, WORKER_SECONDS)
        sleep(0.2)


def count_threads(client: "Client") -> int:
    """How many tasks the workers run at the same time.

    Raises:
        OSError: the scheduler does not answer.
    """
    return sum(_list_threads(client))


def count_most_threads(client: "Client") -> int:
    """How many tasks one worker runs at the same time, at the most.

    Raises:
        OSError: the scheduler does not answer.
    """
    return max(_list_threads(client), default=0)


def _list_threads(client: "Client") -> list[int]:
    threads: Mapping[str, int] = client.sync(client.scheduler.ncores, callback_timeout=ANSWER_SECONDS)
    return list(threads.values())


def introduce(client: "Client", session: Session) -> None:
    """Ask each worker what it is, and let those run tasks that are like this machine.

    Raises:
        OtherWorkerError: a worker has another Python, other packages or other code.
        NoDataFolderError: a worker does not see the data folder.
        NoWorkerError: no worker answered.
    """
    deadline = monotonic() + FOLDER_SECONDS
    question = _question(session)
    while True:
        answers = client.sync(_ask_all, client, carry(carried.introduce, question))
        if not any(answer.get("looked_in") for answer in answers.values()) or monotonic() > deadline:
            break
        sleep(0.5)
    if not answers:
        raise NoWorkerError(
            f"none of the cluster's workers answered within {ANSWER_SECONDS} s", next_step="Look at their logs."
        )
    _judge(answers, session)
    client.sync(_ask_those_to_come, client, session.token, question)


def leave(client: "Client", session: Session) -> None:
    """Ask workers that join no more."""
    with contextlib.suppress(Exception):  # the scheduler may be gone
        client.sync(client._unregister_worker_plugin, session.token, callback_timeout=LEAVE_SECONDS)


def _question(session: Session) -> bytes:
    asked = {
        "session": session.token,
        "data_dir": str(session.data_dir.absolute()),
        "probe": str(session.probe),
        "content": session.token.encode(),
        "machine": describe_machine(),
        "code": hash_code(),
    }
    return pickle.dumps(asked, 5)


async def _ask_those_to_come(client: "Client", name: str, question: bytes) -> None:
    """Let the scheduler ask workers that join later, or are started again, before they get tasks."""
    try:
        await asyncio.wait_for(client.register_plugin(carried.Introduction(question), name=name), ANSWER_SECONDS)
    except TimeoutError:
        logger.debug("not all workers took the question; those that join later will")


async def _ask_all(client: "Client", question: bytes) -> dict[str, dict[str, Any]]:
    """Worker -> its answer, of those that answer in time."""
    workers = list(await client.scheduler.ncores())
    found = await asyncio.gather(*(_ask(client, worker, question) for worker in workers))
    for worker in (worker for worker, answer in zip(workers, found, strict=True) if answer is None):
        logger.warning("worker {} does not answer; the scheduler gives it up after its worker-ttl", worker)
    return {worker: answer for worker, answer in zip(workers, found, strict=True) if answer is not None}


async def _ask(client: "Client", worker: str, question: bytes) -> dict[str, Any] | None:
    try:
        answers = await asyncio.wait_for(
            client.run(pickle.loads, question, workers=[worker], on_error="return"), ANSWER_SECONDS
        )
    except (TimeoutError, OSError):
        return None
    answer = answers.get(worker)
    if isinstance(answer, dict):
        return answer
    return None if isinstance(answer, OSError) or answer is None else {"failed": str(answer)}


def _judge(answers: Mapping[str, Mapping[str, Any]], session: Session) -> None:
    failed = {worker: answer for worker, answer in answers.items() if "failed" in answer}
    if failed:
        answer = next(iter(failed.values()))
        where = f" (started in {answer['folder']}, {answer['python']})" if "folder" in answer else ""
        raise OtherWorkerError(
            f"{_name(failed)} cannot load Relay's code: {answer['failed']}{where}",
            next_step="Start workers with PYTHONPATH set to a checkout of the same version; docs/cluster.md says how.",
        )
    others = {worker: answer for worker, answer in answers.items() if answer["differs"]}
    if others:
        differs = next(iter(others.values()))["differs"]
        told = ", ".join(f"{name} {there or 'missing'} instead of {here}" for name, (here, there) in differs.items())
        raise OtherWorkerError(f"{_name(others)} has other packages than this machine: {told}", next_step=START)
    others = {worker: answer for worker, answer in answers.items() if answer["files"]}
    if others:
        answer = next(iter(others.values()))
        more = answer["files_in_all"] - len(answer["files"])
        told = ", ".join(answer["files"]) + (f" and {more:,} more" if more else "")
        raise OtherWorkerError(f"{_name(others)} has other code than this machine: {told}", next_step=START)
    blind = {worker: answer for worker, answer in answers.items() if answer["looked_in"]}
    if blind:
        looked = " and ".join(next(iter(blind.values()))["looked_in"])
        raise NoDataFolderError(
            f"{_name(blind)} does not see the data folder of this machine, {session.data_dir}; it looked in {looked}",
            next_step="Mount the folder on that machine, and start the worker with DATA_DIR set to where it is there.",
        )


def _name(workers: Mapping[str, Any]) -> str:
    """The workers, for the beginning of a sentence in the singular."""
    first, *rest = workers
    return f"worker {first}" + (f" (and {len(rest):,} more)" if rest else "")
