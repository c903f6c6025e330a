"""Processes that write to a log, the clients that load them, and the kill -9."""

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from log_places import Place
from patience import HANG_SECONDS

PROCESS = Path(__file__).with_name("log_process.py")
CLIENTS = 16
"""A process."""


@dataclass
class Heard:
    """What clients were told."""

    stored: dict[str, str] = field(default_factory=dict)
    """Id -> the number that was sent."""
    taken: dict[str, list[str]] = field(default_factory=dict)
    """Idempotency key -> the ids of which another request heard."""
    failed: list[str] = field(default_factory=list)


class LogProcess:
    """A process that writes to the log of a place."""

    def __init__(self, place: Place, order: str = "commit-first") -> None:
        self._process = subprocess.Popen(
            [sys.executable, PROCESS, place.url, place.folder, order],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )

    def wait_for_port(self) -> int:
        """Where it listens; returns when its log is open."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process ended before its log was open"
        return int(line)

    def kill(self) -> None:
        """kill -9; returns when it is gone."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


async def send_numbers(port: int, numbers: "itertools.count[int]", heard: Heard, first: asyncio.Event) -> None:
    """Send one number after the other until the process is gone."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            number = str(next(numbers))
            writer.write(f"{number}\n".encode())
            line = (await reader.readline()).decode()
            if not line.endswith("\n"):
                return  # an answer that was cut is none
            said, word = line.split()
            if said == "stored":
                heard.stored[word] = number
                first.set()
            else:
                heard.failed.append(word)
    except ConnectionError:
        return
    finally:
        writer.close()


def load_and_kill(processes: list[LogProcess], chance: random.Random, numbers: "itertools.count[int]") -> Heard:
    """What clients heard until all processes were killed, each at a random moment of the load."""
    heard = Heard()
    ports = [process.wait_for_port() for process in processes]

    async def kill(process: LogProcess, first: asyncio.Event) -> None:
        async with asyncio.timeout(HANG_SECONDS):
            await first.wait()
        await asyncio.sleep(chance.uniform(0.0, 0.2))
        await asyncio.to_thread(process.kill)

    async def run() -> None:
        work = []
        for process, port in zip(processes, ports, strict=True):
            first = asyncio.Event()
            work += [send_numbers(port, numbers, heard, first) for _ in range(CLIENTS)]
            work.append(kill(process, first))
        await asyncio.gather(*work)

    asyncio.run(run())
    return heard
