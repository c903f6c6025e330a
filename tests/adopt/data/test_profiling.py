"""All rows are looked at, in one pass and with sums where a column has too many different cells to keep."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pytest

from adopt.data import profiling
from adopt.data.hashing import DistinctCount, hash_texts
from adopt.data.profile import Cells, ColumnProfile, TableProfile
from adopt.data.profiling import profile_rows


def profile(*tables: pa.Table) -> TableProfile:
    return profile_rows(iter(tables))


def profile_column(cells: Sequence[str | None]) -> ColumnProfile:
    return profile(pa.table({"x": pa.array(cells, pa.string())})).columns[0]


def cut(table: pa.Table, rows: int) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)


def test_cells_are_counted_by_the_ways_to_read_them() -> None:
    column = profile_column(["1", "2.5", "", None, " ", "NA", "007", "1E5", "red", "9007199254740993"])

    assert (column.rows, column.empty, column.filled) == (10, 3, 7)
    assert column.missing_words == {"NA": 1}
    assert column.ways["int"] == Cells(4, 2, ("2.5", "red"))
    assert column.ways["float"] == Cells(5, 1, ("red",))
    assert (column.leading_zeros, column.exponents, column.beyond_double) == (1, 1, 1)
    assert (column.dots, column.fractions, column.words) == (1, 1, 1)
    assert (column.shortest, column.longest) == (1, 16)
    assert (column.distinct, column.is_distinct_exact) == (7, True)


def test_both_orders_of_day_and_month_are_counted() -> None:
    column = profile_column(["01/02/2024", "13/02/2024", "01/02/2024"])

    assert column.ways["time:%d/%m/%Y"] == Cells(3, 0)
    assert column.ways["time:%m/%d/%Y"] == Cells(2, 1, ("13/02/2024",))


@pytest.mark.parametrize(
    ("cells", "word", "count"),
    [
        (["1", "2", "3", "-999", "-999"], "-999", 2),
        (["21", "55", "30", "999"], "999", 1),
        (["-9999", "0.5", "0.25", "999.9"], "999.9", 1),
    ],
)
def test_a_number_far_from_all_others_is_suspected(cells: list[str], word: str, count: int) -> None:
    assert profile_column(cells).missing_words[word] == count


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (range(18, 71), ["-99", "-77"]),
        (range(18, 71), ["-66", "-77", "-88", "-99"]),
        (range(1, 6), ["97", "98", "99"]),
        (range(1, 6), ["-7", "-8", "-9", "98", "99"]),
    ],
)
def test_several_codes_of_a_survey_are_suspected_together(values: range, codes: list[str]) -> None:
    column = profile_column([*map(str, values), *codes, *codes])
    assert column.missing_words == dict.fromkeys(codes, 2)


def test_infinite_numbers_have_a_histogram() -> None:
    column = profile_column(["-inf", "1.5", "2.5", "Infinity"])
    assert column.histogram is not None
    assert sum(column.histogram.counts) == 4
    assert all(map(np.isfinite, column.histogram.edges))


def test_a_number_among_others_is_not_suspected() -> None:
    assert profile_column([str(number) for number in range(0, 1000, 3)]).missing_words == {}


def test_numbers_have_quantiles_and_a_histogram_of_all_cells() -> None:
    column = profile_column([str(number) for number in range(101)])

    assert list(column.quantiles) == [0, 5, 25, 50, 75, 95, 100]
    assert column.histogram is not None
    assert sum(column.histogram.counts) == 101
    assert (column.histogram.edges[0], column.histogram.edges[-1]) == (0, 100)


def test_the_order_of_rows_is_followed_through_all_parts() -> None:
    numbers = pa.table({"up": [str(n) for n in range(2000)], "down": [str(-n) for n in range(2000)]})

    up, down = profile_rows(cut(numbers, 7)).columns

    assert (up.is_sorted, up.sorted_as) == (True, ("float",))
    assert (down.is_sorted, down.sorted_as) == (False, ())


def test_sums_equal_those_of_kept_words(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    numbers = [f"{value:.4f}" for value in random.random(3000)]
    cells = ["NA" if value < 0.1 else number for value, number in zip(random.random(3000), numbers, strict=True)]
    days = [
        f"{day}/{month}/2024"
        for day, month in zip(random.integers(1, 29, 3000), random.integers(1, 13, 3000), strict=True)
    ]
    table = pa.table({"number": cells, "day": days, "word": [f"w{value}" for value in random.integers(0, 900, 3000)]})
    whole = profile(table).columns
    monkeypatch.setattr(profiling, "DISTINCT_LIMIT", 100)
    monkeypatch.setattr(profiling, "FEWEST_WORDS", 100)
    monkeypatch.setattr(profiling, "BYTES_IN_MEMORY", 1 << 30)
    monkeypatch.setattr(profiling, "PART_ROWS", 250)

    summed = profile(table).columns

    for before, after in zip(whole, summed, strict=True):
        assert (before.is_distinct_exact, after.is_distinct_exact) == (True, False)
        for name in (
            "rows",
            "empty",
            "missing_words",
            "dots",
            "fractions",
            "words",
            "shortest",
            "longest",
            "mean_words",
        ):
            assert getattr(before, name) == getattr(after, name), name
        assert {way: (cells.fits, cells.misses) for way, cells in before.ways.items()} == {
            way: (cells.fits, cells.misses) for way, cells in after.ways.items()
        }
        assert after.distinct == pytest.approx(before.distinct, rel=0.5)
    assert summed[0].quantiles == whole[0].quantiles
    assert summed[0].most_frequent[0] == whole[0].most_frequent[0]


def test_rows_are_cut_and_joined_to_parts_of_one_size() -> None:
    table = pa.table({"x": [str(n) for n in range(5000)]})

    assert profile_rows(cut(table, 3)) == profile(table)


def test_progress_is_told_up_to_the_last_row() -> None:
    told: list[int] = []

    profile_rows(iter([pa.table({"x": ["a"] * 70_000})]), on_progress=told.append)

    assert told == [65_536, 70_000]


def test_duplicate_rows_and_the_first_rows_are_kept() -> None:
    found = profile(pa.table({"a": ["1", "1", "2"], "b": ["x", "x", "x"]}))

    assert (found.duplicate_rows, found.is_duplicate_exact) == (1, True)
    assert found.head.to_pylist()[0] == {"a": "1", "b": "x"}


def test_no_rows_give_an_empty_profile() -> None:
    found = profile()

    assert (found.rows, found.columns) == (0, ())


def test_values_with_a_type_are_counted_as_their_texts() -> None:
    table = pa.table({"n": [1.0, 2.5, None], "d": pa.array([0, 1, None], pa.date32()), "l": [[1], [2], None]})

    number, day, several = profile(table).columns

    assert (number.arrow_type, number.empty, number.ways["float"]) == ("double", 1, Cells(2, 0))
    assert (day.arrow_type, day.ways["time:"]) == ("date32[day]", Cells(2, 0))
    assert several.most_frequent == (("[1]", 1), ("[2]", 1))


def test_hashes_tell_texts_apart_and_do_not_depend_on_their_place() -> None:
    words = pa.array(["", "a", "b", "ab", "ba", "a" * 8, "a" * 9, "a" * 16, "a" * 17, "ä", "a\0", "a"])

    hashes = hash_texts(words)

    assert len(np.unique(hashes)) == len(words) - 1
    assert list(hash_texts(words[5:])) == list(hashes[5:])


@pytest.mark.parametrize("different", [50, 20_000])
def test_different_hashes_are_counted_exactly_or_estimated(different: int) -> None:
    count = DistinctCount(1000)
    for start in range(3):
        count.add(hash_texts(pa.array([f"{number}" for number in range(start % 2, different)])))

    assert count.is_exact is (different == 50)
    assert count.estimate() == pytest.approx(different, rel=0 if different == 50 else 0.15)
