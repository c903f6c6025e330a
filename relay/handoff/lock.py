"""One writer a dataset: a second one waits, and says for whom."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from loguru import logger

from relay.handoff.files import open_plain

POLL_SECONDS = 0.1


@contextmanager
def one_writer(data_dir: Path, address: str, stage: str, since_utc: str) -> Iterator[None]:
    """Hold the lock of a dataset; while another process holds it, wait and log once who that is.

    The system gives the lock back when its holder dies, however it dies.

    Raises:
        OSError: the folder of the locks cannot be written.
    """
    path = data_dir / ".locks" / f"{address.replace('/', '-')}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, poll_interval=POLL_SECONDS, mode=0o666)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info("{} waits: {} is being written by {}", stage, address, read_holder(path))
        lock.acquire()
    holder = {"stage": stage, "host": socket.gethostname(), "pid": os.getpid(), "since": since_utc}
    # In the lock file itself, so that the name of a holder goes when the next one comes.
    with open(path, "w", encoding="utf-8", opener=open_plain) as file:
        file.write(json.dumps(holder))
    try:
        yield
    finally:
        lock.release()


def read_holder(path: Path) -> str:
    """Who holds a lock, in words: stage, host, process and since when."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"{holder['stage']} on {holder['host']} (process {holder['pid']}) since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it has the lock and has not written its name yet
