"""The access log: a line of JSON a request, collected in memory and written a few times a second.

loguru takes some 20 microseconds a line, as much as a prediction; a line here takes about one. A kill may cost the
last quarter of a second of this log, never a prediction: those are in the prediction log.
"""

import asyncio
import errno
import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from loguru import logger

from relay.handoff.log import KEEP_FILES, ROTATE_BYTES

PAUSE_SECONDS = 0.25

MOST_BYTES = 25_000_000
"""Kept while the disk does not take them; further lines are counted and dropped."""
LONGEST_METHOD, LONGEST_PATH, LONGEST_FIELD = 16, 200, 200
"""Characters of a line's fields; what a caller sends may be longer."""


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """One request."""

    at: float
    """When it was answered, seconds since 1970."""
    request_id: str
    method: str
    path: str
    status: int
    ms: float
    client: str = ""
    model: str = ""
    version: str = ""
    prediction_id: str = ""
    rows: int = 0
    error: str = ""


_encode = msgspec.json.Encoder().encode


class AccessLog:
    """`logs/serve-access.jsonl`; several workers append to it, each some whole lines at once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "serve-access.jsonl"
        self.dropped = 0
        self._lines: list[bytes] = []
        self._bytes = 0
        self._failed = ""

    def add(self, line: Line) -> None:
        """Remember a line until the next write; its long texts are cut."""
        line.method, line.path = line.method[:LONGEST_METHOD], line.path[:LONGEST_PATH]
        line.request_id, line.error = line.request_id[:LONGEST_FIELD], line.error[:LONGEST_FIELD]
        self._keep(_encode(line) + b"\n")

    async def write_on(self) -> None:
        """Write a few times a second, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            if self._lines:
                await asyncio.get_running_loop().run_in_executor(None, self.flush)

    def flush(self) -> None:
        """Write what was remembered. A disk that refuses is told once; the lines wait for it."""
        lines, self._lines, self._bytes = self._lines, [], 0
        try:
            self._append(b"".join(lines))
        except OSError as error:
            newer, self._lines, self._bytes = self._lines, [], 0
            for line in (*lines, *newer):
                self._keep(line)
            if self._failed != str(error):
                logger.warning("the access log waits: {}; dropped so far: {}", error, self.dropped)
            self._failed = str(error)
        else:
            self._failed = ""

    def _keep(self, line: bytes) -> None:
        if self._bytes + len(line) <= MOST_BYTES:
            self._lines.append(line)
            self._bytes += len(line)
        else:
            self.dropped += 1

    def _append(self, content: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # The lock keeps lines of workers apart, and the moves of a rotation.
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.path.exists() and self.path.stat().st_size > ROTATE_BYTES:
                self._rotate()
            with self.path.open("ab", buffering=0) as file:
                start = file.tell()
                if _write(file.fileno(), content) < len(content):
                    os.ftruncate(file.fileno(), start)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def _rotate(self) -> None:
        for number in range(KEEP_FILES - 1, 0, -1):
            older = self.path.with_suffix(f".{number}.jsonl")
            if older.exists():
                older.replace(self.path.with_suffix(f".{number + 1}.jsonl"))
        self.path.replace(self.path.with_suffix(".1.jsonl"))


def _write(descriptor: int, content: bytes) -> int:
    """The bytes that the disk took."""
    try:
        return os.write(descriptor, content)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return 0
        raise


def format_time(unix: float | None) -> str | None:
    """A time as it stands in answers: UTC with seconds."""
    return (
        None if unix is None else datetime.fromtimestamp(unix, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
