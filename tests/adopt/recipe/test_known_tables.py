"""Public tables are known by their columns: what is learned of them is documented, and sometimes that is nothing."""

from test_target_choice import guess

from adopt.recipe.known_tables import FEWEST, NOTHING, find_known_table, read_known_tables

HOTEL = (
    "hotel:c2 is_canceled:b lead_time:i arrival_date_year:i arrival_date_month:c5 stays_in_week_nights:i adults:i "
    "children:c3 meal:c4 country:c5 market_segment:c5 adr:f reservation_status:c3"
)
AIRPORTS = (
    "ident:c9 type:c4 name:c9 elevation_ft:i continent:c5 iso_country:c9 iso_region:c9 municipality:c9 "
    "scheduled_service:no/yes gps_code:c9 iata_code:c9"
)


def test_what_is_learned_of_a_known_table_is_its_target() -> None:
    found = guess(HOTEL)
    assert found.target is not None
    assert found.target.index == 1
    assert "the public table hotel bookings" in found.notes[0].text


def test_a_known_catalogue_has_no_target_and_asks() -> None:
    found = guess(AIRPORTS)
    assert found.target is None
    assert "the public table airports, of which nothing is learned" in found.notes[0].text
    assert found.notes[0].is_question


def test_a_few_common_names_make_no_known_table() -> None:
    assert find_known_table(["age", "sex", "bmi", "smoker", "price"]) is None
    assert find_known_table(["hotel", "meal", "country", "children", "is_canceled"]) is None


def test_marks_and_case_of_the_names_do_not_matter() -> None:
    names = ["PREGNANCIES", "glucose", "Blood Pressure", "skin_thickness", "Insulin", "bmi", "Age", "out-come"]
    found = find_known_table(names)
    assert found is not None
    assert found.targets == ("outcome",)


def test_each_line_has_enough_other_columns_and_no_target_among_them() -> None:
    tables = read_known_tables()
    assert [one.title for one in tables if len(one.others) < FEWEST or set(one.targets) & one.others] == []
    assert len({(one.targets, one.others) for one in tables}) == len(tables)
    assert 0 < sum(one.targets[0] == NOTHING for one in tables) < len(tables) / 4
