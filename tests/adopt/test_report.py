"""The report on a terminal: it fits 80 columns, tells what each column holds, and shows no control characters."""

from typing import Any

import pyarrow as pa
import pytest

from adopt.data.profile import ColumnProfile, Histogram, TableProfile
from adopt.notes import DataWarning, Note, WarningKind
from adopt.recipe.draft import Draft, DraftColumn, Task
from adopt.recipe.nulls import leave_nulls_out
from adopt.recipe.report import MOST_SHOWN, write_report
from adopt.recipe.spread import find_spread
from adopt.recipe.terminal import cut, draw_bars, measure, pad, show_number, show_numbers, show_share


def make_profile(**columns: dict[str, Any]) -> TableProfile:
    """A profile of 1,000 rows."""
    found = tuple(ColumnProfile(**{"name": name, "rows": 1000, "empty": 0, **one}) for name, one in columns.items())
    sample = pa.table({one.name: ["1"] for one in found})
    return TableProfile(1000, found, sample, sample)


def make_draft(columns: list[DraftColumn], **changes: Any) -> Draft:
    """A draft without sections."""
    task = Task("none", None, {}, {})
    return Draft(**({"name": "x", "title": "X", "description": "", "ingest": {}, "columns": tuple(columns),
                     "task": task} | changes))  # fmt: skip


def report_line(column: DraftColumn, **profile: Any) -> str:
    """The line of one column."""
    return write_report(make_draft([column]), make_profile(x=profile), "x.csv").splitlines()[3]


def test_a_number_is_shown_with_its_range_its_shape_and_its_median() -> None:
    quantiles = (18.25, 19, 35.5, 70.31, 89.9, 107, 118.75)
    histogram = Histogram((0, 1, 2, 3, 4), (10, 0, 40, 20))
    line = report_line(DraftColumn("monthly_charges", "x", "float"), empty=140, distinct=985, quantiles=quantiles,
                       histogram=histogram)  # fmt: skip
    assert line == "monthly_charges float    input    14%      985  18.25 ▂ █▄ 118.8, median 70.3"


def test_numbers_are_spread_as_the_recipe_reads_them() -> None:
    found = ColumnProfile("x", 4, 0, quantiles=(0.9,) * 7)
    cells = pa.chunked_array([["900", "1.200", "?", "6.000"]])
    column = DraftColumn("x", "x", "int", "input", {"null": True, "missing": ["?"]})
    assert find_spread(column, found, cells, {"thousands": "."}).quantiles[:4:3] == (900, 1200)
    assert find_spread(DraftColumn("x", "x", "int"), found, cells, {}).quantiles == found.quantiles


def test_times_are_shown_from_the_first_to_the_last() -> None:
    column = DraftColumn("x", "x", "time", "time", {"time_format": "%d.%m.%Y"})
    spread = find_spread(column, ColumnProfile("x", 2, 0), pa.chunked_array([["05.03.2024", "01.12.2023"]]), {})
    assert (spread.first, spread.last) == ("2023-12-01", "2024-03-05")


def test_a_category_is_shown_with_its_most_frequent_values_that_fit() -> None:
    cells = (("month to month", 550), ("two years", 250), ("one year", 200))
    line = report_line(DraftColumn("contract", "x", "category", "ignore"), distinct=3, most_frequent=cells)
    assert line == "contract category ignore     -        3  month to month 55%, two years 25%"


def test_ids_are_shown_by_examples_and_texts_by_their_length() -> None:
    cells = (("7590-VHVEG", 1), ("5575-GNVDE", 1))
    assert report_line(DraftColumn("id", "x", "text", "id"), distinct=1000, most_frequent=cells).endswith(
        "1,000  7590-VHVEG, 5575-GNVDE"
    )
    assert report_line(DraftColumn("review", "x", "text"), distinct=999, mean_words=231.4).endswith(
        "231 words on average"
    )


def test_the_missing_words_of_a_column_are_nulls() -> None:
    words = {"?": 30, "NA": 20}
    declared = DraftColumn("x", "x", "category", "input", {"missing": ["?"]})
    usual = DraftColumn("x", "x", "int")
    word = DraftColumn("x", "x", "category")
    found = [report_line(column, empty=50, missing_words=words)[23:28] for column in (declared, usual, word)]
    assert found == ["   8%", "   7%", "   5%"]


HOSTILE = ["\x1b[2J\x1b[31mred", "line\nbreak", "a" * 500, "年齢" * 60, "e\u0301" * 90, "\u202egnp.exe", "\t"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_report_fits_80_columns_whatever_the_data_hold(hostile: str) -> None:
    draft = make_draft(
        [DraftColumn("name_" * 12, hostile, "category", notes=(Note(f"found {hostile} in it", True),))],
        warnings=(DataWarning(WarningKind.COPY, f"{hostile} is a copy"),),
    )
    report = write_report(draft, make_profile(x={"most_frequent": ((hostile, 400), ("b", 2))}), hostile)
    lines = report.splitlines()
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if measure(line) > 80] == []


def test_questions_and_warnings_are_listed() -> None:
    draft = make_draft([DraftColumn("zip", "zip", "text", notes=(Note("a code or a number?", True),))],
                       warnings=(DataWarning(WarningKind.CONSTANT, "city is always Bonn"),))  # fmt: skip
    report = write_report(draft, make_profile(zip={}), "x.csv")
    assert "1 guess is uncertain (--ask asks):\n- zip: a code or a number?\n" in report
    assert "1 warning:\n- city is always Bonn\n" in report


def test_a_table_of_thousands_of_columns_is_cut() -> None:
    names = [f"c{number}" for number in range(10_000)]
    report = write_report(make_draft([DraftColumn(name, name, "int") for name in names]),
                          make_profile(**{name: {} for name in names}), "x.csv")  # fmt: skip
    assert "and 9,940 more columns" in report
    assert len(report.splitlines()) < MOST_SHOWN + 20


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(0, 9, "-"), (9, 9, "100%"), (1, 9999, "<1%"), (9998, 9999, ">99%"), (1, 3, "33%")]
)
def test_a_share_is_zero_or_all_only_where_it_is(part: int, whole: int, shown: str) -> None:
    assert show_share(part, whole) == shown


@pytest.mark.parametrize(("number", "shown"), [(70.351, "70.35"), (3.0, "3"), (1e12, "1e+12"), (-0.00012, "-0.00012")])
def test_a_number_has_four_digits(number: float, shown: str) -> None:
    assert show_number(number) == shown


def test_bars_show_zero_as_a_blank_and_add_up_what_is_too_fine() -> None:
    assert draw_bars([0, 1, 8], 8) == " ▁█"
    assert draw_bars([1, 1, 0, 0, 4, 4], 3) == "▂ █"
    assert draw_bars([], 8) == ""


def test_wide_characters_count_twice_and_accents_not_at_all() -> None:
    assert (measure("年"), measure("e\u0301"), cut("年齢年", 4), pad("年", 4)) == (2, 1, "年…", "年  ")


def test_numbers_are_shown_in_as_many_digits_as_tell_them_apart() -> None:
    assert show_numbers((12.996, 13.0, 13.104)) == ["12.996", "13", "13.104"]
    assert [show_number(one) for one in (33290.4, 2334.0, 1234567.8, 0.00125, 9999.96, float("inf"))] == [
        "33,290", "2,334", "1,234,568", "0.00125", "10,000", "inf"]  # fmt: skip
    line = report_line(DraftColumn("x", "x", "float"), distinct=9, quantiles=(13.0, 13, 13, 13.02, 13.1, 13.1, 13.1))
    assert line.endswith("13 to 13.1, median 13.02")


def test_declared_words_are_nulls_and_no_frequent_cells() -> None:
    cells = (("7", 600), ("-", 250), ("n.v.", 100))
    column = DraftColumn("x", "x", "int", keys={"missing": ["n.v.", "-"], "null": True})
    line = report_line(column, empty=50, distinct=3, most_frequent=cells, missing_words={"-": 250})
    assert line == "x      int      input    40%        1  7 60%"


def test_a_rare_declared_word_is_counted_in_the_sample() -> None:
    found = ColumnProfile("x", 300, 0, distinct=99)
    cells = pa.chunked_array([["a", " n.v. ", "b"]])
    column = DraftColumn("x", "x", "text")
    assert leave_nulls_out(column, found, cells, {"missing": ["n.v.", "zz"]}).empty == 100
