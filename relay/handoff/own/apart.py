"""Own code runs in a process apart: it can fail in any way, and the stage says how in one line.

The stage holds the lock and writes the data. The process gets a task, sends rows as Arrow and a result as JSON; what it
prints goes to the log. Whatever ends it, nothing of it is left, and only whole results reach the writer.
"""

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.own import channel
from relay.handoff.own.failure import explain_end, restore
from relay.handoff.own.module import OwnCodeError
from relay.handoff.settings import ROOT

if TYPE_CHECKING:  # Arrow is heavy: only when there is work
    import pyarrow as pa

PIECE_BYTES = 1 << 20
LOOK_SECONDS = 0.2
"""How often a wait looks whether the stage was asked to end."""
MOST_PRINTED_BYTES = 1_000_000
LONGEST_LINE = 4_000


@dataclass(frozen=True)
class Work:
    """What a process of own code does."""

    task: str
    """A function of ours that runs in the process, module:function; it gets a `child.Child`."""
    arguments: Mapping[str, Any]
    """Of the task, as JSON has them."""
    folder: Path
    """Where the user's files lie."""
    module: str
    """Of the user's function, such as recipes.churn."""
    function: str
    files: Mapping[str, str]
    """Source files that may run -> SHA-256, from `reach.Reach.files`."""
    shown: str
    """The function as messages name it: recipes/churn.py: clean."""
    seed: int
    timeout: float | None = None
    """Seconds; None: no limit."""
    environment: Mapping[str, str] = field(default_factory=dict)


def locate_scratch(data_dir: Path, name: str) -> Path:
    """The working folder of a process of own code; one of a name runs at a time."""
    return data_dir / ".state" / "own" / name


class Apart:
    """A process of own code. Leaving the context ends it, and all processes that it started.

    Args:
        work: what it does.
        scratch: its working folder, which is emptied first and removed at the end.
        name: of the run, for the log.
    """

    def __init__(self, work: Work, scratch: Path, name: str) -> None:
        self.work, self.scratch = work, scratch
        self.result: Any = None
        """What the task gave, once `batches` has ended."""
        self.warnings: list[str] = []
        """What own code warned of."""
        self._log = _Printed(name)
        self._messages = channel.Messages()

    def __enter__(self) -> Self:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        order_end, self._order = os.pipe()
        self._answers, answer_end = os.pipe()
        self.process = subprocess.Popen(  # noqa: S603 - this program, by the same Python
            [sys.executable, "-P", "-m", "relay.handoff.own.child", str(order_end), str(answer_end)],
            cwd=self.scratch,
            env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", **self.work.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(order_end, answer_end),
            start_new_session=True,  # so that all that it starts can be ended with it
        )
        os.close(order_end)
        os.close(answer_end)
        self._deadline = monotonic() + self.work.timeout if self.work.timeout else None
        with contextlib.suppress(BrokenPipeError):  # it has ended already: that is seen when its answer is read
            channel.send_json(self._order, b"O", self._describe())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        os.close(self._order)
        os.close(self._answers)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """The rows that the task sends, as they come; at the end `result` is there.

        Raises:
            OwnCodeError: own code failed, took longer than its timeout, or ended the process.
            RelayError: the task refused what own code gave.
        """
        import pyarrow as pa

        schema: pa.Schema | None = None
        for kind, content in self._receive():
            if kind == channel.SCHEMA:
                schema = pa.ipc.read_schema(pa.py_buffer(content))
            elif kind == channel.BATCH:
                yield pa.ipc.read_record_batch(pa.py_buffer(content), schema)
            elif kind == channel.FAILED:
                raise restore(json.loads(content))
            else:
                answer = json.loads(content)
                self.result, self.warnings = answer["result"], answer["warnings"]
                return

    def finish(self) -> Any:
        """The result of a task that sends no rows.

        Raises:
            OwnCodeError, RelayError: as `batches`.
        """
        for _ in self.batches():
            pass
        return self.result

    def _describe(self) -> dict[str, Any]:
        work = self.work
        return {
            "task": work.task,
            "arguments": dict(work.arguments),
            "folder": str(work.folder),
            "module": work.module,
            "function": work.function,
            "files": dict(work.files),
            "shown": work.shown,
            "seed": work.seed,
            "parent": os.getpid(),
        }

    def _receive(self) -> Iterator[tuple[bytes, bytes]]:
        """Messages as they arrive; what is printed goes to the log meanwhile."""
        stdout, stderr = self.process.stdout, self.process.stderr
        assert stdout is not None  # noqa: S101 - both are pipes
        assert stderr is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            for pipe in (self._answers, stdout.fileno(), stderr.fileno()):
                os.set_blocking(pipe, False)
                selector.register(pipe, selectors.EVENT_READ)
            while True:
                # Looked at before the pipes: whatever a process said before its end is then seen in them.
                has_ended = self.process.poll() is not None
                seconds = self._wait_seconds()
                ready = [key.fd for key, _ in selector.select(0.0 if has_ended else seconds)]
                interrupt.check()
                for pipe in ready:
                    piece = os.read(pipe, PIECE_BYTES)
                    if pipe != self._answers:
                        self._log.add(pipe, piece)
                    if not piece:
                        selector.unregister(pipe)
                    elif pipe == self._answers:
                        self._messages.add(piece)
                while (message := self._messages.take()) is not None:
                    if message[0] in (channel.DONE, channel.FAILED):
                        self._drain(stdout.fileno(), stderr.fileno())
                    yield message
                # Processes that it forked may still hold the pipe open when it has gone.
                has_gone = has_ended and self._answers not in ready
                if has_gone or self._answers not in selector.get_map():
                    self._drain(stdout.fileno(), stderr.fileno())
                    raise OwnCodeError(explain_end(self.process.wait(), self.work.shown))

    def _wait_seconds(self) -> float:
        if self._deadline is None:
            return LOOK_SECONDS
        if monotonic() > self._deadline:
            raise OwnCodeError(
                f"{self.work.shown} was not done after its timeout of {self.work.timeout:g} s, and was ended"
            )
        return min(LOOK_SECONDS, max(0.0, self._deadline - monotonic()))

    def _drain(self, *pipes: int) -> None:
        """Log what was printed until now, without waiting for processes that still hold the pipe."""
        for pipe in pipes:
            with contextlib.suppress(BlockingIOError):
                while piece := os.read(pipe, PIECE_BYTES):
                    self._log.add(pipe, piece)
        self._log.close()


class _Printed:
    """What own code prints, line by line into the log, the first megabyte of it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pending: dict[int, bytes] = {}
        self._bytes = 0
        self._is_closed = False

    def add(self, pipe: int, piece: bytes) -> None:
        """Take what was read of one stream."""
        before = self._bytes
        self._bytes += len(piece)
        if before >= MOST_PRINTED_BYTES:
            return
        *lines, rest = (self._pending.pop(pipe, b"") + piece[: MOST_PRINTED_BYTES - before]).split(b"\n")
        for line in lines:
            self._say(line)
        while len(rest) > LONGEST_LINE:
            self._say(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self._pending[pipe] = rest

    def close(self) -> None:
        """Log what has no line end yet, and how much was left out."""
        for rest in self._pending.values():
            self._say(rest)
        self._pending.clear()
        if self._bytes > MOST_PRINTED_BYTES and not self._is_closed:
            self._is_closed = True
            left_out = self._bytes - MOST_PRINTED_BYTES
            logger.warning("{}: own code printed {:,} bytes more, which are not kept", self._name, left_out)

    def _say(self, line: bytes) -> None:
        text = line.decode("utf-8", "backslashreplace").rstrip()
        if text:
            logger.info("{}: {}", self._name, text[:LONGEST_LINE])
