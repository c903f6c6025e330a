"""The draft of fifteen million rows, against a plain copy from CSV to Parquet."""

import sys
import tempfile
from pathlib import Path

from benchmarks.credit import COPY, QUICK_ROWS, ROWS, write_csv
from benchmarks.process import measure

LIMIT_RATIO = 3.0
LIMIT_MIB = 1024


def run(quick: bool) -> list[dict[str, object]]:
    """Seconds, peak memory and the ratio to the copy of a draft that writes nothing."""
    rows = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "cs-training.csv"
        write_csv(source, rows)
        draft = [sys.executable, "-m", "adopt", str(source), "--dry-run"]
        if not quick:  # the file is in the page cache for both
            measure([sys.executable, "-c", COPY, str(source), str(Path(name) / "copy.parquet")])
        copy = measure([sys.executable, "-c", COPY, str(source), str(Path(name) / "copy.parquet")])
        drafted = measure(draft)
    common = {"benchmark": "adopt", "rows": rows}
    return [
        {**common, "what": "plain copy, CSV to Parquet", **copy, "ratio": 1.0, "cpu_ratio": 1.0},
        {
            **common,
            "what": "draft",
            **drafted,
            "ratio": drafted["seconds"] / copy["seconds"],
            "cpu_ratio": drafted["cpu_seconds"] / copy["cpu_seconds"],
            "limit": LIMIT_RATIO,
            "limit_mib": LIMIT_MIB,
        },
    ]
