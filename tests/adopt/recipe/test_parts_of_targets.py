"""Columns that tell the target together, in some rows or by being filled; keys and lists that tell nothing."""

import random
from typing import Any

import pytest
from small_tables import make

from adopt.recipe.roles import RoleGuess, guess_roles

DRAW = random.Random(5)
N = 300
FIRST, SECOND, THIRD = ([DRAW.randint(0, 900) for _ in range(N)] for _ in range(3))
SIZE = ("float", [round(DRAW.gauss(50, 10), 2) for _ in range(N)])
MOOD = [DRAW.choice(["negative", "negative", "neutral", "positive"]) for _ in range(N)]


def guess(columns: dict[str, Any]) -> dict[str, RoleGuess]:
    profile, types = make(columns)
    return dict(zip(columns, guess_roles(profile, types).columns, strict=True))


def asks(one: RoleGuess) -> bool:
    return any(note.is_question for note in one.notes)


@pytest.mark.parametrize("parts", [(FIRST, SECOND), (FIRST, SECOND, THIRD)], ids=len)
def test_parts_of_a_sum_are_left_out_with_a_question(parts: tuple[list[int], ...]) -> None:
    columns = {f"part_{'abc'[place]}": ("int", part) for place, part in enumerate(parts)}
    found = guess({"size": SIZE, **columns, "cnt": ("int", [sum(row) for row in zip(*parts, strict=True)])})
    assert found["cnt"].role == "target"
    assert all(found[name].role == "ignore" and asks(found[name]) for name in columns)
    assert found["size"].role == "input"


def test_numbers_that_nearly_add_up_stay() -> None:
    whole = [a + b + (place == N - 1) for place, (a, b) in enumerate(zip(FIRST, SECOND, strict=True))]
    found = guess({"size": SIZE, "a": ("int", FIRST), "b": ("int", SECOND), "cnt": ("int", whole)})
    assert found["a"].role == found["b"].role == "input"


def test_what_is_filled_for_one_class_or_copies_it_is_left_out_with_a_question() -> None:
    why = [DRAW.choice(["late", "lost", "rude"]) if mood == "negative" and DRAW.random() < 0.9 else "" for mood in MOOD]
    gold = [mood if place % 30 == 0 else "" for place, mood in enumerate(MOOD)]
    some = [DRAW.choice(["a", "b"]) if DRAW.random() < 0.3 else "" for _ in MOOD]
    found = guess({"size": SIZE, "why": ("category", why), "gold": ("category", gold), "some": ("category", some),
                   "sentiment": ("category", MOOD)})  # fmt: skip
    assert found["sentiment"].role == "target"
    assert [(found[name].role, asks(found[name])) for name in ("why", "gold")] == [("ignore", True)] * 2
    assert found["some"].role == "input"


def test_lists_and_keys_are_left_out() -> None:
    lists = [DRAW.choice(["[0, 0]", "[0, 1]", "[1, 2]"]) for _ in range(N)]
    keys = [360_002_100_000 + DRAW.randrange(40) for _ in range(N)]
    stores = [DRAW.randrange(12) for _ in range(N)]
    found = guess({"size": SIZE, "helpful": ("category", lists), "submitter_id": ("int", keys),
                   "store_id": ("int", stores), "sentiment": ("category", MOOD)})  # fmt: skip
    assert found["helpful"].role == found["submitter_id"].role == "ignore"
    assert asks(found["submitter_id"])
    assert found["store_id"].role == "input"


@pytest.mark.parametrize("names", [("TWF", "HDF", "PWF"), ("a", "b", "c")])
def test_kinds_of_a_failure_are_left_out_with_a_question_whatever_they_are_called(names: tuple[str, ...]) -> None:
    kinds = [[int(DRAW.random() < 0.06) for _ in range(N)] for _ in names]
    other = [int(DRAW.random() < 0.06) for _ in range(N)]
    failed = [int(any(row)) for row in zip(*kinds, strict=True)]
    columns = {name: ("int", cells) for name, cells in zip(names, kinds, strict=True)}
    found = guess({"size": SIZE, "Machine failure": ("int", failed), **columns, "belt": ("int", other)})
    assert found["Machine failure"].role == "target"
    assert all(found[name].role == "ignore" and asks(found[name]) for name in names)
    assert found["belt"].role == found["size"].role == "input"


def test_flags_that_go_with_the_target_in_most_rows_stay() -> None:
    flags = [[int(DRAW.random() < 0.1) for _ in range(N)] for _ in range(3)]
    failed = [int(any(row) and DRAW.random() < 0.7) for row in zip(*flags, strict=True)]
    found = guess({"size": SIZE, "a": ("int", flags[0]), "b": ("int", flags[1]), "c": ("int", flags[2]),
                   "failure": ("int", failed)})  # fmt: skip
    assert [found[name].role for name in "abc"] == ["input"] * 3


def test_the_goals_of_two_teams_tell_who_won() -> None:
    home, away, shots = ([DRAW.randint(0, most) for _ in range(N)] for most in (4, 3, 20))
    won = ["D" if a == b else "H" if a > b else "A" for a, b in zip(home, away, strict=True)]
    found = guess({"size": SIZE, "FTHG": ("int", home), "FTAG": ("int", away), "FTR": ("category", won),
                   "shots": ("int", shots)})  # fmt: skip
    assert found["FTR"].role == "target"
    assert all(found[name].role == "ignore" and asks(found[name]) for name in ("FTHG", "FTAG"))
    assert found["shots"].role == "input"
