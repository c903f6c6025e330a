"""Numbers beside one unit are numbers; what is no such column stays text, and asks where it may be one."""

from typing import Any

import pytest
from test_types import Cells, asks, guess_one

UNITED: list[tuple[str, Cells, str, dict[str, Any]]] = [
    ("euros", ["1.234,56 €", "5,00 €"], "float", {"decimal": ",", "thousands": ".", "suffix": "€"}),
    ("dollars", ["$1,234.50", "-$5.20", "$ 7"], "float", {"decimal": ".", "thousands": ",", "prefix": "$"}),
    ("whole dollars", ["$1,200", "$950"], "int", {"thousands": ",", "prefix": "$"}),
    ("whole euros", ["1.250 €", "900 €"], "int", {"thousands": ".", "suffix": "€"}),
    ("percent", ["25.32%", "3%", "0%"], "float", {"suffix": "%"}),
    ("signed percent", ["+5%", "-3%"], "int", {"suffix": "%"}),
    ("gaps", ["12 kg", "", "N/A", "3.5 kg"], "float", {"suffix": "kg", "null": True}),
    ("Swiss francs", ["CHF 1'234.50", "CHF 7.00"], "float", {"decimal": ".", "thousands": "'", "prefix": "CHF"}),
    ("rupees", ["Rs. 1,200.50", "Rs. 5.00"], "float", {"decimal": ".", "thousands": ",", "prefix": "Rs."}),
    ("a narrow space", ["1\u202f234,50\u00a0€"] * 2, "float", {"decimal": ",", "thousands": "\u202f", "suffix": "€"}),
    ("months", ["36 months", "60 months"], "int", {"suffix": "months"}),
    ("a minus behind", ["12,50- €", "3,00 €"], "float", {"decimal": ",", "suffix": "€"}),
    ("degrees", ["12.5°C", "-3.0°C"], "float", {"suffix": "°C"}),
]

TEXTS: list[tuple[str, Cells, bool]] = [
    ("two units", ["1 kg", "2 lb", "3 kg"], False),
    ("classes of a school", ["8a", "8b", "9a"], False),
    ("one class", ["8a", "9a", "10a"], False),
    ("hours of a clock", ["10 AM", "11 AM"], False),
    ("days of a month", ["1 Jan", "2 Jan"], False),
    ("codes with leading zeros", ["007 kg", "012 kg"], False),
    ("addresses", ["12 Oak St", "13 Elm St"], False),
    ("ranges", ["10-20 kg", "5-7 kg"], False),
    ("codes", ["V1", "V2"], False),
    ("two currencies", ["$5", "€7", "$8", "$9"], True),
    ("parentheses", ["(1,234.00)", "(5.00)", "7.10"], True),
    ("dollars in parentheses", ["($5)", "$7", "($8)"], True),
]


@pytest.mark.parametrize(("name", "cells", "kind", "keys"), UNITED, ids=[one[0] for one in UNITED])
def test_a_unit_is_taken_away_and_said(name: str, cells: Cells, kind: str, keys: dict[str, Any]) -> None:
    guess = guess_one(cells, name)
    assert (guess.type, dict(guess.keys)) == (kind, keys)
    assert not asks(guess)
    assert f'"{keys.get("prefix", keys.get("suffix"))}"' in guess.notes[0].text


@pytest.mark.parametrize(("name", "cells", "is_asked"), TEXTS, ids=[one[0] for one in TEXTS])
def test_what_has_no_single_unit_stays_text(name: str, cells: Cells, is_asked: bool) -> None:
    guess = guess_one(cells, name)
    assert guess.type in ("text", "category")
    assert asks(guess) is is_asked


def test_percent_stay_percent_and_the_comment_says_so() -> None:
    assert "25% is 25" in guess_one(["25%", "3%"]).notes[0].text


def test_cells_without_the_unit_are_read_and_asked_about() -> None:
    guess = guess_one(["25%", "0", "7%", "8%"])
    assert (guess.type, dict(guess.keys), asks(guess)) == ("int", {"suffix": "%"}, True)
    assert any('1 of 4 cells have no "%"' in note.text for note in guess.notes)


def test_words_among_them_are_handled_as_among_numbers() -> None:
    few = guess_one(["5 %", "7 %", "ERR", "9 %", "10 %", "12 %"])
    assert dict(few.keys) == {"suffix": "%", "missing": ["ERR"], "null": True}
    many = guess_one(["5 kg", "?", "7 kg", "?", "9 kg", "?"])
    assert many.type == "text"
    assert any("all others are numbers" in note.text and note.is_question for note in many.notes)
    far = guess_one(["12 kg", "-999 kg", "13 kg", "-999 kg", "12.5 kg", "14 kg"])
    assert any('missing = ["-999"]' in note.text for note in far.notes)
