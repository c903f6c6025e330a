"""The three ways to hold the rows of a table take memory in the order that docs/large-tables.md promises."""

from pathlib import Path

import pytest

from benchmarks.large_tables import WAYS, make_table, train
from relay.handoff.receipt import Receipt

ROWS, MORE = 50_000, 400_000


def test_the_table_has_the_rows_of_its_receipt(tmp_path: Path) -> None:
    make_table(tmp_path, 70_000)
    assert Receipt.read(tmp_path / "processed" / "large.json").rows == 70_000


@pytest.mark.slow
def test_float32_takes_at_most_two_thirds_and_row_groups_less_than_half(tmp_path: Path) -> None:
    few, many = make_table(tmp_path / "few", ROWS), make_table(tmp_path / "many", MORE)
    grown = {way: train(many, *how)["peak_mib"] - train(few, *how)["peak_mib"] for way, how in WAYS.items()}
    normal, float32, stream = grown.values()
    # Measured from 100,000 to 3,100,000 rows: 1 : 0.31 : 0.015.
    assert float32 < 0.67 * normal
    assert stream < 0.5 * normal
