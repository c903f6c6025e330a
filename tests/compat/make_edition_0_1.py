"""Makes `edition_0_1.tar.xz` with the code of another checkout: `make_edition_0_1.py CHECKOUT FOLDER ARCHIVE`.

Everything in the archive is left by real runs of that checkout's programs, in the order of `main`. README.md says
which commit it was and how to run this.
"""

import fcntl
import json
import lzma
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from edition_0_1_recipes import list_papers, list_styles, write_project

PATIENCE_SECONDS = 120
SERVED = ("linear", "visits", "flowers", "styles", "papers")
SMALL_PLOTS = """
import runpy
from model.plots.style import STYLE
STYLE["savefig.dpi"] = 24
runpy.run_module("model", run_name="__main__", alter_sys=True)
"""
"""Trains with plots of few pixels: at their usual size they would be nine tenths of the archive."""

FIRST_LINEAR = ("--set", "model.folds=3", "--set", "model.segments=['x']")


@dataclass(frozen=True)
class Checkout:
    """The code that makes the folders, and the folders."""

    root: Path
    folder: Path

    @property
    def data(self) -> Path:
        """The datasets, the results and the registry."""
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of this machine but what a process needs."""
        commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=self.root, text=True).strip()
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LOGNAME": "ada",
            "RELAY_REVISION": commit,
            "DATA_DIR": str(self.data),
            "LOG_DIR": str(self.folder / "logs"),
            "MODEL_URI": ",".join(f"models:/{name}@production" for name in SERVED),
        }

    def recipe(self, name: str) -> str:
        """A recipe as one types it; `linear` is the checkout's own."""
        return name if name == "linear" else str(self.folder / "recipes" / f"{name}.toml")

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[bytes]":
        """Start Python in the checkout."""
        return subprocess.Popen([sys.executable, *arguments], cwd=self.root, env=self.environment | more)

    def run(self, *arguments: str) -> None:
        """Run Python in the checkout to its end."""
        code = self.start(*arguments).wait(PATIENCE_SECONDS)
        if code:
            raise SystemExit(f"{' '.join(arguments)}: exit code {code}")

    def supervise(self, name: str, *changes: str) -> list[str]:
        """The arguments with which the page's button starts a run of all stages."""
        stages = ("--stage", "ingest", "--stage", "preprocess", "--stage", "model")
        folders = ("--data-dir", str(self.data), "--log-dir", str(self.folder / "logs"))
        return ["model.page.supervise", self.recipe(name), *stages, *changes, *folders]

    def press_run(self, name: str, *changes: str, expected: int = 0) -> None:
        """Run all stages as the page's button does, to the end."""
        log = self.folder / "logs" / "runs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", *self.supervise(name, *changes)]
        with log.open("ab") as sink:
            done = subprocess.run(command, cwd=self.root, env=self.environment, stdout=sink, stderr=sink, check=False)
        if done.returncode != expected:
            raise SystemExit(f"the page's run of {name}: exit code {done.returncode}, expected {expected}")

    def cancel_run(self, name: str) -> None:
        """Begin a run as the page's button does, and cancel it while its first stage waits for another writer."""
        with (self.data / ".locks" / f"raw-{name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            log = self.folder / "logs" / "runs" / f"{name}.log"
            with log.open("ab") as sink:
                command = [sys.executable, "-m", *self.supervise(name)]
                process = subprocess.Popen(command, cwd=self.root, env=self.environment, stdout=sink, stderr=sink)
            wait_for(lambda: b"waits" in log.read_bytes(), f"{name} to wait for the other writer")
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)


def main(root: Path, folder: Path, archive: Path) -> None:
    """Make the folders, then pack them."""
    checkout = Checkout(root, folder)
    write_project(folder / "recipes")
    train_all(checkout)
    manage_versions(checkout)
    leave_job_records(checkout)
    serve_some(checkout)
    tidy(folder)
    pack(folder, archive)


def train_all(checkout: Checkout) -> None:
    """The first version of each model, and for `visits` a second one that the gate judges."""
    for name in SERVED:
        recipe = checkout.recipe(name)
        checkout.run("-m", "ingest", recipe)
        checkout.run("-m", "preprocess", recipe)
        checkout.run("-c", SMALL_PLOTS, recipe, *(FIRST_LINEAR if name == "linear" else ()))
    checkout.run("-c", SMALL_PLOTS, checkout.recipe("visits"), "--set", "model.use=boosted")


def manage_versions(checkout: Checkout) -> None:
    """A second version that is promoted by hand and rolled back, and a third that the gate refuses."""
    checkout.run(
        "-c", SMALL_PLOTS, "linear", "--set", "model.estimator=sklearn.linear_model.Ridge", "--promote", "never"
    )
    checkout.run("-m", "model", "promote", "linear", "2", "--why", "try the ridge")
    checkout.run("-m", "model", "rollback", "linear", "--why", "the line was better")
    checkout.run("-c", SMALL_PLOTS, "linear", "--set", "model.estimator=sklearn.dummy.DummyRegressor")


def leave_job_records(checkout: Checkout) -> None:
    """Runs by the page's button: one unchanged and put back, one that failed, one that was cancelled."""
    checkout.press_run("linear", *FIRST_LINEAR)
    checkout.press_run("lost", expected=1)
    checkout.cancel_run("styles")


def serve_some(checkout: Checkout) -> None:
    """Ask the API for predictions of each model, and say what turned out to be true of one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = checkout.start("-m", "serve", API_PORT=str(port))
    try:
        wait_for(lambda: is_ready(f"{url}/health"), "the API to be ready")
        first = ask(f"{url}/models/linear/predict", {"x": 4.0})
        ask(f"{url}/models/linear/predict", [{"x": 0.0}, {"x": 10.0}], {"Idempotency-Key": "two points"})
        people = [
            {"age_years": 72, "income": 3500.0, "is_member": True},
            {"age_years": 25, "income": None, "is_member": None},
        ]
        second = ask(f"{url}/models/visits/predict", people)
        ask(f"{url}/models/flowers/predict", {"petal_cm": 5.6, "soil": "clay"})
        ask(f"{url}/models/styles/predict", {"text": list_styles()[0]["text"]})
        ask(f"{url}/models/papers/predict", {"text": list_papers()[-1]["text"]})
        ask(f"{url}/predictions/{first['prediction_id']}/label", {"value": 9.25, "source": "measured"})
        ask(f"{url}/predictions/{second['prediction_id']}/label", {"value": 0, "record": 1, "source": "till"})
        ask(f"{url}/predictions/{second['prediction_id']}/label", {"value": 1, "record": 1, "source": "corrected"})
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def ask(url: str, value: Any, headers: dict[str, str] | None = None) -> Any:
    """What the API answers to JSON."""
    request = Request(url, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})
    with urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.loads(response.read())


def is_ready(url: str) -> bool:
    """Whether the API answers and serves every model."""
    try:
        with urlopen(url, timeout=PATIENCE_SECONDS) as response:
            return bool(json.load(response)["status"] == "ready")
    except URLError:
        return False


def wait_for(is_so: Any, what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {PATIENCE_SECONDS} s for {what}")
        time.sleep(0.5)


def tidy(folder: Path) -> None:
    """Remove what only these processes needed: locks, a fetched copy, and unused room in the databases."""
    data = folder / "data"
    for scratch in (data / ".locks", data / "serve" / "fetched"):
        shutil.rmtree(scratch, ignore_errors=True)
    for database in (data / "mlflow" / "mlflow.db", data / "serve" / "predictions.sqlite"):
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
    for path in sorted(folder.rglob("*")):
        if path.name.endswith((".lock", "-wal", "-shm")):
            path.unlink()


def pack(folder: Path, archive: Path) -> None:
    """The folders as an archive; equal files of a result and of the registry are kept once, as xz sees them near."""

    def anonymise(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    with lzma.open(archive, "wb", preset=9 | lzma.PRESET_EXTREME) as file, tarfile.open(fileobj=file, mode="w") as tar:
        for name in ("data", "logs", "recipes"):
            tar.add(folder / name, name, filter=anonymise)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute(), Path(sys.argv[3]).absolute())
