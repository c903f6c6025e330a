"""Whole numbers that name something are categories; counts, scales, years and measures stay numbers."""

import random
from collections.abc import Sequence

import pyarrow as pa
import pytest
from test_types import asks, guess_all, guess_one

from adopt.data.profiling import profile_rows
from adopt.recipe.types import guess_type


def draw(numbers: Sequence[int], rows: int = 200) -> list[str]:
    """Cells of these numbers, each of them several times."""
    chance = random.Random(1)
    return [str(chance.choice(numbers)) for _ in range(rows - len(numbers))] + [str(number) for number in numbers]


NAMED = [
    ("payment_type", (1, 2, 3, 4)), ("MSSubClass", (20, 30, 50, 60, 120)), ("weather_code (wmo code)", (0, 1, 3, 61)),
    ("_STATE", (1, 2, 36, 48)), ("region", (1, 2, 3, 4)), ("Bundesland", tuple(range(1, 17))), ("Geschlecht", (1, 2)),
    ("SEX", (1, 2)), ("Sex_of_Driver", (1, 2, 3)), ("marital_status", (1, 2, 3, 4, 5)), ("origin", (1, 2, 3)),
    ("season", (1, 2, 3, 4)), ("Cover_Type", (1, 2, 3, 4, 5, 6, 7)), ("Kreisschlüssel", (9162, 5315, 2000)),
    ("Geography_code", (12, 7, 133, 9)), ("department", (10, 20, 30)), ("Belegart", (1, 7, 9, 30)),
    ("race", (1, 2, 3, 5)),
    ("Zahlungsart", (1, 2, 4)), ("Preisklasse", (1, 2, 3)),
    ("BuKr.", (1000, 2000)), ("BS", (40, 50)), ("Kostenst.", (1000, 2200, 4230)), ("inst", (1, 3, 12, 33)),
    ("hospital", (1, 2, 5)), ("study_site", (1, 2, 3, 4)),
    ("error code", (404, 500, 503, 12)), ("RoadType2", (1, 2, 3, 6, 7, 9)),
]  # fmt: skip

MEASURED = [
    ("bedrooms", (1, 2, 3, 4, 5)), ("children", (0, 1, 2, 3, 7)), ("cylinders", (4, 6, 8)),
    ("quality", (3, 4, 5, 6, 7)), ("rating", (1, 2, 3, 4, 5)), ("year", (2019, 2020, 2021)),
    ("month", tuple(range(1, 13))), ("hour", tuple(range(24))), ("age", (18, 25, 40, 71)),
    ("number_of_classes", (1, 2, 3)), ("class_size", (20, 25, 30)), ("q7_agree", (1, 2, 3, 4, 5)),
    ("state_population", (1200, 90, 40000)), ("loan_amount", (10000, 20000, 35000, 50000)),
    ("region_share", (10, 20, 35)), ("status", (0, 1)), ("type", (0, 1)), ("semester", (1, 2, 3, 4, 5, 6)),
    ("siblings", (0, 1, 2, 3, 8)), ("max_type", (3, 4, 6)), ("Quartal", (1, 2, 3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "numbers"), NAMED, ids=[name for name, _ in NAMED])
def test_numbers_that_a_name_calls_kinds_or_codes_are_categories(name: str, numbers: Sequence[int]) -> None:
    guess = guess_one(draw(numbers), name)
    assert (guess.type, asks(guess)) == ("category", False)
    assert guess.notes


@pytest.mark.parametrize(("name", "numbers"), MEASURED, ids=[name for name, _ in MEASURED])
def test_counts_scales_years_and_measures_stay_numbers(name: str, numbers: Sequence[int]) -> None:
    guess = guess_one(draw(numbers), name)
    assert (guess.type, asks(guess)) == ("int", False)


def test_the_type_of_the_source_makes_no_difference() -> None:
    numbers = pa.array([1, 2, 5, 2, 1, 5] * 10)
    assert guess_one(numbers, "payment_type").type == "category"
    assert guess_one(numbers, "rooms").type == "int"


def test_many_numbers_of_a_code_are_texts_or_categories_and_of_a_kind_stay_numbers() -> None:
    many = [str(number) for number in range(100, 400)]
    assert guess_one(many, "area_code").type == "text"
    assert guess_one(many, "store").type == "int"


@pytest.mark.parametrize("codes", [(1, 2, 9), (1, 2, 7, 9), (1, 2, 3, 4, 7, 9), (1, 2, 3, 8)], ids=str)
def test_answers_with_a_code_for_none_are_asked_about(codes: Sequence[int]) -> None:
    guess = guess_one(draw(codes), "ASTHMA3")
    assert (guess.type, asks(guess)) == ("category", True)


def test_two_columns_with_such_codes_make_a_survey_in_which_1_and_2_are_codes_too() -> None:
    columns = {
        "EXERANY2": draw((1, 2, 7, 9)),
        "MARITAL": draw((1, 2, 3, 4, 5, 6, 9)),
        "SEXVAR": draw((1, 2)),
        "GENHLTH": draw((1, 2, 3, 4, 5)),
        "DAYS": draw(tuple(range(1, 31))),
    }
    found = guess_all(columns)
    assert {name: guess.type for name, guess in found.items()} == {
        "EXERANY2": "category", "MARITAL": "category", "SEXVAR": "category", "GENHLTH": "int", "DAYS": "int",
    }  # fmt: skip
    assert not any(asks(guess) for guess in found.values())
    assert guess_one(columns["SEXVAR"], "SEXVAR").type == "int"


def test_few_numbers_of_one_length_that_are_not_round_are_asked_about() -> None:
    guess = guess_one(draw((670312, 400551, 453201, 520082)), "card.bin")
    assert (guess.type, asks(guess)) == ("category", True)
    assert guess_one(draw((670300, 400550, 453200, 520080)), "paid").type == "int"
    assert guess_one([str(number) for number in range(20_001, 20_200, 7)] * 2, "km").type == "int"


def test_a_code_for_no_value_is_said_beside_the_kinds() -> None:
    cells = [*draw((1, 2, 3, 4)), "999", "999"]
    table = pa.table({"RatecodeType": pa.array(cells)})
    (column,) = profile_rows(iter([table])).columns
    guess = guess_type(column, [column])
    assert guess.type == "category"
    assert any('2 of 202 cells are "999", kept as a category of its own' in note.text for note in guess.notes)
