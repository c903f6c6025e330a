"""The service against `mlflow models serve` with the same model: requests a second, latency, memory.

`python -m benchmarks serving` compares; `python -m benchmarks.serving --soak` puts load on the service alone, for ten
minutes, and watches its memory.
"""

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.parquet as pq

from benchmarks.load import Load, Target, drive, find_quantile, name_generator
from benchmarks.servers import Server, open_peer, open_service, train_model

BATCH_ROWS = 1_000
SINGLES = 64
"""Different records that are sent in turn."""

ROUNDS, QUICK_ROUNDS = 3, 1
SECONDS, QUICK_SECONDS = 4.0, 0.5
WARM_SHARE = 0.25
"""Of the time of a round, before the first one."""

SYNCS, SYNC_BYTES = 300, 400

SOAK_MINUTES, SOAK_STEP_SECONDS = 10.0, 10.0
SOAK_MIB, SOAK_GROWTH = 200, 1.05
SOAK_FREE_BYTES = 10 << 30
"""The log keeps each request: ten minutes of them take some gigabytes."""


@dataclass(frozen=True)
class Point:
    """One kind of load."""

    rows: int
    connections: int
    target: float | str = ""
    """The ratio that is aimed at."""
    path: str = "/predict"

    @property
    def name(self) -> str:
        """In words."""
        rows = "one row" if self.rows == 1 else f"{self.rows:,} rows"
        return f"{self.path}, {rows}, {self.connections} connection{'s' if self.connections > 1 else ''}"


POINTS = (
    Point(1, 1, 7.0),
    Point(1, 8, 20.0),
    Point(1, 32, 30.0),
    Point(BATCH_ROWS, 1, 2.5),
    Point(BATCH_ROWS, 8, 4.0),
    Point(1, 8, path="/invocations"),
)
"""The last one sends both sides the same bodies."""


@dataclass(frozen=True)
class Bodies:
    """Files of request bodies, by path and rows."""

    folder: Path

    def find(self, path: str, rows: int) -> Path:
        """The file for a path."""
        return self.folder / f"{path.strip('/')}-{rows}.jsonl"

    def write(self, records: list[dict[str, Any]]) -> None:
        """Make all of them: of single records and of all at once."""
        for rows, parts in ((1, [[record] for record in records[:SINGLES]]), (len(records), [records])):
            self.find("/predict", rows).write_text(
                "".join(json.dumps(part[0] if rows == 1 else part) + "\n" for part in parts)
            )
            self.find("/invocations", rows).write_text("".join(json.dumps(split(part)) + "\n" for part in parts))


def split(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Records in MLflow's scoring protocol, its most compact form."""
    columns = list(records[0])
    return {"dataframe_split": {"columns": columns, "data": [[row[name] for name in columns] for row in records]}}


@dataclass(frozen=True)
class Sides:
    """What is compared."""

    service: Server
    peer: Server
    bodies: Bodies


def run(quick: bool) -> list[dict[str, object]]:
    """Requests a second, their ratio to the peer's and latencies for each kind of load; memory; the disk's own time.

    Raises:
        RuntimeError: a request failed, the two answer differently, or an answer is not in the log.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = train_model(folder, quick)
        bodies = Bodies(folder)
        bodies.write(read_records(model.rows))
        disk = measure_disk(folder)
        sides = Sides(stack.enter_context(open_service(model)), stack.enter_context(open_peer(model)), bodies)
        for server in (sides.service, sides.peer):
            server.wait_until_ready()
        require_equal_answers(sides)
        logged = count_logged(model.log)
        before = [server.find_memory() for server in (sides.service, sides.peer)]
        measured = [measure_point(sides, point, quick) for point in POINTS]
        after = [server.find_memory() for server in (sides.service, sides.peer)]
        require_all_logged(sum(answered for _, answered in measured), count_logged(model.log) - logged)
    common = {"benchmark": "serving"}
    return [
        *({**common, **row} for row, _ in measured),
        {**common, "what": "memory at the start, MiB", "service": before[0], "peer": before[1]},
        {**common, "what": "memory at the end, MiB", "service": after[0], "peer": after[1]},
        {**common, "what": f"the disk: fdatasync of {SYNC_BYTES} bytes", **disk},
    ]


def read_records(path: Path) -> list[dict[str, Any]]:
    """So many rows of the processed dataset as a batch has, the inputs alone."""
    table = pq.read_table(path).slice(0, BATCH_ROWS)
    records: list[dict[str, Any]] = table.drop_columns(["row", "SeriousDlqin2yrs", "split"]).to_pylist()
    return records


def require_equal_answers(sides: Sides) -> None:
    """Compare the answers of both to a whole batch.

    Raises:
        RuntimeError: they differ.
    """
    body = sides.bodies.find("/invocations", BATCH_ROWS).read_bytes()
    ours, theirs = (server.ask("/invocations", body)["predictions"] for server in (sides.service, sides.peer))
    own = sides.service.ask("/predict", sides.bodies.find("/predict", BATCH_ROWS).read_bytes())
    by_share = [int(share > 0.5) for share in own["probabilities"]]  # the peer's border; ours is the contract's
    if not ours == theirs == by_share or len(set(theirs)) < 2:
        differing = sum(len({*three}) > 1 for three in zip(ours, theirs, by_share, strict=True))
        raise RuntimeError(f"{differing} of {BATCH_ROWS} answers differ, or all are the same: nothing to compare")


def measure_point(sides: Sides, point: Point, quick: bool) -> tuple[dict[str, object], int]:
    """The figures of one kind of load, the two sides in turn, and how many requests the service answered."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    ours, theirs = Side(sides.service, point.path), Side(sides.peer, "/invocations")
    for side in (ours, theirs):
        side.load(sides.bodies, point, seconds * WARM_SHARE)
    for _ in range(rounds):
        for side in (ours, theirs):
            side.load(sides.bodies, point, seconds)
    if ours.errors or theirs.errors:
        raise RuntimeError(f"{point.name}: {ours.errors} requests of the service failed, {theirs.errors} of the peer")
    row = {
        "what": point.name,
        "load": name_generator(),
        "service": ours.find("per_second"),
        "peer": theirs.find("per_second"),
        "ratio": ours.find("per_second") / theirs.find("per_second"),
        "target": point.target,
    }
    for name, side in (("", ours), ("peer_", theirs)):
        row |= {f"{name}p50_ms": side.find("p50_ms"), f"{name}p99_ms": side.find("p99_ms")}
        row |= {f"{name}cpu_ms": side.cpu_ms, f"{name}errors": side.errors}
    return row, sum(load.requests for load in ours.loads)


@dataclass
class Side:
    """What was found of one side."""

    server: Server
    path: str
    loads: list[Load] = field(default_factory=list)
    """The first one warms."""
    cpu_seconds: float = 0.0
    """Of the server, in all of them."""

    def load(self, bodies: Bodies, point: Point, seconds: float) -> None:
        """Put load on it."""
        begun = self.server.find_cpu_seconds()
        target = Target(self.server.port, self.path, bodies.find(self.path, point.rows))
        self.loads.append(drive(target, point.connections, seconds))
        self.cpu_seconds += self.server.find_cpu_seconds() - begun

    def find(self, name: str) -> float:
        """The median round by a figure of `Load`."""
        return median([float(getattr(load, name)) for load in self.loads[1:]])

    @property
    def errors(self) -> int:
        """In all loads."""
        return sum(load.errors for load in self.loads)

    @property
    def cpu_ms(self) -> float:
        """Time of the processor for a request: it says more than the ratio where others want the processor too."""
        return self.cpu_seconds / sum(load.requests for load in self.loads) * 1e3


def count_logged(path: Path) -> int:
    """The predictions in a log."""
    with closing(sqlite3.connect(path)) as connection:
        (rows,) = connection.execute("select count(*) from predictions").fetchone()
    return int(rows)


def require_all_logged(answered: int, logged: int) -> None:
    """Compare; there may be more in the log than was counted, for wrk drops its last answers.

    Raises:
        RuntimeError: there is less.
    """
    if logged < answered:
        raise RuntimeError(f"{answered:,} requests were answered, {logged:,} of them are in the log")


def measure_disk(folder: Path) -> dict[str, object]:
    """How long the disk takes to keep an appended line."""
    took = []
    with (folder / "disk").open("ab", buffering=0) as file:
        for _ in range(SYNCS):
            begun = time.perf_counter()
            file.write(b"x" * SYNC_BYTES)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begun) * 1e3)
    return {"p50_ms": find_quantile(sorted(took), 0.5), "p99_ms": find_quantile(sorted(took), 0.99)}


def soak(minutes: float) -> int:
    """Put load on the service and print its memory; 1 when that grew or is too much.

    Raises:
        RuntimeError: a request failed, an answer is not in the log, or the disk has too little room.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if shutil.disk_usage(folder).free < SOAK_FREE_BYTES:
            raise RuntimeError(
                f"{folder} has less than {SOAK_FREE_BYTES >> 30} GiB of room: set TMPDIR to another disk"
            )
        model = train_model(folder, quick=True)
        bodies = Bodies(folder)
        bodies.write(read_records(model.rows))
        service = stack.enter_context(open_service(model))
        service.wait_until_ready()
        memory, answered = [], 0
        for step in range(max(round(minutes * 60 / SOAK_STEP_SECONDS), 5)):
            rows, connections = (BATCH_ROWS, 8) if step % 10 == 0 else (1, 32)
            load = drive(
                Target(service.port, "/predict", bodies.find("/predict", rows)), connections, SOAK_STEP_SECONDS
            )
            if load.errors:
                raise RuntimeError(f"{load.errors} requests failed in step {step}")
            answered += load.requests
            memory.append(service.find_memory())
            print(f"{step:3}: {rows:5,} rows, {load.per_second:7,.0f} requests/s, {memory[-1]:.1f} MiB", flush=True)
        require_all_logged(answered, count_logged(model.log))
    return judge_memory(memory)


def judge_memory(memory: list[float]) -> int:
    """Say whether memory stayed flat and small; 1 when not."""
    part = max(len(memory) // 5, 1)
    early, late, most = median(memory[part : 2 * part]), median(memory[-part:]), max(memory)
    is_well = late <= early * SOAK_GROWTH and most < SOAK_MIB
    print(
        f"memory: {early:.1f} MiB in the second fifth of the time, {late:.1f} MiB in the last, {most:.1f} MiB at most"
    )
    wanted = f"at most {SOAK_GROWTH - 1:.0%} of growth, and below {SOAK_MIB} MiB"
    print(f"expected: {wanted}: {'kept' if is_well else 'missed'}")
    return 0 if is_well else 1


def main() -> int:
    """Compare, or with --soak watch the memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--soak", action="store_true", required=True, help="load for minutes, the memory sampled")
    parser.add_argument("--minutes", type=float, default=SOAK_MINUTES, help="how long (default: %(default)g)")
    return soak(parser.parse_args().minutes)


if __name__ == "__main__":
    sys.exit(main())
