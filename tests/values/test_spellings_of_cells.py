"""Cells as people write them: truth words, blanks, codes, dates and signs mean one thing, or are refused."""

import json
import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from checkout import Project

RECIPE = """
title = "Cells"
[ingest]
source = "file"
path = "{folder}/cells.csv"
max_rejected_share = 0.9
KEYS
[preprocess]
kind = "table"
[columns]
COLUMNS
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

TRUE = ["true", "True", "TRUE", "t", "T", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON", "1", "1.0"]
FALSE = ["false", "False", "FALSE", "f", "F", "no", "No", "NO", "n", "N", "off", "Off", "OFF", "0", "0.0"]


def declare(columns: dict[str, str], keys: str = "") -> str:
    """A recipe with the columns, each with its type and the rest of its declaration."""
    lines = (f'{name} = {{ role = "ignore", null = true, type = {rest} }}' for name, rest in columns.items())
    return RECIPE.replace("KEYS", keys).replace("COLUMNS", "\n".join(lines))


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_thirty_spellings_of_true_and_false_are_read_and_others_are_declared(project: Project) -> None:
    cells = [*TRUE, *FALSE, "?"]
    declared = [*["JA", "1"] * 8, *["nein", "2"] * 7, ""]
    rows = [f"{one},{two}" for one, two in zip(cells, declared, strict=True)]
    project.write("cells.csv", "a,b\n" + "\n".join(rows) + "\n")
    columns = {"a": '"bool", missing = ["?"]', "b": '"bool", true_words = ["ja", "1"]'}
    ran = project.run("ingest", project.recipe(declare(columns, 'false_words = ["Nein", "2"]\ntrue_words = ["x"]')))
    assert 'a: not true or false (written as "x" or "Nein") (30)' in ran.log  # a follows the words of the file
    columns["a"] += ', true_words = ["TRUE", "t", "yes", "y", "on", "1", "1.0"]'
    columns["a"] += ', false_words = ["false", "f", "no", "n", "off", "0", "0.0"]'
    ran = project.run("ingest", project.recipe(declare(columns, 'false_words = ["Nein", "2"]')))
    assert ran.exit_code == 0, ran.log
    by_hand = [{"a": at < 15, "b": at < 16} for at in range(30)]
    assert project.rows("raw/values") == [*by_hand, {"a": None, "b": None}]
    ran = project.run("ingest", project.recipe(declare({"a": '"bool", missing = ["?"]', "b": '"bool"'})))
    reasons = project.receipt("raw/values")["rejected"]["reasons"]
    words = "to read other words, declare true_words and false_words in [ingest] or for the column"
    assert reasons == {f"b: not true or false; {words}": 15, "b: not true or false": 7}
    ran = project.run("ingest", project.recipe(declare({"a": '"bool", missing = ["?"]', "b": '"text"'})))
    assert [row["a"] for row in project.rows("raw/values")] == [*[True] * 15, *[False] * 15, None]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('true_words = ["ja", "NEIN"]\nfalse_words = ["nein"]', '"nein" is among true_words and among false_words'),
        ('missing = ["?"]\ntrue_words = ["?"]', '"?" is among missing and among true_words'),
        ("true_words = []", "at least one word"),
    ],
)
def test_a_word_of_two_meanings_is_refused(project: Project, keys: str, said: str) -> None:
    ran = project.run("ingest", project.recipe(declare({"a": '"bool"'}, keys)), "--check")
    assert ran.exit_code != 0
    assert said in ran.log


def test_a_file_with_decimal_commas_is_read_column_by_column(project: Project) -> None:
    lines = [
        "count;amount;day;code;home",
        "1.250;12,50-;05.03.2024;007; own",
        "7;1.250,00;25.12.2023 08:15;1E5;own\t",
        "3-;-;;0x1F;  ",
    ]
    project.write("cells.csv", "\n".join(lines) + "\n")
    keys = 'delimiter = ";"\ndecimal = ","\nthousands = "."\nmissing = ["-", "?"]'
    columns = {"count": '"int"', "amount": '"float"', "day": '"time"', "code": '"category"', "home": '"category"'}
    ran = project.run("ingest", project.recipe(declare(columns, keys)))
    assert ran.exit_code == 0, ran.log
    assert project.rows("raw/values") == [
        {"count": 1250, "amount": -12.5, "day": moment(2024, 3, 5), "code": "007", "home": "own"},
        {"count": 7, "amount": 1250.0, "day": moment(2023, 12, 25, 8, 15), "code": "1E5", "home": "own"},
        {"count": -3, "amount": None, "day": None, "code": "0x1F", "home": None},
    ]
    said = [
        '1 number of count had a minus behind, such as "3-" in row 3, and became negative',
        '1 number of amount had a minus behind, such as "12,50-" in row 1, and became negative',
        'White space around 2 values of home was removed, such as " own" in row 1',
    ]
    warnings = project.receipt("raw/values")["warnings"]
    assert [(one["column"], one["text"].startswith(text)) for one, text in zip(warnings, said, strict=True)] == [
        ("count", True), ("amount", True), ("home", True),
    ]  # fmt: skip
    assert all(text in ran.log for text in said)


def test_codes_of_columns_that_are_kept_without_a_declaration_stay_texts(project: Project) -> None:
    project.write("cells.csv", "n,code,zip,hex\n1,1E5,01234,0x1F\n2,2E5,00001,0x10\n")
    ran = project.run("ingest", project.recipe(declare({"n": '"int"'}, 'extra_columns = "keep"')))
    assert ran.exit_code == 0, ran.log
    assert project.rows("raw/values")[0] == {"n": 1, "code": "1E5", "zip": "01234", "hex": "0x1F"}


def test_hexadecimal_numbers_are_rejected_also_where_the_whole_block_is_quick_to_parse(project: Project) -> None:
    project.write("cells.csv", "a,b\n16,1.5\n0x10,2\n17,0x1F\n0X1f,3\n")
    ran = project.run("ingest", project.recipe(declare({"a": '"int"', "b": '"float"'})))
    assert ran.exit_code == 0, ran.log
    assert project.rows("raw/values") == [{"a": 16, "b": 1.5}]
    assert project.receipt("raw/values")["rejected"]["reasons"] == {"a: not a whole number": 2, "b: not a number": 1}


def test_a_category_that_comes_as_a_number_has_one_text_from_parquet_and_json(project: Project) -> None:
    floats = [1.0, 1.5, 0.1, 1e16, -0.0, None]
    expected = ["1", "1.5", "0.1", "1e+16", "0", None]
    pq.write_table(pa.table({"a": floats, "b": pa.array([1, 2, 3, 4, 5, None])}), project.folder / "cells.parquet")
    project.write("cells.json", json.dumps([{"a": one, "b": at} for at, one in enumerate(floats, 1)]))
    project.write("cells.jsonl", '{"a": 1, "b": "01"}\n{"a": 1.0, "b": "1.0"}\n{"a": true, "b": 1}\n')
    found = {}
    for ending in ("parquet", "json", "jsonl"):
        recipe = declare({"a": '"category"', "b": '"category"'}).replace("cells.csv", f"cells.{ending}")
        ran = project.run("ingest", project.recipe(recipe, f"from_{ending}"))
        assert ran.exit_code == 0, ran.log
        found[ending] = project.rows(f"raw/from_{ending}")
    assert [row["a"] for row in found["parquet"]] == [row["a"] for row in found["json"]] == expected
    assert [row["b"] for row in found["parquet"]] == ["1", "2", "3", "4", "5", None]
    assert found["jsonl"] == [{"a": "1", "b": "01"}, {"a": "1", "b": "1.0"}, {"a": "true", "b": "1"}]


DATES = {
    "2024/03/05": moment(2024, 3, 5),
    "13/02/2024 22:30": moment(2024, 2, 13, 22, 30),
    "31/12/2023 10:30 PM": moment(2023, 12, 31, 22, 30),
    "05.05.2024": moment(2024, 5, 5),
    "5 Mar 2024": moment(2024, 3, 5),
    '"March 5, 2024"': moment(2024, 3, 5),
    "5-SEP-2024 07:08:09.5": moment(2024, 9, 5, 7, 8, 9, 500_000),
    "2024-03-05 10:00:00 UTC": moment(2024, 3, 5, 10),
    "2024-03-05T10:00:00Z": moment(2024, 3, 5, 10),
    "2024/3/5 10:00 +0200": moment(2024, 3, 5, 8),
    "31/02/2024": None,
    "5 Foo 2024": None,
}


def test_dates_that_can_be_read_in_one_way_are_read(project: Project) -> None:
    project.write("cells.csv", "at,n\n" + "".join(f"{cell},{at}\n" for at, cell in enumerate(DATES)))
    ran = project.run("ingest", project.recipe(declare({"at": '"time"', "n": '"int"'})))
    assert ran.exit_code == 0, ran.log
    expected = [{"at": value, "n": at} for at, value in enumerate(DATES.values()) if value is not None]
    assert project.rows("raw/values") == expected
    assert project.receipt("raw/values")["warnings"] == []


@pytest.mark.parametrize(
    ("cell", "readings"),
    [
        ("03/04/2024", ["2024-04-03", "2024-03-04"]),
        ("3-4-2024 10:30 PM", ["2024-04-03", "2024-03-04"]),
        ("05/03/24", ["2024-03-05", "2024-05-03", "2005-03-24"]),
        ("5-Mar-24", ["2024-03-05"]),
    ],
)
def test_a_date_of_two_readings_is_refused_with_keys_that_decide(
    project: Project, cell: str, readings: list[str]
) -> None:
    project.write("cells.csv", f"at\n2024-05-31\n{cell}\n")
    ran = project.run("ingest", project.recipe(declare({"at": '"time"'})))
    assert ran.exit_code == 1
    assert f'column at, row 2: "{cell}"' in ran.log
    advised = re.findall(r"(\d{4}-\d\d-\d\d) \((time_format = \"[^\"]+\")\)", ran.log)
    assert [day for day, _ in advised] == readings
    project.write("cells.csv", f"at\n{cell}\n")
    day, key = advised[-1]
    ran = project.run("ingest", project.recipe(declare({"at": f'"time", {key}'})))
    assert [f"{row['at']:%Y-%m-%d}" for row in project.rows("raw/values")] == [day], ran.log


def test_dots_are_read_day_first_with_a_warning_until_a_cell_or_a_key_shows_it(project: Project) -> None:
    project.write("cells.csv", "at\n05.03.2024\n06.03.2024\n")
    ran = project.run("ingest", project.recipe(declare({"at": '"time"'})))
    assert 'Dates with dots in at, such as "05.03.2024" in row 1, were read with the day first' in ran.log
    assert project.rows("raw/values")[0] == {"at": moment(2024, 3, 5)}
    ran = project.run("ingest", project.recipe(declare({"at": '"time", time_format = "%d.%m.%Y"'})))
    assert (ran.exit_code, "WARNING" in ran.log) == (0, False), ran.log
    project.write("later.csv", "at\n05.13.2024\n")
    both = declare({"at": '"time"'}).replace('"{folder}/cells.csv"', '["{folder}/cells.csv", "{folder}/later.csv"]')
    ran = project.run("ingest", project.recipe(both))
    assert ran.exit_code == 1
    assert '"05.03.2024" in row 1 has the day first and "05.13.2024" in row 3 the month' in ran.log
