"""What only looks like a phone number, a name, a time or a measure is not taken for it."""

from collections.abc import Sequence

import pyarrow as pa
import pytest
from test_types import asks, guess_all, guess_one

from adopt.data.profiling import profile_rows
from adopt.recipe.known import look_at
from adopt.recipe.personal import find_personal
from adopt.recipe.types import guess_type

NAMES = ("Harris", "Karl", "Jo", "Max", "Al", "Ed")


def find_kinds(name: str, cells: Sequence[str]) -> list[str]:
    """The personal data that a column is taken for."""
    profile = profile_rows(iter([pa.table({name: pa.array(cells)})]))
    types = [guess_type(column, profile.columns) for column in profile.columns]
    return [one.what for one in find_personal(look_at(profile, types))]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("case", [f"00{number:08d}" for number in range(20)]),
        ("asset", [f"0{number:09d}" for number in range(20)]),
        ("seen", [f"0{day}-03-2024" for day in range(1, 10)] + ["never"]),
        ("part", [f"0{number}-{number}7" for number in range(10, 30)]),
        ("3SsnPorch", [str(number) for number in range(100, 130)]),
        ("name", [f"Cozy Loft Near {word}" for word in ("Park", "River", "Zoo", "Mall", "Lake", "Port", "Dom")]),
    ],
)
def test_ids_dates_areas_and_titles_are_no_personal_data(name: str, cells: Sequence[str]) -> None:
    assert find_kinds(name, cells) == []


@pytest.mark.parametrize(
    ("name", "cells", "what"),
    [
        ("x", [f"+49 170 12345{number}" for number in range(10, 30)], "phone numbers"),
        ("x", [f"0170/12345{number}" for number in range(10, 30)], "phone numbers"),
        ("Telefon", [f"017012345{number}" for number in range(10, 30)], "phone numbers"),
        ("SSN", [str(number) for number in range(123456700, 123456730)], "numbers of persons or accounts"),
        ("name", [f"Braund, Mr. Owen {word}" for word in NAMES], "names of persons"),
        ("name", [f"Owen {word}" for word in NAMES], "names of persons"),
    ],
)  # fmt: skip
def test_personal_data_are_still_found(name: str, cells: Sequence[str], what: str) -> None:
    assert find_kinds(name, cells) == [what]


def test_numbers_that_count_on_are_no_times() -> None:
    guess = guess_one([str(number) for number in range(2022000001, 2022000060)], "SEQNO")
    assert (guess.type, asks(guess)) == ("int", False)


def test_flags_with_a_decimal_point_are_whole_numbers() -> None:
    guess = guess_one(["0.0", "1.0", "0.0"])
    assert (guess.type, guess.keys) == ("int", {"allowed": [0, 1]})


def test_texts_of_digits_beside_numbers_of_the_source_are_codes() -> None:
    digits, numbers = pa.array(["670312", "400551", "453201", "520082"] * 5), pa.array(range(20))
    found = guess_all({"bin": digits, "amount": numbers})
    assert (found["bin"].type, asks(found["bin"])) == ("category", False)
    assert guess_all({"x": pa.array(["5", "12", "700", "9"] * 5), "amount": numbers})["x"].type == "int"
    assert guess_all({"year": pa.array(["2022", "2023"] * 10), "amount": numbers})["year"].type == "int"
