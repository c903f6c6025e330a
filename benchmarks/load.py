"""Load on an HTTP server: wrk where it is installed, else a generator of our own with the same habits.

Both are one process with one thread that keeps its connections open, sends prepared requests, each as soon as the
answer before it is there, and takes the time of each. Ours is one on uvloop; it costs more of the processor than wrk,
so what it finds for a fast server is rather too little.
"""

import asyncio
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30
"""For an answer; one that takes longer is an error."""

WRK_SCRIPT = """
local requests, at = {}, 0
function init(arguments)
  for line in io.lines("%s") do
    table.insert(requests, wrk.format("POST", "%s", {["Content-Type"] = "application/json"}, line))
  end
end
function request()
  at = at %% #requests + 1
  return requests[at]
end
function done(summary, latency, _)
  local found = summary.errors
  local errors = found.connect + found.read + found.write + found.status + found.timeout
  io.write(string.format(
    '\\n{"requests": %%d, "seconds": %%.6f, "errors": %%d, "p50_ms": %%.4f, "p99_ms": %%.4f}\\n',
    summary.requests, summary.duration / 1e6, errors, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Target:
    """Where requests go, and a file of their bodies in JSON, a line each, that are sent in turn."""

    port: int
    path: str
    bodies: Path


@dataclass(frozen=True)
class Load:
    """What came of a load."""

    requests: int
    """Answered."""
    seconds: float
    errors: int
    """Answers other than 200, and requests without one."""
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds


def name_generator() -> str:
    """Which of the two drives."""
    return "wrk" if shutil.which("wrk") else "own (uvloop)"


def drive(target: Target, connections: int, seconds: float) -> Load:
    """What comes of so many connections that ask for so long.

    Raises:
        subprocess.CalledProcessError: the generator failed.
    """
    if shutil.which("wrk"):
        return _drive_wrk(target, connections, seconds)
    job = json.dumps([target.port, target.path, str(target.bodies), connections, seconds])
    command = [sys.executable, "-m", "benchmarks.load", job]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=seconds + 60)
    return Load(**json.loads(done.stdout))


def _drive_wrk(target: Target, connections: int, seconds: float) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK_SCRIPT % (target.bodies, target.path))
        script.flush()
        options = ["--threads", "1", "--connections", str(connections), "--timeout", f"{PATIENCE_SECONDS}s"]
        # It knows whole seconds only.
        duration = ["--duration", f"{max(round(seconds), 1)}s", "--script", script.name]
        command = ["wrk", *options, *duration, f"http://127.0.0.1:{target.port}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60)
    return Load(**json.loads(done.stdout.rstrip().rpartition("\n")[2]))


class Connection(asyncio.Protocol):
    """One connection that asks again and again until the deadline."""

    transport: asyncio.Transport

    def __init__(self, requests: list[bytes], first: int, deadline: float) -> None:
        self.requests, self.at, self.deadline = requests, first, deadline
        self.took: list[float] = []
        self.errors = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._head, self._left, self._is_waiting = b"", 0, False

    def connection_made(self, transport: Any) -> None:
        """Ask for the first time."""
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer; behind the last one ask again."""
        if self._left == 0:
            data = self._head + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._head = data
                return
            self._head, head = b"", data[:end].lower()
            length = head.index(b"content-length:") + 15
            self._left = end + 4 + int(head[length:].split(b"\r\n", 1)[0])
            self.errors += head[9:12] != b"200"
        self._left -= len(data)
        if self._left > 0:
            return
        self.took.append(time.perf_counter() - self._begun)
        self._is_waiting = False
        if time.perf_counter() < self.deadline:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """End; an answer that did not come is an error."""
        self.errors += self._is_waiting
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        request = self.requests[self.at % len(self.requests)]
        self.at += 1
        self._is_waiting, self._begun = True, time.perf_counter()
        self.transport.write(request)


async def ask_all(target: Target, connections: int, seconds: float) -> Load:
    """What comes of so many connections, with our own generator."""
    requests = [make_request(target, body) for body in target.bodies.read_bytes().splitlines()]
    loop, begun = asyncio.get_running_loop(), time.perf_counter()
    asking: list[Connection] = []
    for number in range(connections):
        first = number * len(requests) // connections
        connection = Connection(requests, first, begun + seconds)
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", target.port)  # type: ignore[misc]
        asking.append(connection)
    await asyncio.wait([connection.over for connection in asking], timeout=seconds + PATIENCE_SECONDS)
    ended = time.perf_counter()
    took = sorted(value for connection in asking for value in connection.took)
    errors = sum(connection.errors + (not connection.over.done()) for connection in asking)
    p50, p99 = (find_quantile(took, share) * 1e3 for share in (0.5, 0.99))
    return Load(len(took), ended - begun, errors, p50, p99)


def make_request(target: Target, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def find_quantile(ordered: list[float], share: float) -> float:
    """The value that so large a share of sorted values does not exceed; NaN for none."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def main(job: str) -> None:
    """Print what comes of a job, as JSON."""
    import uvloop

    port, path, bodies, connections, seconds = json.loads(job)
    gc.freeze()
    gc.disable()  # its pauses would count as the server's
    print(json.dumps(asdict(uvloop.run(ask_all(Target(port, path, Path(bodies)), connections, seconds)))))


if __name__ == "__main__":
    main(sys.argv[1])
