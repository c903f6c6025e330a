"""A column's type is guessed so that ingest reads every cell, and says what it rests on."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

from adopt.data.profiling import profile_rows
from adopt.recipe.types import TypeGuess, guess_type, lift_keys
from relay.handoff.column import Column
from relay.reading.cells import read_column

Cells = Sequence[str | None]


def guess_all(columns: Mapping[str, Cells | pa.Array]) -> dict[str, TypeGuess]:
    """Name -> the guess; every cell of texts must be read by it."""
    arrays = {name: cells if isinstance(cells, pa.Array) else pa.array(cells, pa.string())
              for name, cells in columns.items()}  # fmt: skip
    profile = profile_rows(iter([pa.table(arrays)]))
    found = {column.name: guess_type(column, profile.columns) for column in profile.columns}
    for name, guess in found.items():
        assert not unreadable(arrays[name], guess), (name, guess)
    return found


def unreadable(cells: pa.Array, guess: TypeGuess) -> list[Any]:
    """The cells that ingest rejects; it must not refuse the column."""
    column = Column.model_validate({"type": guess.type, "role": "input"} | dict(guess.keys))
    cast = read_column(cells, column)
    assert column.null or cast.values.null_count == 0
    return [] if cast.bad is None else cells.filter(pa.array(cast.bad)).to_pylist()


def guess_one(cells: Cells | pa.Array, name: str = "x", **others: Cells) -> TypeGuess:
    return guess_all({name: cells, **others})[name]


def asks(guess: TypeGuess) -> bool:
    return any(note.is_question for note in guess.notes)


PLAIN: list[tuple[str, Cells, str, dict[str, Any]]] = [
    ("whole numbers", ["1", "-20", "300"], "int", {}),
    ("whole numbers with gaps", ["1", "", "3"], "int", {"null": True}),
    ("whole numbers as pandas writes them with gaps", ["1.0", "", "3.0"], "int", {"null": True}),
    ("fractions", ["1.5", "2", "0.25"], "float", {}),
    ("whole numbers with a point and no gaps", ["1.0", "2.0"], "float", {}),
    ("NA among numbers", ["1", "NA", "3"], "int", {"null": True}),
    ("a null of MySQL", ["1", "\\N", "3"], "int", {"null": True, "missing": ["\\N"]}),
    ("0 and 1", ["0", "1", "1", "0"], "int", {"allowed": [0, 1]}),
    ("a decimal comma", ["1,5", "2,25"], "float", {"decimal": ","}),
    ("German amounts", ["1.234,50", "12,3"], "float", {"decimal": ",", "thousands": "."}),
    ("English amounts", ["1,234.50", "12.3"], "float", {"decimal": ".", "thousands": ","}),
    ("French amounts", ["1\u202f234,50", "12,3"], "float", {"decimal": ",", "thousands": "\u202f"}),
    ("Swiss amounts", ["1'234.50", "12.3"], "float", {"decimal": ".", "thousands": "'"}),
    ("millions", ["1.234.567", "950"], "int", {"thousands": "."}),
    ("yes and no", ["Yes", "no", "YES", ""], "bool", {"null": True}),
    ("ja and nein", ["Ja", "Nein", "Ja"], "bool", {"true_words": ["Ja"], "false_words": ["Nein"]}),
    ("a day above 12", ["13/02/2024", "03/04/2024"], "time", {"time_format": "%d/%m/%Y"}),
    ("a month first", ["02/13/2024", "03/04/2024"], "time", {"time_format": "%m/%d/%Y"}),
    ("dates with dots", ["05.03.2024", "06.03.2024 "], "time", {"time_format": "%d.%m.%Y"}),
    ("ISO 8601", ["2024-01-31", "2024-01-31T10:00:00Z"], "time", {}),
    ("dates of 8 digits", ["20240131", "20231201"], "time", {"time_format": "%Y%m%d"}),
    ("names of months", ["5 Mar 2024", "12 Apr 2024"], "time", {"time_format": "%d %b %Y"}),
    ("AM and PM", ["1/13/2024 1:30 PM", "1/14/2024 11:05 AM"], "time", {"time_format": "%m/%d/%Y %I:%M %p"}),
    ("leading zeros", ["007", "012", "123"], "text", {}),
    ("numbers like 1E5", ["1E5", "123", "2E7"], "text", {}),
    ("beyond 64 bits", ["99999999999999999999", "1"], "text", {}),
    ("times of day", ["10:30", "11:45", "9:00"], "text", {}),
    ("years", ["2019", "2020", "2021"], "int", {}),
    ("one value", ["a"] * 5, "category", {}),
    ("few words", ["red", "blue", "red", "blue"], "category", {}),
    ("free text", ["a man", "a plan", "a canal", "panama"], "text", {}),
    ("nothing", ["", "", ""], "text", {"null": True}),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "kind", "keys"), [case[1:] for case in PLAIN], ids=[case[0] for case in PLAIN])
def test_the_type_and_its_keys_read_every_cell(cells: Cells, kind: str, keys: dict[str, Any]) -> None:
    guess = guess_one(cells)

    assert (guess.type, dict(guess.keys)) == (kind, keys)
    assert not asks(guess)


def test_dates_that_fit_both_orders_are_asked_about() -> None:
    guess = guess_one(["01/02/2024", "03/04/2024", "03/04/2024", "02/01/2024"])

    assert guess.keys["time_format"] == "%m/%d/%Y"
    assert [note.choices for note in guess.notes if note.is_question] == [('"%m/%d/%Y"', '"%d/%m/%Y"')]


def test_another_column_shows_the_order_of_dates() -> None:
    guess = guess_one(["01/02/2024", "02/01/2024"], other=["25/02/2024", "01/03/2024"])

    assert guess.keys == {"time_format": "%d/%m/%Y"}
    assert not asks(guess)


def test_numbers_for_no_value_are_proposed_and_words_among_numbers_are_asked_about() -> None:
    found = guess_all({
        "level": ["1.5", "2.5", "-999", "3", "-999", "4"],
        "sensor": ["20.1", "ERR", "20.3", "20.4", "20.5", "20.6"],
        "job": ["Sales", "?", "Sales", "?", "Craft", "Craft"],
    })  # fmt: skip

    assert [guess.type for guess in found.values()] == ["float", "float", "category"]
    assert [guess.keys for guess in found.values()] == [{}, {"missing": ["ERR"], "null": True}, {}]
    proposed = [note.choices for guess in found.values() for note in guess.notes if note.is_question]
    assert proposed == [('["-999"]',), ("text",), ('["?"]',)]


def test_many_words_among_numbers_are_no_interruption() -> None:
    guess = guess_one([*map(str, range(30)), *["ERR"] * 10])
    assert guess.type in ("text", "category")


@pytest.mark.parametrize("word", [":", "..", "-", "*", "x", "n/a", "k.A."])
@pytest.mark.parametrize("cells", [2, 3])
def test_signs_of_statistics_are_read_as_no_value_also_in_many_cells(word: str, cells: int) -> None:
    guess = guess_one(["5.1", "7.2", "9.3", "8.8", "1.5", *[word] * cells])
    assert (guess.type, guess.keys["null"]) == ("float", True)
    assert word in guess.keys.get("missing", ["n/a"])


def test_a_word_among_dates_is_one_question() -> None:
    guess = guess_one([*(f"2023-01-{day:02d}" for day in range(1, 29)), "unknown"])
    assert (guess.type, guess.keys["missing"]) == ("time", ["unknown"])
    assert [note.choices for note in guess.notes if note.is_question] == [("text",)]


def test_numbers_in_parentheses_are_text_and_said() -> None:
    guess = guess_one([f"({number},250.50)" if number % 3 else f"{number},100.25" for number in range(1, 60)])
    assert guess.type == "text"
    assert "parentheses" in guess.notes[0].text


def test_an_error_among_words_is_a_word() -> None:
    assert not asks(guess_one(["INFO", "ERROR", "DEBUG", "INFO"] * 20))
    assert asks(guess_one(["1.5", "ERROR", "2.5", "3.5"] * 20))


def test_a_strange_word_that_repeats_among_numbers_is_proposed_as_no_value() -> None:
    cells = pa.table({"x": [*map(str, range(40)), *["N"] * 5]})
    profile = profile_rows(iter([cells]))

    guess = guess_type(profile.columns[0], profile.columns)
    decided = guess_type(profile.columns[0], profile.columns, missing=["N"])

    assert (guess.type, guess.notes[0].is_question, guess.notes[0].choices) == ("text", True, ('["N"]',))
    assert (decided.type, dict(decided.keys)) == ("int", {"missing": ["N"], "null": True})


def test_a_declared_word_for_no_value_decides_the_type() -> None:
    profile = profile_rows(iter([pa.table({"x": ["20.1", "ERR", "20.3"]})]))

    guess = guess_type(profile.columns[0], profile.columns, missing=["ERR"])

    assert (guess.type, dict(guess.keys)) == ("float", {"missing": ["ERR"], "null": True})


@pytest.mark.parametrize(
    ("cells", "is_question"),
    [(["US", "DE", "NA", "FR"] * 3, False), (["basic", "plus", "NA"] * 3, True)],
    ids=["countries", "levels"],
)
def test_na_among_words_is_kept_and_said(cells: Cells, is_question: bool) -> None:
    guess = guess_one(cells)

    assert guess.type == "category"
    assert "missing" not in guess.keys
    assert "NA" in guess.notes[0].text
    assert asks(guess) is is_question


@pytest.mark.parametrize(
    ("cells", "other", "keys", "is_question"),
    [
        (["1.000", "950", "12.345"], ["1,5", "2,5", "3,5"], {"thousands": "."}, False),
        (["1.000", "950", "12.345"], ["a", "b", "c"], {"decimal": "."}, True),
        (["1,000", "950", "12,345"], ["1.5", "2.5", "3.5"], {"thousands": ","}, False),
        (["1,000", "950", "12,345"], ["a", "b", "c"], {"thousands": ","}, True),
        (["1,250", "0,950", "12,345"], ["1,5", "2,5", "3,5"], {"decimal": ","}, False),
    ],
)
def test_a_mark_before_three_digits_is_decided_by_other_columns_or_asked(
    cells: Cells, other: Cells, keys: dict[str, Any], is_question: bool
) -> None:
    guess = guess_one(cells, other=other)

    assert guess.keys == keys
    assert asks(guess) is is_question


def test_whole_numbers_beyond_2_53_are_said() -> None:
    guess = guess_one(["9007199254740993", "1"])

    assert guess.type == "int"
    assert "2^53" in guess.notes[0].text


@pytest.mark.parametrize(
    ("name", "cells", "kind", "keys"),
    [
        ("created_at", ["1700000000", "1700000060"], "time", {"epoch": "s"}),
        ("timestamp", ["1700000000123", "1700000000456"], "time", {"epoch": "ms"}),
        ("zip", ["90210", "10001"], "text", {}),
        ("amount", ["90210", "10001"], "int", {}),
    ],
)
def test_the_name_tells_epochs_and_codes(name: str, cells: Cells, kind: str, keys: dict[str, Any]) -> None:
    guess = guess_one(cells, name)

    assert (guess.type, dict(guess.keys)) == (kind, keys)


def test_mixed_dates_are_said() -> None:
    found = guess_all({
        "readable": ["2024-02-01 10:00", "25.01.2024 11:00", "24.01.2024 09:00"],
        "unreadable": ["2024-02-01 10:00", "25/01/2024 11:00", "01/02/2024 09:00"],
    })  # fmt: skip

    assert found["readable"].type == "time"
    assert "several ways" in found["readable"].notes[0].text
    assert found["unreadable"].type == "text"
    assert asks(found["unreadable"])


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (pa.array([1, 2, None]), "int"),
        (pa.array([1.5, 2.0]), "float"),
        (pa.array([1.0, None]), "int"),
        (pa.array([True, None]), "bool"),
        (pa.array([0, 1], pa.timestamp("ns")), "time"),
        (pa.array([0, 1], pa.date32()), "time"),
        (pa.array([0, 1], pa.time32("s")), "text"),
        (pa.array([0, 1], pa.duration("s")), "float"),
        (pa.array(["a", "b", "a", "b"]).dictionary_encode(), "category"),
        (pa.array(["1.50", "2.25"]).cast(pa.decimal128(9, 2)), "float"),
        (pa.array(["15", "2"]).cast(pa.decimal128(9, 0)), "int"),
        (pa.nulls(3), "text"),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else str(value),
)
def test_a_type_of_the_source_is_kept(cells: pa.Array, kind: str) -> None:
    assert guess_one(cells).type == kind


def test_keys_of_all_columns_are_lifted() -> None:
    table = pa.table({"a": ["1,5", "2,5"], "b": ["1.234,5", "3"], "c": ["1", "2"], "d": ["05.03.2024", "06.03.2024"],
                      "e": ["07.03.2024", "08.03.2024"]})  # fmt: skip
    profile = profile_rows(iter([table]))
    types = [guess_type(column, profile.columns) for column in profile.columns]

    lifted = lift_keys(types, profile.columns)

    assert lifted.ingest == {"decimal": ",", "thousands": ".", "time_format": "%d.%m.%Y"}
    assert not any(guess.keys for guess in lifted.types)


def test_a_key_is_not_lifted_where_a_column_has_it_otherwise() -> None:
    table = pa.table({"a": ["1,5", "2,5"], "b": ["1,5", "3"], "c": ["1.5", "2"]})
    profile = profile_rows(iter([table]))
    types = [guess_type(column, profile.columns) for column in profile.columns]

    assert lift_keys(types, profile.columns).types == tuple(types)


@pytest.mark.parametrize("cells", [['["night"]', '["day", "night"]', "[]"], ["['a']", "['b', 'c']", "[1, 2.5]"]])
def test_lists_are_said(cells: list[str]) -> None:
    assert any("the cells are lists, such as" in note.text for note in guess_one(cells * 20).notes)
    assert not any("lists" in note.text for note in guess_one([*cells, "[draft] night"] * 20).notes)


def test_numbers_padded_by_a_program_are_no_codes() -> None:
    assert guess_one(["0", "01", "02", "11", "0", "07"] * 20).type == "int"
    assert guess_one(["00", "01", "02", "11", "07"] * 20).type == "category"


def test_remarks_that_come_again_are_texts() -> None:
    remarks = [f"the coffee machine was broken on day {i % 30}" for i in range(100)]
    assert guess_one(remarks).type == "text"
    assert guess_one([f"I use it about {i % 6} times per week" for i in range(100)]).type == "category"
