"""Rows that sum up others: found by label and sums, and told from values that are called so."""

import pyarrow as pa
import pytest

from adopt.data.profile import TableProfile
from adopt.data.profiling import profile_rows
from adopt.data.totals import find_totals, is_label

REGIONS = ["north", "south", "east", "west", "north", "south"]
UNITS = [3, 5, 2, 8, 1, 4]


def profile(regions: list[str | None], units: list[object]) -> TableProfile:
    texts = [None if unit is None else str(unit) for unit in units]
    return profile_rows([pa.table({"region": pa.array(regions, pa.string()), "units": pa.array(texts, pa.string())})])


def test_a_labelled_last_row_is_left_out() -> None:
    found = find_totals(profile([*REGIONS, "Summe"], [*UNITS, sum(UNITS)]))
    assert found.rules == ({"column": "region", "value": "Summe"},)
    assert found.notes[0].is_question
    assert "in units it has the sum of the others" in found.notes[0].text


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
        ("Total 2023", True),
        ("Totally fine", False),
        ("total war is over now", False),
    ],
)
def test_labels_of_totals(cell: str, *, expected: bool) -> None:
    assert is_label(cell) is expected
