"""What each column is for, guessed from its name and its cells."""

import random
from typing import Any

import pytest
from small_tables import make

from adopt.recipe.roles import Decided, Roles, guess_roles

DRAW = random.Random(1)
N = 200
CLASSES = [DRAW.choice("01") for _ in range(N)]
NUMBERS = [round(DRAW.gauss(0, 1), 3) for _ in range(N)]
WORDS = [DRAW.choice(["red", "green", "blue"]) for _ in range(N)]


def guess(columns: dict[str, Any], **options: Any) -> Roles:
    profile, types = make(columns)
    return guess_roles(profile, types, **options)


def roles_of(columns: dict[str, Any], **options: Any) -> dict[str, str]:
    return {name: one.role for name, one in zip(columns, guess(columns, **options).columns, strict=True)}


def test_a_row_number_a_name_and_a_class_get_their_roles() -> None:
    columns = {
        "PassengerId": ("int", range(1, N + 1)),
        "Survived": ("int", CLASSES),
        "Name": ("text", [f"Mr. Person {i}" for i in range(N)]),
        "Colour": ("category", WORDS),
        "Fare": ("float", NUMBERS),
    }
    assert roles_of(columns) == {
        "PassengerId": "id",
        "Survived": "target",
        "Name": "ignore",
        "Colour": "input",
        "Fare": "input",
    }
    assert guess(columns).columns[1].keys == {"allowed": [0, 1]}


def test_an_id_that_repeats_is_a_group_and_no_id() -> None:
    columns = {
        "customer_id": ("int", [i % 60 for i in range(N)]),
        "amount": ("float", NUMBERS),
        "price": ("float", [2 * value + DRAW.random() for value in NUMBERS]),
    }
    assert roles_of(columns)["customer_id"] == "group"


def test_a_name_of_a_class_beats_the_name_of_a_number_in_the_last_column() -> None:
    columns = {"is_fraud": ("int", CLASSES), "colour": ("category", WORDS), "amount": ("float", NUMBERS)}
    assert roles_of(columns) == {"is_fraud": "target", "colour": "input", "amount": "input"}


def test_the_title_of_the_data_names_the_target() -> None:
    columns = {
        "Status": ("category", WORDS),
        "Body length ": ("float", NUMBERS),
        "Schooling": ("float", NUMBERS[::-1]),
    }
    found = guess(columns, title="Body Length Data")
    assert found.columns[1].role == "target"
    assert any(note.is_question for note in found.columns[1].notes)
    assert roles_of(columns, title="Countries")["Status"] == "target"


def test_a_price_in_euros_is_learned_and_not_the_price_per_metre() -> None:
    columns = {
        "rooms": ("int", [DRAW.randint(1, 5) for _ in range(N)]),
        "floor": ("int", [DRAW.randint(0, 9) for _ in range(N)]),
        "price_eur": ("float", NUMBERS),
        "price_per_m2": ("float", [value * DRAW.random() for value in NUMBERS]),
    }
    assert roles_of(columns)["price_eur"] == "target"


def test_a_class_beside_a_last_column_of_classes_is_asked_about() -> None:
    columns = {
        "Klasse": ("category", WORDS),
        "Note": ("float", NUMBERS),
        "Fehltage": ("int", [DRAW.randint(0, 25) for _ in range(N)]),
        "anwesend": ("bool", [DRAW.choice(["true", "false"]) for _ in range(N)]),
    }
    found = guess(columns)
    assert any(note.is_question for note in found.notes)


def test_a_weight_that_is_one_on_average_counts_rows() -> None:
    around = [1 + value / 10 for value in NUMBERS]
    columns = {"WEIGHT": ("float", around), "colour": ("category", WORDS), "churn": ("int", CLASSES)}
    found = guess(columns).columns[0]
    assert found.role == "weight"
    assert found.notes[0].is_question
    heavy = {**columns, "WEIGHT": ("float", [70 + value for value in NUMBERS])}
    assert roles_of(heavy)["WEIGHT"] == "input"


@pytest.mark.parametrize("name", ["Belegnr", "number", "Rechnungsnummer", "doc no", "Nr."])
def test_numbers_of_things_that_do_not_repeat_are_ids(name: str) -> None:
    cells = [100_000 + 7 * at + at % 3 for at in range(N)]
    assert roles_of({name: ("int", cells), "x": ("float", NUMBERS), "y": ("category", CLASSES)})[name] == "id"


def test_numbers_that_count_up_from_a_large_one_number_the_rows() -> None:
    others = {"colour": ("category", WORDS), "churn": ("int", CLASSES)}
    assert roles_of({"RESPID": ("int", range(100_001, 100_001 + N)), **others})["RESPID"] == "id"
    assert roles_of({"season": ("int", range(1800, 1800 + N)), **others})["season"] == "input"


def test_a_person_decides_target_and_roles() -> None:
    columns = {"a": ("float", NUMBERS), "colour": ("category", WORDS), "price": ("float", NUMBERS[::-1])}
    assert roles_of(columns)["price"] == "target"
    assert roles_of(columns, decided=Decided(target=1))["colour"] == "target"
    assert roles_of(columns, decided=Decided(roles={0: "ignore"}))["a"] == "ignore"
    assert "target" not in roles_of(columns, decided=Decided(has_no_target=True)).values()


def test_the_only_time_is_an_input_where_nothing_else_is() -> None:
    columns = {
        "date": ("time", [f"2024-{1 + i // 28:02}-{i % 28 + 1:02}" for i in range(N)]),
        "sales": ("int", [DRAW.randint(1, 500) for _ in range(N)]),
    }
    assert roles_of(columns) == {"date": "input", "sales": "target"}


def test_a_table_of_texts_and_authors_is_one_of_documents() -> None:
    columns = {
        "file": ("text", [f"essay-{i}.txt" for i in range(20)]),
        "author": ("category", [DRAW.choice(["Ada", "Bob"]) for _ in range(20)]),
        "text": ("text", [" ".join(f"word{DRAW.randint(0, 50)}" for _ in range(60)) for _ in range(20)]),
        "likes": ("int", [DRAW.randint(0, 90) for _ in range(20)]),
    }
    assert roles_of(columns) == {"file": "id", "author": "label", "text": "input", "likes": "ignore"}


def test_prose_in_the_last_column_leaves_the_last_place_to_the_one_before() -> None:
    columns = {
        "size": ("float", NUMBERS),
        "colour": ("category", WORDS),
        "went_home": ("bool", ["true" if one == "1" else "false" for one in CLASSES]),
        "remarks": ("text", [f"remark {i} about nothing" for i in range(N)]),
    }
    found = guess(columns)
    assert found.target is not None
    assert (found.target.index, found.target.kind) == (2, "binary")
    assert found.notes[0].is_question


def test_a_name_says_more_than_the_last_place() -> None:
    columns = {
        "Attrition": ("category", ["Yes" if one == "1" else "No" for one in CLASSES]),
        "age": ("int", [DRAW.randint(20, 60) for _ in range(N)]),
        "years_here": ("int", [DRAW.randint(0, 30) for _ in range(N)]),
    }
    assert roles_of(columns) == {"Attrition": "target", "age": "input", "years_here": "input"}


def test_a_weight_is_one_by_its_name_and_what_a_thing_weighs_is_an_input() -> None:
    columns = {
        "sample_weight": ("float", [abs(value) + 0.1 for value in NUMBERS]),
        "weight": ("float", NUMBERS[::-1]),
        "churn": ("category", CLASSES),
    }
    assert roles_of(columns) == {"sample_weight": "weight", "weight": "input", "churn": "target"}
