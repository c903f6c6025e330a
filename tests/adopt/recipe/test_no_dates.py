"""Dates that no calendar has are no values; days that stand for "never" and days of spreadsheets are asked about."""

import pytest
from test_types import asks, guess_one

DAYS = {
    "0000-00-00": "2024-01-%02d", "0000-00-00 00:00:00": "2024-01-%02d 10:00:00", "00.00.0000": "%02d.01.2024",
    "1900-01-00": "2024-01-%02d", "00/00/0000": "%02d/01/2024", "0000-00-00T00:00:00": "2024-01-%02dT08:00:00",
}  # fmt: skip


@pytest.mark.parametrize(("word", "form"), DAYS.items(), ids=DAYS)
@pytest.mark.parametrize("times", [1, 30])
def test_a_date_that_no_calendar_has_is_no_value_however_often(word: str, form: str, times: int) -> None:
    guess = guess_one([*(form % day for day in range(10, 29)), *[word] * times], "x")
    assert guess.type == "time"
    assert (guess.keys["missing"], guess.keys["null"]) == ([word], True)
    assert any("read as no value" in note.text for note in guess.notes)


@pytest.mark.parametrize(
    ("word", "form"),
    [("9999-12-31", "2024-01-%02d"), ("0001-01-01", "2024-01-%02d"), ("31.12.9999", "%02d.01.2024"),
     ("9999-12-31 23:59:59", "2024-01-%02d 10:00:00"), ("99991231", "202401%02d"), ("12/31/9999", "01/%02d/2024")],
)  # fmt: skip
def test_a_day_that_stands_for_never_is_kept_and_asked_about(word: str, form: str) -> None:
    cells = [*(form % day for day in range(10, 29)), *[word] * 12]
    guess = guess_one(cells, "valid_to")
    assert asks(guess)
    (question,) = [note for note in guess.notes if note.key.endswith(".missing")]
    assert f'missing = ["{word}"]' in question.text


def test_usual_days_are_not_asked_about() -> None:
    assert not asks(guess_one([f"2024-12-{day}" for day in range(10, 32)]))


@pytest.mark.parametrize("name", ["Datum", "Bestelldatum", "order_date", "Fecha de alta"])
def test_days_of_a_spreadsheet_under_the_name_of_a_date_are_times_and_asked_about(name: str) -> None:
    guess = guess_one([str(day) for day in range(45000, 45090, 7)], name)
    assert (guess.type, dict(guess.keys), asks(guess)) == ("time", {"epoch": "excel"}, True)
    assert guess_one(["45000.25", "45001.5"], name).keys == {"epoch": "excel"}


@pytest.mark.parametrize("name", ["km", "salary", "update", "candidate"])
def test_such_numbers_under_other_names_stay_numbers(name: str) -> None:
    assert guess_one([str(day) for day in range(45000, 45090, 7)], name).type == "int"
