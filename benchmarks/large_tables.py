"""How many rows of a table fit in a gigabyte while a model learns from them, by `[model] memory`.

Peak memory of whole trainings on a small and on a large table of 10 inputs: the difference is what the rows take.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.process import measure
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Key, Receipt
from relay.handoff.schema import describe_schema
from relay.handoff.writer import Block, DatasetWriter

ROOT = Path(__file__).resolve().parents[1]

INPUTS = 10
GROUP_ROWS = 65_536
SMALL_ROWS = 100_000
GIGABYTE = 1e9

BOOSTED = ("sklearn.ensemble.HistGradientBoostingClassifier", "{ max_iter = 10, early_stopping = false }")
LINEAR = ("sklearn.linear_model.SGDClassifier", '{ loss = "log_loss" }')
WAYS = {
    "all rows as doubles": (*BOOSTED, "normal"),
    "numbers as float32": (*BOOSTED, "float32"),
    "row group by row group": (*LINEAR, "stream"),
}
"""What is measured: name -> estimator, options and `[model] memory`."""

RECIPE = """
title = "Two classes from ten numbers"
[columns]
{columns}
y = {{ type = "int", role = "target", allowed = [0, 1] }}
[ingest]
source = "synthetic"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "{estimator}"
options = {options}
memory = "{memory}"
"""


def run(*, quick: bool) -> list[dict[str, object]]:
    """A row of the table per way to hold the rows."""
    large = SMALL_ROWS + (300_000 if quick else 3_000_000)
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        tables = {size: make_table(Path(folder) / str(size), size) for size in (SMALL_ROWS, large)}
        for way, (estimator, options, memory) in WAYS.items():
            peaks = {size: train(data, estimator, options, memory) for size, data in tables.items()}
            taken = (peaks[large]["peak_mib"] - peaks[SMALL_ROWS]["peak_mib"]) * 2**20
            per_row = taken / (large - SMALL_ROWS)
            rows.append(
                {
                    "way": way,
                    "rows": large,
                    "inputs": INPUTS,
                    "peak MiB": round(peaks[large]["peak_mib"]),
                    "bytes per row": round(per_row),
                    "million rows per GB": GIGABYTE / max(per_row, 1.0) / 1e6,
                    "CPU s": peaks[large]["cpu_seconds"],
                }
            )
    return rows


def make_table(data: Path, rows: int) -> Path:
    """A data folder with a processed dataset of so many rows."""
    location = DatasetLocation(data, "processed/large", "preprocess")
    schema = pa.schema([*((name, pa.float64()) for name in name_inputs()), ("y", pa.int64()), ("split", pa.string())])
    with DatasetWriter(location, schema, 0.0) as writer:
        for table in draw_rows(rows):
            writer.add(Block(table.cast(schema), read=table.num_rows))
        written = writer.finish()
        key = Key(code={}, parameters={"seed": 42, "test_share": 0.2, "columns": schema.names}, inputs={})
        writer.commit(
            Receipt(
                stage="preprocess",
                recipe="large",
                title="",
                seed=42,
                versions={},
                key=key,
                key_digest=key.digest,
                overrides={},
                sources=[],
                fingerprint=written.fingerprint,
                bytes=written.bytes,
                rows=written.rows,
                rejected=written.rejected,
                dropped=written.dropped,
                columns=describe_schema(schema),
                started_at_utc=datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
                seconds=0.0,
            )
        )
    return data


def name_inputs() -> list[str]:
    """The names of the inputs."""
    return [f"x{number}" for number in range(INPUTS)]


def draw_rows(rows: int) -> Iterator[pa.Table]:
    """Numbers of which the first three decide the class, in tables of a row group each."""
    random = np.random.default_rng(42)
    for start in range(0, rows, GROUP_ROWS):
        many = min(GROUP_ROWS, rows - start)
        cells = random.normal(size=(INPUTS, many))
        y = (cells[:3].sum(axis=0) + random.normal(size=many) > 0).astype(np.int64)
        split = np.where(random.random(many) < 0.2, "test", "train")
        yield pa.table({**dict(zip(name_inputs(), cells, strict=True)), "y": y, "split": split.astype(str).tolist()})


def train(data: Path, estimator: str, options: str, memory: str) -> dict[str, float]:
    """Seconds and peak memory of a training."""
    columns = "\n".join(f'{name} = {{ type = "float", role = "input" }}' for name in name_inputs())
    recipe = data / "large.toml"
    recipe.write_text(RECIPE.format(columns=columns, estimator=estimator, options=options, memory=memory))
    command = [sys.executable, "-m", "model", str(recipe), "--data-dir", str(data), "--log-dir", str(data / "logs")]
    return measure([*command, "--force"], os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": ""})
