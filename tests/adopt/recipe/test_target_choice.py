"""Which column is taken for the target, by its name, its place and its cells."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from small_tables import make

from adopt.recipe.roles import Roles, guess_roles

N = 240
DRAW = random.Random(7)


def draw(kind: str) -> tuple[str, Sequence[Any]]:
    """Cells of a kind: `f` numbers, `i` whole numbers, `b` 0 and 1, `c3` classes, `e3` as many rows each, `t` prose.

    `m` are amounts that come in and go out, `r` numbers that rise.
    """
    if kind == "f":
        return "float", [round(DRAW.gauss(10, 3), 3) for _ in range(N)]
    if kind == "i":
        return "int", [DRAW.randint(0, 300) for _ in range(N)]
    if kind == "m":
        return "float", [round(DRAW.gauss(-20, 60), 2) for _ in range(N)]
    if kind == "r":
        return "float", [place / 10 for place in range(N)]
    if kind == "b":
        return "int", [int(DRAW.random() < 0.3) for _ in range(N)]
    if kind == "t":
        return "text", [" ".join(f"word{DRAW.randint(0, 90)}" for _ in range(9)) for _ in range(N)]
    if kind == "d":
        return "time", [f"2024-{1 + i // 28:02}-{i % 28 + 1:02}" for i in range(N)]
    if "/" in kind:
        return "category", [DRAW.choice(kind.split("/")) for _ in range(N)]
    levels = int(kind[1:])
    if kind[0] == "e":
        return "category", [f"l{i % levels}" for i in range(N)]
    return "category", [f"l{min(DRAW.randrange(levels), DRAW.randrange(levels))}" for _ in range(N)]


def guess(header: str) -> Roles:
    columns = {name.replace("_", " "): draw(kind) for name, kind in (one.split(":") for one in header.split())}
    profile, types = make(columns)
    return guess_roles(profile, types)


def choose(header: str) -> tuple[str, bool]:
    """The target, empty where none is chosen, and whether it is asked about."""
    found = guess(header)
    names = [one.split(":")[0] for one in header.split()]
    target = "" if found.target is None else names[found.target.index]
    return target, any(note.is_question for note in found.notes)


CLEAR = [
    ("school:c2 sex:c2 age:i paid:b higher:b health:c5 G1:i G2:i G3:i", "G3"),
    ("age:i default:b balance:i duration:i campaign:i poutcome:success/failure/unknown y:b", "y"),
    ("survived:b pclass:c3 sex:c2 age:f fare:f embarked:c3", "survived"),
    ("is_fraud:b is_flagged_fraud:b amount:f kind:c5", "is_fraud"),
    ("date:d min_temp:f max_temp:f rain_today:b rain_tomorrow:b", "rain_tomorrow"),
    ("status:good/bad seniority:i home:c5 amount:i price:i", "status"),
    ("age:f anaemia:b diabetes:b smoking:b DEATH_EVENT:b", "DEATH_EVENT"),
    ("Fläche:f Zimmer:i Baujahr:i Kaltmiete:f", "Kaltmiete"),
    ("performance:f est_performance:f cache:i cycle:i", "performance"),
]
ASKED = [
    ("host_response_time:c3 host_is_superhost:b price:f beds:i", "price"),
    ("cut:c3 carat:f table:f price:f x:f y:f z:f", "price"),
    ("max_grade:f average_grade:f elevation:f calories:i commute:b", "commute"),
    ("loan_status:c4 age:i income:i region:c4", "loan_status"),
    ("wool:e2 tension:e3 breaks:i", "breaks"),
    ("len:f supplement:e2 dose:e3", "len"),
    ("cultivar_code:i alcohol:f ash:f hue:f phenols:f wine:c3 proline:f", "wine"),
    ("case_no:i cases:i sex:c2 age:i", "cases"),
    (
        "date:d rented_bike_count:i hour:i temperature:f humidity:f wind:f Seasons:Autumn/Summer Holiday:c2",
        "rented_bike_count",
    ),
    ("orders:i temp:f rain:f wind:f zone:north/south", "orders"),
    ("day:d clicks:i impressions:i CTR:f cost:f campaign:c5", "cost"),
    ("account:c5 Betrag_in_HW:f tax:c3 cost_centre:c5 Text:c7", "Betrag_in_HW"),
    ("heroWins:b heroKills:i heroWards:i villainKills:i villainWards:i villainGold:i", "heroWins"),
    ("inventory:i lead_time:i forecast:i deck_risk:b oe_constraint:b went_on_backorder:b", "went_on_backorder"),
    ("sensors:i plate_length:i plate_width:i toss_decision:bat/field winner:c3 venue:c5", "winner"),
    ("party:c2 water:b budget:b crime:b duty_free:b", "party"),
    ("rating:i limit:i cards:i age:i approved_claim:b married:b", "approved_claim"),
    ("duration:i views:i daily_internet_use:f clicked_ad:b age:i", "clicked_ad"),
]
NONE = [
    "time:d temperature:f humidity:i wind:f cloud:i",
    "lat:f lon:f age:i region:c4",
    "Q1:f Q2:f Q3:f Q4:f Q5:f Q6:f region:c4",
    "country:c5 2019:f 2020:f 2021:f 2022:f",
    "series:c5 2021_[YR2021]:f 2022_[YR2022]:f 2023_[YR2023]:f",
    "geo:c5 X1960:f X1970:f X1980:f X1990:f X2000:f",
    "date:d time:00.00/06.00/12.00 co:f nox:f temp:f rh:f",
    "date:d qn:10/3 wind:f rain:f sun:f",
    "date:d temp:f wind:f rain:f cloud:f season:summer/autumn",
]


@pytest.mark.parametrize(("header", "expected"), CLEAR, ids=[target for _, target in CLEAR])
def test_a_name_that_only_targets_have_is_chosen_without_a_question(header: str, expected: str) -> None:
    assert choose(header) == (expected, False)


@pytest.mark.parametrize(("header", "expected"), ASKED, ids=[target for _, target in ASKED])
def test_what_only_a_place_or_a_vague_name_says_is_asked(header: str, expected: str) -> None:
    assert choose(header) == (expected, True)


@pytest.mark.parametrize("header", NONE)
def test_logs_places_and_questions_have_no_target_but_a_question(header: str) -> None:
    assert choose(header) == ("", True)


@pytest.mark.parametrize(
    "name",
    ["is_day", "has_garden", "_STATE", "latitude", "start_time", "customer_id", "treatment", "Gender", "holiday_flag"],
)
def test_what_describes_a_row_is_no_target_by_its_last_place(name: str) -> None:
    assert choose(f"price:f rooms:i area:f {name}:b")[0] == "price"


@pytest.mark.parametrize("header", ["text:t sentiment:positive/negative", "v1:ham/other v2:t", "bewertung:t art:c3"])
def test_prose_beside_one_column_of_classes_is_labelled_by_it(header: str) -> None:
    documents = guess(header).documents
    assert documents is not None
    assert documents.label == (0 if header.startswith("v1") else 1)
