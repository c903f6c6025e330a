"""What a person is warned of: personal data, copies, constants, codes among numbers, rare classes, repeated rows."""

import random
from typing import Any

import pytest
from small_tables import make

from adopt.notes import Note, WarningKind
from adopt.recipe.known import look_at
from adopt.recipe.roles import guess_roles
from adopt.recipe.task import guess_task
from adopt.recipe.types import TypeGuess
from adopt.recipe.warnings import find_warnings

DRAW = random.Random(2)
N = 200
NUMBERS = [round(DRAW.gauss(50, 10), 2) for _ in range(N)]
CLASSES = [DRAW.choice(["yes", "no"]) for _ in range(N)]


def warn(columns: dict[str, Any], duplicates: int = 0) -> dict[WarningKind, list[tuple[str, ...]]]:
    profile, types = make(columns, duplicates)
    roles = guess_roles(profile, types)
    found: dict[WarningKind, list[tuple[str, ...]]] = {}
    for warning in find_warnings(profile, types, roles, guess_task(profile, types, roles)):
        found.setdefault(warning.kind, []).append(warning.columns)
    return found


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("contact", [f"person{i}@example.org" for i in range(N)]),
        ("reach", [f"+49 731 {100000 + i}" for i in range(N)]),
        ("account", [f"DE89 3704 0044 0532 01{i % 100:02} {i % 100:02}" for i in range(N)]),
        ("Vorname", [f"Anna{i}" for i in range(N)]),
        (
            "name",
            [
                f"Person{chr(65 + i % 26)}a Muster{i}"[:7] + f" Muster{chr(97 + i % 26)}{'x' * (i // 26)}"
                for i in range(N)
            ],
        ),
    ],
)
def test_personal_data_is_found_by_cells_or_name_and_left_out(name: str, cells: list[str]) -> None:
    columns: dict[str, Any] = {name: ("text", cells), "size": ("float", NUMBERS), "churn": ("category", CLASSES)}
    assert warn(columns)[WarningKind.PERSONAL_DATA] == [(name,)]
    profile, types = make(columns)
    assert guess_roles(profile, types).columns[0].role == "ignore"


def test_names_of_things_are_no_personal_data() -> None:
    columns = {
        "product_name": ("category", [DRAW.choice(["Alpha Beta", "Gamma Delta"]) for _ in range(N)]),
        "name": ("category", [DRAW.choice(["chair", "table"]) for _ in range(N)]),
        "mobile": ("bool", [DRAW.choice(["true", "false"]) for _ in range(N)]),
        "churn": ("category", CLASSES),
    }
    assert WarningKind.PERSONAL_DATA not in warn(columns)


def test_a_code_far_from_all_numbers_is_suspicious_and_a_large_value_is_not() -> None:
    coded = [999.0 if i % 20 == 0 else value for i, value in enumerate(NUMBERS)]
    columns = {"a": ("float", coded), "b": ("float", NUMBERS), "churn": ("category", CLASSES)}
    assert warn(columns)[WarningKind.SUSPICIOUS_VALUE] == [("a",)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([row % 18 for row in range(190)] + [96] * 2 + [98] * 8, "is 96 in 2 rows and 98 in 8 rows, and from 0 to 17"),
        ([50 + row % 40 for row in range(190)] + [-77] * 10, "is -77 in 10 rows, and from 50 to 89 elsewhere"),
        ([100 + row % 20 for row in range(190)] + [0] * 10, "is 0 in 10 rows, and from 100 to 119 elsewhere"),
        ([row % 18 for row in range(197)] + [40] * 3, ""),
        ([row % 18 for row in range(197)] + [60, 70, 98], ""),
        ([row % 3 for row in range(190)] + [12] * 10, ""),
        ([row % 18 for row in range(160)] + [98] * 40, ""),
        ([round(1.1**row) for row in range(100)] * 2, ""),
        ([0] * 190 + [100 + row for row in range(10)], ""),
    ],
)
def test_numbers_that_repeat_far_from_all_others_are_suspicious(values: list[int], expected: str) -> None:
    profile, types = make({"late": ("int", values), "churn": ("category", CLASSES)})
    roles = guess_roles(profile, types)
    found = [
        warning.text
        for warning in find_warnings(profile, types, roles, guess_task(profile, types, roles))
        if warning.kind == WarningKind.SUSPICIOUS_VALUE
    ]
    assert ([expected in text for text in found]) == ([True] if expected else [])


def test_zeros_below_all_other_numbers_are_suspicious_and_counts_are_not() -> None:
    columns = {
        "glucose": ("float", [0 if i % 9 == 0 else value for i, value in enumerate(NUMBERS)]),
        "visits": ("int", [DRAW.randint(0, 40) for _ in range(N)]),
        "churn": ("category", CLASSES),
    }
    assert warn(columns)[WarningKind.SUSPICIOUS_VALUE] == [("glucose",)]


def test_equal_columns_other_units_and_other_words_are_copies() -> None:
    columns: dict[str, Any] = {
        "c": ("float", NUMBERS),
        "again": ("float", NUMBERS),
        "f": ("float", [round(1.8 * value + 32, 3) for value in NUMBERS]),
        "plan": ("category", [DRAW.choice("AB") for _ in range(N)]),
        "churn": ("category", CLASSES),
    }
    columns["plan_code"] = ("int", [1 if plan == "A" else 2 for plan in columns["plan"][1]])
    columns["churn"] = columns.pop("churn")
    assert warn(columns)[WarningKind.COPY] == [("c", "again"), ("c", "f"), ("plan", "plan_code")]


def test_a_constant_a_rare_class_and_repeated_rows_are_said() -> None:
    columns = {
        "a": ("float", NUMBERS),
        "plant": ("category", ["Ulm"] * N),
        "b": ("float", NUMBERS[::-1]),
        "fraud": ("category", ["yes" if i % 40 == 0 else "no" for i in range(N)]),
    }
    found = warn(columns, duplicates=3)
    assert found[WarningKind.CONSTANT] == [("plant",)]
    assert found[WarningKind.IMBALANCE] == [("fraud",)]
    assert found[WarningKind.DUPLICATE_ROWS] == [()]


def test_columns_that_tell_the_target_are_leaks() -> None:
    price = [round(3 * value + 5, 2) for value in NUMBERS]
    columns = {"a": ("float", NUMBERS[::-1]), "euro": ("float", NUMBERS), "sale_price": ("float", price)}
    assert warn(columns)[WarningKind.LEAK] == [("euro",)]
    filled = {
        "a": ("float", NUMBERS),
        "left_because": ("category", ["price" if one == "yes" else None for one in CLASSES]),
        "code": ("int", [7 if one == "yes" else 8 for one in CLASSES]),
        "churn": ("category", CLASSES),
    }
    assert warn(filled)[WarningKind.LEAK] == [("left_because",), ("code",)]


def test_a_column_of_words_that_always_tells_the_target_is_left_out() -> None:
    states = [DRAW.choice(["moved", "died"]) if one == "yes" else "active" for one in CLASSES]
    columns: dict[str, Any] = {"a": ("float", NUMBERS), "state": ("category", states), "churn": ("category", CLASSES)}
    assert warn(columns)[WarningKind.LEAK] == [("state",)]
    profile, types = make(columns)
    guess = guess_roles(profile, types).columns[1]
    assert guess.role == "ignore"
    assert guess.notes[-1].is_question


def test_a_good_input_is_no_leak() -> None:
    columns = {
        "a": ("float", [value + (3 if one == "yes" else 0) for value, one in zip(NUMBERS, CLASSES, strict=True)]),
        "plan": ("category", [DRAW.choice("AB") if one == "yes" else "A" for one in CLASSES]),
        "churn": ("category", CLASSES),
    }
    assert WarningKind.LEAK not in warn(columns)


def test_texts_that_are_all_different_are_no_copies_of_each_other() -> None:
    columns = {
        "a": ("text", [f"first {i}" for i in range(60)]),
        "b": ("text", [f"second {i}" for i in range(60)]),
        "again": ("text", [f"first {i}" for i in range(60)]),
        "size": ("float", NUMBERS[:60]),
        "churn": ("category", CLASSES[:60]),
    }
    assert warn(columns)[WarningKind.COPY] == [("a", "again")]


def test_a_word_that_means_no_value_by_the_recipe_only_is_a_value() -> None:
    profile, types = make({"a": ("text", ["?", "x", "NA"]), "b": ("int", ["1", "2", "NA"])})
    assert [one.nulls for one in look_at(profile, types)] == [0, 1]


@pytest.mark.parametrize(
    ("labels", "figures"),
    [
        (["no"] * 190 + ["yes"] * 10, "pr_auc"),
        (["a"] * 90 + ["b"] * 100 + ["c"] * 10, "balanced_accuracy and macro_f1"),
    ],
)
def test_a_rare_class_is_warned_of_with_figures_that_the_metrics_have(labels: list[str], figures: str) -> None:
    profile, types = make(
        {"size": ("float", NUMBERS), "length": ("float", NUMBERS[::-1]), "class": ("category", labels)}
    )
    roles = guess_roles(profile, types)
    found = find_warnings(profile, types, roles, guess_task(profile, types, roles))
    assert figures in next(one.text for one in found if one.kind is WarningKind.IMBALANCE)


def test_a_code_of_which_the_guess_asks_is_no_warning_too() -> None:
    cells = [str(value) for value in NUMBERS[:-5]] + ["-999"] * 5
    asked = Note("5 are -999", is_question=True, choices=('["-999"]',), key="columns.a.missing")
    rest: dict[str, Any] = {"b": ("float", NUMBERS), "churn": ("category", CLASSES)}
    assert warn({"a": ("float", cells), **rest})[WarningKind.SUSPICIOUS_VALUE] == [("a",)]
    for said in (TypeGuess("float", {}, (asked,)), TypeGuess("float", {"missing": []})):
        assert WarningKind.SUSPICIOUS_VALUE not in warn({"a": (said, cells), **rest})


@pytest.mark.parametrize(
    ("name", "cells", "is_personal"),
    [
        ("Prüfer", ["Anna Muster", "Karl-Heinz Roß", "Dr. Eva Klein"], True),
        ("contact_person", ["Lee Wong", "Ada Love"], True),
        ("owner_name", ["Ann Lee", "Bo Day"], True),
        ("owner", ["First Owner", "Second Owner"], False),
        ("inspector", ["north", "south team"], False),
        ("city", ["New York", "Los Angeles"], False),
    ],
)
def test_names_of_those_who_do_something_are_personal(name: str, cells: list[str], is_personal: bool) -> None:
    columns: dict[str, Any] = {
        name: ("category", [DRAW.choice(cells) for _ in range(N)]),
        "size": ("float", NUMBERS),
        "churn": ("category", CLASSES),
    }
    assert (WarningKind.PERSONAL_DATA in warn(columns)) is is_personal
    profile, types = make(columns)
    assert (guess_roles(profile, types).columns[0].role == "ignore") is is_personal


@pytest.mark.parametrize(("name", "is_leak"), [("paid_at", True), ("due_date", False)])
def test_a_time_after_the_moment_of_the_row_may_be_a_leak(name: str, is_leak: bool) -> None:
    days = [f"2024-{DRAW.randint(1, 9):02}-{DRAW.randint(1, 28):02}" for _ in range(N)]
    later = [f"2024-{int(day[5:7]) + DRAW.randint(1, 3):02}-{day[8:]}" for day in days]
    columns: dict[str, Any] = {
        "invoice_date": ("time", days),
        name: ("time", later),
        "size": ("float", NUMBERS),
        "churn": ("category", CLASSES),
    }
    assert (warn(columns).get(WarningKind.LEAK) == [(name,)]) is is_leak
