"""Fifteen million rows through ingest and preprocess, against a plain copy from CSV to Parquet."""

import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.process import measure
from relay.handoff.recipe import load_recipe

ROWS, QUICK_ROWS = 15_000_000, 300_000
BASE_ROWS = 50_000

COPY = """
import sys, pyarrow.csv as c, pyarrow.parquet as p
reader = c.open_csv(sys.argv[1], c.ReadOptions(block_size=8 << 20))
with p.ParquetWriter(sys.argv[2], reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)
"""


def run(quick: bool) -> list[dict[str, object]]:
    """Seconds, peak memory and the ratio to the copy, for each way."""
    rows = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        source = folder / "data" / "cs-training.csv"
        write_csv(source, rows)
        copy = measure([sys.executable, "-c", COPY, str(source), str(folder / "copy.parquet")])
        stages = [measure(_stage(stage, folder)) for stage in ("ingest", "preprocess")]
        again = [measure(_stage(stage, folder)) for stage in ("ingest", "preprocess")]
    seconds = sum(stage["seconds"] for stage in stages)
    common = {"benchmark": "credit", "rows": rows}
    return [
        {**common, "what": "plain copy, CSV to Parquet", **copy, "ratio": 1.0},
        *(
            {**common, "what": what, **figures, "ratio": figures["seconds"] / copy["seconds"]}
            for what, figures in zip(("ingest", "preprocess"), stages, strict=True)
        ),
        {**common, "what": "both", "seconds": seconds, "ratio": seconds / copy["seconds"], "limit": 2.0},
        *(
            {**common, "what": f"{what}, unchanged", **figures, "ratio": figures["seconds"] / copy["seconds"]}
            for what, figures in zip(("ingest", "preprocess"), again, strict=True)
        ),
    ]


def write_csv(path: Path, rows: int) -> None:
    """A file as Kaggle's: rows drawn by the recipe's columns, repeated with the amounts jittered."""
    columns = load_recipe("credit").columns
    generator = np.random.default_rng(1)
    base = _draw_base(generator)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([columns[name].source_names[0] if columns[name].source_names else name for name in columns])
        for start in range(0, rows, BASE_ROWS):
            count = min(BASE_ROWS, rows - start)
            writer.writerows(_jitter(generator, base, start, count))


def _draw_base(generator: np.random.Generator) -> dict[str, list[Any]]:
    def counts(high: int) -> list[Any]:
        return [int(value) for value in generator.integers(0, high, BASE_ROWS)]

    income = [int(value) if value > 3000 else "NA" for value in generator.lognormal(8.6, 0.7, BASE_ROWS)]
    return {
        "target": [int(value) for value in generator.random(BASE_ROWS) < 0.067],
        "age": [int(value) for value in generator.integers(21, 90, BASE_ROWS)],
        "late30": counts(3),
        "income": income,
        "lines": counts(20),
        "late90": counts(2),
        "estate": counts(4),
        "late60": counts(2),
        "dependents": [value if value != 4 else "NA" for value in counts(5)],
    }


def _jitter(
    generator: np.random.Generator, base: dict[str, list[Any]], start: int, count: int
) -> list[tuple[object, ...]]:
    utilisation = [f"{value:.9f}" for value in generator.random(count)]
    debt = [f"{value:.9f}" for value in generator.random(count)]
    return list(
        zip(
            range(start + 1, start + count + 1),
            base["target"][:count],
            utilisation,
            base["age"][:count],
            base["late30"][:count],
            debt,
            base["income"][:count],
            base["lines"][:count],
            base["late90"][:count],
            base["estate"][:count],
            base["late60"][:count],
            base["dependents"][:count],
            strict=True,
        )
    )


def _stage(stage: str, folder: Path) -> list[str]:
    options = ["--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
    return [sys.executable, "-m", stage, "credit", *options]
