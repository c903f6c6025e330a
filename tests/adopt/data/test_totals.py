"""Rows that sum up others: found by label and sums, and told from values that are called so."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from layout_cases import SHORT, TOTALS

from adopt.data.profile import TableProfile
from adopt.data.profiling import profile_rows
from adopt.data.totals import find_totals, is_label
from adopt.examine import examine
from adopt.recipe.corrections import read_corrections

REGIONS = ["north", "south", "east", "west", "north", "south"]
UNITS = [3, 5, 2, 8, 1, 4]


def profile(regions: Sequence[str | None], units: Sequence[object]) -> TableProfile:
    texts = [None if unit is None else str(unit) for unit in units]
    return profile_rows([pa.table({"region": pa.array(regions, pa.string()), "units": pa.array(texts, pa.string())})])


def test_a_labelled_last_row_is_left_out() -> None:
    found = find_totals(profile([*REGIONS, "Summe"], [*UNITS, sum(UNITS)]))
    assert found.rules == ({"column": "region", "value": "Summe"},)
    assert found.notes[0].is_question
    assert "in units it has the sum of the others" in found.notes[0].text


def test_a_label_among_days_is_a_total() -> None:
    days = [f"2024-02-{at:02}" for at in range(10, 16)]
    found = find_totals(profile([*days, "Total: Campaigns", "Total: Account"], [*UNITS, 9, 9]))
    assert [rule["value"] for rule in found.rules] == ["Total: Campaigns", "Total: Account"]


def test_a_sign_of_sap_labels_a_total() -> None:
    found = find_totals(profile([*[None] * 6, "*"], [*UNITS, sum(UNITS)]))
    assert found.rules == ({"column": "region", "value": "*"},)


def test_sums_with_other_marks_are_sums() -> None:
    found = find_totals(profile([*REGIONS, "Total:"], [*["1.000,50"] * 6, "6.003,00"]))
    assert found.rules == ({"column": "region", "value": "Total:"},)


def test_an_unlabelled_sum_is_pointed_out_and_stays() -> None:
    found = find_totals(profile([*REGIONS * 5, None], [*UNITS * 5, 5 * sum(UNITS)]))
    assert found.rules == ()
    assert "may be a total" in found.suspects[0]


def test_subtotals_with_empty_cells_are_left_out() -> None:
    table = pa.table(
        {
            "region": ["north", "north", "Subtotal", *["south"] * 8, "Subtotal", *["east"] * 20],
            "shop": ["a", "b", None, *"cdefghij", None, *["k"] * 20],
            "units": ["1", "2", "3", *["1"] * 8, "8", *["5"] * 20],
        }
    )
    assert find_totals(profile_rows([table])).rules == ({"column": "region", "value": "Subtotal"},)


def test_a_value_of_many_rows_and_a_larger_last_number_are_no_totals() -> None:
    sexes = ["men", "women", "total"] * 8
    assert find_totals(profile(list(sexes), list(range(24)))) == find_totals(profile(REGIONS, UNITS[::-1]))
    assert find_totals(profile(list(sexes), list(range(24)))).rules == ()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Gesamt", True),
        ("Grand total", True),
        ("i alt:", True),
        ("total général", True),
        ("合計", True),
        ("Total 2023", True),
        ("Totally fine", False),
        ("total war is over now", False),
    ],
)
def test_labels_of_totals(cell: str, *, expected: bool) -> None:
    assert is_label(cell) is expected


@pytest.mark.parametrize(("text", "rows"), [(TOTALS, 2), (SHORT, 12)])
def test_a_total_is_left_out_of_recipe_and_profile(text: str, rows: int, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    found = examine(str(tmp_path / "x.csv"), tmp_path)
    assert found.layout.ingest["skip_if"] == {"column": "region", "value": "Total"}
    assert (found.profile.rows, len(found.totals.notes)) == (rows, 1)


def test_a_total_above_a_line_below_the_table_is_left_out_too(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"{TOTALS}Source: sales\n")
    found = examine(str(tmp_path / "x.csv"), tmp_path)
    rules = [{"column": "region", "value": label} for label in ("Source: sales", "Total")]
    assert found.layout.ingest["skip_if"] == rules
    assert (found.profile.rows, len(found.totals.notes)) == (2, 2)


def test_the_total_of_each_file_of_a_folder_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sales").mkdir()
    for month in range(1, 9):
        days = "".join(f"{'NSEW'[day % 4]},2024-0{month}-{day:02d},{day}\n" for day in range(1, 29))
        (tmp_path / "sales" / f"{month}.csv").write_text(f"region,day,sold\n{days}Total,,{sum(range(1, 29))}\n")
    found = examine(str(tmp_path / "sales"), tmp_path)
    assert found.layout.ingest["skip_if"] == {"column": "region", "value": "Total"}
    assert found.profile.rows == 8 * 28


def test_a_row_with_few_cells_under_a_label_is_a_total_where_many_cells_are_empty() -> None:
    columns: dict[str, list[str | None]] = {"name": [*(f"n{row}" for row in range(40)), "Summe"]}
    columns |= {f"x{at}": [None if (row + at) % 5 == 0 else str(row) for row in range(40)] + [None] for at in range(6)}
    columns["y"] = [*map(str, range(41))]
    found = find_totals(profile_rows([pa.table(columns)]))
    assert found.rules == ({"column": "name", "value": "Summe"},)
    assert "with 2 values where others have 7" in found.notes[0].text


def test_what_a_person_says_about_rows_to_skip_is_all_that_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(TOTALS)
    rule = {"column": "region", "value": "N"}
    decided = read_corrections(['ingest.skip_if={column = "region", value = "N"}'])
    found = examine(str(tmp_path / "x.csv"), tmp_path, decided)
    assert (found.layout.ingest["skip_if"], found.profile.rows) == (rule, 2)
