"""What devices write among their numbers: words for no value, dashes in most cells, durations, two units."""

import random

import pytest
from test_types import guess_one

DRAW = random.Random(3)
NUMBERS = [f"{DRAW.uniform(15, 35):.3f}" for _ in range(200)]


@pytest.mark.parametrize("word", ["Undetermined", "undetermined", "n.d.", "<LOD", "overflow", "OVRFLW", "–"])
def test_words_of_instruments_among_numbers_are_no_value(word: str) -> None:
    found = guess_one(NUMBERS + [word] * 30)
    assert (found.type, found.keys["missing"]) == ("float", [word])
    assert any(note.is_question for note in found.notes)


@pytest.mark.parametrize(("word", "cells", "kind"), [("--", 250, "float"), ("—", 250, "float"), ("overflow", 90, "")])
def test_dashes_may_fill_more_than_half_of_the_cells(word: str, cells: int, kind: str) -> None:
    found = guess_one(NUMBERS + [word] * cells)
    assert (found.type == "float") == (kind == "float")
    assert any(note.is_question for note in found.notes)


@pytest.mark.parametrize(
    "cells",
    [
        [f"00:0{place % 9}:{place % 60:02}.{place % 100:02}" for place in range(90)],
        [f"{place}:{place % 60:02}:00" for place in range(90)],
    ],
)
def test_durations_are_asked_about(cells: list[str]) -> None:
    found = guess_one(cells)
    assert found.type in ("text", "category")
    assert any("durations" in note.text and note.is_question for note in found.notes)


def test_a_clock_beside_moments_with_one_is_asked_about() -> None:
    cells = [f"0{place % 4}:{place % 60:02}:{place * 7 % 60:02}" for place in range(90)]
    moments = [f"2024-05-{1 + place % 28:02} {place % 24:02}:11:00" for place in range(90)]
    assert any(note.is_question for note in guess_one(cells, "Time", Date=moments).notes)
    assert not any(note.is_question for note in guess_one(cells, "Time", Date=[one[:10] for one in moments]).notes)


def test_times_of_the_day_are_not() -> None:
    found = guess_one([f"{place % 24:02}:{place % 60:02}:00" for place in range(240)])
    assert not any(note.is_question for note in found.notes)


def test_two_units_are_asked_about() -> None:
    found = guess_one([f"{number} {'km/kg' if place % 9 == 0 else 'kmpl'}" for place, number in enumerate(NUMBERS)])
    assert any("not all with one" in note.text and note.is_question for note in found.notes)
