"""The table on which the benchmark of large tables trains."""

from pathlib import Path

from benchmarks.large_tables import make_table
from relay.handoff.receipt import Receipt


def test_the_table_has_the_rows_of_its_receipt(tmp_path: Path) -> None:
    make_table(tmp_path, 70_000)
    assert Receipt.read(tmp_path / "processed" / "large.json").rows == 70_000
