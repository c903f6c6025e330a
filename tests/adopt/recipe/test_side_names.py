"""Places on the earth, marks of other columns, widths, ids that lost digits, and bounds of what a row tells."""

import random
from typing import Any

import pytest
from small_tables import make

from adopt.data.dates import find_formats
from adopt.recipe.names import choose_names
from adopt.recipe.roles import Roles, guess_roles
from adopt.recipe.side_names import is_coordinate

DRAW = random.Random(17)
N = 240
Cells = tuple[str, list[Any]]


def floats() -> Cells:
    return "float", [round(DRAW.gauss(50, 10), 2) for _ in range(N)]


def classes(words: str) -> Cells:
    return "category", [DRAW.choice(words.split()) for _ in range(N)]


def ints(last: int) -> Cells:
    return "int", [DRAW.randrange(last) for _ in range(N)]


def days() -> Cells:
    return "time", [f"2024-{place // 20 + 1:02}-{place % 20 + 1:02}" for place in range(N)]


def guess(columns: dict[str, Cells], *, has_names: bool = True) -> tuple[Roles, dict[str, str]]:
    profile, types = make(columns)
    roles = guess_roles(profile, types, has_names=has_names)
    return roles, {name: one.role for name, one in zip(columns, roles.columns, strict=True)}


@pytest.mark.parametrize(
    "name", ["YGCSWGS84", "LINREFX", "x_coord", "Y Coordinate", "Northing", "utm_x", "Hochwert", "geo_lon", "Lat"]
)
def test_a_place_on_the_earth_is_no_target(name: str) -> None:
    assert is_coordinate(name)
    assert guess({"a": floats(), "b": floats(), "c": floats(), name: floats()})[1][name] != "target"


@pytest.mark.parametrize("name", ["coordination score", "latency", "platform", "flat", "x_axis"])
def test_other_names_are_no_places(name: str) -> None:
    assert not is_coordinate(name)


@pytest.mark.parametrize("mark", ["_cd", "_qualifier", "_flag", " QC", "_unit", "_source"])
def test_a_mark_of_another_column_is_no_target(mark: str) -> None:
    columns = {"a": floats(), "b": floats(), "ozone_x": floats(), f"ozone_x{mark}": classes("A P")}
    assert guess(columns)[1][f"ozone_x{mark}"] != "target"


def test_numbers_without_names_in_the_order_of_time_are_a_log() -> None:
    roles, found = guess({"datetime": days(), "69928_00060": floats(), "69930_00010": floats()})
    assert "target" not in found.values()
    assert any(note.is_question for note in roles.notes)


def test_widths_under_a_header_belong_to_no_name() -> None:
    assert choose_names(["agency_cd 5s", "datetime 20d", "00060 14n"]) == ("agency_cd", "datetime", "column_00060")
    assert choose_names(["agency_cd 5s", "price"])[0] == "agency_cd_5s"


@pytest.mark.parametrize("letters", ["A B C D E F", "L B R", "0x 1x 2x 3x 4x 5x 6x"])
def test_a_class_before_numbers_alike_is_the_target_without_names(letters: str) -> None:
    columns = {"column_1": classes(letters), **{f"column_{place}": ints(12) for place in range(2, 9)}}
    roles, found = guess(columns, has_names=False)
    assert found["column_1"] == "target"
    assert any(note.is_question for note in roles.notes)


def test_a_number_of_its_own_behind_other_numbers_stays_the_target() -> None:
    columns = {"column_1": classes("M F I"), **{f"column_{place}": floats() for place in range(2, 8)}}
    assert guess({**columns, "column_8": ints(28)}, has_names=False)[1]["column_8"] == "target"
    many = {"column_1": classes("M F I"), **{f"column_{place}": ints(40) for place in range(2, 8)}}
    assert guess({**many, "column_8": ints(2)}, has_names=False)[1]["column_8"] == "target"


@pytest.mark.parametrize("name", ["objid", "specobjid", "tweet_id", "EAN", "order number"])
def test_an_id_written_with_an_exponent_is_left_out(name: str) -> None:
    lost = ("float", [f"1.2376{DRAW.randrange(10**10):010}E+18" for _ in range(N)])
    columns = {name: lost, "mass": ("float", [f"{DRAW.random():.4f}E+20" for _ in range(N)]), "price": floats()}
    found = guess({**columns, "size": floats()})[1]
    assert (found[name], found["mass"]) == ("ignore", "input")


@pytest.mark.parametrize("name", ["endTime", "Start date", "ended_at", "Beginn"])
def test_the_only_bound_of_what_a_row_tells_is_its_moment(name: str) -> None:
    assert guess({name: days(), "a": floats(), "msPlayed": ints(9000)})[1][name] == "time"


@pytest.mark.parametrize("name", ["start", "End date", "Beginn"])
def test_a_bound_in_no_order_stays_an_input(name: str) -> None:
    shuffled = ("time", DRAW.sample(days()[1], N))
    assert guess({name: shuffled, "a": floats(), "b": classes("u v"), "price": floats()})[1][name] == "input"


def test_hours_worked_are_a_journal() -> None:
    columns = {"User": classes("a b"), "Project": classes("p q r"), "Start date": days(), "End date": days()}
    _, found = guess({**columns, "Duration": floats(), "Amount (EUR)": floats()})
    assert "target" not in found.values()


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_four_rounded_parts_of_a_sum_are_left_out_with_a_question(decimals: int) -> None:
    exact = [[DRAW.expovariate(0.02) for _ in range(N)] for _ in range(4)]
    kind = "float" if decimals else "int"
    if not decimals:
        exact = [[float(round(cell)) for cell in part] for part in exact]
    parts = {f"{'abcd'[at]}_Sales": (kind, [f"{one:.{decimals}f}" for one in part]) for at, part in enumerate(exact)}
    whole = [f"{sum(row):.{decimals}f}" for row in zip(*exact, strict=True)]
    roles, found = guess({"size": floats(), **parts, "Global_Sales": (kind, whole)})
    assert (found["Global_Sales"], found["size"]) == ("target", "input")
    assert {found[name] for name in parts} == {"ignore"}
    assert sum(any(note.is_question for note in one.notes) for one in roles.columns) >= len(parts)


def test_cells_that_are_no_numbers_do_not_stop_the_search_for_parts() -> None:
    odd = ("float", ["inf", *[str(cell) for cell in floats()[1][1:]]])
    assert guess({"a": odd, "b": floats(), "c": floats(), "price": floats()})[1]["price"] == "target"


@pytest.mark.parametrize(
    ("cell", "form"),
    [("20141111T000000", "%Y%m%dT%H%M%S"), ("20141111T0000", "%Y%m%dT%H%M"), ("20141111_235959", "%Y%m%d_%H%M%S"),
     ("20141111T000000Z", "%Y%m%dT%H%M%S%z"), ("20141111 000000", "%Y%m%d %H%M%S")],
)  # fmt: skip
def test_compact_times_have_a_format(cell: str, form: str) -> None:
    assert form in find_formats([cell])
