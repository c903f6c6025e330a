"""Rows drawn from a long table: in bounded number, in order, and of every part and phase of it."""

import pyarrow as pa
import pytest

from adopt.data.sampling import RowSample

SCHEMA = pa.schema([("x", pa.int64())])


def sample(rows: int, limit: int, part: int = 1000) -> list[int]:
    """The numbers of the kept rows."""
    drawn = RowSample(limit)
    for start in range(0, rows, part):
        drawn.take(pa.table({"x": range(start, min(start + part, rows))}))
    assert drawn.is_whole == (rows <= limit)
    found: list[int] = drawn.finish(SCHEMA).column("x").to_pylist()
    return found


def test_a_short_table_is_kept_whole() -> None:
    assert sample(5000, 5000) == list(range(5000))


def test_of_a_long_table_at_least_a_quarter_of_the_limit_is_kept_in_order() -> None:
    found = sample(100_000, 5000)
    assert 1250 <= len(found) <= 5000
    assert found == sorted(set(found))


@pytest.mark.parametrize("period", [7, 12, 16, 24, 32])
def test_a_period_of_the_table_hides_no_row_from_the_sample(period: int) -> None:
    counts = [0] * period
    found = sample(100_000, 5000)
    for row in found:
        counts[row % period] += 1
    assert min(counts) > len(found) / period / 2


def test_each_part_of_the_table_is_in_the_sample() -> None:
    found = sample(100_000, 5000)
    tenths = [sum(start <= row < start + 10_000 for row in found) for start in range(0, 100_000, 10_000)]
    assert max(tenths) < 1.5 * min(tenths)


def test_the_sample_does_not_depend_on_how_the_rows_come() -> None:
    assert sample(20_000, 900) == sample(20_000, 900, part=7000)


def test_an_empty_table_has_an_empty_sample() -> None:
    assert sample(0, 10) == []
