"""How the rows of a draft are divided: tried before, so that both sides have what a model needs."""

import random
from typing import Any

import pytest
from small_tables import make

from adopt.recipe.roles import Decided, Roles, guess_roles
from adopt.recipe.task import guess_task
from adopt.recipe.types import TypeGuess

DRAW = random.Random(3)


def numbers(count: int) -> list[float]:
    return [round(DRAW.gauss(0, 1), 4) for _ in range(count)]


def guess(columns: dict[str, Any], **options: Any) -> Roles:
    profile, types = make(columns)
    return guess_roles(profile, types, **options)


def test_a_share_is_taken_with_which_both_sides_have_each_class() -> None:
    tiny = {
        "a": ("float", [0.1 * i for i in range(20)]),
        "b": ("float", [0.3 * i for i in range(20)]),
        "class": ("category", ["x"] * 3 + ["y"] * 17),
    }
    division = guess(tiny).division
    assert division.keys["split"] == "hash"
    assert division.keys["test_share"] > 0.2
    assert "0.2" in division.notes["test_share"][0].text


def test_a_class_that_no_share_suits_is_left_out_and_asked_about() -> None:
    # One row is on the side of the test whatever the share in about one table of ten.
    tables = (
        {
            "a": ("float", numbers(200)),
            "b": ("float", numbers(200)),
            "species": ("category", ["p"] * 100 + ["q"] * 99 + ["r"]),
        }
        for _ in range(60)
    )
    roles = next(roles for columns in tables if (roles := guess(columns)).division.left_out is not None)
    assert roles.columns[2].keys["allowed"] == ["p", "q"]
    assert any(note.is_question and "1 row of r" in note.text for note in roles.columns[2].notes)


def test_the_latest_rows_test_unless_they_have_one_class() -> None:
    days = [f"2024-{1 + i // 28:02}-{i % 28 + 1:02}" for i in range(100)]
    columns: dict[str, Any] = {"sold_at": ("time", days), "a": ("float", numbers(100)), "b": ("float", numbers(100))}
    mixed = columns | {"churn": ("category", [DRAW.choice(["yes", "no"]) for _ in range(100)])}
    assert guess(mixed).division.keys == {"split": "time"}
    late = columns | {"churn": ("category", ["yes"] * 45 + ["no"] * 55)}
    assert guess(late).division.keys == {"split": "hash"}


def test_too_few_groups_become_categories() -> None:
    columns = {
        "customer": ("text", ["A", *["B"] * 89, *"CDEFGHIJKL"]),
        "a": ("float", numbers(100)),
        "b": ("float", numbers(100)),
        "churn": ("category", ["no", *["yes"] * 89, *["no"] * 10]),
    }
    roles = guess(columns)
    assert roles.columns[0].role in ("group", "ignore")
    assert not roles.division.problem


@pytest.mark.parametrize(
    ("target", "why"),
    [(["x"] * 50, "nothing can be learned"), ([f"v{i}" for i in range(50)], "nothing can be learned")],
)
def test_a_target_of_which_nothing_can_be_learned_ends_the_recipe_after_preprocess(target: list[str], why: str) -> None:
    profile, types = make({"a": ("float", numbers(50)), "b": ("float", numbers(50)), "y": ("category", target)})
    roles = guess_roles(profile, types, decided=Decided(target=2))
    task = guess_task(profile, types, roles)
    assert (task.kind, task.target, dict(task.model)) == ("none", "y", {})
    assert any(why in note.text for note in task.notes)


def test_no_target_is_an_answer() -> None:
    profile, types = make(
        {"name": ("text", [f"Ann {i}" for i in range(30)]), "city": ("category", ["Ulm", "Jena"] * 15)}
    )
    roles = guess_roles(profile, types)
    task = guess_task(profile, types, roles)
    assert (roles.target, task.kind, task.target, dict(task.model)) == (None, "none", None, {})
    assert task.notes[0].is_question


def test_rows_without_a_target_do_not_count() -> None:
    target = TypeGuess("category", {"null": True})
    columns = {
        "a": ("float", numbers(60)),
        "b": ("float", numbers(60)),
        "churn": (target, [DRAW.choice(["yes", "no", None]) for _ in range(60)]),
    }
    assert not guess(columns).division.problem
