"""Names that only hold the word of a target, ids in any spelling, and files without names of columns."""

import random
from typing import Any

import pytest
from small_tables import make
from test_target_choice import N, choose, draw

from adopt.recipe.roles import Roles, guess_roles
from adopt.recipe.target_words import describes
from adopt.recipe.words import split_name

DRAW = random.Random(11)


def guess_nameless(*kinds: str | list[int]) -> Roles:
    """The roles of columns without names: kinds as in `draw`, or whole numbers."""
    columns: dict[str, Any] = {
        f"column_{place}": draw(kind) if isinstance(kind, str) else ("int", kind) for place, kind in enumerate(kinds, 1)
    }
    profile, types = make(columns)
    return guess_roles(profile, types, has_names=False)


@pytest.mark.parametrize("name", ["Associated Company IDs", "order_ids", "linkedIDs", "URLs", "Contact owner", "Firma"])
def test_ids_in_the_plural_owners_and_companies_describe(name: str) -> None:
    assert describes(name)


def test_the_plural_of_capitals_is_one_word() -> None:
    assert split_name("Associated Company IDs") == ("associated", "company", "ids")
    assert split_name("HTTPCode") == ("http", "code")


@pytest.mark.parametrize(
    "name", ["Target_Name", "Target_Group", "target_date", "Target_Reporter", "target_temperature"]
)
def test_target_as_an_adjective_names_no_target(name: str) -> None:
    assert choose(f"a:f b:f {name}:c3 c:f price:f")[0] == "price"


@pytest.mark.parametrize("name", ["Lifecycle_Stage", "Lead_Status", "Deal_Stage", "Priority", "Ticket_Type"])
def test_how_a_case_stands_is_asked_where_nothing_else_is_named(name: str) -> None:
    assert choose(f"pages:i {name}:c4 visits_a:i country:c5 Company_ID:i") == (name, True)


def test_the_only_words_among_numbers_without_names_are_the_target() -> None:
    ids = DRAW.sample(range(8_000, 90_000_000), N)
    found = guess_nameless(ids, "M/B", "f", "f", "f")
    assert found.target is not None
    assert (found.target.index, found.columns[0].role) == (1, "id")
    first = guess_nameless("M/B", "f", "f", "f").target
    assert first is not None
    assert first.index == 0


def test_the_last_whole_numbers_without_names_stay_the_target() -> None:
    found = guess_nameless("M/F/I", "f", "f", "f", "i").target
    assert found is not None
    assert found.index == 4
