"""What the Data page shows of a dataset: bounded, and of one fingerprint only."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from page_folders import Folders

from page.data.rows import (
    SAMPLE_GROUPS,
    SAMPLE_ROWS,
    SHOWN_CHARS,
    Bar,
    MovedOnError,
    distribute,
    find_receipt,
    read_points,
    read_view,
    shorten_texts,
    take_sample,
)
from relay.handoff.dataset import choose_spread
from relay.handoff.errors import DatasetDamagedError, DatasetMissingError


def distribution_of(values: list[Any], kind: Any = None) -> Any:
    return distribute("column", pa.chunked_array([pa.array(values, kind)]))


def test_whole_numbers_that_take_few_values_get_a_bar_a_value_in_their_order() -> None:
    shown = distribution_of([10, 9, 9, None])
    assert shown.bars == (Bar(2, value="9"), Bar(1, value="10"))
    assert (shown.kind, shown.nulls) == ("values", 1)


def test_bars_of_whole_numbers_take_in_equally_many_each() -> None:
    assert {bar.rows for bar in distribution_of(list(range(18, 78))).bars[:-1]} == {2}


def test_every_finite_number_is_in_one_bar() -> None:
    shown = distribution_of([0.0, 0.1, 7.5, 10.0, float("inf"), float("nan")])
    assert sum(bar.rows for bar in shown.bars) == 4
    assert (shown.bars[0].start, shown.bars[-1].end) == (0.0, 10.0)


def test_a_column_of_one_number_has_bars_too() -> None:
    assert sum(bar.rows for bar in distribution_of([2.5, 2.5]).bars) == 2


def test_categories_are_counted_and_those_without_a_bar_are_said() -> None:
    shown = distribution_of([f"town {number}" for number in range(20) for _ in range(number + 1)])
    assert shown.kind == "values"
    assert shown.bars[0] == Bar(20, value="town 19")
    assert shown.others == sum(range(1, 6))


def test_of_prose_the_length_is_shown() -> None:
    shown = distribution_of([f"{number} ".ljust(number, "x") for number in range(100, 140)])
    assert (shown.kind, sum(bar.rows for bar in shown.bars)) == ("chars", 40)


def test_times_lie_on_an_axis_of_milliseconds() -> None:
    shown = distribution_of([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)])
    assert (shown.kind, shown.bars[0].start) == ("time", 1767225600000.0)


def test_an_empty_column_has_no_bars() -> None:
    assert distribution_of([None, None], pa.float64()).bars == ()


def test_a_sample_is_bounded_and_spread_over_the_file(tmp_path: Any) -> None:
    path = tmp_path / "many.parquet"
    pq.write_table(pa.table({"n": range(200_000)}), path, row_group_size=10_000)
    parquet = pq.ParquetFile(path)
    groups = [parquet.read_row_group(group) for group in choose_spread(parquet.num_row_groups, SAMPLE_GROUPS)]
    sample = take_sample(groups).column("n").to_pylist()
    assert 10_000 < len(sample) <= SAMPLE_ROWS
    assert (sample[0] < 1000, sample[-1] > 190_000) == (True, True)


def test_long_texts_are_cut() -> None:
    table = shorten_texts(pa.table({"text": ["ä" * 1000], "n": [1]}))
    assert table.to_pylist() == [{"text": "ä" * SHOWN_CHARS, "n": 1}]


def test_a_view_is_of_the_asked_fingerprint_or_not_at_all(full: Folders) -> None:
    receipt = find_receipt(full.settings, "linear", "raw")
    assert read_view(full.settings, "linear", "raw", receipt.fingerprint).first_rows.num_rows == 100
    full.run("ingest", "linear", "--set", "ingest.rows=50")
    with pytest.raises(MovedOnError):
        read_view(full.settings, "linear", "raw", receipt.fingerprint)
    assert find_receipt(full.settings, "linear", "raw").rows == 50


def test_a_receipt_that_waits_for_its_rename_counts(full: Folders) -> None:
    receipt = full.data / "raw" / "linear.json"
    receipt.rename(receipt.with_name("linear.json.next"))
    assert find_receipt(full.settings, "linear", "raw").rows == 100


def test_a_missing_dataset_names_the_command_that_makes_it(empty: Folders) -> None:
    with pytest.raises(DatasetMissingError, match="raw/linear is not there yet: run `python -m ingest linear`"):
        find_receipt(empty.settings, "linear", "raw")


def test_a_changed_file_is_found_out(full: Folders) -> None:
    with (full.data / "raw" / "linear.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(DatasetDamagedError, match="do not belong together"):
        find_receipt(full.settings, "linear", "raw")


def test_the_points_of_a_line_are_those_that_it_was_learned_from(full: Folders) -> None:
    fingerprint = find_receipt(full.settings, "linear", "processed").fingerprint
    points = read_points(full.settings, "linear", fingerprint, ("x", "y"))
    assert list(points.columns) == ["x", "y", "split"]
    assert len(points) == 100
    with pytest.raises(MovedOnError):
        read_points(full.settings, "linear", "0" * 64, ("x", "y"))
