"""Names of columns: valid ones stay, others become words, and no two are alike."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adopt.recipe.names import LONGEST, VALID, choose_names, is_recipe_name, make_unique, make_words


@pytest.mark.parametrize("name", ["age", "MonthlyIncome", "_x", "NumberOfTimes90DaysLate", "class", "a" * 63])
def test_a_valid_name_is_kept(name: str) -> None:
    assert choose_names([name]) == (name,)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Monthly Charges", "monthly_charges"),
        ("Größe (cm)", "groesse_cm"),
        ("Straße", "strasse"),
        ("ÄRZTE je 1.000", "aerzte_je_1_000"),
        ("Año", "ano"),
        ("Œuvre n°", "oeuvre_n_deg"),
        ("% change", "percent_change"),
        ("Preis (€)", "preis_eur"),
        ("# of rooms", "number_of_rooms"),
        ("customer's name", "customers_name"),
        ("HTTPStatus-Code", "http_status_code"),
        ("Time30-59Days", "time30_59_days"),
        ("user.address.zip", "user_address_zip"),
        ("Verbrauch kWh", "verbrauch_kwh"),
        ("2019", "column_2019"),
        ("", "column_1"),
        ("???", "column_1"),
        ("年齢", "column_1"),
        ("split", "given_split"),
        ("Split", "given_split"),
        ("text_chars", "given_text_chars"),
        (
            "How satisfied are you with our service overall, on a scale of one to ten?",
            "how_satisfied_are_you_with_our_service",
        ),
        ("a" * 64, "a" * 40),
    ],
)
def test_another_name_becomes_words_in_ascii(source: str, name: str) -> None:
    assert choose_names([source]) == (name,)


def test_columns_named_as_those_that_preprocess_adds_run(desk: Any) -> None:
    names = ["period", "split", "text_chars"]
    texts = ["".join(chr(97 + (3 * row + 7 * place) % 26) for place in range(40)) for row in range(30)]
    rows = [f"{row},{row * 37 % 11},{row % 3},{text} {text}" for row, text in enumerate(texts)]
    (desk.data / "x.csv").write_text("\n".join([",".join([*names, "words"]), *rows]))
    for kind in ("table", "documents"):
        columns = [
            f'{name} = {{ type = "{"text" if source == "words" else "int"}", role = "{role}", from = "{source}" }}'
            for source, name, role in zip([*names, "words"], choose_names([*names, "words"]), ROLES[kind], strict=True)
        ]
        text = "\n".join(["title = 'x'", "[columns]", *columns, "[ingest]", 'source = "file"', 'path = "data/x.csv"'])
        recipe = desk.recipe(f'{text}\n[preprocess]\nkind = "{kind}"\n', kind)
        assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]


ROLES = {"table": ("input", "input", "input", "ignore"), "documents": ("id", "input", "input", "input")}


def test_no_two_columns_get_one_name_in_any_case_of_letters() -> None:
    assert choose_names(["age", "Age!", "AGE?", "x y", "x-y", "x_y"]) == (
        "age",
        "age_2",
        "age_3",
        "x_y_2",
        "x_y_3",
        "x_y",
    )


def test_a_number_behind_a_long_name_does_not_make_it_longer() -> None:
    long = "words of a question that goes on and on and on"
    first, second = choose_names([long + "?", long + "!"])
    assert (len(first) <= LONGEST, len(second) <= LONGEST, second.endswith("_2")) == (True, True, True)


@given(st.lists(st.text(max_size=60), max_size=12, unique=True))
def test_names_are_valid_and_differ_whatever_the_source_has(sources: list[str]) -> None:
    names = choose_names(sources)
    assert [name for name in names if not VALID.fullmatch(name)] == []
    assert len(set(names)) == len(sources)
    made = [name for name, source in zip(names, sources, strict=True) if name != source]
    assert [name for name in made if len(name) > LONGEST or not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [
        ("churn", True),
        ("churn-2024", True),
        ("2024", True),
        ("Churn", False),
        ("-x", False),
        ("a/b", False),
        ("", False),
    ],
)
def test_a_recipe_has_a_name_that_each_program_takes(name: str, is_valid: bool) -> None:
    assert is_recipe_name(name) == is_valid


def test_words_of_a_title_become_the_name_of_a_recipe() -> None:
    assert make_words("Kunden Übersicht 2024") == "kunden_uebersicht_2024"


def test_a_name_is_made_unique_by_a_number() -> None:
    assert make_unique("age", {"age", "age_2"}) == "age_3"
