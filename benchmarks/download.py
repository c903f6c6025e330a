"""A large file from a server on loopback: ingest's download, against curl on the same file in the same run.

Ingest also hashes what comes, and has it on disk (fsync) before it says that it is there; curl does neither.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.process import measure

MIB, QUICK_MIB = 1024, 64
TURNS = 3
LIMIT = 1.2  # of curl's wall time

SERVE = """
import os, socket, sys
path, listener = sys.argv[1], socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    with connection, open(path, "rb") as file:
        if connection.recv(65536):
            head = 'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nETag: "1"\\r\\nConnection: close\\r\\n\\r\\n'
            connection.sendall((head % os.path.getsize(path)).encode())
            connection.sendfile(file)
"""

INGEST = """
import sys
from pathlib import Path
from time import perf_counter
from relay.handoff.files import Fingerprints
from relay.handoff.recipe import load_recipe
from relay.handoff.run import Run
from relay.handoff.settings import Settings
from ingest.__main__ import STAGE
from ingest.parameters import parse_parameters
from ingest.sources.http import open_source
recipe, data_dir = load_recipe(sys.argv[1]), Path(sys.argv[2])
settings, fingerprints = Settings(data_dir=data_dir), Fingerprints(data_dir / ".state", data_dir)
start = perf_counter()
open_source(Run(STAGE.name, recipe, parse_parameters(recipe), settings, fingerprints)).inputs()
(data_dir / "seconds").write_text(str(perf_counter() - start))
"""

PLAIN_SOCKET = """
import socket, sys
from urllib.parse import urlsplit
host, port = urlsplit(sys.argv[2]).netloc.split(":")
with socket.create_connection((host, int(port))) as connection, open(sys.argv[1], "wb", buffering=0) as file:
    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    while piece := connection.recv(1 << 20):
        file.write(piece)
"""

RECIPE = """
title = "A large file"
[columns]
text = {{ type = "text", role = "input" }}
[ingest]
source = "http"
url = "{url}"
[preprocess]
[model]
"""


def run(quick: bool) -> list[dict[str, object]]:
    """Median seconds, CPU seconds and their ratios to curl's, over turns taken one after the other."""
    mib = QUICK_MIB if quick else MIB
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_source(folder / "source.bin", mib)
        with serve(folder / "source.bin") as url:
            recipe = folder / "large.toml"
            recipe.write_text(RECIPE.format(url=url))
            ways = list_ways(url, recipe, folder / "out")
            turns = [_take_turn(ways, turn, folder / "out") for turn in range(TURNS)]
    figures = {what: _medians([turn[what] for turn in turns]) for what in ways}
    base, *_ = figures.values()
    rows: list[dict[str, object]] = []
    for what, medians in figures.items():
        download = medians.pop("download_seconds", None)
        ratios = {
            "ratio": medians["seconds"] / base["seconds"],
            "cpu_ratio": medians["cpu_seconds"] / base["cpu_seconds"],
        }
        limit = {} if download is None else {"limit": LIMIT}
        rows.append({"benchmark": "download", "MiB": mib, "what": what, **medians, **ratios, **limit})
        if download is not None:
            without = {"what": f"{what}, without Python's start", "seconds": download}
            rows.append({"benchmark": "download", "MiB": mib, **without, "ratio": download / base["seconds"]})
    return rows


def list_ways(url: str, recipe: Path, out: Path) -> dict[str, list[str]]:
    """What fetches the file, the baseline first."""
    ingest = {"ingest": [sys.executable, "-c", INGEST, str(recipe), str(out)]}
    if shutil.which("curl") is None:
        return {"plain socket (no curl here)": [sys.executable, "-c", PLAIN_SOCKET, str(out / "file"), url], **ingest}
    curl = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--output", str(out / "file"), url]
    checked = 'file=$1; shift; "$@" && sync "$file" && sha256sum "$file"'
    return {"curl": curl, **ingest, "curl, sync, sha256sum": ["sh", "-c", checked, "sh", str(out / "file"), *curl]}


@contextmanager
def serve(path: Path) -> Iterator[str]:
    """The URL of a server, in a process of its own, that sends a file as fast as the system can."""
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/source.bin"
    finally:
        process.kill()
        process.wait()


def write_source(path: Path, mib: int) -> None:
    """A file of that many MiB, random so that no file system makes it smaller."""
    with path.open("wb") as file, Path("/dev/urandom").open("rb") as random:
        for _ in range(mib):
            file.write(random.read(1 << 20))


def _take_turn(ways: dict[str, list[str]], turn: int, out: Path) -> dict[str, dict[str, float]]:
    """Each way once, in another order each turn: memory that was just freed is cheaper for who comes next."""
    names = list(ways)
    first = turn % len(names)
    return {what: _measure(ways[what], out) for what in (*names[first:], *names[:first])}


def _measure(command: list[str], out: Path) -> dict[str, float]:
    """One turn into an empty folder, with nothing of the turn before still on its way to the disk."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    subprocess.run(["sync"], check=True)
    figures = measure(command)
    inside = out / "seconds"
    return {**figures, "download_seconds": float(inside.read_text())} if inside.exists() else figures


def _medians(turns: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
