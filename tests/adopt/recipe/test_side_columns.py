"""Columns beside inputs and target: running numbers, weights, marks, names of persons, comparisons."""

import random
from typing import Any

import pytest
from small_tables import make

from adopt.recipe.known import look_at
from adopt.recipe.personal import find_personal
from adopt.recipe.roles import RoleGuess, guess_roles

N = 200
DRAW = random.Random(3)
CHURN = ("int", [int(DRAW.random() < 0.4) for _ in range(N)])
SIZE = ("float", [round(DRAW.gauss(5, 1), 2) for _ in range(N)])


def role_of(name: str, kind: str, cells: list[Any], **more: Any) -> RoleGuess:
    columns = {"size": SIZE, name: (kind, cells), **more, "churn": CHURN}
    profile, types = make(columns)
    return guess_roles(profile, types).columns[1]


@pytest.mark.parametrize("name", ["seq", "Nr.", "No", "SEQNO", "Sr No", "lfd. Nr", "#", "Unnamed: 0", "Obs"])
@pytest.mark.parametrize("first", [0, 1, 410_233])
def test_numbers_that_run_on_are_no_inputs(name: str, first: int) -> None:
    assert role_of(name, "int", list(range(first, first + N))).role in ("id", "ignore")


@pytest.mark.parametrize("name", ["Nr.", "index", "lfd. Nr"])
def test_numbers_that_begin_again_for_each_group_are_left_out(name: str) -> None:
    assert role_of(name, "int", [1 + i % 25 for i in range(N)]).role == "ignore"


@pytest.mark.parametrize("name", ["year", "rank", "No", "dose"])
def test_numbers_that_repeat_or_tell_a_step_stay_inputs(name: str) -> None:
    cells = [DRAW.randint(1, 9) for _ in range(N)] if name in ("No", "dose") else list(range(1800, 1800 + N))
    assert role_of(name, "int", cells).role == "input"


@pytest.mark.parametrize("name", ["_LLCPWT", "weight", "wt", "pspwght", "PERWT", "Gewicht"])
def test_numbers_with_many_digits_and_a_long_tail_weigh_rows(name: str) -> None:
    found = role_of(name, "float", [DRAW.gammavariate(1, 500) for _ in range(N)])
    assert found.role == "weight"


@pytest.mark.parametrize("name", ["weight", "wt", "bwt", "Hwt", "Gewicht", "curb_weight"])
def test_what_a_thing_weighs_is_an_input(name: str) -> None:
    assert role_of(name, "float", [round(DRAW.gauss(70, 12), 1) for _ in range(N)]).role == "input"


def test_a_second_weight_is_left_out() -> None:
    weights = [DRAW.gammavariate(1, 500) for _ in range(N)]
    assert role_of("hhwt", "float", weights, dweight=("float", weights[::-1])).role == "weight"


@pytest.mark.parametrize(("cell", "role"), [("x", "input"), ("1", "input"), ("felt good", "ignore"), ("0", "ignore")])
def test_one_value_and_nothing_else_is_an_input_only_as_a_mark(cell: str, role: str) -> None:
    kind = "int" if cell.isdigit() else "category"
    found = role_of("flagged", kind, [cell if DRAW.random() < 0.3 else None for _ in range(N)])
    assert found.role == role
    assert any(note.is_question for note in found.notes) == (role == "input")


def name_persons(name: str, kind: str, cells: list[Any]) -> bool:
    profile, types = make({name: (kind, cells)})
    return bool(find_personal(look_at(profile, types)))


@pytest.mark.parametrize("name", ["host_name", "Nachname", "seller_name", "customer name", "Vorname"])
def test_a_name_of_a_person_is_found_also_where_it_repeats(name: str) -> None:
    assert name_persons(
        name, "category", [DRAW.choice(["Ana", "Ben", "Cy", "Di", "Eva", "Flo", "Gus"]) for _ in range(N)]
    )


@pytest.mark.parametrize("name", ["3SsnPorch", "mobile_wt", "n_emails", "ip_count", "phone_calls", "street_width"])
def test_a_word_inside_a_name_makes_no_personal_data(name: str) -> None:
    assert not name_persons(name, "int", [DRAW.randint(0, 300) for _ in range(N)])


def test_titles_with_capitals_are_no_names_of_persons() -> None:
    words = ["Cozy", "Loft", "Near", "Park", "Quiet", "Studio", "Bright", "Home"]
    titles = [" ".join(DRAW.sample(words, 4)) + f" {'A' * (1 + i % 9)}" for i in range(N)]
    assert not name_persons("name", "text", titles)
    assert name_persons("name", "text", [f"Braund, Mr. Owen{'n' * (i % 40)} H{'a' * (i // 40)}" for i in range(N)])


def test_a_comparison_with_the_target_is_found() -> None:
    weights = [round(DRAW.gauss(3000, 400)) for _ in range(N)]
    others: dict[str, Any] = {"age": ("int", [DRAW.randint(15, 45) for _ in range(N)])}
    columns: dict[str, Any] = {
        **others,
        "low": ("int", [int(one < 2800) for one in weights]),
        "price": ("int", weights),
    }
    profile, types = make(columns)
    assert guess_roles(profile, types).columns[1].role == "ignore"
    codes = [DRAW.choice(["00", "51", "55", "05"]) for _ in range(N)]
    columns = {
        **others,
        "approved": ("bool", ["true" if one == "00" else "false" for one in codes]),
        "label": ("category", codes),
    }
    profile, types = make(columns)
    found = guess_roles(profile, types).columns[1]
    assert any(note.is_question and "comparison" in note.text for note in found.notes)


@pytest.mark.parametrize("name", ["seed", "random_seed", "rnd"])
def test_numbers_drawn_at_random_are_left_out(name: str) -> None:
    assert role_of(name, "int", [DRAW.randrange(2_000_000_000) for _ in range(N)]).role == "ignore"


@pytest.mark.parametrize("name", ["submitdate", "datestamp", "last_modified", "exported at"])
def test_when_a_row_was_written_is_left_out_beside_its_moment(name: str) -> None:
    days = [f"2024-{1 + i // 28:02}-{i % 28 + 1:02}" for i in range(N)]
    found = role_of(name, "time", [f"{day} 11:0{i % 7}" for i, day in enumerate(days)], date=("time", days))
    assert found.role == "ignore"


def test_what_a_device_sent_and_times_of_day_name_no_rows() -> None:
    clocks = [f"{i // 60:02}:{i % 60:02}:07" for i in range(N)]
    assert role_of("at", "text", clocks).role == "ignore"
    assert role_of("raw payload", "text", [f"{i:014x}==" for i in range(N)]).role == "ignore"
    assert role_of("token", "text", [f"{i:014x}aa" for i in range(N)]).role == "id"
