"""A model that the stages trained and registered, and the two servers that answer with it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil

from benchmarks.process import measure
from relay.handoff.settings import ROOT
from relay.handoff.settings import VARIABLES as OF_STAGES
from relay.registry.connection import find_registry
from serve.settings import VARIABLES as OF_SERVE

NAME = "served"

ROWS, QUICK_ROWS = 30_000, 2_000

PATIENCE_SECONDS = 120

RECIPE = """
title = "Credit risk, of made-up borrowers"
seed = 42
[ingest]
source = "synthetic"
rows = {rows}
[ingest.formula]
RevolvingUtilizationOfUnsecuredLines = {{ slope = 0.5, of = "SeriousDlqin2yrs", intercept = 3.0, noise_sd = 0.5 }}
DebtRatio = {{ slope = 0.5, of = "SeriousDlqin2yrs", intercept = 3.0, noise_sd = 0.5 }}
MonthlyIncome = {{ slope = -1000.0, of = "SeriousDlqin2yrs", intercept = 8000.0, noise_sd = 1000.0 }}
[preprocess]
kind = "table"
[columns]
{columns}
[model]
kind = "estimator"
threads = 1
estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
options = {{ max_iter = 200, early_stopping = false }}
"""
"""Three columns lean on the label, so that there is something to learn; the trees have their usual 31 leaves."""


@dataclass(frozen=True)
class TrainedModel:
    """Where a model lies."""

    data: Path

    @property
    def rows(self) -> Path:
        """The rows that it learned from."""
        return self.data / "processed" / f"{NAME}.parquet"

    @property
    def key(self) -> dict[str, str]:
        """Where the key lies that signs own code, as a variable of the environment."""
        return {"CODE_KEY_FILE": str(self.data.parent / "secrets" / "code_key")}

    @property
    def log(self) -> Path:
        """The predictions that the service logs."""
        return self.data / "serve" / "predictions.sqlite"


@dataclass(frozen=True)
class Server:
    """A server on loopback; it may be starting yet."""

    process: "subprocess.Popen[bytes]"
    port: int
    ready_path: str
    """Answers 200 as soon as there is a model."""

    def wait_until_ready(self) -> None:
        """Wait until it answers with a model.

        Raises:
            RuntimeError: it has ended.
            TimeoutError: it does not.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args!r} ended with {self.process.returncode} before it answered")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.ready_path}", timeout=5):
                    return
            except OSError:  # not there yet, or there and without a model
                time.sleep(0.1)
        raise TimeoutError(f"{self.process.args!r} did not answer within {PATIENCE_SECONDS} s")

    def find_memory(self) -> float:
        """MiB in memory of the process that answers."""
        return float(self._find_largest().memory_info().rss) / 2**20

    def find_cpu_seconds(self) -> float:
        """Time of the processor that the process that answers has taken."""
        times = self._find_largest().cpu_times()
        return float(times.user + times.system)

    def _find_largest(self) -> Any:
        own = psutil.Process(self.process.pid)
        return max((own, *own.children(recursive=True)), key=lambda process: process.memory_info().rss)

    def ask(self, path: str, body: bytes) -> Any:
        """The answer to a body of JSON."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return msgspec.json.decode(response.read())


def train_model(folder: Path, quick: bool) -> TrainedModel:
    """A classifier of 200 trees on the columns of the recipe `credit`, in production in a registry of its own."""
    columns = (ROOT / "recipes" / "credit.toml").read_text("utf-8").partition("[columns]")[2].partition("[model]")[0]
    return train_recipe(folder, RECIPE.format(rows=QUICK_ROWS if quick else ROWS, columns=columns))


def train_recipe(folder: Path, recipe: str, module: str = "") -> TrainedModel:
    """A recipe and the module beside it, where it has one; in production in a registry of its own, signed by its key.

    Both lie in `recipes/` of the folder, so that any process with the folder on its path can import the module.
    """
    path = folder / "recipes" / f"{NAME}.toml"
    path.parent.mkdir()
    path.write_text(recipe, "utf-8")
    if module:
        path.with_suffix(".py").write_text(module, "utf-8")
    options = [str(path), "--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
    model = TrainedModel(folder / "data")
    for stage, more in (("ingest", ()), ("preprocess", ()), ("model", ("--promote", "always"))):
        measure([sys.executable, "-m", stage, *options, *more], environment=_make_environment(model.key))
    return model


@contextmanager
def open_service(model: TrainedModel) -> Iterator[Server]:
    """`python -m serve` with one worker, as it is delivered: log in SQLite, metrics and headers on."""
    port = _find_port()
    own = {
        "MODEL_URI": f"models:/{NAME}@production",
        "DATA_DIR": str(model.data),
        "LOG_DIR": str(model.data.parent / "logs"),
        "API_PORT": str(port),
        **model.key,
    }
    command = [sys.executable, "-m", "serve"]
    with _run(command, _make_environment(own), model.data.parent / "service.txt") as process:
        yield Server(process, port, "/health")


@contextmanager
def open_peer(model: TrainedModel) -> Iterator[Server]:
    """`mlflow models serve` with one worker, as it is delivered: it logs no predictions.

    OMP_NUM_THREADS is not set, so scikit-learn takes all processors for a large batch.
    """
    port = _find_port()
    registry = find_registry(model.data)
    assert registry is not None
    own = {
        "MLFLOW_TRACKING_URI": registry.uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": str(model.data.parent),  # where it finds own code
        # It starts uvicorn by name.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", f"models:/{NAME}@production"]
    options = ["--env-manager", "local", "--workers", "1", "--port", str(port)]
    with _run([*command, *options], _make_environment(own), model.data.parent / "peer.txt") as process:
        yield Server(process, port, "/ping")


@contextmanager
def _run(command: list[str], environment: Mapping[str, str], output: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with output.open("wb") as file:
        # In a session of its own: the peer's command has a child that a signal to the command alone would leave.
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        except BaseException:
            sys.stderr.write(output.read_text(errors="replace")[-4000:])
            raise
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _make_environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment without the settings of whoever measures."""
    ours = {variable.name for variable in (*OF_STAGES, *OF_SERVE)}
    return {**{name: value for name, value in os.environ.items() if name not in ours}, **own}


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
