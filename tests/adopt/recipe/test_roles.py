"""What each column is for, guessed from its name and its cells."""

import random
from typing import Any

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


def test_a_person_decides_target_and_roles() -> None:
    columns = {"a": ("float", NUMBERS), "colour": ("category", WORDS), "price": ("float", NUMBERS[::-1])}
    assert roles_of(columns)["price"] == "target"
    assert roles_of(columns, decided=Decided(target=1))["colour"] == "target"
    assert roles_of(columns, decided=Decided(roles={0: "ignore"}))["a"] == "ignore"
    assert "target" not in roles_of(columns, decided=Decided(has_no_target=True)).values()
