"""A file of rows answered by `model predict --file`, against ONNX Runtime alone on the same rows in memory.

Both are processor seconds on one thread. The command's include reading, checking, writing and hashing; with and without
the start of the interpreter. The peak is that of the command's process.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from relay.registry.contract import ONNX_FILE
from relay.registry.onnx_file import open_onnx

ROWS, QUICK_ROWS = 2_000_000, 100_000
BATCH_ROWS = 65_536
TRAINING_ROWS = 5_000
INPUTS = 10
LONGEST_SECONDS = 900
"""Of one command; then it is ended."""

RECIPE = """
title = "Rows of numbers"
[columns]
row = {{ type = "int", role = "id" }}
{inputs}
y = {{ {target}, role = "target" }}
[ingest]
source = "file"
path = "{path}"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "{estimator}"
"""
CLASSES, NUMBERS = 'type = "int", allowed = [0, 1]', 'type = "float"'
ESTIMATORS = {
    "trees": ("sklearn.ensemble.HistGradientBoostingClassifier", CLASSES),
    "logistic": ("sklearn.linear_model.LogisticRegression", CLASSES),
    "line": ("sklearn.linear_model.LinearRegression", NUMBERS),
}
MEASURED = """
import resource, sys
from model.__main__ import STAGE
from relay.handoff.program import main
import model.ask.files.command, model.release.production, onnxruntime, pandas
before = resource.getrusage(resource.RUSAGE_SELF)
code = main(STAGE, sys.argv[1:])
after = resource.getrusage(resource.RUSAGE_SELF)
spent = after.ru_utime + after.ru_stime
print(spent - before.ru_utime - before.ru_stime, spent, after.ru_maxrss / 1024)
sys.exit(code)
"""
"""The program; then its processor seconds without and with imports, and its peak memory in MiB."""


def run(quick: bool) -> list[dict[str, object]]:
    """Rows per processor second of both, their ratio, and the peak; fewer rows with quick."""
    rows = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = _draw(rows)
        pq.write_table(table, folder / "rows.parquet")
        return [_measure(kind, folder, table) for kind in ESTIMATORS]


def _draw(rows: int) -> pa.Table:
    draw = np.random.default_rng(1)
    cells = {f"x{index}": draw.normal(0, 1, rows) for index in range(INPUTS)}
    return pa.table({"row": np.arange(rows), **cells})


def _measure(kind: str, folder: Path, table: pa.Table) -> dict[str, object]:
    environment = _train(kind, folder)
    out = folder / f"{kind}-answers.parquet"
    options = ["predict", str(folder / f"{kind}.toml"), "--out", str(out), "--file"]
    pq.write_table(table.slice(0, 1), folder / "one.parquet")
    _call([sys.executable, "-m", "model", *options, str(folder / "one.parquet")], environment)  # fetches the version
    said = _call([sys.executable, "-c", MEASURED, *options, str(folder / "rows.parquet")], environment)
    inside, whole, peak = map(float, said.split()[-3:])
    (onnx,) = (folder / "data" / ".state" / "models" / kind).glob(f"*/{ONNX_FILE}")
    alone = _time_onnx(onnx, table)
    return {
        "model": kind,
        "rows": table.num_rows,
        "ONNX Runtime alone, rows per CPU s": table.num_rows / alone,
        "predict --file, rows per CPU s": table.num_rows / inside,
        "ratio": alone / inside,
        "ratio with the start": alone / whole,
        "peak MiB": peak,
    }


def _train(kind: str, folder: Path) -> dict[str, str]:
    """Registers a model of this kind; gives the environment of its project."""
    estimator, target = ESTIMATORS[kind]
    few = _draw(TRAINING_ROWS)
    y = sum((index + 1) * few.column(f"x{index}").to_numpy() for index in range(INPUTS))
    path = folder / f"{kind}.parquet"
    pq.write_table(few.append_column("y", pa.array((y > 0).astype(np.int64) if target == CLASSES else y)), path)
    inputs = "\n".join(f'x{index} = {{ type = "float", role = "input" }}' for index in range(INPUTS))
    recipe = folder / f"{kind}.toml"
    recipe.write_text(RECIPE.format(inputs=inputs, target=target, path=path, estimator=estimator))
    environment = {**os.environ, "DATA_DIR": str(folder / "data"), "LOG_DIR": str(folder / "logs")}
    for stage in ("ingest", "preprocess", "model"):
        _call([sys.executable, "-m", stage, str(recipe)], environment)
    return environment


def _call(command: list[str], environment: dict[str, str]) -> str:
    """The standard output of a command."""
    done = subprocess.run(
        command,
        env=environment,
        timeout=LONGEST_SECONDS,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return done.stdout


def _time_onnx(path: Path, table: pa.Table) -> float:
    """Processor seconds of ONNX Runtime for all rows, which are ready as it takes them."""
    onnx = open_onnx(path.read_bytes())
    matrix = np.column_stack([table.column(f"x{index}").to_numpy() for index in range(INPUTS)])
    begun = time.process_time()
    for first in range(0, len(matrix), BATCH_ROWS):
        onnx.predict(matrix[first : first + BATCH_ROWS])
    return time.process_time() - begun
