"""Datasets in parts to measure a cluster with: prose to clean, and a table whose rules are checked."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.texts import MAKERS, MB

PARTS = 16
DOCUMENT_PARAGRAPHS = 100
PROSE_MB = 8
"""Drawn once, and repeated under other ids."""
INPUTS = 10
LONGEST_SECONDS = 300
"""Of one ingest."""

TEXT = """
title = "Prose"
[columns]
document = {{ type = "int", role = "id" }}
text = {{ type = "text", role = "input" }}
[ingest]
source = "file"
path = "{path}"
part_rows = {part_rows}
[preprocess]
kind = "documents"
"""
TABLE = """
title = "Rows of numbers"
[columns]
row = {{ type = "int", role = "id" }}
{inputs}
y = {{ type = "int", role = "target", allowed = [0, 1] }}
[ingest]
source = "file"
path = "{path}"
part_rows = {part_rows}
[preprocess]
kind = "table"
max_rejected_share = 0.5
"""


@dataclass(frozen=True)
class Made:
    """A raw dataset in parts, with the recipe that prepares it."""

    recipe: Path
    data_dir: Path
    parts: int

    def hash_output(self) -> str:
        """SHA-256 of all processed and rejected files, with their names; without the receipt, which holds moments."""
        digest, name = sha256(), self.recipe.stem
        receipt = json.loads((self.data_dir / f"processed/{name}.json").read_bytes())
        parts = self.data_dir / f"processed/{name}.parts" / receipt["parts"]["folder"]
        for path in [*sorted(parts.iterdir()), *sorted(self.data_dir.glob(f"rejected/preprocess/{name}.parquet"))]:
            digest.update(path.name.encode())
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()


def make_text(folder: Path, name: str, megabytes: int) -> Made:
    """So many megabytes of prose, ingested."""
    paragraphs = MAKERS["prose"](min(megabytes, PROSE_MB) * MB).split("\n")
    firsts = range(0, len(paragraphs), DOCUMENT_PARAGRAPHS)
    documents = ["\n".join(paragraphs[first : first + DOCUMENT_PARAGRAPHS]) for first in firsts]
    documents *= max(1, megabytes // PROSE_MB)
    table = pa.table({"document": np.arange(len(documents)), "text": documents})
    return _ingest(folder, name, table, TEXT, "")


def make_rows(folder: Path, name: str, rows: int) -> Made:
    """So many rows of numbers, of which some break a rule, ingested."""
    draw = np.random.default_rng(1)
    cells = {f"x{index}": draw.normal(0, 1, rows) for index in range(INPUTS)}
    table = pa.table({"row": np.arange(rows), **cells, "y": draw.integers(0, 2, rows)})
    inputs = "\n".join(f'x{index} = {{ type = "float", role = "input", min = -4, max = 4 }}' for index in range(INPUTS))
    return _ingest(folder, name, table, TABLE, inputs)


def _ingest(folder: Path, name: str, table: pa.Table, recipe: str, inputs: str) -> Made:
    source, path, data = folder / f"{name}.parquet", folder / f"{name}.toml", folder / "data"
    pq.write_table(table, source)
    path.write_text(recipe.format(path=source, part_rows=-(-table.num_rows // PARTS), inputs=inputs))
    environment = {**os.environ, "DATA_DIR": str(data), "LOG_DIR": str(folder / "logs"), "DASK_SCHEDULER_ADDRESS": ""}
    subprocess.run(
        [sys.executable, "-m", "ingest", str(path)],
        env=environment,
        check=True,
        capture_output=True,
        timeout=LONGEST_SECONDS,
    )
    source.unlink()
    parts = len(list((data / f"raw/{name}.parts").rglob("part-*.parquet")))
    return Made(path, data, parts)
